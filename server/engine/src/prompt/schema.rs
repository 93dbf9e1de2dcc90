//! The form of the answer, as JSON Schema.

use serde_json::{Value, json};
use std::sync::LazyLock;

/// Categories that agents are asked to use.
const CATEGORIES: &[&str] = &[
    "correctness",
    "security",
    "concurrency",
    "performance",
    "api",
    "tests",
    "docs",
    "style",
    "spelling",
];

static SCHEMA: LazyLock<(Value, String)> = LazyLock::new(|| {
    let schema = build();
    let text = schema.to_string();
    (schema, text)
});

/// JSON Schema of the findings answer that agents are asked for. It keeps the rules of the strict modes of model
/// APIs: every property is required, what may be absent may be null, and nothing else is allowed.
pub(crate) fn findings_schema() -> Value {
    SCHEMA.0.clone()
}

/// The same as text.
pub(super) fn as_text() -> &'static str {
    &SCHEMA.1
}

fn build() -> Value {
    let line = |what: &str| json!({ "type": "integer", "minimum": 1, "description": what });
    let text = |what: &str| json!({ "type": "string", "description": what });
    let maybe = |what: &str| json!({ "type": ["string", "null"], "description": what });
    let finding = json!({
        "type": "object",
        "properties": {
            "path": text("The file, as it was named in the task."),
            "start_line": line("First line, counted from 1."),
            "end_line": line("Last line, inclusive."),
            "quote": text("The lines from start_line to end_line, copied letter by letter, without line numbers."),
            "symbol": maybe("Name of the function, type or key that the place is in."),
            "severity": { "type": "string", "enum": ["error", "warning", "info", "hint"] },
            "category": { "type": "string", "enum": CATEGORIES },
            "title": text("The fault in one line of at most 80 characters."),
            "body": text("Why it is wrong and when it shows; a short paragraph of markdown."),
            "confidence": { "type": ["number", "null"], "minimum": 0, "maximum": 1 },
            "replacement": maybe("Code that replaces exactly the quote, when a small fix is certain."),
        },
        "required": [
            "path", "start_line", "end_line", "quote", "symbol", "severity", "category", "title", "body",
            "confidence", "replacement",
        ],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": {
            "findings": { "type": "array", "items": finding },
            "summary": maybe("One or two sentences about the whole, or null."),
        },
        "required": ["findings", "summary"],
        "additionalProperties": false,
    })
}
