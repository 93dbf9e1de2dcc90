//! From what a model said to the answers of the contract: thoughts taken out, JSON found, cuts told.

use super::completion::{Completion, MAX_ANSWER};
use crate::contract::{AskAnswer, ReviewRequest, Skipped};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};

/// A prompt of which a model counts fewer tokens than one in so many bytes was cut before it got there. Code has
/// 3 to 4 bytes in a token.
const MAX_BYTES_PER_TOKEN: u64 = 12;

/// What a review was about.
pub(super) struct Asked<'a> {
    pub(super) request: &'a ReviewRequest,
    /// What was not put into the prompt.
    pub(super) skipped: Vec<Skipped>,
    /// Bytes of the prompt.
    pub(super) prompt: usize,
}

/// The answer to a review: the contract's where the model kept to it, else what it said as `text`.
///
/// # Errors
/// Why there is none.
pub(super) fn review(completion: &Completion, asked: Asked<'_>) -> Result<CallToolResult, String> {
    let cut = cut(completion).or_else(|| prompt_cut(completion, asked.prompt));
    let usage = serde_json::to_value(&completion.usage).unwrap_or_default();
    let text = said(completion)?;
    let mut skipped = asked.skipped;
    skipped.extend(cut.iter().flat_map(|reason| all(asked.request, reason)));
    let answered = answered(&text);
    let mut answer = answered
        .clone()
        .unwrap_or_else(|| Map::from_iter([("text".to_owned(), text.clone().into())]));
    answer.insert("usage".to_owned(), usage);
    // A model has no part in what was skipped.
    answer.insert("skipped".to_owned(), json!(skipped));
    let answer = Value::Object(answer);
    if answered.is_some() {
        return Ok(CallToolResult::structured(answer));
    }
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(answer);
    Ok(result)
}

/// The answer to a question.
///
/// # Errors
/// Why there is none.
pub(super) fn ask(completion: &Completion) -> Result<AskAnswer, String> {
    let cut = cut(completion);
    let usage = Some(completion.usage.clone());
    let mut text = said(completion)?;
    if let Some(cut) = cut {
        text += &format!("\n\n[{cut}]");
    }
    Ok(AskAnswer {
        text,
        usage,
        session: None,
    })
}

/// What the model said without what it thought.
fn said(completion: &Completion) -> Result<String, String> {
    let said = without_thoughts(&completion.text);
    if !said.trim().is_empty() {
        return Ok(said.to_owned());
    }
    let thought = completion.thoughts > 0 || !completion.text.trim().is_empty();
    let refusal = domain::sanitize::line(&completion.refusal, 300);
    Err(match completion.finish.as_deref() {
        _ if !refusal.is_empty() => format!("the model refused to answer: {refusal}"),
        Some("length") if thought => {
            "the model thought until its output limit and answered nothing; raise the limit or the context length \
             on the server, or choose a model that thinks less"
                .to_owned()
        }
        Some("length") => {
            "the model reached its limit before it answered anything; the prompt may fill its context: raise the \
             context length on the server, or lower `limits.prompt_size`"
                .to_owned()
        }
        Some("content_filter") => "a content filter held the answer back".to_owned(),
        _ => "the model answered nothing".to_owned(),
    })
}

/// In words, that the answer is not all of it.
fn cut(completion: &Completion) -> Option<String> {
    let tokens = completion.usage.output_tokens;
    match completion.finish.as_deref() {
        _ if completion.is_too_long => Some(format!("the answer was cut after {MAX_ANSWER} bytes")),
        Some("length") => Some(format!(
            "the answer was cut at the model's output limit{}; there may be more",
            tokens.map_or_else(String::new, |it| format!(" ({it} tokens)"))
        )),
        Some("content_filter") => Some("a content filter cut the answer".to_owned()),
        _ => None,
    }
}

/// In words, that the model cannot have seen the whole prompt: servers of local models cut it without a word.
fn prompt_cut(completion: &Completion, prompt: usize) -> Option<String> {
    let tokens = completion.usage.input_tokens.filter(|it| *it > 0)?;
    (prompt as u64 / tokens >= MAX_BYTES_PER_TOKEN).then(|| {
        format!(
            "the model's server counted {tokens} tokens in a prompt of {prompt} bytes, so it probably cut the prompt; \
             raise its context length, or lower `limits.prompt_size`"
        )
    })
}

/// Says of all that was asked for that it was not wholly reviewed.
fn all<'a>(request: &'a ReviewRequest, reason: &'a str) -> impl Iterator<Item = Skipped> + 'a {
    let paths = request.targets.iter().map(|target| target.path.as_str());
    let root = request.targets.is_empty().then_some(".");
    paths.chain(root).map(|path| Skipped {
        path: path.to_owned(),
        reason: reason.to_owned(),
    })
}

/// The contract's answer in a text, if that is what it is: alone, in a fence, or with words around it.
fn answered(text: &str) -> Option<Map<String, Value>> {
    let start = text.find('{')?;
    let end = text.rfind('}')?;
    let object: Map<String, Value> = serde_json::from_str(text.get(start..=end)?).ok()?;
    object
        .get("findings")
        .is_some_and(Value::is_array)
        .then_some(object)
}

/// The text after the thoughts that models of one's own write before their answers.
fn without_thoughts(text: &str) -> &str {
    let mut rest = text.trim_start();
    'thoughts: loop {
        for (open, close) in [("<think>", "</think>"), ("<thinking>", "</thinking>")] {
            if let Some(thought) = rest.strip_prefix(open) {
                // What is never closed was cut, and all of it is thought.
                rest = thought
                    .split_once(close)
                    .map_or("", |(_, rest)| rest.trim_start());
                continue 'thoughts;
            }
        }
        break;
    }
    // Some servers write the opening tag into the prompt. An answer that is data may speak of the tag.
    match rest.split_once("</think>") {
        Some((thought, answer)) if !thought.starts_with(['{', '[', '`']) => answer.trim_start(),
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_no_part_of_the_answer() {
        let cases = [
            ("plain", "plain"),
            ("<think>hm</think>\n\nanswer", "answer"),
            (
                "\n<think>\n</think><thinking>more</thinking>answer",
                "answer",
            ),
            ("never opened</think> answer", "answer"),
            ("<think>never closed", ""),
            (
                r#"{"title": "a lone </think>"}"#,
                r#"{"title": "a lone </think>"}"#,
            ),
            ("`</think>` is not closed", "`</think>` is not closed"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_thoughts(text), expected, "{text}");
        }
    }

    #[test]
    fn an_answer_is_found_with_words_around_it() {
        let cases = [
            (r#"{"findings": []}"#, true),
            ("Sure!\n```json\n{\"findings\": [{}]}\n```\nDone.", true),
            (r#"{"findings": "none"}"#, false),
            (r#"{"findings": [{}"#, false),
            ("Nothing is wrong.", false),
        ];
        for (text, expected) in cases {
            assert_eq!(answered(text).is_some(), expected, "{text}");
        }
    }
}
