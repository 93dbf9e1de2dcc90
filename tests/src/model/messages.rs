//! Anthropic's Messages API: the events of one answer, as Claude Code reads them.

use super::step::{Fault, Part, Step};
use crate::http::{Exchange, Gone};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The tool by which Claude Code takes an answer in a form.
const FORM: &str = "StructuredOutput";
/// Into how many pieces a text is cut on its way.
const PIECES: usize = 4;

/// An error as this vendor words it.
pub(super) fn error(status: u16, message: &str) -> Value {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    json!({ "type": "error", "error": { "type": kind, "message": message } })
}

/// Gives the answer of a step, as a stream where the client wants one.
pub(super) fn answer(
    exchange: &mut Exchange,
    step: &Step,
    request: &Value,
    closed: &AtomicBool,
) -> Result<(), Gone> {
    let blocks: Vec<Value> = step.parts.iter().map(|it| block(it, request)).collect();
    let calls = blocks.last().is_some_and(|it| it["type"] == "tool_use");
    let stop = if calls { "tool_use" } else { "end_turn" };
    let (input, written) = step.usage;
    let usage = json!({
        "input_tokens": input, "output_tokens": written,
        "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
    });
    let mut message = json!({
        "id": id("msg"), "type": "message", "role": "assistant", "model": request["model"],
        "stop_sequence": null, "stop_reason": null, "content": [], "usage": usage,
    });
    if request["stream"] != true {
        message["stop_reason"] = stop.into();
        message["content"] = blocks.into();
        return exchange.json(200, &message);
    }
    exchange.stream()?;
    if step.fault == Some(Fault::SilentAfterHeaders) {
        return exchange.wait_for_the_end(closed);
    }
    exchange.event("message_start", json!({ "message": message }))?;
    for (index, block) in blocks.iter().enumerate() {
        if !stream_block(exchange, step, index, block, closed)? {
            return Ok(());
        }
    }
    let delta = json!({ "stop_reason": stop, "stop_sequence": null });
    exchange.event("message_delta", json!({ "delta": delta, "usage": usage }))?;
    exchange.event("message_stop", json!({}))
}

/// Streams one block; false when the step's fault ended it.
fn stream_block(
    exchange: &mut Exchange,
    step: &Step,
    index: usize,
    block: &Value,
    closed: &AtomicBool,
) -> Result<bool, Gone> {
    let (opening, kind, key, text) = if let Some(text) = block["text"].as_str() {
        (
            json!({ "type": "text", "text": "" }),
            "text_delta",
            "text",
            text.to_owned(),
        )
    } else {
        let mut opening = block.clone();
        opening["input"] = json!({});
        (
            opening,
            "input_json_delta",
            "partial_json",
            block["input"].to_string(),
        )
    };
    exchange.event(
        "content_block_start",
        json!({ "index": index, "content_block": opening }),
    )?;
    let pieces = super::step::pieces(&text, PIECES);
    for (number, piece) in pieces.iter().enumerate() {
        if number == pieces.len() / 2 {
            match step.fault {
                Some(Fault::SilentMidway) => {
                    return exchange.wait_for_the_end(closed).map(|()| false);
                }
                Some(Fault::Cut) => {
                    exchange.cut();
                    return Ok(false);
                }
                _ => {}
            }
        }
        let mut delta = json!({ "type": kind });
        delta[key] = piece.as_str().into();
        exchange.event(
            "content_block_delta",
            json!({ "index": index, "delta": delta }),
        )?;
    }
    exchange.event("content_block_stop", json!({ "index": index }))?;
    Ok(true)
}

fn block(part: &Part, request: &Value) -> Value {
    match part {
        Part::Text(text) => json!({ "type": "text", "text": text }),
        Part::Form(value) if offers(request, FORM) => call(FORM, value),
        Part::Form(value) => json!({ "type": "text", "text": value.to_string() }),
        Part::Call {
            tool, arguments, ..
        } => call(tool, arguments),
        Part::Shell(command) => call("Bash", &json!({ "command": command })),
        Part::Patch(_) => panic!("a patch is Codex's; use a call of `Edit`"),
    }
}

fn call(tool: &str, input: &Value) -> Value {
    json!({ "type": "tool_use", "id": id("toolu"), "name": tool, "input": input })
}

fn offers(request: &Value, tool: &str) -> bool {
    let tools = request["tools"].as_array();
    tools.is_some_and(|tools| tools.iter().any(|it| it["name"] == tool))
}

/// An id that no other block has.
fn id(kind: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("{kind}_{:024}", NEXT.fetch_add(1, Ordering::Relaxed))
}
