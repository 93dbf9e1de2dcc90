//! Questions of agents, in a real editor: the person sees what an agent wants, allows it, and the agent is told.

use crate::Desk;
use crate::neovim::{FINDS_MAIN, check, run, set_up_with_alpha, with_setup};
use expect_test::expect;

/// What the agent asks before it answers.
const ASKS: &str = r#"on call
ask {"message":"May I?","requestedSchema":{"type":"object","required":["decision"],"properties":{"decision":{"type":"string","enum":["allow","allow_for_run","deny"]}}},"_meta":{"crosscheck/approval":{"command":"cargo check","directory":"src","reason":"the types must be right"}}}
"#;

#[test]
fn neovim_shows_a_question_and_takes_the_answer() {
    let Some(mut desk) = Desk::with("nvim", &[]) else {
        return;
    };
    desk.misspelt_file();
    desk.sandbox.commit();
    let script = FINDS_MAIN.replace("on call\n", ASKS);
    desk.sandbox.agent("alpha", &script);
    let init = with_setup(&desk, &set_up_with_alpha());
    check(
        &desk,
        &run(&desk, &init, "question"),
        &expect![[r#"
        {
          "choices": [
            "Allow",
            "Allow for this run",
            "Deny"
          ],
          "found": [
            "2:4-2:8 WARN crosscheck (alpha) [docs]: `main` is not documented\nSay what it is for."
          ],
          "prompt": [
            "alpha wants to run in src:",
            "`cargo check`",
            "Its reason: the types must be right: "
          ],
          "waited": "waiting for your answer: alpha wants to run `cargo check`"
        }
    "#]],
    );
    let told = desk.sandbox.sent_to("alpha");
    let answer = told.lines().find(|it| it.contains("\"action\""));
    expect![[
        r#"{"jsonrpc":"2.0","id":1000,"result":{"action":"accept","content":{"decision":"allow"}}}"#
    ]]
    .assert_eq(answer.unwrap());
}
