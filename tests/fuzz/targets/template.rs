//! Argument templates: a template and a variable of any content, within bounds of time and size.
#![no_main]

use agents::template::{check, render};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// Longest text of one template, in bytes, plus what JSON adds around it.
const MAX_BYTES: usize = 65 * 1024 * 1024;

fuzz_target!(|data: &[u8]| {
    let [template, prompt] = fuzz::parts(data);
    let arguments = match serde_json::from_str(&template) {
        Ok(arguments @ Value::Object(_)) => arguments,
        _ => json!({ "task": template }),
    };
    let variables = json!({
        "prompt": prompt,
        "root": "/w",
        "targets": [{"path": "a.rs", "absolute_path": "/w/a.rs", "text": "x", "ranges": [{"start_line": 1, "end_line": 2}]}],
        "paths": ["/w/a.rs"],
        "files": ["a.rs"],
        "diff": null,
    });
    let _ = check(&arguments);
    if let Ok(filled) = render(&arguments, &variables) {
        assert!(strings(&filled) <= MAX_BYTES, "{} bytes", strings(&filled));
    }
});

fn strings(value: &Value) -> usize {
    match value {
        Value::String(it) => it.len(),
        Value::Array(list) => list.iter().map(strings).sum::<usize>() + list.len(),
        Value::Object(table) => table.iter().map(|(key, it)| key.len() + strings(it)).sum(),
        _ => 1,
    }
}
