//! OpenAI's Responses API: the events of one answer, as Codex reads them.

use super::step::{Fault, Part, Step};
use crate::http::{Exchange, Gone};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Into how many pieces a text is cut on its way.
const PIECES: usize = 4;

/// An error as this vendor words it.
pub(super) fn error(message: &str) -> Value {
    json!({ "error": { "message": message, "type": "test_error", "code": null, "param": null } })
}

/// Streams the answer of a step.
pub(super) fn answer(
    exchange: &mut Exchange,
    step: &Step,
    request: &Value,
    closed: &AtomicBool,
) -> Result<(), Gone> {
    exchange.stream()?;
    if step.fault == Some(Fault::SilentAfterHeaders) {
        return exchange.wait_for_the_end(closed);
    }
    let response = json!({
        "id": id("resp"), "object": "response", "created_at": 0, "model": request["model"],
        "status": "in_progress", "output": [],
    });
    exchange.event("response.created", json!({ "response": response }))?;
    let mut output = Vec::new();
    for (index, part) in step.parts.iter().enumerate() {
        let item = item(part, request);
        if let Some(text) = item["content"][0]["text"].as_str() {
            if !message(exchange, step, index, &item, text, closed)? {
                return Ok(());
            }
        } else {
            exchange.event(
                "response.output_item.added",
                json!({ "output_index": index, "item": item }),
            )?;
        }
        exchange.event(
            "response.output_item.done",
            json!({ "output_index": index, "item": item }),
        )?;
        output.push(item);
    }
    let (input, written) = step.usage;
    let mut response = response;
    response["status"] = "completed".into();
    response["output"] = output.into();
    response["usage"] = json!({
        "input_tokens": input, "input_tokens_details": { "cached_tokens": 0 },
        "output_tokens": written, "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": input + written,
    });
    exchange.event("response.completed", json!({ "response": response }))
}

/// Streams a text in pieces; false when the step's fault ended it.
fn message(
    exchange: &mut Exchange,
    step: &Step,
    index: usize,
    item: &Value,
    text: &str,
    closed: &AtomicBool,
) -> Result<bool, Gone> {
    let place = |extra: Value| {
        let mut data = json!({ "item_id": item["id"], "output_index": index, "content_index": 0 });
        data.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        data
    };
    let mut opening = item.clone();
    opening["content"] = json!([]);
    exchange.event(
        "response.output_item.added",
        json!({ "output_index": index, "item": opening }),
    )?;
    let empty = json!({ "type": "output_text", "text": "", "annotations": [] });
    exchange.event(
        "response.content_part.added",
        place(json!({ "part": empty })),
    )?;
    let pieces = super::step::pieces(text, PIECES);
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
        exchange.event(
            "response.output_text.delta",
            place(json!({ "delta": piece })),
        )?;
    }
    exchange.event("response.output_text.done", place(json!({ "text": text })))?;
    exchange.event(
        "response.content_part.done",
        place(json!({ "part": item["content"][0] })),
    )?;
    Ok(true)
}

fn item(part: &Part, request: &Value) -> Value {
    match part {
        Part::Text(text) => text_item(text),
        Part::Form(value) => text_item(&value.to_string()),
        Part::Call {
            namespace,
            tool,
            arguments,
        } => {
            let mut item = function(tool, arguments);
            if let Some(namespace) = namespace {
                item["namespace"] = namespace.as_str().into();
            }
            item
        }
        Part::Shell(command) => shell(command, request),
        Part::Patch(patch) if offers(request, "apply_patch") => json!({
            "type": "custom_tool_call", "id": id("ctc"), "call_id": id("call"),
            "name": "apply_patch", "input": patch, "status": "completed",
        }),
        Part::Patch(patch) => shell(&format!("apply_patch <<'EOF'\n{patch}\nEOF\n"), request),
    }
}

fn text_item(text: &str) -> Value {
    json!({
        "type": "message", "id": id("msg"), "role": "assistant", "status": "completed",
        "content": [{ "type": "output_text", "text": text, "annotations": [] }],
    })
}

fn shell(command: &str, request: &Value) -> Value {
    if offers(request, "exec_command") {
        function("exec_command", &json!({ "cmd": command }))
    } else if offers(request, "shell_command") {
        function("shell_command", &json!({ "command": command }))
    } else {
        function("shell", &json!({ "command": ["bash", "-lc", command] }))
    }
}

fn function(name: &str, arguments: &Value) -> Value {
    json!({
        "type": "function_call", "id": id("fc"), "call_id": id("call"), "name": name, "status": "completed",
        "arguments": arguments.to_string(),
    })
}

fn offers(request: &Value, tool: &str) -> bool {
    let tools = request["tools"].as_array();
    tools.is_some_and(|tools| tools.iter().any(|it| it["name"] == tool))
}

/// An id that no other item has.
fn id(kind: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("{kind}_{:024}", NEXT.fetch_add(1, Ordering::Relaxed))
}
