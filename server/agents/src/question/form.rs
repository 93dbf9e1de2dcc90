//! Reading the form of a question: what can be chosen in it, and what is answered without being asked.

use super::Field;
use super::shown::words;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Most fields of a form; a larger one is declined.
const FIELDS: usize = 100;
/// Most fields that a person is asked about.
const ASKED: usize = 10;
/// Most values to choose from; more are counted.
const CHOICES: usize = 10;
/// Longest name of a field, in bytes.
const NAME: usize = 128;
/// Longest title of a field with its description, in characters.
const TITLE: usize = 200;
/// Longest title of a value, in characters.
const CHOICE: usize = 80;
/// Longest piece of a default that is shown, in characters.
const SHOWN: usize = 40;
/// Longest list of defaults that is shown, in characters.
const DEFAULTS: usize = 300;

/// A form, sorted by what is to be done about each field.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Form {
    /// What a person chooses.
    pub(super) fields: Vec<Field>,
    /// Those of them that must have a value.
    pub(super) required: BTreeSet<String>,
    /// What is answered as the agent proposes it.
    pub(super) fixed: Map<String, Value>,
    /// How many fields stay empty.
    pub(super) empty: usize,
}

/// Reads `requestedSchema`.
///
/// # Errors
/// Why it cannot be answered, for people: what the agent wants.
pub(super) fn read(schema: Option<&Value>) -> Result<Form, String> {
    let none = Map::new();
    let properties = match schema.and_then(|schema| schema.get("properties")) {
        None => &none,
        Some(Value::Object(properties)) => properties,
        Some(_) => return Err("its form cannot be read".to_owned()),
    };
    if properties.len() > FIELDS {
        return Err(format!(
            "its form has {} fields, more than {FIELDS}",
            properties.len()
        ));
    }
    let required: BTreeSet<&str> = schema
        .and_then(|schema| schema.get("required"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut form = Form::default();
    for (name, schema) in properties {
        form.add(name, schema, required.contains(name.as_str()))?;
    }
    match required
        .iter()
        .find(|name| !properties.contains_key(**name))
    {
        Some(name) => Err(format!(
            "its form requires `{}` and does not say what that is",
            words(name, SHOWN)
        )),
        None => Ok(form),
    }
}

impl Form {
    fn add(&mut self, name: &str, schema: &Value, is_required: bool) -> Result<(), String> {
        if name.len() > NAME {
            return Err("its form has a field whose name is too long".to_owned());
        }
        let default = default(schema);
        let mut choices = choices(schema);
        if choices.len() > 1 && self.fields.len() < ASKED {
            let default =
                default.filter(|default| choices.iter().any(|(value, _)| value == *default));
            let more = limit(&mut choices, default);
            self.fields.push(Field {
                name: name.to_owned(),
                title: title(name, schema, more),
                choices,
                default: default.cloned(),
            });
            if is_required {
                self.required.insert(name.to_owned());
            }
            return Ok(());
        }
        let only = match &choices[..] {
            [(only, _)] if is_required => Some(only),
            _ => None,
        };
        match default.or(only) {
            Some(value) => {
                self.fixed.insert(name.to_owned(), value.clone());
            }
            None if is_required => {
                return Err(format!(
                    "it wants {} for `{}`, which only a choice could give here",
                    kind(schema),
                    words(name, SHOWN)
                ));
            }
            None => self.empty += 1,
        }
        Ok(())
    }

    /// What is answered without being asked, for people; empty if there is nothing.
    pub(super) fn told(&self) -> String {
        let mut told = Vec::new();
        if !self.fixed.is_empty() {
            let pairs = self.fixed.iter().map(|(name, value)| {
                let value = match value {
                    Value::String(text) => format!("“{}”", words(text, SHOWN)),
                    other => words(&other.to_string(), SHOWN),
                };
                format!("{} = {value}", words(name, SHOWN))
            });
            let pairs: Vec<String> = pairs.collect();
            told.push(format!(
                "sent along: {}",
                words(&pairs.join(", "), DEFAULTS)
            ));
        }
        match self.empty {
            0 => {}
            1 => told.push("1 optional field stays empty".to_owned()),
            more => told.push(format!("{more} optional fields stay empty")),
        }
        told.join("; ")
    }
}

/// The default, if it is of the field's type.
fn default(schema: &Value) -> Option<&Value> {
    let default = schema.get("default")?;
    let fits = match schema.get("type").and_then(Value::as_str) {
        Some("string") => default.is_string(),
        Some("number") => default.is_number(),
        Some("integer") => default.is_i64() || default.is_u64(),
        Some("boolean") => default.is_boolean(),
        Some("array") => default.is_array(),
        _ => default.is_string() || default.is_number() || default.is_boolean(),
    };
    fits.then_some(default)
}

/// The values that a field can have, with a title each; none if they cannot be named.
fn choices(schema: &Value) -> Vec<(Value, String)> {
    let mut choices: Vec<(Value, String)> = Vec::new();
    let mut add = |value: &Value, title: Option<&Value>| {
        let shown = match (title.and_then(Value::as_str), value) {
            (Some(title), _) if !title.trim().is_empty() => words(title, CHOICE),
            (_, Value::String(text)) => words(text, CHOICE),
            (_, Value::Number(_) | Value::Bool(_)) => value.to_string(),
            _ => return,
        };
        choices.push((value.clone(), shown));
    };
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let names = schema.get("enumNames");
        for (index, value) in values.iter().enumerate() {
            add(value, names.and_then(|names| names.get(index)));
        }
    } else if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
        for option in options {
            if let Some(value) = option.get("const") {
                add(value, option.get("title"));
            }
        }
    } else if let Some(value) = schema.get("const") {
        add(value, None);
    } else if schema.get("type").and_then(Value::as_str) == Some("boolean") {
        add(&Value::Bool(true), Some(&"Yes".into()));
        add(&Value::Bool(false), Some(&"No".into()));
    }
    choices
}

/// Leaves as many choices as can be offered, the default among them; gives how many there were if that is fewer.
fn limit(choices: &mut Vec<(Value, String)>, default: Option<&Value>) -> Option<usize> {
    let all = choices.len();
    if all <= CHOICES {
        return None;
    }
    if let Some(at) = choices.iter().position(|(value, _)| Some(value) == default)
        && at >= CHOICES
    {
        choices.swap(CHOICES - 1, at);
    }
    choices.truncate(CHOICES);
    Some(all)
}

fn title(name: &str, schema: &Value, all: Option<usize>) -> String {
    let text = |key: &str| {
        schema
            .get(key)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    };
    let title = text("title").unwrap_or(name);
    let title = match text("description") {
        Some(description) => format!(
            "{}: {}",
            words(title, TITLE / 2),
            words(description, TITLE / 2)
        ),
        None => words(title, TITLE),
    };
    match all {
        Some(all) => format!("{title} ({CHOICES} of {all} choices)"),
        None => title,
    }
}

/// What a field takes, for people.
fn kind(schema: &Value) -> &'static str {
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => "a text",
        Some("number" | "integer") => "a number",
        Some("array") => "several choices",
        _ => "a value",
    }
}
