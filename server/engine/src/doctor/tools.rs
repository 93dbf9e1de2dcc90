//! Whether an agent has the tools that its configuration names, and whether they take what they would be given.

use super::Failure;
use agents::{AgentSpec, Operation, OperationSpec, Tool};
use serde_json::Value;

/// Checks all operations; a sentence when all are well. Of the agent contract's tools an agent may have any; one that
/// the configuration names must be there.
pub(super) fn check(spec: &AgentSpec, tools: &[Tool]) -> Result<String, Failure> {
    let mut seen = Vec::new();
    let mut absent = None;
    for (operation, how) in &spec.operations {
        let section = format!("[agents.{}.{}]", spec.name, operation.name());
        match tools.iter().find(|it| it.name == how.tool) {
            Some(tool) => {
                check_arguments(how, tool, &section)?;
                seen.push(format!("`{}`", tool.name));
            }
            None if how.tool == operation.name() => {
                absent.get_or_insert((how, section));
            }
            None => return Err(missing(how, tools, &section)),
        }
    }
    match absent {
        _ if !seen.is_empty() => Ok(format!("{} of {}", seen.join(", "), count(tools))),
        Some((how, section)) => Err(missing(how, tools, &section)),
        None => Err(Failure {
            what: "nothing says what it can do".to_owned(),
            advice: format!(
                "add `[agents.{}.review]` with the `tool` to call{}",
                spec.name,
                there_are(tools)
            ),
        }),
    }
}

/// True when the agent has the tool for an operation.
pub(super) fn has(spec: &AgentSpec, operation: Operation, tools: &[Tool]) -> bool {
    let how = spec.operations.get(&operation);
    how.is_some_and(|how| tools.iter().any(|it| it.name == how.tool))
}

fn missing(how: &OperationSpec, tools: &[Tool], section: &str) -> Failure {
    let what = format!("it has no tool named `{}`{}", how.tool, there_are(tools));
    Failure {
        what,
        advice: format!("set `tool` in `{section}` to the one that does this"),
    }
}

fn check_arguments(how: &OperationSpec, tool: &Tool, section: &str) -> Result<(), Failure> {
    let given: Vec<&String> = how
        .arguments
        .as_object()
        .into_iter()
        .flat_map(|it| it.keys())
        .collect();
    let required = tool
        .input_schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for name in required.filter_map(Value::as_str) {
        if !given.iter().any(|it| *it == name) {
            return Err(Failure {
                what: format!(
                    "its tool `{}` needs an argument `{name}` that it would not be given",
                    tool.name
                ),
                advice: format!("add `{name}` to `arguments` in `{section}`"),
            });
        }
    }
    let strict = tool.input_schema.get("additionalProperties") == Some(&Value::Bool(false));
    let known = tool
        .input_schema
        .get("properties")
        .and_then(Value::as_object);
    if let (true, Some(known)) = (strict, known)
        && let Some(unknown) = given.iter().find(|it| !known.contains_key(**it))
    {
        let names: Vec<String> = known.keys().map(|it| format!("`{it}`")).collect();
        return Err(Failure {
            what: format!("its tool `{}` takes no argument `{unknown}`", tool.name),
            advice: format!(
                "mend `arguments` in `{section}`; it takes {}",
                names.join(", ")
            ),
        });
    }
    Ok(())
}

fn there_are(tools: &[Tool]) -> String {
    /// Most tools named.
    const MAX: usize = 20;
    let names: Vec<String> = tools
        .iter()
        .take(MAX)
        .map(|it| format!("`{}`", it.name))
        .collect();
    match names.len() {
        0 => "; it has no tools at all".to_owned(),
        shown if shown < tools.len() => format!(
            "; there are {} and {} more",
            names.join(", "),
            tools.len() - shown
        ),
        _ => format!("; there are {}", names.join(", ")),
    }
}

fn count(tools: &[Tool]) -> String {
    if tools.len() == 1 {
        "1 tool".to_owned()
    } else {
        format!("{} tools", tools.len())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use agents::spec::Reads;
    use agents::{Endpoint, Limits};
    use serde_json::json;

    fn checked(tool: &str, arguments: Value, schema: Value) -> String {
        let how = OperationSpec {
            tool: tool.into(),
            arguments,
            answer: Default::default(),
            reads: Reads::Text,
        };
        let spec = AgentSpec {
            name: "house".into(),
            provider: "us".into(),
            rules: false,
            source: "test".into(),
            endpoint: Endpoint::Stdio {
                command: vec!["house".into()],
                env: Default::default(),
                cwd: None,
            },
            operations: [(Operation::Review, how)].into(),
            approval: None,
            limits: Limits::default(),
        };
        let tools = [Tool {
            name: "check".into(),
            description: String::new(),
            input_schema: schema,
        }];
        match check(&spec, &tools) {
            Ok(seen) => seen,
            Err(Failure { what, advice }) => format!("{what} / {advice}"),
        }
    }

    #[test]
    fn what_is_wrong_with_tools_is_said() {
        let free = json!({ "type": "object" });
        let strict = json!({ "properties": { "code": {} }, "required": ["code"], "additionalProperties": false });
        assert_eq!(
            checked("check", json!({ "x": 1 }), free.clone()),
            "`check` of 1 tool"
        );
        assert_eq!(
            checked("check", json!({ "code": "" }), strict.clone()),
            "`check` of 1 tool"
        );
        assert_eq!(
            checked("lint", json!({}), free),
            "it has no tool named `lint`; there are `check` / set `tool` in `[agents.house.review]` to the one that \
             does this"
        );
        assert_eq!(
            checked("check", json!({}), strict.clone()),
            "its tool `check` needs an argument `code` that it would not be given / add `code` to `arguments` in \
             `[agents.house.review]`"
        );
        assert_eq!(
            checked("check", json!({ "code": "", "dir": "" }), strict),
            "its tool `check` takes no argument `dir` / mend `arguments` in `[agents.house.review]`; it takes `code`"
        );
    }
}
