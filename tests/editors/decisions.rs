//! What a person decides in Neovim: how a finding is dismissed, what is hidden, and a proposal that is applied, undone and
//! offered again after a restart.

use crate::Desk;
use crate::neovim::{check, run, set_up_with_alpha, with_setup};
use expect_test::expect;

/// An agent that finds fault with two lines.
const FINDS_TWO: &str = r#"tools review
on call
answer {"findings":[{"path":"src/main.rs","start_line":2,"end_line":2,"quote":"main","severity":"warning","category":"docs","title":"`main` is not documented","body":""},{"path":"src/main.rs","start_line":4,"end_line":4,"quote":"= 1","severity":"warning","category":"correctness","title":"one is too few","body":""}]}
"#;

/// An agent that settles the second one.
const TAKES_TWO: &str = "tools edit
on call
replace src/main.rs = 1 => = 2
text Two are enough.
";

#[test]
fn what_is_decided_holds_after_a_restart() {
    let Some(mut desk) = Desk::with("nvim", &[]) else {
        return;
    };
    desk.misspelt_file();
    desk.sandbox.commit();
    desk.sandbox.agent("alpha", FINDS_TWO);
    desk.sandbox.agent("beta", TAKES_TWO);
    desk.sandbox.config("[fix]\nagents = [\"beta\"]");
    let init = with_setup(&desk, &set_up_with_alpha());
    check(
        &desk,
        &run(&desk, &init, "decide"),
        &expect![[r#"
            {
              "after_dismissal": [
                "4:18-4:21 WARN crosscheck (alpha) [correctness]: one is too few"
              ],
              "applied": "    let THIRD = 2;",
              "arrival": "beta proposes 1 change in src/main.rs: one is too few. Code actions there apply, preview or discard it.",
              "found": [
                "2:4-2:8 WARN crosscheck (alpha) [docs]: `main` is not documented",
                "4:18-4:21 WARN crosscheck (alpha) [correctness]: one is too few"
              ],
              "found_again": [
                "4:18-4:21 WARN crosscheck (alpha) [correctness]: one is too few"
              ],
              "hidden": {
                "is_read_only": true,
                "lines": [
                  "1 finding is not shown.",
                  "",
                  "Dismissed: 1",
                  "Shown again in the editor by `crosscheck.undismiss` with {\"verdict\": NUMBER} or {\"id\": \"NAME\"},",
                  "in a terminal by `crosscheck dismissed --undo NUMBER`.",
                  "",
                  "src/main.rs:2: `main` is not documented",
                  "    said by alpha; dismissed for everything of this kind in this file: intended",
                  "    name NAME, number 1"
                ],
                "servers": 0
              },
              "left": [],
              "menu": [
                "Fix with beta",
                "Dismiss “`main` is not documented” here",
                "Dismiss “`main` is not documented” for this text everywhere",
                "Dismiss “`main` is not documented” for everything of this kind",
                "Dismiss “`main` is not documented”: choose reach and reason",
                "Ignore “`main` is not documented” by a comment",
                "Review this file with alpha",
                "Review changes with alpha"
              ],
              "on_proposal": [
                "Apply beta's change",
                "Preview beta's change",
                "Discard beta's change",
                "Dismiss “one is too few” here",
                "Dismiss “one is too few” for this text everywhere",
                "Dismiss “one is too few” for everything of this kind",
                "Dismiss “one is too few”: choose reach and reason",
                "Ignore “one is too few” by a comment",
                "Review this file with alpha",
                "Review changes with alpha",
                "List hidden findings"
              ],
              "prompts": [
                {
                  "choices": [
                    "Here",
                    "This text everywhere",
                    "This kind in this file",
                    "This kind in src/",
                    "This kind everywhere",
                    "Cancel"
                  ],
                  "prompt": "Dismiss “`main` is not documented” (src/main.rs): how far?:"
                },
                {
                  "choices": [
                    "It is wrong",
                    "It is meant to be so",
                    "Not now",
                    "It is a matter of taste",
                    "No reason",
                    "Cancel"
                  ],
                  "prompt": "Why is “`main` is not documented” dismissed for everything of this kind in this file?:"
                }
              ],
              "proposed_again": [
                "4:1-4:22 HINT crosscheck (beta) [proposal]: beta proposes a change here: one is too few"
              ],
              "status": "crosscheck: 2 findings · 1 call today"
            }
        "#]],
    );
    desk.everything_ended();
    let after_restart = run(&desk, &init, "decided");
    desk.everything_ended();
    check(
        &desk,
        &after_restart,
        &expect![[r#"
            {
              "found": [
                "4:18-4:21 WARN crosscheck (alpha) [correctness]: one is too few"
              ],
              "menu": [
                "Apply beta's change",
                "Preview beta's change",
                "Discard beta's change",
                "Review this file with alpha",
                "Review changes with alpha",
                "List hidden findings"
              ],
              "proposed": [
                "4:1-4:22 HINT crosscheck (beta) [proposal]: beta proposes a change here: one is too few"
              ]
            }
        "#]],
    );
    // Then it was applied and never saved.
    let after_another = run(&desk, &init, "decided");
    desk.everything_ended();
    assert_eq!(after_another, after_restart);
    check(
        &desk,
        &run(&desk, &init, "unhide"),
        &expect![[r#"
            [
              "2:4-2:8 WARN crosscheck (alpha) [docs]: `main` is not documented",
              "4:18-4:21 WARN crosscheck (alpha) [correctness]: one is too few"
            ]
        "#]],
    );
}
