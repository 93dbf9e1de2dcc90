//! Fixes by agents in Neovim: what another server complains of is fixed, previewed, applied, undone and taken back.

use crate::Desk;
use crate::desk::pasted;
use crate::neovim::{check, run, with_setup};
use expect_test::expect;
use std::path::{Path, PathBuf};
use tests::skip;

/// A call of a function that is not there.
const MAIN: &str = "mod greeting;

fn main() {
    println!(\"{}\", greeting::hello(\"world\"));
    println!(\"{}\", greeting::bye(\"world\"));
}
";

/// The module that lacks it.
const GREETING: &str = "pub fn hello(name: &str) -> String {
    format!(\"Hello, {name}.\")
}
";

/// An agent that calls it by another name, makes that known in the module, and writes it in a new file.
const ADDS_FAREWELL: &str = r#"tools edit
on call
replace src/main.rs greeting::bye => greeting::farewell
replace src/greeting.rs pub fn hello => mod farewell;\n\npub use farewell::farewell;\n\npub fn hello
write src/greeting/farewell.rs pub fn farewell(name: &str) -> String {\n    format!("Bye, {name}.")\n}\n
text There was no `bye`; `farewell` is in a file of its own now.
"#;

/// An agent that changes three lines, once the person has typed something.
const SHOUTS: &str = "tools edit
on call
touch [sandbox]/works
wait-for [sandbox]/goes-on
replace notes.txt two => TWO
replace notes.txt six => SIX
replace notes.txt seven => SEVEN
text Louder now.
";

#[test]
fn what_another_server_complains_of() {
    let Some(mut desk) = Desk::with("nvim", &[]) else {
        return;
    };
    let Some(analyzer) = rust_analyzer() else {
        return;
    };
    greeting_crate(&mut desk);
    let init = with_setup(&desk, &set_up_with(&analyzer));
    check(
        &desk,
        &run(&desk, &init, "fix"),
        &expect![[r##"
            {
              "applied": {
                "src/greeting.rs": [
                  "mod farewell;",
                  "",
                  "pub use farewell::farewell;",
                  "",
                  "pub fn hello(name: &str) -> String {",
                  "    format!(\"Hello, {name}.\")",
                  "}"
                ],
                "src/greeting/farewell.rs": [
                  "pub fn farewell(name: &str) -> String {",
                  "    format!(\"Bye, {name}.\")",
                  "}"
                ],
                "src/main.rs": [
                  "mod greeting;",
                  "",
                  "fn main() {",
                  "    println!(\"{}\", greeting::hello(\"world\"));",
                  "    println!(\"{}\", greeting::farewell(\"world\"));",
                  "}"
                ]
              },
              "arrival": "alpha proposes 3 changes in 3 files: cannot find function `bye` in module `greeting`. Code actions there apply, preview or discard it.",
              "complaint": [
                "5:30-5:33 ERROR rustc [E0425]: cannot find function `bye` in module `greeting`\nnot found in `greeting`"
              ],
              "created_on_disk": [],
              "errors_left": [],
              "hover": [
                "**cannot find function `bye` in module `greeting`** (3 of 3)",
                "",
                "There was no `bye`; `farewell` is in a file of its own now.",
                "",
                "```diff",
                "-    println!(\"{}\", greeting::bye(\"world\"));",
                "+    println!(\"{}\", greeting::farewell(\"world\"));",
                "```",
                "",
                "— alpha · proposal"
              ],
              "is_applied_again": true,
              "menu": [
                "Fix with alpha [crosscheck]",
                "Review this file with builtin [crosscheck]",
                "Review changes with builtin [crosscheck]"
              ],
              "menu_again": [
                "Apply alpha's 3 changes in 3 files [crosscheck]",
                "Apply this change (3 of 3) [crosscheck]",
                "Preview alpha's changes [crosscheck]",
                "Discard alpha's changes [crosscheck]",
                "Review this file with builtin [crosscheck]",
                "Review changes with builtin [crosscheck]"
              ],
              "on_proposal": [
                "Apply alpha's 3 changes in 3 files [crosscheck]",
                "Apply this change (3 of 3) [crosscheck]",
                "Preview alpha's changes [crosscheck]",
                "Discard alpha's changes [crosscheck]",
                "Review this file with builtin [crosscheck]",
                "Review changes with builtin [crosscheck]"
              ],
              "preview": {
                "filetype": "diff",
                "is_read_only": true,
                "lines": [
                  "# alpha proposes 3 changes in 3 files: cannot find function `bye` in module `greeting`",
                  "#",
                  "# There was no `bye`; `farewell` is in a file of its own now.",
                  "",
                  "diff --git a/src/greeting.rs b/src/greeting.rs",
                  "--- a/src/greeting.rs",
                  "+++ b/src/greeting.rs",
                  "@@ -1,3 +1,7 @@",
                  "+mod farewell;",
                  "+",
                  "+pub use farewell::farewell;",
                  "+",
                  " pub fn hello(name: &str) -> String {",
                  "     format!(\"Hello, {name}.\")",
                  " }",
                  "diff --git a/src/greeting/farewell.rs b/src/greeting/farewell.rs",
                  "new file mode 100644",
                  "--- /dev/null",
                  "+++ b/src/greeting/farewell.rs",
                  "@@ -0,0 +1,3 @@",
                  "+pub fn farewell(name: &str) -> String {",
                  "+    format!(\"Bye, {name}.\")",
                  "+}",
                  "diff --git a/src/main.rs b/src/main.rs",
                  "--- a/src/main.rs",
                  "+++ b/src/main.rs",
                  "@@ -2,5 +2,5 @@",
                  " ",
                  " fn main() {",
                  "     println!(\"{}\", greeting::hello(\"world\"));",
                  "-    println!(\"{}\", greeting::bye(\"world\"));",
                  "+    println!(\"{}\", greeting::farewell(\"world\"));",
                  " }"
                ],
                "servers": 0
              },
              "proposed": [
                "5:1-5:44 HINT crosscheck (alpha) [proposal]: alpha proposes a change here: cannot find function `bye` in module `greeting` (3 of 3)"
              ],
              "proposed_again": [
                "5:1-5:44 HINT crosscheck (alpha) [proposal]: alpha proposes a change here: cannot find function `bye` in module `greeting` (3 of 3)"
              ],
              "told": "3 changes of alpha applied in 3 files. The editor opened 2 files for it; save to keep the changes.",
              "undone": {
                "src/greeting.rs": [
                  "pub fn hello(name: &str) -> String {",
                  "    format!(\"Hello, {name}.\")",
                  "}"
                ],
                "src/greeting/farewell.rs": [
                  ""
                ],
                "src/main.rs": [
                  "mod greeting;",
                  "",
                  "fn main() {",
                  "    println!(\"{}\", greeting::hello(\"world\"));",
                  "    println!(\"{}\", greeting::bye(\"world\"));",
                  "}"
                ]
              },
              "unsaved": [
                "src/main.rs",
                "src/greeting.rs",
                "src/greeting/farewell.rs"
              ],
              "written_by_applying": [
                "src/greeting/farewell.rs"
              ]
            }
        "##]],
    );
}

#[test]
fn what_was_applied_is_taken_back_after_a_restart() {
    let Some(mut desk) = Desk::with("nvim", &[]) else {
        return;
    };
    greeting_crate(&mut desk);
    let init = with_setup(&desk, &pasted("neovim/README.md", "lua", 1));
    check(
        &desk,
        &run(&desk, &init, "take"),
        &expect![[r#"
        {
          "message": "3 changes of alpha applied in 3 files. The editor opened 2 files for it; save to keep the changes."
        }
    "#]],
    );
    desk.everything_ended();
    check(
        &desk,
        &run(&desk, &init, "revert"),
        &expect![[r#"
        {
          "menu": [
            "Review this file with builtin",
            "Review changes with builtin",
            "Take back alpha's last change"
          ],
          "nothing_more": "There is nothing to take back: no change was applied here.",
          "saved": {
            "src/greeting.rs": [
              "pub fn hello(name: &str) -> String {",
              "    format!(\"Hello, {name}.\")",
              "}"
            ],
            "src/greeting/farewell.rs": "none",
            "src/main.rs": [
              "mod greeting;",
              "",
              "fn main() {",
              "    println!(\"{}\", greeting::hello(\"world\"));",
              "    println!(\"{}\", greeting::bye(\"world\"));",
              "}"
            ]
          },
          "taken_back": "3 changes of alpha taken back. The editor opened 1 file for it; save to keep the changes."
        }
    "#]],
    );
}

#[test]
fn typing_goes_on_while_an_agent_works_and_while_its_proposal_is_open() {
    let Some(mut desk) = Desk::with("nvim", &[]) else {
        return;
    };
    let sandbox = &mut desk.sandbox;
    sandbox.file(
        "notes.txt",
        "one\ntwo\nthree\nfour\nfive\nand\nso\non\nsix\nand\nso\non\nseven\neight\n",
    );
    sandbox.commit();
    sandbox.agent("alpha", SHOUTS);
    sandbox.config("[fix]\nagents = [\"alpha\"]");
    for (name, file) in [
        ("TEST_AGENT_WORKS", "works"),
        ("TEST_AGENT_GOES_ON", "goes-on"),
    ] {
        let file = sandbox.path().join(file);
        sandbox.env(name, file);
    }
    let init = with_setup(&desk, &pasted("neovim/README.md", "lua", 1));
    check(
        &desk,
        &run(&desk, &init, "typing"),
        &expect![[r#"
        {
          "applied": [
            "Above, while it waits.",
            "Above, as it works.",
            "one",
            "TWO",
            "three",
            "four",
            "five",
            "Between, while it waits.",
            "Between, as it works.",
            "and",
            "so",
            "on",
            "sty-six",
            "and",
            "so",
            "on",
            "SEVEN",
            "eight",
            "Below, as it works.",
            "Below, while it waits."
          ],
          "arrival": "alpha proposes 3 changes in notes.txt: Shout. Code actions there apply, preview or discard it.",
          "conflict": [
            "13:1-13:8 INFO crosscheck (alpha) [proposal]: alpha proposes a change here: Shout (2 of 3)\nYou edited these lines since; this change will not be applied."
          ],
          "followed": [
            "4:1-4:4 HINT crosscheck (alpha) [proposal]: alpha proposes a change here: Shout (1 of 3)",
            "13:1-13:8 INFO crosscheck (alpha) [proposal]: alpha proposes a change here: Shout (2 of 3)\nYou edited these lines since; this change will not be applied.",
            "17:1-17:6 HINT crosscheck (alpha) [proposal]: alpha proposes a change here: Shout (3 of 3)"
          ],
          "is_undone": true,
          "left": [
            "13:1-13:8 INFO crosscheck (alpha) [proposal]: alpha proposes a change here: Shout (2 of 3)\nYou edited these lines since; this change will not be applied."
          ],
          "menu": [
            "Apply alpha's 2 changes",
            "Apply this change (1 of 3)",
            "Preview alpha's changes",
            "Discard alpha's changes",
            "Review this file with builtin",
            "Review changes with builtin"
          ],
          "proposed": [
            "3:1-3:4 HINT crosscheck (alpha) [proposal]: alpha proposes a change here: Shout (1 of 3)",
            "11:1-11:4 HINT crosscheck (alpha) [proposal]: alpha proposes a change here: Shout (2 of 3)",
            "15:1-15:6 HINT crosscheck (alpha) [proposal]: alpha proposes a change here: Shout (3 of 3)"
          ],
          "proposed_again": 3,
          "told": "2 changes of alpha applied in 1 file. Left, as you edited the same lines: change 2 (notes.txt).",
          "typed": [
            "Above, while it waits.",
            "Above, as it works.",
            "one",
            "two",
            "three",
            "four",
            "five",
            "Between, while it waits.",
            "Between, as it works.",
            "and",
            "so",
            "on",
            "sty-six",
            "and",
            "so",
            "on",
            "seven",
            "eight",
            "Below, as it works.",
            "Below, while it waits."
          ]
        }
    "#]],
    );
}

/// A crate that does not compile, and an agent that puts it right.
fn greeting_crate(desk: &mut Desk) {
    let sandbox = &mut desk.sandbox;
    let package = "[package]\nname = \"greeter\"\nversion = \"0.0.0\"\nedition = \"2021\"\n";
    sandbox.file("Cargo.toml", package);
    sandbox.file(".gitignore", "/target\n/Cargo.lock\n");
    sandbox.file("src/main.rs", MAIN);
    sandbox.file("src/greeting.rs", GREETING);
    sandbox.commit();
    sandbox.agent("alpha", ADDS_FAREWELL);
    sandbox.config("[fix]\nagents = [\"alpha\"]");
}

/// The rust-analyzer of the toolchain that built this test.
fn rust_analyzer() -> Option<PathBuf> {
    let found = Path::new(env!("CARGO")).with_file_name("rust-analyzer");
    if !found.is_file() {
        skip("rust-analyzer", "run rustup component add rust-analyzer");
        return None;
    }
    Some(found)
}

/// The second block of the README, beside rust-analyzer. That has no source of the standard library here, so what it says by
/// itself is left out; what cargo says is shown.
fn set_up_with(analyzer: &Path) -> String {
    let bin = analyzer.parent().unwrap().display();
    format!(
        "{}
local settings = {{ cargo = {{ sysroot = vim.NIL }}, diagnostics = {{ enable = false }} }}
vim.lsp.config('rust-analyzer', {{
  cmd = {{ '{}' }},
  cmd_env = {{ PATH = '{bin}:' .. vim.env.PATH, CARGO_NET_OFFLINE = 'true' }},
  init_options = settings,
  settings = {{ ['rust-analyzer'] = settings }},
  filetypes = {{ 'rust' }},
  root_markers = {{ 'Cargo.toml' }},
}})
vim.lsp.enable('rust-analyzer')
",
        pasted("neovim/README.md", "lua", 1),
        analyzer.display()
    )
}
