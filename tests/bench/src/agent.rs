//! The trivial agent: answers `review` at once with findings for each target, or never, as its environment says.

use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::process::ExitCode;

/// Speaks MCP until its input ends. `BENCH_FINDINGS` is the number of findings per target (default 1), on lines with
/// `BENCH_MARK` in them where that is set; `BENCH_HANG` makes calls hang; each call adds a line to the file `BENCH_LOG`.
pub(crate) fn serve() -> ExitCode {
    let findings = std::env::var("BENCH_FINDINGS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(1);
    let mark = std::env::var("BENCH_MARK").unwrap_or_default();
    let hangs = std::env::var_os("BENCH_HANG").is_some();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let result = match message["method"].as_str() {
            Some("initialize") => json!({
                "protocolVersion": message["params"]["protocolVersion"], "capabilities": { "tools": {} },
                "serverInfo": { "name": "floor-agent", "version": "1" },
            }),
            Some("tools/list") => {
                json!({ "tools": [{ "name": "review", "inputSchema": { "type": "object" } }] })
            }
            Some("tools/call") if hangs => continue,
            Some("tools/call") => {
                note_call();
                answer(&message["params"]["arguments"], findings, &mark)
            }
            Some("ping") => json!({}),
            _ => continue,
        };
        let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
        if writeln!(out, "{answer}")
            .and_then(|()| out.flush())
            .is_err()
        {
            break;
        }
    }
    ExitCode::SUCCESS
}

fn note_call() {
    if let Some(log) = std::env::var_os("BENCH_LOG") {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log);
        writeln!(log.unwrap(), "a call").unwrap();
    }
}

fn answer(arguments: &Value, findings: usize, mark: &str) -> Value {
    let targets = arguments["targets"].as_array().cloned().unwrap_or_default();
    let list: Vec<Value> = targets
        .iter()
        .flat_map(|target| {
            let text = target["text"].as_str().unwrap_or_default();
            let marked = text.lines().enumerate().filter(|it| it.1.contains(mark));
            marked
                .take(findings)
                .map(|(at, line)| finding(&target["path"], at + 1, line))
                .collect::<Vec<_>>()
        })
        .collect();
    let structured = json!({ "findings": list });
    json!({ "content": [{ "type": "text", "text": structured.to_string() }], "structuredContent": structured })
}

fn finding(path: &Value, line: usize, quote: &str) -> Value {
    json!({
        "path": path, "start_line": line, "end_line": line, "quote": quote, "severity": "warning",
        "category": "correctness", "title": format!("remark on line {line}"), "body": "Something is wrong here.",
    })
}
