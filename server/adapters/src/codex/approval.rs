//! What Codex asks about before it does it: as a question for a person, and the answer in Codex's words.

mod shell;

use super::protocol::Question;
use crate::contract::approval::Approval;
use crate::server::Verdict;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

/// Longest part of a question, in characters; what is cut is counted.
const LONGEST: usize = 2000;

/// Most files named in a question; the others are counted.
const MOST_FILES: usize = 20;

/// What is to be done about a request of Codex.
#[derive(Debug)]
pub(super) enum Asked {
    /// A person decides.
    Person(Ask),
    /// There is only one answer.
    Settled(Value),
    /// Nobody here knows what it is.
    Unknown,
}

/// A question for a person.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) message: String,
    pub(super) approval: Approval,
    pub(super) reply: Reply,
}

/// How Codex wants to be answered.
#[derive(Debug)]
pub(super) enum Reply {
    /// By a word.
    Decision,
    /// By the permissions it gets, out of those it asked for.
    Permissions(Value),
    /// As MCP answers an elicitation; true when the answer may be kept for the session.
    Elicitation { may_last: bool },
}

/// Reads a request. `files` are those of the changes that were told of, by the change's id.
pub(super) fn read(
    question: &Question,
    files: &HashMap<String, Vec<String>>,
    root: &Path,
) -> Asked {
    let params = &question.params;
    match question.method.as_str() {
        "item/commandExecution/requestApproval" => Asked::Person(command(params)),
        "item/fileChange/requestApproval" => {
            let files = text(params, "itemId").and_then(|id| files.get(&id));
            Asked::Person(file_change(params, files, root))
        }
        "item/permissions/requestApproval" => Asked::Person(permissions(params)),
        "mcpServer/elicitation/request" => elicitation(params),
        // A question of the model that is not about doing something: nobody answers.
        "item/tool/requestUserInput" => Asked::Settled(json!({ "answers": {} })),
        _ => Asked::Unknown,
    }
}

/// The item that a request is about.
pub(super) fn item(question: &Question) -> Option<String> {
    text(&question.params, "itemId")
}

impl Reply {
    /// The answer to Codex.
    pub(super) fn to(&self, verdict: &Verdict) -> Value {
        match (self, verdict) {
            (Reply::Decision, Verdict::Allow) => json!({ "decision": "accept" }),
            (Reply::Decision, Verdict::AllowForRun) => json!({ "decision": "acceptForSession" }),
            (Reply::Decision, Verdict::Deny(_)) => json!({ "decision": "decline" }),
            // A turn is a run.
            (Reply::Permissions(asked), Verdict::Allow | Verdict::AllowForRun) => {
                json!({ "permissions": asked, "scope": "turn" })
            }
            (Reply::Permissions(_), Verdict::Deny(_)) => json!({ "permissions": {} }),
            (Reply::Elicitation { may_last: true }, Verdict::AllowForRun) => {
                json!({ "action": "accept", "content": {}, "_meta": { "persist": "session" } })
            }
            (Reply::Elicitation { .. }, Verdict::Allow | Verdict::AllowForRun) => {
                json!({ "action": "accept", "content": {} })
            }
            (Reply::Elicitation { .. }, Verdict::Deny(_)) => declined(),
        }
    }
}

fn declined() -> Value {
    json!({ "action": "decline", "content": null })
}

fn command(params: &Value) -> Ask {
    let reason = text(params, "reason");
    let directory = text(params, "cwd");
    let place = match &directory {
        Some(directory) => format!(" in {}", shown(directory)),
        None => String::new(),
    };
    let host = text(&params["networkApprovalContext"], "host");
    let command = text(params, "command").map(|command| shell::unwrapped(&command));
    let (what, tool) = match (&host, params["kind"].as_str()) {
        (Some(host), _) => {
            let host = shown(host);
            (
                format!("reach {host} over the network{place}"),
                Some("network"),
            )
        }
        (None, Some("writeStdin")) => (
            format!("type into a command that is running{place}"),
            Some("terminal"),
        ),
        (None, _) => (format!("run a command{place}"), None),
    };
    Ask {
        message: message(&what, command.as_deref(), reason.as_deref()),
        approval: Approval {
            command,
            directory,
            tool: tool.map(str::to_owned),
            reason,
            ..Approval::default()
        },
        reply: Reply::Decision,
    }
}

fn file_change(params: &Value, files: Option<&Vec<String>>, root: &Path) -> Ask {
    let reason = text(params, "reason");
    let files = files.cloned().unwrap_or_default();
    let what = match text(params, "grantRoot") {
        Some(directory) => format!("write anywhere in {}", shown(&directory)),
        None => match files.len() {
            0 => "change files".to_owned(),
            1 => "change a file".to_owned(),
            count => format!("change {count} files"),
        },
    };
    let mut names: Vec<String> = files
        .iter()
        .take(MOST_FILES)
        .map(|file| shown(&relative(file, root)))
        .collect();
    if files.len() > MOST_FILES {
        names.push(format!("and {} more", files.len() - MOST_FILES));
    }
    let names = Some(names.join(", ")).filter(|names| !names.is_empty());
    Ask {
        message: message(&what, names.as_deref(), reason.as_deref()),
        approval: Approval {
            files,
            reason,
            ..Approval::default()
        },
        reply: Reply::Decision,
    }
}

fn permissions(params: &Value) -> Ask {
    let reason = text(params, "reason");
    let asked = &params["permissions"];
    let mut rights = Vec::new();
    if asked["network"]["enabled"] == true {
        rights.push("use the network".to_owned());
    }
    let system = &asked["fileSystem"];
    for (key, verb) in [("read", "read"), ("write", "write")] {
        let paths = system[key].as_array().into_iter().flatten();
        rights.extend(paths.filter_map(|path| Some(format!("{verb} {}", path.as_str()?))));
    }
    for entry in system["entries"].as_array().into_iter().flatten() {
        let access = entry["access"].as_str().unwrap_or("use");
        rights.push(format!("{access} {}", place(&entry["path"])));
    }
    let rights = rights.join("; ");
    Ask {
        message: message(
            "have more rights until the end of this call",
            Some(&rights),
            reason.as_deref(),
        ),
        approval: Approval {
            directory: text(params, "cwd"),
            tool: Some("permissions".to_owned()),
            reason,
            ..Approval::default()
        },
        reply: Reply::Permissions(asked.clone()),
    }
}

/// A path, a pattern, or a special place with its name.
fn place(path: &Value) -> String {
    let known = path["path"].as_str().or_else(|| path["pattern"].as_str());
    known.map_or_else(|| path["value"].to_string(), str::to_owned)
}

/// Only a yes or no can be asked for here: a form with fields, or a page to open, is declined.
fn elicitation(params: &Value) -> Asked {
    let fields = params["requestedSchema"]["properties"].as_object();
    let is_yes_or_no = params["mode"] == "form" && fields.is_none_or(serde_json::Map::is_empty);
    if !is_yes_or_no {
        return Asked::Settled(declined());
    }
    let server = text(params, "serverName").unwrap_or_default();
    let meta = &params["_meta"];
    let may_last = match &meta["persist"] {
        Value::Array(scopes) => scopes.iter().any(|scope| scope == "session"),
        scope => scope == "session",
    };
    let reason = text(params, "message");
    let what = format!("use the MCP server {}", shown(&server));
    Asked::Person(Ask {
        message: message(&what, None, reason.as_deref()),
        approval: Approval {
            tool: Some(match text(meta, "tool_name") {
                Some(tool) => format!("{server}/{tool}"),
                None => server,
            }),
            reason,
            ..Approval::default()
        },
        reply: Reply::Elicitation { may_last },
    })
}

fn message(what: &str, details: Option<&str>, reason: Option<&str>) -> String {
    let mut message = format!("Codex wants to {what}");
    match details.map(shown).filter(|details| !details.is_empty()) {
        Some(details) => message += &format!(": {details}"),
        None => message.push('.'),
    }
    if let Some(reason) = reason.map(shown).filter(|reason| !reason.is_empty()) {
        message += &format!("\nIts reason: {reason}");
    }
    message
}

/// Text of Codex in a question: on one line, where its own line ends can be seen, and nothing cut without a word.
fn shown(text: &str) -> String {
    let text = text.trim().replace('\n', " ⏎ ");
    let line = domain::sanitize::line(&text, usize::MAX);
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => {
            let rest = line[at..].chars().count();
            format!("{}… ({rest} more characters)", &line[..at])
        }
        None => line,
    }
}

fn relative(file: &str, root: &Path) -> String {
    let path = Path::new(file);
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn text(params: &Value, key: &str) -> Option<String> {
    let text = params[key].as_str()?;
    Some(text.to_owned()).filter(|text| !text.trim().is_empty())
}
