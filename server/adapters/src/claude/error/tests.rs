//! Tests of the messages for a person, on what Claude Code really says.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::time::Duration;

const SESSION: &str = "3f6c0000-0000-4000-8000-000000000000";

/// An error of the service: the kind is `success` all the same.
fn service(status: &Value, text: &str) -> Value {
    json!({ "type": "result", "subtype": "success", "is_error": true, "result": text, "terminal_reason": "api_error", "api_error_status": status })
}

fn own(kind: &str, error: &str) -> Value {
    json!({ "type": "result", "subtype": kind, "is_error": true, "errors": [error] })
}

#[test]
fn results_that_are_errors() {
    let cases: [(Value, &str, Expect); 21] = [
        (
            service(
                &json!(529),
                "API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again in a moment.",
            ),
            "server_error",
            expect![
                "the service behind Claude Code is overloaded: API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again in a moment; try again in a few minutes"
            ],
        ),
        (
            service(&json!(500), "API Error: 500 oops"),
            "server_error",
            expect![
                "the service behind Claude Code has an error: API Error: 500 oops; try again in a few minutes"
            ],
        ),
        (
            service(
                &Value::Null,
                "API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)",
            ),
            "server_error",
            expect![
                "Claude Code cannot reach its service: API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED); check the network, the proxy, and ANTHROPIC_BASE_URL if it is set"
            ],
        ),
        (
            service(
                &Value::Null,
                "API Error: Unable to connect. Is the computer able to access the url?",
            ),
            "unknown",
            expect![
                "Claude Code cannot reach its service: API Error: Unable to connect. Is the computer able to access the url?; check the network, the proxy, and ANTHROPIC_BASE_URL if it is set"
            ],
        ),
        (
            service(&Value::Null, "API Error: getaddrinfo EAI_AGAIN api.example"),
            "",
            expect![
                "Claude Code cannot reach its service: API Error: getaddrinfo EAI_AGAIN api.example; check the network, the proxy, and ANTHROPIC_BASE_URL if it is set"
            ],
        ),
        (
            service(&json!(403), "Failed to authenticate. API Error: 403 no"),
            "authentication_failed",
            expect![
                "Claude Code is not logged in, or its login is not accepted: Failed to authenticate. API Error: 403 no; run `claude` once and log in, or set ANTHROPIC_API_KEY"
            ],
        ),
        (
            service(&json!(401), "Failed to authenticate. API Error: 401 no"),
            "authentication_failed",
            expect![
                "Claude Code is not logged in, or its login is not accepted: Failed to authenticate. API Error: 401 no; run `claude` once and log in, or set ANTHROPIC_API_KEY"
            ],
        ),
        (
            service(&Value::Null, "Not logged in · Please run /login"),
            "authentication_failed",
            expect![
                "Claude Code is not logged in, or its login is not accepted: Not logged in · Please run /login; run `claude` once and log in, or set ANTHROPIC_API_KEY"
            ],
        ),
        (
            service(&json!(429), "API Error: Request rejected (429) · slow down"),
            "rate_limit",
            expect![
                "Claude Code has reached a rate or usage limit: API Error: Request rejected (429) · slow down; try again later, or use another agent"
            ],
        ),
        (
            service(&Value::Null, "You've hit your usage limit · resets 3pm"),
            "",
            expect![
                "Claude Code has reached a rate or usage limit: You've hit your usage limit · resets 3pm; try again later, or use another agent"
            ],
        ),
        (
            service(&json!(400), "Credit balance is too low"),
            "billing_error",
            expect![
                "Claude Code has no credit left: Credit balance is too low; buy credit, or log in to another account with `claude`"
            ],
        ),
        (
            service(&Value::Null, "Prompt is too long"),
            "invalid_request",
            expect![
                "the prompt is too long for the model: Prompt is too long; review fewer files at once"
            ],
        ),
        (
            service(
                &json!(404),
                "There's an issue with the selected model (nonsense). It may not exist or you may not have access to it.",
            ),
            "model_not_found",
            expect![
                "Claude Code may not use this model, or there is none of this name: There's an issue with the selected model (nonsense). It may not exist or you may not have access to it; give another with `crosscheck agent claude --model NAME`"
            ],
        ),
        (
            service(&json!(400), "API Error: 400 mock"),
            "unknown",
            expect!["Claude Code failed: API Error: 400 mock"],
        ),
        (
            own("error_max_turns", "Reached maximum number of turns (1)"),
            "",
            expect![
                "Claude Code stopped at its limit of turns: Reached maximum number of turns (1); ask for less at once"
            ],
        ),
        (
            own("error_max_budget_usd", "Reached maximum budget ($0.01)"),
            "",
            expect![
                "Claude Code stopped at its limit of cost: Reached maximum budget ($0.01); ask for less at once, or raise the limit"
            ],
        ),
        (
            own(
                "error_max_structured_output_retries",
                "Failed to provide valid structured output after 5 attempts",
            ),
            "",
            expect![
                "the model behind Claude Code did not keep to the form of an answer: Failed to provide valid structured output after 5 attempts; try again, or use another model"
            ],
        ),
        (
            own("error_during_execution", "[ede_diagnostic] aborted"),
            "",
            expect!["Claude Code failed: [ede_diagnostic] aborted"],
        ),
        (
            own(
                "error_during_execution",
                &format!("No conversation found with session ID: {SESSION}"),
            ),
            "",
            expect![
                "Claude Code does not know the conversation `3f6c0000-0000-4000-8000-000000000000` on this machine; ask again without `session`"
            ],
        ),
        (
            json!({ "type": "result", "is_error": true }),
            "",
            expect!["Claude Code failed"],
        ),
        (
            json!({ "type": "result", "subtype": "new_kind_of_error" }),
            "",
            expect!["Claude Code failed"],
        ),
    ];
    for (result, trouble, expected) in cases {
        let result = Outcome::read(&result);
        assert!(result.is_error, "{result:?}");
        expected.assert_eq(&outcome(&result, Some(trouble), Some(SESSION)));
    }
}

#[test]
fn no_result() {
    let closed = || Ending::Closed {
        noise: String::new(),
    };
    let noise = Ending::Closed {
        noise: "Killed".to_owned(),
    };
    let one = Exit::Code(1);
    let cases: [(Ending, Exit, &str, Expect); 13] = [
        (
            closed(),
            Exit::Code(143),
            "",
            expect!["Claude Code was ended from outside before it had answered"],
        ),
        (
            closed(),
            Exit::Code(0),
            "",
            expect!["Claude Code ended without an answer"],
        ),
        (
            closed(),
            Exit::Signal(9),
            "",
            expect!["Claude Code ended with signal 9 and without an answer"],
        ),
        (
            noise,
            one.clone(),
            "",
            expect![
                "Claude Code ended with exit code 1 and without an answer; its last words: Killed"
            ],
        ),
        (
            closed(),
            one.clone(),
            "No conversation found with session ID: 3f6c0000-0000-4000-8000-000000000000",
            expect![
                "Claude Code does not know the conversation `3f6c0000-0000-4000-8000-000000000000` on this machine; ask again without `session`"
            ],
        ),
        (
            closed(),
            one.clone(),
            "Error: --json-schema is not valid JSON: JSON Parse error: Unexpected EOF",
            expect![
                "Claude Code ended with exit code 1 and without an answer; its last words: Error: --json-schema is not valid JSON: JSON Parse error: Unexpected EOF"
            ],
        ),
        (
            closed(),
            one.clone(),
            "Error: Input must be provided either through stdin or as a prompt argument when using --print",
            expect![
                "Claude Code ended with exit code 1 and without an answer; its last words: Error: Input must be provided either through stdin or as a prompt argument when using --print"
            ],
        ),
        (
            closed(),
            one.clone(),
            "error: unknown option '--safe-mode'",
            expect![
                "this Claude Code is too old for Crosscheck, which needs 2.1.169 or later; update it with `claude update`; its last words: error: unknown option '--safe-mode'"
            ],
        ),
        (
            closed(),
            one.clone(),
            "error: option '--permission-mode <mode>' argument 'manual' is invalid. Allowed choices are acceptEdits, plan.",
            expect![
                "this Claude Code is too old for Crosscheck, which needs 2.1.169 or later; update it with `claude update`; its last words: error: option '--permission-mode <mode>' argument 'manual' is invalid. Allowed choices are acceptEdits, plan."
            ],
        ),
        (
            closed(),
            one.clone(),
            "Invalid API key · Please run /login",
            expect![
                "Claude Code is not logged in, or its login is not accepted: Invalid API key · Please run /login; run `claude` once and log in, or set ANTHROPIC_API_KEY"
            ],
        ),
        (
            closed(),
            one,
            "--dangerously-skip-permissions cannot be used with root\nsecond line",
            expect![
                "Claude Code ended with exit code 1 and without an answer; its last words: --dangerously-skip-permissions cannot be used with root second line"
            ],
        ),
        (
            Ending::Silent(Duration::from_secs(300)),
            Exit::Code(143),
            "warming up",
            expect![
                "Claude Code said nothing for 300 s and was stopped; try again, and see whether `claude` itself works; its last words: warming up"
            ],
        ),
        (
            Ending::TooLong(64),
            Exit::Code(143),
            "",
            expect![
                "Claude Code sent a message of more than 64 bytes and was stopped; ask for less at once"
            ],
        ),
    ];
    for (ending, exit, stderr, expected) in cases {
        expected.assert_eq(&no_outcome(&ending, &exit, stderr, Some(SESSION)));
    }
}

#[test]
fn what_it_says_cannot_do_anything() {
    let result = Outcome::read(&own(
        "error_during_execution",
        "\u{1b}[31mred\u{7}\nand more",
    ));
    assert_eq!(
        outcome(&result, None, None),
        "Claude Code failed: red and more"
    );
}
