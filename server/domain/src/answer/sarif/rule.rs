//! SARIF's rules, and messages that are told by reference to them.

use super::super::place::regex;
use super::{list, text_of};
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// The rule that a result refers to by index or by id.
pub(super) fn of<'a>(run: &'a Value, result: &'a Value) -> Option<&'a Value> {
    let reference = result.get("rule");
    let index = result.get("ruleIndex").or_else(|| reference?.get("index"));
    let component = match reference
        .and_then(|it| it.pointer("/toolComponent/index"))
        .and_then(Value::as_u64)
    {
        Some(index) => run
            .pointer("/tool/extensions")?
            .get(usize::try_from(index).ok()?)?,
        None => run.pointer("/tool/driver").unwrap_or(&Value::Null),
    };
    let id = id(result, None);
    let by_index = index
        .and_then(Value::as_u64)
        .and_then(|it| list(component, "rules").get(usize::try_from(it).ok()?));
    if let Some(rule) = by_index {
        return Some(rule);
    }
    let id = id?;
    let extensions = run.pointer("/tool/extensions").and_then(Value::as_array);
    let mut rules = list(component, "rules").iter().chain(
        extensions
            .into_iter()
            .flatten()
            .flat_map(|it| list(it, "rules")),
    );
    // `CA1000/1` is a special case of the rule `CA1000`.
    let general = id.split('/').next().unwrap_or(id);
    let named = |rule: &Value, name: &str| rule.get("id").and_then(Value::as_str) == Some(name);
    rules
        .clone()
        .find(|it| named(it, id))
        .or_else(|| rules.find(|it| named(it, general)))
}

/// The name of the rule.
pub(super) fn id<'a>(result: &'a Value, rule: Option<&'a Value>) -> Option<&'a str> {
    let named = result
        .get("ruleId")
        .or_else(|| result.pointer("/rule/id"))
        .or_else(|| rule?.get("id"));
    named.and_then(Value::as_str).filter(|it| !it.is_empty())
}

/// The message as text and as markdown; the rule's description when there is none.
pub(super) fn message(
    run: &Value,
    rule: Option<&Value>,
    message: Option<&Value>,
) -> (String, Option<String>) {
    let of = |name: &str| {
        let own = message.and_then(|it| text_of(it.get(name)?));
        own.or_else(|| by_id(run, rule, message?, name))
            .map(|it| unlink(&fill(&it, message)))
    };
    let described = || {
        let rule = rule?;
        let names = [
            "/shortDescription/text",
            "/fullDescription/text",
            "/name",
            "/id",
        ];
        names.iter().find_map(|name| text_of(rule.pointer(name)?))
    };
    let markdown = of("markdown");
    (
        of("text")
            .or_else(|| markdown.clone())
            .or_else(described)
            .unwrap_or_default(),
        markdown,
    )
}

/// The text that a message names by id.
fn by_id(run: &Value, rule: Option<&Value>, message: &Value, name: &str) -> Option<String> {
    let id = message.get("id")?.as_str()?;
    let own = rule.and_then(|it| it.get("messageStrings")?.get(id));
    let string = own.or_else(|| run.pointer("/tool/driver/globalMessageStrings")?.get(id))?;
    text_of(string.get(name)?)
}

/// Puts the arguments into `{0}`, `{1}`, …; doubled braces are single ones.
fn fill(text: &str, message: Option<&Value>) -> String {
    let arguments = message.map(|it| list(it, "arguments")).unwrap_or_default();
    if arguments.is_empty() {
        return text.to_owned();
    }
    static HOLE: LazyLock<Regex> = LazyLock::new(|| regex(r"\{\{|\}\}|\{([0-9]{1,3})\}"));
    let filled = HOLE.replace_all(text, |found: &regex::Captures<'_>| {
        match (&found[0], found.get(1)) {
            ("{{", _) => "{".to_owned(),
            ("}}", _) => "}".to_owned(),
            (hole, index) => {
                let index = index.and_then(|it| it.as_str().parse::<usize>().ok());
                let argument = index.and_then(|it| arguments.get(it)?.as_str());
                argument.unwrap_or(hole).to_owned()
            }
        }
    });
    filled.into_owned()
}

/// `[text](1)` refers to a related place and is only its text here.
fn unlink(text: &str) -> String {
    static LINK: LazyLock<Regex> = LazyLock::new(|| regex(r"\[([^\[\]]*)\]\([0-9]{1,6}\)"));
    LINK.replace_all(text, "$1").into_owned()
}
