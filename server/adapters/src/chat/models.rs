//! The models of an endpoint.

use serde_json::Value;

/// Most models that a message names.
const MAX_NAMED: usize = 20;

/// The only model in a list of models.
///
/// # Errors
/// What to do, as the end of a sentence about the endpoint.
pub(super) fn only(body: &[u8]) -> Result<String, String> {
    let list: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(list) = list.get("data").and_then(Value::as_array) else {
        return Err("does not tell its models; name one by `--model`".to_owned());
    };
    let names: Vec<&str> = list
        .iter()
        .filter_map(|it| it.get("id")?.as_str())
        .collect();
    match names.as_slice() {
        [] => Err("has no model yet; fetch one first".to_owned()),
        [only] => Ok((*only).to_owned()),
        names => {
            let shown = names.iter().take(MAX_NAMED);
            let shown: Vec<String> = shown.map(|it| domain::sanitize::line(it, 100)).collect();
            let more = names.len().saturating_sub(MAX_NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let shown = shown.join(", ");
            Err(format!("has several: {shown}{more}; name one by `--model`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_model_is_no_choice() {
        let cases = [
            (
                r#"{"object": "list", "data": [{"id": "qwen3:8b"}]}"#,
                Ok("qwen3:8b"),
            ),
            (r#"{"data": []}"#, Err("has no model yet; fetch one first")),
            (
                r#"{"data": [{"id": "a"}, {"id": "b"}]}"#,
                Err("has several: a, b; name one by `--model`"),
            ),
            (
                "<html>",
                Err("does not tell its models; name one by `--model`"),
            ),
        ];
        for (body, expected) in cases {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(only(body.as_bytes()), expected, "{body}");
        }
    }
}
