//! Showing a text, such as a proposal as a diff: in a document that comes from us, else in a temporary file that nobody can
//! change, else by saying where to look.

mod files;

pub(crate) use files::Files;

use crate::capabilities::SCHEME;
use crate::client::Asked;
use crate::content;
use crate::proposals::{Held, PartState, words};
use crate::state::State;
use crate::uri;
use domain::proposal::{ProposalId, render};
use domain::sanitize;
use domain::text::Text;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use tower_lsp::gen_lsp_types::MessageType;

#[cfg(test)]
mod tests;

/// Longest summary in a preview, in bytes.
const MAX_SUMMARY: usize = 16 << 10;
/// Longest line of words in a preview, in characters.
const MAX_LINE: usize = 500;
/// Longest preview, in bytes; what is cut is said.
const MAX_PREVIEW: usize = 8 << 20;

/// The name of the list of hidden findings.
const HIDDEN: &str = "hidden";

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A proposal.
    Proposal {
        /// Its name.
        id: ProposalId,
        /// The only part of it, by number.
        part: Option<usize>,
    },
    /// The findings that are hidden.
    Hidden,
}

/// The ways of showing, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    /// A document whose text the client asks us for.
    Document,
    /// A temporary file.
    File,
    /// A message.
    Message,
}

/// The documents that the client may show, with the hash of the text that it has.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    shown: BTreeMap<Subject, u64>,
}

impl Subject {
    /// The URI of the document.
    fn uri(&self) -> String {
        match self {
            Self::Proposal {
                id,
                part: Some(part),
            } => {
                let id = &id.0;
                format!("{SCHEME}:/proposal/{id}/{part}.diff")
            }
            Self::Proposal { id, part: None } => format!("{SCHEME}:/proposal/{}.diff", id.0),
            Self::Hidden => format!("{SCHEME}:/{HIDDEN}.txt"),
        }
    }

    fn of_uri(uri: &str) -> Option<Self> {
        let path = uri.strip_prefix(SCHEME)?.strip_prefix(":/")?;
        if path.strip_suffix(".txt") == Some(HIDDEN) {
            return Some(Self::Hidden);
        }
        let path = path.strip_prefix("proposal/")?;
        let name = path.strip_suffix(".diff")?;
        let (id, part) = match name.split_once('/') {
            Some((id, part)) => (id, Some(part.parse().ok()?)),
            None => (name, None),
        };
        let id = ProposalId(id.to_owned());
        Some(Self::Proposal { id, part })
    }

    /// The name of a temporary file, and what it ends in.
    fn file_name(&self) -> (String, &'static str) {
        match self {
            Self::Proposal { id, part } => {
                let part = part.map_or(String::new(), |it| format!("-{it}"));
                (format!("{}{part}", id.0), "diff")
            }
            // Plain text, as what agents say is no markdown of ours.
            Self::Hidden => (HIDDEN.to_owned(), "txt"),
        }
    }

    /// What is said to those who cannot be shown any text.
    fn instead(&self) -> String {
        match self {
            Self::Proposal { id, .. } => format!(
                "This editor cannot show the proposal as a document. Hover over a change to see it, or run `crosscheck proposals {}` in a terminal.",
                id.0
            ),
            Self::Hidden => "This editor cannot show the hidden findings as a document. `crosscheck findings --hidden` in a terminal lists them.".to_owned(),
        }
    }
}

/// Shows a text in the best way that this client has, and tells which.
pub(crate) fn show(state: &mut State, subject: Subject) -> Value {
    let client = &state.capabilities;
    let grade = if client.document_content && client.show_document {
        Grade::Document
    } else if client.show_document {
        Grade::File
    } else {
        Grade::Message
    };
    show_as(state, subject, grade)
}

/// The client answered whether it showed a preview. Where it could not, the next way is tried.
pub(crate) fn answered(
    state: &mut State,
    subject: Subject,
    grade: Grade,
    result: Result<Value, String>,
) {
    let is_shown = result.is_ok_and(|it| it.get("success").and_then(Value::as_bool) != Some(false));
    if !is_shown {
        let next = match grade {
            Grade::Document => Grade::File,
            Grade::File | Grade::Message => Grade::Message,
        };
        show_as(state, subject, next);
    }
}

/// The text of a document that the client asks for; `None` when the URI is none of ours.
pub(crate) fn content(state: &mut State, uri: &str) -> Option<String> {
    let subject = Subject::of_uri(uri)?;
    state.proposals.look(&state.documents);
    let text = text(state, &subject);
    let hash = content::hash(&Text::new(&text));
    state.previews.shown.insert(subject, hash);
    Some(text)
}

/// Has the client ask again for what it shows and what is not so any more.
pub(crate) fn refresh(state: &mut State) {
    let subjects: Vec<(Subject, u64)> = state
        .previews
        .shown
        .iter()
        .map(|(it, hash)| (it.clone(), *hash))
        .collect();
    for (subject, before) in subjects {
        let text = text(state, &subject);
        let hash = content::hash(&Text::new(&text));
        if hash != before {
            let params = json!({"uri": subject.uri()});
            state.previews.shown.insert(subject, hash);
            state.client.request(
                "workspace/textDocumentContent/refresh",
                Some(params),
                Asked::Nothing,
            );
        }
    }
}

fn show_as(state: &mut State, subject: Subject, grade: Grade) -> Value {
    let uri = match grade {
        Grade::Document => Some(subject.uri()),
        Grade::File => {
            let text = text(state, &subject);
            let (name, ending) = subject.file_name();
            let file = state.preview_files.write(&name, ending, &text);
            file.map(|it| uri::from_path(&it))
        }
        Grade::Message => None,
    };
    let Some(uri) = uri else {
        state.client.show(MessageType::Info, &subject.instead());
        return json!({"shown": "message"});
    };
    let params = json!({"uri": uri, "external": false, "takeFocus": true});
    let why = Asked::Preview { subject, grade };
    state
        .client
        .request("window/showDocument", Some(params), why);
    let shown = match grade {
        Grade::Document => "document",
        Grade::File | Grade::Message => "file",
    };
    json!({"shown": shown, "uri": uri})
}

fn text(state: &State, subject: &Subject) -> String {
    match subject {
        Subject::Proposal { id, part } => match state.proposals.get(id) {
            Some(held) => diff(held, *part),
            None => "# This proposal is gone.\n".to_owned(),
        },
        Subject::Hidden => state.hidden.text().to_owned(),
    }
}

/// A proposal, or one part of it, as a diff with words before it.
fn diff(held: &Held, part: Option<usize>) -> String {
    let proposal = &held.proposal;
    let mut out = String::new();
    let extent = words::extent(held.parts());
    let title = words::title(proposal);
    let _ = writeln!(out, "# {} proposes {extent}: {title}", proposal.agent);
    if let Some(part) = part {
        let _ = writeln!(out, "# Only change {part} is shown here.");
    }
    if let Some(check) = &proposal.check {
        let _ = writeln!(out, "# {}.", words::check_in_words(check));
        comment(&mut out, &check.output);
    }
    if let Some(warning) = words::deception(held) {
        let _ = writeln!(out, "# {warning}");
    }
    for problem in &proposal.problems {
        let _ = writeln!(out, "# Problem: {}", sanitize::line(problem, MAX_LINE));
    }
    for (state, what) in [
        (PartState::Applied, "applied already"),
        (
            PartState::Conflict,
            "not applied, as you edited the same lines since",
        ),
    ] {
        let numbers: Vec<String> = held.numbers(state).iter().map(usize::to_string).collect();
        if !numbers.is_empty() {
            let _ = writeln!(out, "# Changes {what}: {}.", numbers.join(", "));
        }
    }
    if !proposal.summary.is_empty() {
        out.push_str("#\n");
        let end = proposal.summary.floor_char_boundary(MAX_SUMMARY);
        comment(&mut out, &proposal.summary[..end]);
    }
    out.push('\n');
    let parts = part.map(|it| [it]);
    out.push_str(&render::unified(
        proposal,
        parts.as_ref().map(<[usize; 1]>::as_slice),
    ));
    if out.len() > MAX_PREVIEW {
        let surplus = out.len() - MAX_PREVIEW;
        out.truncate(out.floor_char_boundary(MAX_PREVIEW));
        let _ = write!(out, "\n# {surplus} bytes more are not shown.\n");
    }
    out
}

/// Words as lines that no tool takes for a part of the diff.
fn comment(out: &mut String, words: &str) {
    for line in words.lines() {
        let _ = writeln!(out, "# {}", sanitize::line(line, MAX_LINE));
    }
}
