//! Reading a question as it comes, and writing down its answer.

use super::form::{self, Form};
use super::shown::words;
use super::{Approval, ApprovalSpec, Ask, Reply, approval};
use crate::template;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use url::{Host, Url};

/// Longest message, in characters.
const MESSAGE: usize = 500;
/// Longest address of a page, in bytes.
const URL: usize = 2000;
/// Key of an approval in the `_meta` of a question, in the agent contract.
const APPROVAL_KEY: &str = "crosscheck/approval";
/// The field of the answer to such an approval.
const DECISION: &str = "decision";

/// A question as it was read, with all that its answer needs.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) message: String,
    pub(crate) ask: Ask,
    /// What the agent calls the call that asks.
    pub(crate) call: Option<Named>,
    answers: Answers,
}

/// A call, as an agent names it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Named {
    /// By its progress token.
    Token(Value),
    /// By its id or its progress token.
    Any(Value),
}

/// How the answers look on the wire.
#[derive(Debug)]
enum Answers {
    /// By the agent's own templates.
    Templates(BTreeMap<String, Value>),
    /// In the field [`DECISION`].
    Decision {
        /// Whether [`Reply::AllowForRun`] is among the choices.
        has_for_run: bool,
    },
    /// Yes is sending this.
    Yes(Map<String, Value>),
    /// A value for each field.
    Form(Form),
    /// Yes has no content.
    Page,
}

/// Reads the parameters of `elicitation/create`.
///
/// # Errors
/// Why it is declined unasked, for people: what the agent did.
pub(crate) fn read(params: &Value, spec: Option<&ApprovalSpec>) -> Result<Asked, String> {
    let asked = understand(params, spec)?;
    if asked.message.is_empty() && asked.ask == Ask::Approval(Approval::default()) {
        return Err("it does not say what it asks".to_owned());
    }
    Ok(asked)
}

fn understand(params: &Value, spec: Option<&ApprovalSpec>) -> Result<Asked, String> {
    let message = words(text(params, "message").unwrap_or_default(), MESSAGE);
    if let Some(asked) = spec.and_then(|spec| by_spec(spec, params, &message)) {
        return asked;
    }
    match text(params, "mode") {
        None | Some("form") => {}
        Some("url") => return page(params, message),
        Some(mode) => {
            return Err(format!(
                "it asks in the mode `{}`, which is not known",
                words(mode, URL / 100)
            ));
        }
    }
    if let Some(asked) = by_contract(params, &message) {
        return asked;
    }
    let form = form::read(params.get("requestedSchema"))?;
    let message = match form.told() {
        told if told.is_empty() => message,
        told => format!("{message} ({told})").trim_start().to_owned(),
    };
    if form.fields.is_empty() {
        let answers = match spec {
            Some(spec) if form.fixed.is_empty() => Answers::Templates(spec.replies.clone()),
            _ => Answers::Yes(form.fixed),
        };
        let ask = Ask::Approval(Approval::default());
        return Ok(Asked {
            message,
            ask,
            call: None,
            answers,
        });
    }
    let ask = Ask::Form(form.fields.clone());
    let answers = Answers::Form(form);
    Ok(Asked {
        message,
        ask,
        call: None,
        answers,
    })
}

/// The answer to a question that could not be read, or that nobody was asked: no.
pub(crate) fn denied(spec: Option<&ApprovalSpec>, reason: &str) -> Value {
    let templates = spec.map(|spec| &spec.replies);
    templates
        .and_then(|templates| filled(templates, "deny", reason))
        .unwrap_or_else(decline)
}

impl Asked {
    /// The answer on the wire. Only a clear yes is one.
    pub(crate) fn answer(&self, reply: &Reply) -> Value {
        let is_yes = matches!(reply, Reply::Allow | Reply::AllowForRun);
        let answer = match (&self.answers, reply) {
            (Answers::Templates(templates), reply) => by_templates(templates, reply),
            (Answers::Decision { has_for_run: true }, Reply::AllowForRun) => {
                Some(accept(json!({ DECISION: "allow_for_run" })))
            }
            (Answers::Decision { .. }, _) if is_yes => Some(accept(json!({ DECISION: "allow" }))),
            (Answers::Yes(content), Reply::Accept(_)) => Some(accept(content.clone())),
            (Answers::Yes(content), _) if is_yes => Some(accept(content.clone())),
            (Answers::Form(form), Reply::Accept(chosen)) => filled_in(form, chosen).map(accept),
            (Answers::Form(form), _) if is_yes => filled_in(form, &Map::new()).map(accept),
            (Answers::Page, Reply::Accept(_)) => Some(json!({ "action": "accept" })),
            (Answers::Page, _) if is_yes => Some(json!({ "action": "accept" })),
            _ => None,
        };
        answer.unwrap_or_else(decline)
    }
}

fn text<'a>(params: &'a Value, key: &str) -> Option<&'a str> {
    params.get(key).and_then(Value::as_str)
}

fn accept(content: impl Into<Value>) -> Value {
    let mut answer = json!({ "action": "accept" });
    answer["content"] = content.into();
    answer
}

fn decline() -> Value {
    json!({ "action": "decline" })
}

/// An approval of this kind of agent, if anything that its spec points to is there.
fn by_spec(spec: &ApprovalSpec, params: &Value, message: &str) -> Option<Result<Asked, String>> {
    let pointers = [
        &spec.command,
        &spec.directory,
        &spec.files,
        &spec.tool,
        &spec.reason,
        &spec.call,
    ];
    if pointers
        .iter()
        .all(|pointer| approval::find(pointer, params).is_none())
    {
        return None;
    }
    Some(approval::read(spec, params).map(|approval| Asked {
        message: message.to_owned(),
        ask: Ask::Approval(approval),
        call: approval::find(&spec.call, params).cloned().map(Named::Any),
        answers: Answers::Templates(spec.replies.clone()),
    }))
}

/// An approval of the agent contract.
fn by_contract(params: &Value, message: &str) -> Option<Result<Asked, String>> {
    let about = params.get("_meta")?.get(APPROVAL_KEY)?;
    let pointer = |key: &str| Some(format!("/{key}"));
    let spec = ApprovalSpec {
        command: pointer("command"),
        directory: pointer("directory"),
        files: pointer("files"),
        tool: pointer("tool"),
        reason: pointer("reason"),
        call: pointer("progressToken"),
        replies: BTreeMap::new(),
    };
    let form = params.get("requestedSchema");
    let answers = match form.and_then(|form| form.pointer("/properties/decision")) {
        Some(decision) => {
            let choices = decision.get("enum").and_then(Value::as_array);
            let has_for_run =
                choices.is_none_or(|choices| choices.contains(&json!("allow_for_run")));
            Answers::Decision { has_for_run }
        }
        None => Answers::Templates(BTreeMap::new()),
    };
    Some(approval::read(&spec, about).map(|approval| Asked {
        message: message.to_owned(),
        ask: Ask::Approval(approval),
        call: approval::find(&spec.call, about).cloned().map(Named::Token),
        answers,
    }))
}

fn page(params: &Value, message: String) -> Result<Asked, String> {
    let url = text(params, "url").unwrap_or_default();
    if url.len() > URL {
        return Err("it wants a page opened whose address is too long".to_owned());
    }
    let shown = words(url, URL / 10);
    let url = Url::parse(url)
        .map_err(|error| format!("it wants `{shown}` opened, which is no address: {error}"))?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !(url.scheme() == "https" || url.scheme() == "http" && is_here) {
        return Err(format!(
            "it wants `{shown}` opened; only `https:` is, and `http:` on this machine"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "it wants `{shown}` opened, an address with a user name that may hide where it leads"
        ));
    }
    Ok(Asked {
        message,
        ask: Ask::Url(url.into()),
        call: None,
        answers: Answers::Page,
    })
}

fn by_templates(templates: &BTreeMap<String, Value>, reply: &Reply) -> Option<Value> {
    match reply {
        Reply::Allow => Some(allowed(templates)),
        Reply::AllowForRun => {
            Some(filled(templates, "allow_for_run", "").unwrap_or_else(|| allowed(templates)))
        }
        Reply::Deny(reason) => filled(templates, "deny", reason),
        Reply::Accept(_) => filled(templates, "deny", "the answer was not clear"),
    }
}

fn allowed(templates: &BTreeMap<String, Value>) -> Value {
    filled(templates, "allow", "").unwrap_or_else(|| accept(json!({})))
}

fn filled(templates: &BTreeMap<String, Value>, reply: &str, reason: &str) -> Option<Value> {
    let filled = template::render(templates.get(reply)?, &json!({ "reason": reason }));
    filled
        .inspect_err(|error| tracing::warn!(reply, error, "the template of a reply is wrong"))
        .ok()
}

/// The values of a form; `None` when one is not among the choices, or is missing.
fn filled_in(form: &Form, chosen: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut content = form.fixed.clone();
    for field in &form.fields {
        let value = chosen.get(&field.name).or(field.default.as_ref());
        match value {
            Some(value) if field.choices.iter().any(|(choice, _)| choice == value) => {
                content.insert(field.name.clone(), value.clone());
            }
            None if !form.required.contains(&field.name) => {}
            _ => return None,
        }
    }
    Some(content)
}

#[cfg(test)]
mod tests;
