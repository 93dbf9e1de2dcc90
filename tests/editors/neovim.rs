//! Neovim, with the configurations of its README: without a screen by a Lua script, and in a terminal by keys.

use crate::desk::{FILE, WORDS, pasted, repository};
use crate::{Desk, Terminal};
use expect_test::{Expect, expect};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tests::model::Step;
use tests::{PATIENCE, real};

/// What Neovim says to a request that comes before the server is there.
const NOT_YET: &[&str] = &[
    "is not supported by any server",
    "No code actions available",
];

/// A script of an agent that finds fault with the second line.
pub(crate) const FINDS_MAIN: &str = r#"on call
answer {"findings":[{"path":"src/main.rs","start_line":2,"end_line":2,"quote":"main","severity":"warning","category":"docs","title":"`main` is not documented","body":"Say what it is for."}]}
"#;

#[test]
fn a_review_a_fix_its_undo_and_a_dismissal() {
    let Some(desk) = Desk::with("nvim", &[]) else {
        return;
    };
    desk.misspelt_file();
    let init = desk.dotfile("nvim/init.lua", &pasted("neovim/README.md", "lua", 0));
    check(
        &desk,
        &run(&desk, &init, "review"),
        &expect![[r#"
            {
              "after_dismissal": [
                "1:7-1:14 INFO crosscheck (builtin) [spelling]: `FIRST` should be `receive`",
                "4:9-4:17 INFO crosscheck (builtin) [spelling]: `THIRD` should be `separate`"
              ],
              "after_fix": [
                "3:20-3:27 INFO crosscheck (builtin) [spelling]: `SECOND` should be `occurred`",
                "4:9-4:17 INFO crosscheck (builtin) [spelling]: `THIRD` should be `separate`"
              ],
              "after_second_fix": [
                "1:7-1:14 INFO crosscheck (builtin) [spelling]: `FIRST` should be `receive`"
              ],
              "after_undo": "1:7-1:14 INFO crosscheck (builtin) [spelling]: `FIRST` should be `receive`",
              "fixed_line": "// We receive data.",
              "found": [
                "1:7-1:14 INFO crosscheck (builtin) [spelling]: `FIRST` should be `receive`",
                "3:20-3:27 INFO crosscheck (builtin) [spelling]: `SECOND` should be `occurred`",
                "4:9-4:17 INFO crosscheck (builtin) [spelling]: `THIRD` should be `separate`"
              ],
              "hover": [
                "**`FIRST` should be `receive`**",
                "",
                "— builtin · information · spelling · 90 % sure"
              ],
              "is_modified": false,
              "menu": [
                "Replace with `receive`",
                "Dismiss “`FIRST` should be `receive`” here",
                "Dismiss “`FIRST` should be `receive`” for this text everywhere",
                "Dismiss “`FIRST` should be `receive`” for everything of this kind",
                "Dismiss “`FIRST` should be `receive`”: choose reach and reason",
                "Ignore “`FIRST` should be `receive`” by a comment",
                "Apply all ready fixes of this file",
                "Review this file with builtin",
                "Review changes with builtin"
              ],
              "second_at": [
                3,
                19
              ]
            }
        "#]],
    );
    let [(first, _), (second, _), (_, third)] = WORDS;
    assert_eq!(
        desk.sandbox.read(FILE),
        format!(
            "// We {first} data.\nfn main() {{\n    // Größe: it {second}.\n    let {third} = 1;\n}}\n"
        )
    );
    check(
        &desk,
        &run(&desk, &init, "reopen"),
        &expect![[r#"
            {
              "found": [
                "1:7-1:14 INFO crosscheck (builtin) [spelling]: `FIRST` should be `receive`"
              ],
              "hover": [
                "**`FIRST` should be `receive`**",
                "",
                "— builtin · information · spelling · 90 % sure"
              ],
              "runs": 0
            }
        "#]],
    );
}

#[test]
fn the_command_in_a_file_without_a_file_type() {
    let Some(desk) = Desk::with("nvim", &[]) else {
        return;
    };
    let [first, second, _] = WORDS.map(|(wrong, _)| wrong);
    desk.sandbox
        .file("notes", format!("We {first} data.\n\nIt {second}.\n"));
    desk.sandbox.commit();
    check(
        &desk,
        &run(
            &desk,
            &with_setup(&desk, "require('crosscheck').setup()"),
            "command",
        ),
        &expect![[r#"
            {
              "agents": "{ \"builtin\" }",
              "all": [
                "1:4-1:11 INFO crosscheck (builtin) [spelling]: `FIRST` should be `receive`",
                "3:4-3:11 INFO crosscheck (builtin) [spelling]: `SECOND` should be `occurred`",
                "4:4-4:11 INFO crosscheck (builtin) [spelling]: `FIRST` should be `receive`"
              ],
              "changes": [
                "4:4-4:11 INFO crosscheck (builtin) [spelling]: `FIRST` should be `receive`"
              ],
              "filetype": "",
              "fixed": [
                "We receive data.",
                "",
                "It occurred.",
                "We receive data."
              ],
              "problems": "{}",
              "with_first_line": [
                "1:4-1:11 INFO crosscheck (builtin) [spelling]: `FIRST` should be `receive`",
                "4:4-4:11 INFO crosscheck (builtin) [spelling]: `FIRST` should be `receive`"
              ]
            }
        "#]],
    );
}

#[test]
fn settings_of_the_setup_choose_the_agents() {
    let Some(mut desk) = Desk::with("nvim", &[]) else {
        return;
    };
    desk.misspelt_file();
    desk.sandbox.commit();
    desk.sandbox.agent("alpha", FINDS_MAIN);
    let init = with_setup(&desk, &set_up_with_alpha());
    check(
        &desk,
        &run(&desk, &init, "settings"),
        &expect![[r#"
        [
          "2:4-2:8 WARN crosscheck (alpha) [docs]: `main` is not documented\nSay what it is for."
        ]
    "#]],
    );
}

#[test]
fn a_review_that_hangs_is_cancelled() {
    let Some(mut desk) = Desk::with("nvim", &[]) else {
        return;
    };
    desk.misspelt_file();
    desk.sandbox.commit();
    desk.sandbox
        .agent("alpha", "on call\nprogress 0.5 reading\nhang\n");
    let init = with_setup(&desk, &set_up_with_alpha());
    check(
        &desk,
        &run(&desk, &init, "cancel"),
        &expect![[r#"
            {
              "ended": "cancelled",
              "running": "alpha: reading"
            }
        "#]],
    );
}

#[test]
fn codex_and_claude_code_review_together() {
    let Some(mut desk) = Desk::with("nvim", &[]) else {
        return;
    };
    desk.misspelt_file();
    desk.sandbox.commit();
    let Some((codex, claude)) = real::both(&mut desk.sandbox) else {
        return;
    };
    codex.script([Step::form(real::finding(
        "codex",
        2,
        "main",
        "nothing says what it is for",
    ))]);
    claude.script([Step::form(real::finding(
        "claude",
        4,
        "let",
        "the number is never used",
    ))]);
    let setup = pasted("neovim/README.md", "lua", 1).replace("'builtin'", "'codex', 'claude'");
    check(
        &desk,
        &run(&desk, &with_setup(&desk, &setup), "together"),
        &expect![[r#"
        [
          "2:4-2:8 INFO crosscheck (codex) [correctness]: codex: nothing says what it is for (1/2 agents)",
          "4:5-4:8 INFO crosscheck (claude) [correctness]: claude: the number is never used (1/2 agents)"
        ]
    "#]],
    );
}

#[test]
fn in_a_terminal_by_keys() {
    let Some(desk) = Desk::with("nvim", &["tmux"]) else {
        return;
    };
    desk.misspelt_file();
    let init = desk.dotfile("nvim/init.lua", &pasted("neovim/README.md", "lua", 0));
    let terminal = Terminal::open(
        &desk,
        &["-n", "--clean", "-u", init.to_str().unwrap(), FILE],
    );
    let [(first, right), ..] = WORDS;
    terminal.shows(first);
    pick(&terminal, "Review this file");
    // The finding shows in the sign column.
    terminal.shows("I // We");
    terminal.type_text("]d");
    terminal.type_text("\u{17}d");
    terminal.shows(&format!("`{first}` should be `{right}`"));
    pick(&terminal, "Replace with");
    terminal.shows(&format!("// We {right} data."));
    terminal.type_text("u");
    terminal.shows("I // We");
    terminal.type_text(":qa\r");
    terminal.ends();
    desk.everything_ended();
}

/// Opens the menu of code actions, waiting for the server, and picks the one whose title begins so.
fn pick(terminal: &Terminal<'_>, title: &str) {
    let screen = terminal.ask(&["g", "r", "a"], title, NOT_YET);
    let row = screen.lines().find(|it| it.contains(title)).unwrap();
    let number = row.trim_start().split(':').next().unwrap();
    terminal.type_text(&format!("{number}\r"));
    terminal.hides("Type number");
}

/// The second block of the README, with another agent.
pub(crate) fn set_up_with_alpha() -> String {
    pasted("neovim/README.md", "lua", 1).replace("'builtin'", "'alpha'")
}

/// A configuration that has this repository's plugin and sets it up.
pub(crate) fn with_setup(desk: &Desk, setup: &str) -> PathBuf {
    let plugin = repository("neovim");
    desk.dotfile(
        "nvim/init.lua",
        &format!("vim.opt.rtp:append({plugin:?})\n{setup}"),
    )
}

pub(crate) fn check(desk: &Desk, seen: &Value, expected: &Expect) {
    expected.assert_eq(&desk.mask(&format!("{seen:#}\n")));
}

/// Runs a script of the directory `neovim` in an editor without a screen, and returns what it saw.
pub(crate) fn run(desk: &Desk, init: &Path, script: &str) -> Value {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/neovim");
    let result = desk.sandbox.path().join(format!("{script}.json"));
    let output = std::fs::File::create(result.with_extension("output")).unwrap();
    let mut child = desk
        .command(&desk.editor)
        .args(["-n", "--headless", "--clean", "-u"])
        .arg(init)
        .arg("-c")
        .arg(format!("luafile {}", scripts.join("driver.lua").display()))
        .env("TEST_SCRIPT", scripts.join(script).with_extension("lua"))
        .env("TEST_RESULT", &result)
        .stdin(std::process::Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let deadline = Instant::now() + PATIENCE * 2;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let said = std::fs::read_to_string(result.with_extension("output")).unwrap();
    let seen = std::fs::read_to_string(&result).unwrap_or_else(|error| {
        panic!("{script}.lua wrote nothing ({error}); Neovim said: {said}")
    });
    let seen: Value = serde_json::from_str(&seen).unwrap();
    assert!(
        seen.get("error").is_none(),
        "{script}.lua: {seen:#}\n{said}"
    );
    seen
}
