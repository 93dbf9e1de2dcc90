//! Argument templates: JSON whose strings are minijinja templates.
//!
//! A string that is one expression and nothing else (`"{{ paths }}"`) becomes the expression's value with its
//! type; a key whose value is undefined or none is left out. Undefined names inside text are errors.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::OnceLock;

/// Steps that one template may take; 64 bytes of text cost a step, too.
const FUEL: u64 = 4_000_000;
/// Longest text that one template may make, in bytes.
const MAX_BYTES: usize = 64 * MIB;
/// Longest list or table that one template may make, in bytes of JSON. A short element takes sixteen times as much.
const MAX_JSON_BYTES: usize = 16 * MIB;
const MIB: usize = 1024 * 1024;

/// Fills `arguments` with `variables`.
///
/// # Errors
/// A sentence that names the argument and what is wrong with its template.
pub fn render(arguments: &Value, variables: &Value) -> Result<Value, String> {
    let context = minijinja::Value::from(minijinja::value::Serde(variables));
    let fill = |text: &str| fill(text, &context);
    Ok(walk(arguments, &mut String::new(), &fill)?.unwrap_or_default())
}

/// Checks templates without filling them: syntax, and names that no call provides ([`VARIABLES`]).
///
/// # Errors
/// As [`render`].
pub fn check(arguments: &Value) -> Result<(), String> {
    walk(arguments, &mut String::new(), &|text| {
        check_text(text).map(|()| None)
    })
    .map(|_| ())
}

/// The names that calls provide, with what they are; the documentation is made from this.
pub const VARIABLES: &[(&str, &str)] = &[
    (
        "prompt",
        "the whole task as text: instructions, guidelines, code with line numbers, and the form of the answer",
    ),
    ("instructions", "the task without the code"),
    ("root", "absolute path of the workspace root"),
    (
        "targets",
        "list of {path, absolute_path, text, ranges: [{start_line, end_line}]}: what to look at; lines 1-based inclusive",
    ),
    ("paths", "absolute paths of the targets"),
    ("files", "paths of the targets relative to the root"),
    (
        "diff",
        "the reviewed changes as a unified diff; none for whole files",
    ),
    ("base", "what the changes are against; none for whole files"),
    ("schema", "JSON Schema of the findings answer"),
    (
        "session",
        "the agent's session to continue; none for a new one",
    ),
];

/// Applies `fill` to every string; what it gives up is left out of tables and lists.
fn walk(
    value: &Value,
    path: &mut String,
    fill: &impl Fn(&str) -> Result<Option<Value>, String>,
) -> Result<Option<Value>, String> {
    let mut inner = |key: &str, value: &Value| {
        let length = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
        let filled = walk(value, path, fill);
        path.truncate(length);
        filled
    };
    Ok(Some(match value {
        Value::Object(table) => {
            let mut filled = serde_json::Map::new();
            for (key, value) in table {
                if let Some(value) = inner(key, value)? {
                    filled.insert(key.clone(), value);
                }
            }
            Value::Object(filled)
        }
        Value::Array(list) => {
            let mut filled = Vec::with_capacity(list.len());
            for (index, value) in list.iter().enumerate() {
                filled.extend(inner(&index.to_string(), value)?);
            }
            Value::Array(filled)
        }
        Value::String(text) => {
            return fill(text).map_err(|error| format!("argument `{path}`: {error}"));
        }
        other => other.clone(),
    }))
}

fn fill(text: &str, context: &minijinja::Value) -> Result<Option<Value>, String> {
    if !text.contains('{') {
        return Ok(Some(Value::String(text.to_owned())));
    }
    if let Some(expression) = whole_expression(text) {
        let value = expression.eval(context).map_err(|error| explain(&error))?;
        if value.is_undefined() || value.is_none() {
            return Ok(None);
        }
        return to_json(&value).map(Some);
    }
    let template = environment()
        .template_from_str(text)
        .map_err(|error| explain(&error))?;
    let mut filled = Limited::new(MAX_BYTES);
    template
        .render_captured_to(context, &mut filled)
        .map_err(|error| explain(&error))?;
    Ok(Some(Value::String(
        String::from_utf8_lossy(&filled.bytes).into_owned(),
    )))
}

/// A value with its type. Lists may be made as they are read (`[1] * 100000000`), so the limit holds while reading.
fn to_json(value: &minijinja::Value) -> Result<Value, String> {
    if let Some(text) = value.as_str() {
        return if text.len() > MAX_BYTES {
            Err(too_long("text", MAX_BYTES))
        } else {
            Ok(Value::String(text.to_owned()))
        };
    }
    let mut written = Limited::new(MAX_JSON_BYTES);
    serde_json::to_writer(&mut written, value).map_err(|error| {
        if error.is_io() {
            too_long("list or table", MAX_JSON_BYTES)
        } else {
            error.to_string()
        }
    })?;
    serde_json::from_slice(&written.bytes).map_err(|error| error.to_string())
}

fn too_long(what: &str, max: usize) -> String {
    format!("the {what} gets longer than {} MiB", max / MIB)
}

fn check_text(text: &str) -> Result<(), String> {
    let names = match whole_expression(text) {
        Some(expression) => expression.undeclared_variables(false),
        None => {
            let template = environment().template_from_str(text);
            template
                .map_err(|error| explain(&error))?
                .undeclared_variables(false)
        }
    };
    let known: HashSet<&str> = VARIABLES
        .iter()
        .map(|(name, _)| *name)
        .chain(environment().globals().map(|(name, _)| name))
        .collect();
    let mut unknown: Vec<&String> = names
        .iter()
        .filter(|name| !known.contains(name.as_str()))
        .collect();
    unknown.sort_unstable();
    match unknown.first() {
        Some(name) => {
            let all: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
            Err(format!(
                "there is no variable `{name}`; there are {}",
                all.join(", ")
            ))
        }
        None => Ok(()),
    }
}

/// The expression, if the text is nothing but one. `{{ a }} and {{ b }}` is none: what stands between the outer
/// braces is no expression.
fn whole_expression(text: &str) -> Option<minijinja::Expression<'static, 'static>> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let inner = inner.strip_suffix('-').unwrap_or(inner);
    environment()
        .compile_expression_owned(inner.to_owned())
        .ok()
}

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
            environment.set_syntax(syntax);
        }
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("each_as", each_as);
        environment
    })
}

/// Each element of a list as a table with one key: `["a"] | each_as("path")` is `[{"path": "a"}]`.
fn each_as(
    list: &minijinja::Value,
    key: &str,
) -> Result<Vec<BTreeMap<String, minijinja::Value>>, minijinja::Error> {
    let table = |element| BTreeMap::from([(key.to_owned(), element)]);
    Ok(list.try_iter()?.map(table).collect())
}

fn explain(error: &minijinja::Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "the template takes too many steps".to_owned(),
        (ErrorKind::WriteFailure, _) => too_long("text", MAX_BYTES),
        (ErrorKind::UndefinedError, None) => {
            "it uses a variable that is not defined here".to_owned()
        }
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}

/// Takes so much and no more.
struct Limited {
    bytes: Vec<u8>,
    max: usize,
}

impl Limited {
    fn new(max: usize) -> Self {
        Self {
            bytes: Vec::new(),
            max,
        }
    }
}

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_become_what_they_say() {
        let variables = json!({
            "prompt": "look <here> & there",
            "paths": ["/a", "/b"],
            "targets": [{ "path": "a", "ranges": [{ "start_line": 1 }] }],
            "diff": null,
        });
        let cases = [
            (
                json!({ "a": "plain", "b": 1, "c": [true, null] }),
                json!({ "a": "plain", "b": 1, "c": [true, null] }),
            ),
            (
                json!({ "a": "{{ prompt }}" }),
                json!({ "a": "look <here> & there" }),
            ),
            (
                json!({ "a": "Task: {{ prompt }}\n" }),
                json!({ "a": "Task: look <here> & there\n" }),
            ),
            (json!({ "a": "{{ paths }}" }), json!({ "a": ["/a", "/b"] })),
            (json!({ "a": " {{- paths[0] -}} " }), json!({ "a": "/a" })),
            (json!({ "a": "{{ paths | length }}" }), json!({ "a": 2 })),
            (
                json!({ "a": "{{ paths | each_as('path') }}" }),
                json!({ "a": [{ "path": "/a" }, { "path": "/b" }] }),
            ),
            (
                json!({ "a": "{{ paths[0] }} {{ paths[1] }}" }),
                json!({ "a": "/a /b" }),
            ),
            (json!({ "a": "{{ '}} {{' }}" }), json!({ "a": "}} {{" })),
            (
                json!({ "a": "{{ diff }}", "b": "{{ session }}", "c": 1 }),
                json!({ "c": 1 }),
            ),
            (
                json!({ "a": ["{{ diff }}", "{{ paths[1] }}"] }),
                json!({ "a": ["/b"] }),
            ),
            (
                json!({ "a": { "b": { "c": "{{ targets[0].ranges[0].start_line }}" } } }),
                json!({ "a": { "b": { "c": 1 } } }),
            ),
            (
                json!({ "a": "{% for path in paths %}{{ path }};{% endfor %}" }),
                json!({ "a": "/a;/b;" }),
            ),
            (
                json!({ "a": "{% if diff %}{{ diff }}{% else %}none{% endif %}" }),
                json!({ "a": "none" }),
            ),
            (
                json!({ "a": "{ not a template }" }),
                json!({ "a": "{ not a template }" }),
            ),
        ];
        for (arguments, expected) in cases {
            assert_eq!(
                render(&arguments, &variables).as_ref(),
                Ok(&expected),
                "{arguments}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (
                json!({ "a": { "b": ["x{{ nothing }}"] } }),
                "argument `a.b.0`: it uses a variable that is not defined here",
            ),
            (
                json!({ "a": "{{ nothing.at.all }}" }),
                "argument `a`: it uses a variable that is not defined here",
            ),
            (
                json!({ "a": "{% for x in range(10000) %}{% for y in range(10000) %}{{ y }}{% endfor %}{% endfor %}" }),
                "argument `a`: the template takes too many steps",
            ),
        ];
        for (arguments, expected) in cases {
            assert_eq!(
                render(&arguments, &json!({})),
                Err(expected.to_owned()),
                "{arguments}"
            );
        }
        let long = json!({ "a": "{% for x in range(100) %}{{ prompt }}{% endfor %}" });
        let variables = json!({ "prompt": "x".repeat(1024 * 1024) });
        assert_eq!(
            render(&long, &variables),
            Err("argument `a`: the text gets longer than 64 MiB".to_owned())
        );
    }

    #[test]
    fn a_single_expression_has_limits_too() {
        let variables = json!({ "prompt": "x".repeat(1000) });
        for (expression, expected) in [
            ("prompt * 90000", "the text gets longer than 64 MiB"),
            (
                "[prompt] * 100000000",
                "the list or table gets longer than 16 MiB",
            ),
            (
                "[[1] * 100000] * 100000",
                "the list or table gets longer than 16 MiB",
            ),
        ] {
            let arguments = json!({ "a": format!("{{{{ {expression} }}}}") });
            assert_eq!(
                render(&arguments, &variables),
                Err(format!("argument `a`: {expected}"))
            );
        }
    }

    #[test]
    fn checking_needs_no_variables() {
        assert_eq!(
            check(
                &json!({ "a": "{{ paths }}", "b": "{% for t in targets %}{{ t.path }}{% endfor %}", "c": "{{ range(3) }}" })
            ),
            Ok(())
        );
        let wrong = check(&json!({ "task": "{{ promt }}" })).unwrap_err();
        assert!(
            wrong.starts_with(
                "argument `task`: there is no variable `promt`; there are prompt, instructions"
            ),
            "{wrong}"
        );
        assert!(
            check(&json!({ "a": "{{ prompt" }))
                .unwrap_err()
                .starts_with("argument `a`: syntax error")
        );
    }
}
