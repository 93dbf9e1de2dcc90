//! From proposals to what the editor shows at their places.

use crate::proposals::{Held, PartNow, PartState, words};
use crate::proto::to::{self, SOURCE, View};
use domain::proposal::{Hunk, PartKind};
use domain::text::{Text, TextRange};
use serde_json::json;
use std::path::Path;
use tower_lsp::gen_lsp_types as lsp;

/// The code of diagnostics for what is proposed.
const CODE: &str = "proposal";

/// A place of a proposal in a document.
pub(crate) struct Mark<'p> {
    /// The proposal.
    pub(crate) held: &'p Held,
    /// The part.
    pub(crate) it: PartNow<'p>,
    /// All of it, in bytes of the text.
    pub(crate) range: TextRange,
    /// Where it is shown: one line.
    pub(crate) shown: TextRange,
}

/// What is proposed for a file and not applied, in the order of proposals and parts. `text` is the text of the file that
/// was looked at last.
pub(crate) fn marks<'p>(held: &'p Held, file: &Path, text: &Text) -> Vec<Mark<'p>> {
    if !held.concerns(file) {
        return Vec::new();
    }
    let here = held
        .parts()
        .filter(|it| it.file.place() == file && it.state != PartState::Applied);
    let marks = here.filter_map(|it| {
        let (range, shown) = match it.part.kind {
            PartKind::Hunk(index, hunk) => {
                let range = text.clamp(it.file.range(index)?);
                (range, first_line(hunk, range, text))
            }
            // It is there, with another text.
            PartKind::Create if it.state == PartState::Open => return None,
            PartKind::Create | PartKind::Delete | PartKind::Rename(_) | PartKind::Mode(_) => {
                let line = text.line_range(0).unwrap_or_default();
                (line, line)
            }
        };
        Some(Mark {
            held,
            it,
            range,
            shown,
        })
    });
    marks.collect()
}

/// The diagnostic at a place of a proposal.
pub(crate) fn diagnostic(mark: &Mark<'_>, view: View<'_>) -> lsp::Diagnostic {
    let proposal = &mark.held.proposal;
    let severity = match mark.it.state {
        PartState::Open | PartState::Applied => lsp::DiagnosticSeverity::Hint,
        PartState::Conflict => lsp::DiagnosticSeverity::Information,
    };
    lsp::Diagnostic {
        range: view.range(mark.shown),
        severity: Some(severity),
        code: Some(lsp::Code::String(CODE.to_owned())),
        source: Some(format!("{SOURCE} ({})", proposal.agent)),
        message: lsp::Message::String(message(mark)),
        data: Some(json!({"proposal": proposal.id, "part": mark.it.part.number})),
        ..Default::default()
    }
}

/// The full explanation of a place of a proposal, markdown.
pub(crate) fn explanation(mark: &Mark<'_>) -> String {
    let proposal = &mark.held.proposal;
    let mut out = format!("**{}**", to::title(&proposal.title));
    out.push_str(&words::number(&mark.it, proposal));
    if !proposal.summary.is_empty() {
        out.push_str(&format!("\n\n{}", to::hover_body(&proposal.summary)));
    }
    match (mark.it.part.kind, mark.it.part.file.base()) {
        (PartKind::Hunk(_, hunk), Some(base)) => {
            out.push_str(&format!("\n\n{}", to::fenced("diff", &diff(hunk, base))));
        }
        (kind, _) => {
            let deed = words::deed(kind, mark.it.part.file.path.as_str());
            out.push_str(&format!("\n\nIt would {}.", to::title(&deed)));
        }
    }
    if mark.it.state == PartState::Conflict {
        out.push_str(&format!("\n\n_{}_", conflict(mark.it.part.kind)));
    }
    if let Some(warning) = words::deception(mark.held) {
        out.push_str(&format!("\n\n{warning}"));
    }
    out.push_str(&format!("\n\n— {} · proposal", proposal.agent));
    if let Some(check) = &proposal.check {
        out.push_str(&format!(" · {}", words::check_in_words(check)));
    }
    out
}

fn message(mark: &Mark<'_>) -> String {
    let proposal = &mark.held.proposal;
    let (agent, title) = (&proposal.agent, words::title(proposal));
    let number = words::number(&mark.it, proposal);
    let what = match mark.it.part.kind {
        PartKind::Hunk(..) => "a change here".to_owned(),
        PartKind::Create => "to create this file".to_owned(),
        PartKind::Delete => "to delete this file".to_owned(),
        PartKind::Rename(to) => format!("to rename this file to {to}"),
        PartKind::Mode(true) => "to make this file executable".to_owned(),
        PartKind::Mode(false) => "to make this file not executable".to_owned(),
    };
    let message = format!("{agent} proposes {what}: {title}{number}");
    if mark.it.state == PartState::Conflict {
        format!("{message}\n{}", conflict(mark.it.part.kind))
    } else {
        message
    }
}

/// Why a part will not be applied.
fn conflict(kind: PartKind<'_>) -> &'static str {
    match kind {
        PartKind::Hunk(..) => "You edited these lines since; this change will not be applied.",
        PartKind::Create => "It is there with another text, which will not be replaced.",
        PartKind::Delete => "It was edited since and will not be deleted.",
        PartKind::Rename(_) => "That name is taken; the file will not be renamed.",
        PartKind::Mode(_) => "There is no such file any more.",
    }
}

/// The first line that changes, without its end. Where lines only come, the line before which they do, or else the last.
fn first_line(hunk: &Hunk, range: TextRange, text: &Text) -> TextRange {
    let first = hunk.edits.first();
    let before = first.map_or(0, |it| it.range.start - hunk.range.start);
    let at = (range.start + before).min(range.end);
    let line = text.line_of(at);
    let is_behind_all = at == text.len() && text.line(line).is_empty();
    let line = line - usize::from(is_behind_all && line > 0);
    text.line_range(line).unwrap_or(range)
}

/// A hunk as lines with `-`, `+` and space.
pub(crate) fn diff(hunk: &Hunk, base: &Text) -> String {
    let mut out = String::new();
    let mut add = |mark: char, text: &str| {
        for line in text.split_inclusive('\n') {
            out.push(mark);
            out.push_str(line.trim_end_matches(['\n', '\r']));
            out.push('\n');
        }
    };
    let mut from = hunk.range.start;
    for edit in &hunk.edits {
        add(' ', &base.slice(TextRange::new(from, edit.range.start)));
        add('-', &base.slice(edit.range));
        add('+', &edit.new_text);
        from = edit.range.end;
    }
    add(' ', &base.slice(TextRange::new(from, hunk.range.end)));
    out
}
