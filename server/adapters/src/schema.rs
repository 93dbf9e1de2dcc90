//! The JSON Schema that a model's answer to a review is held to.
//!
//! It is the answer of the contract in the strict form that model vendors ask for: every property is required, none
//! may be added, and what may be missing may be null instead.

use serde_json::{Value, json};

/// The answer to a review.
pub(crate) fn review() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let or_null = |kind: &str, about: &str| json!({ "type": [kind, "null"], "description": about });
    let finding = json!({
        "path": text("The file, relative to the working directory."),
        "start_line": { "type": "integer", "description": "First line, counted from 1." },
        "end_line": { "type": "integer", "description": "Last line that belongs to it." },
        "quote": text("The text that the finding is about, letter by letter as in the file, without line numbers."),
        "symbol": or_null("string", "The function, type or other symbol around it."),
        "severity": { "type": "string", "enum": ["error", "warning", "info", "hint"], "description": "How bad." },
        "category": text("correctness, security, concurrency, performance, api, tests, docs, style or spelling."),
        "title": text("One plain sentence."),
        "body": text("Why, under which conditions, and what to do; markdown."),
        "confidence": or_null("number", "How sure, from 0 to 1."),
        "replacement": or_null("string", "What takes the place of exactly the quote, where that is certain."),
    });
    object(&json!({
        "findings": { "type": "array", "items": object(&finding) },
        "summary": or_null("string", "A few words on the whole."),
    }))
}

fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties
        .as_object()
        .into_iter()
        .flat_map(|it| it.keys())
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::contract::{Finding, ReviewAnswer};

    #[test]
    fn it_is_the_contract_without_what_a_model_cannot_know() {
        let ours = review();
        let theirs = schemars::schema_for!(ReviewAnswer);
        let keys = |schema: &Value| -> Vec<String> {
            schema["properties"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect()
        };
        let left_out = ["start_column", "end_column", "skipped", "usage", "session"];
        for (ours, theirs) in [
            (&ours, theirs.as_value().clone()),
            (
                &ours["properties"]["findings"]["items"],
                schemars::schema_for!(Finding).to_value(),
            ),
        ] {
            let mut expected = keys(&theirs);
            expected.retain(|key| !left_out.contains(&key.as_str()));
            expected.sort();
            let mut found = keys(ours);
            found.sort();
            assert_eq!(found, expected);
        }
    }
}
