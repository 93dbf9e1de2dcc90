//! What Claude Code is doing, in a few words.

use super::message::{Message, text};
use super::root::Root;
use serde_json::Value;

/// What a message says is going on, where it says so. It may be long and of several lines.
pub(super) fn words(message: &Message, root: &Root) -> Option<String> {
    Some(match message {
        Message::Thinking => "thinking".to_owned(),
        Message::Writing => "writing".to_owned(),
        Message::Using { tool, input, .. } => using(tool, input, root),
        Message::Compacting => "shortening the conversation".to_owned(),
        Message::Retrying {
            attempt,
            most,
            error,
            ..
        } => format!("retrying, {} ({attempt} of {most})", trouble(error)),
        _ => return None,
    })
}

fn using(tool: &str, input: &Value, root: &Root) -> String {
    let path = |key: &str| match text(input, key) {
        "" => "files".to_owned(),
        path => root.shown(path).to_owned(),
    };
    match tool {
        "Read" => format!("reading {}", path("file_path")),
        "Edit" | "MultiEdit" | "Write" => format!("editing {}", path("file_path")),
        "NotebookEdit" => format!("editing {}", path("notebook_path")),
        "Grep" => format!("searching for {}", text(input, "pattern")),
        "Glob" => format!("looking for {}", text(input, "pattern")),
        "Bash" | "PowerShell" => format!("running {}", text(input, "command")),
        "StructuredOutput" => "writing the answer".to_owned(),
        other => format!("using {other}"),
    }
}

fn trouble(error: &str) -> &str {
    match error {
        "overloaded" => "the service is overloaded",
        "rate_limit" => "the rate limit is reached",
        "server_error" => "the service has an error",
        "authentication_failed" => "the login was refused",
        _ => "the service did not answer well",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::message::read;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_few_words() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::new(directory.path().to_str().unwrap()).unwrap();
        let file = directory.path().join("src/a.rs");
        let using = |tool: &str, input: Value| json!({ "type": "assistant", "message": { "content": [{ "type": "tool_use", "id": "t", "name": tool, "input": input }] } });
        let retry = |error: &str| json!({ "type": "system", "subtype": "api_retry", "attempt": 2, "max_retries": 10, "error": error });
        let block = |kind: &str| json!({ "type": "stream_event", "event": { "type": "content_block_start", "content_block": { "type": kind } } });
        let cases = [
            (
                using("Read", json!({ "file_path": file })),
                "reading src/a.rs",
            ),
            (
                using("Read", json!({ "file_path": "/etc/hosts" })),
                "reading /etc/hosts",
            ),
            (
                using("Edit", json!({ "file_path": file })),
                "editing src/a.rs",
            ),
            (using("Write", json!({ "file_path": 7 })), "editing files"),
            (
                using("NotebookEdit", json!({ "notebook_path": "n.ipynb" })),
                "editing n.ipynb",
            ),
            (
                using("Bash", json!({ "command": "cargo\n  check" })),
                "running cargo\n  check",
            ),
            (
                using("Grep", json!({ "pattern": "fn .*" })),
                "searching for fn .*",
            ),
            (
                using("Glob", json!({ "pattern": "*.rs" })),
                "looking for *.rs",
            ),
            (using("StructuredOutput", json!({})), "writing the answer"),
            (using("WebFetch", json!(null)), "using WebFetch"),
            (
                retry("overloaded"),
                "retrying, the service is overloaded (2 of 10)",
            ),
            (
                retry("new"),
                "retrying, the service did not answer well (2 of 10)",
            ),
            (
                json!({ "type": "system", "subtype": "status", "status": "requesting" }),
                "thinking",
            ),
            (
                json!({ "type": "system", "subtype": "status", "status": "compacting" }),
                "shortening the conversation",
            ),
            (block("thinking"), "thinking"),
            (block("text"), "writing"),
        ];
        for (line, expected) in cases {
            let messages = read(line.to_string().as_bytes()).unwrap();
            assert_eq!(words(&messages[0], &root).unwrap(), expected, "{line}");
        }
    }
}
