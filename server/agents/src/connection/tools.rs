//! Reading a list of tools.

use crate::Tool;
use serde_json::Value;

/// Longest name of a tool, in characters.
const NAME: usize = 128;
/// Longest description of a tool, in characters.
const DESCRIPTION: usize = 2000;

/// The tools of one page, and where the next page begins.
pub(super) fn read(result: &mut Value) -> (Vec<Tool>, Option<String>) {
    let next = result
        .get("nextCursor")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let tools = match result.get_mut("tools").map(Value::take) {
        Some(Value::Array(tools)) => tools.into_iter().filter_map(tool).collect(),
        _ => Vec::new(),
    };
    (tools, next)
}

/// `None` for what has no name.
fn tool(mut tool: Value) -> Option<Tool> {
    let name = domain::sanitize::line(tool.get("name")?.as_str()?, NAME);
    let description = tool
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let description = domain::sanitize::line(description, DESCRIPTION);
    let input_schema = tool
        .get_mut("inputSchema")
        .map(Value::take)
        .unwrap_or_default();
    Some(Tool {
        name,
        description,
        input_schema,
    })
}
