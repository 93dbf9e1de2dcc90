//! One entry of an MCP server list, in the shapes that the tools write.

use super::super::file::AgentTable;
use super::super::interpolate::escape;
use super::super::units::Period;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Shorter timeouts are ignored, as the tools themselves do: they were meant in another unit.
const MIN_TIMEOUT: Duration = Duration::from_secs(1);

/// An entry of a JSON list. `None` when it is switched off there. `text` is applied to each value.
///
/// # Errors
/// A sentence that says why it cannot be used.
pub(super) fn json(
    entry: &Value,
    text: &dyn Fn(&str) -> String,
) -> Result<Option<AgentTable>, String> {
    let entry = table(entry)?;
    let flag = |key| entry.get(key).and_then(Value::as_bool);
    if flag("disabled") == Some(true) || flag("enabled") == Some(false) {
        return Ok(None);
    }
    let transport = entry.get("type").or_else(|| entry.get("transport"));
    match transport.and_then(Value::as_str) {
        None | Some("stdio" | "http" | "streamable-http" | "streamableHttp") => {}
        Some("sse") => {
            return Err(
                "left out: it uses the SSE transport; streamable HTTP has replaced it".to_owned(),
            );
        }
        Some(other) => return Err(format!("left out: the transport `{other}` is not known")),
    }
    if entry.contains_key("envFile") {
        return Err("left out: its `envFile` is not read; list the variables in `env`".to_owned());
    }
    let mut agent = AgentTable {
        cwd: string(entry, "cwd")?.map(text),
        env: strings_by_name(entry, "env", text)?,
        headers: strings_by_name(entry, "headers", text)?,
        timeout: milliseconds(entry, "timeout"),
        ..AgentTable::default()
    };
    for key in ["url", "serverUrl", "httpUrl"] {
        if let Some(url) = string(entry, key)? {
            agent.url = Some(text(url));
            return Ok(Some(agent));
        }
    }
    let (program, arguments) = match entry.get("command") {
        // Zed's older shape.
        Some(Value::Object(command)) => {
            agent.env.extend(strings_by_name(command, "env", text)?);
            (string(command, "path")?, strings(command, "args")?)
        }
        _ => (string(entry, "command")?, strings(entry, "args")?),
    };
    let Some(program) = program else {
        return Err("left out: it has neither `command` nor `url`".to_owned());
    };
    let command = std::iter::once(program).chain(arguments).map(text);
    agent.command = Some(command.collect());
    Ok(Some(agent))
}

/// A table under `mcp_servers` of a Codex configuration.
///
/// # Errors
/// A sentence that says why it cannot be used.
pub(super) fn codex(entry: &Value) -> Result<Option<AgentTable>, String> {
    let entry = table(entry)?;
    if entry.get("enabled").and_then(Value::as_bool) == Some(false) {
        return Ok(None);
    }
    let mut agent = AgentTable {
        cwd: string(entry, "cwd")?.map(escape),
        env: strings_by_name(entry, "env", &escape)?,
        headers: strings_by_name(entry, "http_headers", &escape)?,
        timeout: seconds(entry, "tool_timeout_sec"),
        start: seconds(entry, "startup_timeout_sec")
            .or_else(|| milliseconds(entry, "startup_timeout_ms")),
        ..AgentTable::default()
    };
    let variable = |name: &str| format!("${{env:{name}}}");
    let by_variable = strings_by_name(entry, "env_http_headers", &variable)?;
    agent.headers.extend(by_variable);
    if let Some(name) = string(entry, "bearer_token_env_var")? {
        let value = format!("Bearer {}", variable(name));
        agent.headers.insert("Authorization".to_owned(), value);
    }
    agent.url = string(entry, "url")?.map(escape);
    if agent.url.is_some() {
        return Ok(Some(agent));
    }
    let Some(program) = string(entry, "command")? else {
        return Err("left out: it has neither `command` nor `url`".to_owned());
    };
    let command = std::iter::once(program).chain(strings(entry, "args")?);
    agent.command = Some(command.map(escape).collect());
    Ok(Some(agent))
}

fn table(entry: &Value) -> Result<&Map<String, Value>, String> {
    entry
        .as_object()
        .ok_or_else(|| "left out: it is not a table".to_owned())
}

fn string<'a>(table: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>, String> {
    match table.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("left out: `{key}` is not a string")),
    }
}

fn strings<'a>(table: &'a Map<String, Value>, key: &str) -> Result<Vec<&'a str>, String> {
    let wrong = || format!("left out: `{key}` is not a list of strings");
    match table.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|it| it.as_str().ok_or_else(wrong))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

/// A table of strings. Numbers and truth values are what people write, too; null means: as in the environment.
fn strings_by_name(
    table: &Map<String, Value>,
    key: &str,
    text: &dyn Fn(&str) -> String,
) -> Result<BTreeMap<String, String>, String> {
    let inner = match table.get(key) {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(inner)) => inner,
        Some(_) => return Err(format!("left out: `{key}` is not a table")),
    };
    let mut strings = BTreeMap::new();
    for (name, value) in inner {
        let value = match value {
            Value::Null => continue,
            Value::String(value) => text(value),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => return Err(format!("left out: `{key}.{name}` is not a string")),
        };
        strings.insert(name.clone(), value);
    }
    Ok(strings)
}

fn milliseconds(table: &Map<String, Value>, key: &str) -> Option<Period> {
    period(table.get(key)?.as_u64().map(Duration::from_millis)?)
}

fn seconds(table: &Map<String, Value>, key: &str) -> Option<Period> {
    period(Duration::try_from_secs_f64(table.get(key)?.as_f64()?).ok()?)
}

fn period(duration: Duration) -> Option<Period> {
    // By way of the notation, so that its limits hold here, too.
    let period = Period(duration).to_string().parse().ok();
    period.filter(|it: &Period| it.0 >= MIN_TIMEOUT)
}
