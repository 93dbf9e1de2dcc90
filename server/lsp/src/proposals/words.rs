//! What the user reads of proposals.

use super::{Held, PartNow, PartState};
use crate::runs::count;
use domain::proposal::{Check, CheckOutcome, FileAction, Part, PartKind, Proposal};
use domain::sanitize;
use std::collections::BTreeSet;

/// Longest title of a proposal in the title of an action, in characters.
const MAX_SHORT: usize = 40;
/// Longest title of a proposal in a message, in characters.
const MAX_TITLE: usize = 80;
/// Longest command in a message, in characters.
const MAX_COMMAND: usize = 60;

/// `3 changes in 2 files`, `1 change`: of these parts.
pub(crate) fn extent<'p>(parts: impl Iterator<Item = PartNow<'p>>) -> String {
    let mut changes = 0;
    let mut files = BTreeSet::new();
    for it in parts {
        changes += 1;
        files.insert(&it.part.file.path);
    }
    let changes = count(changes, "change");
    if files.len() > 1 {
        format!("{changes} in {}", count(files.len(), "file"))
    } else {
        changes
    }
}

/// The title, short enough for the title of an action.
pub(crate) fn short(proposal: &Proposal) -> String {
    sanitize::line(&proposal.title, MAX_SHORT)
}

/// The title for a message.
pub(crate) fn title(proposal: &Proposal) -> String {
    sanitize::line(&proposal.title, MAX_TITLE)
}

/// What is said when a proposal arrives.
pub(crate) fn arrival(held: &Held) -> String {
    let proposal = &held.proposal;
    let files: BTreeSet<&str> = proposal.files.iter().map(|it| it.path.as_str()).collect();
    let mut extent = extent(held.parts());
    if let (1, Some(file)) = (files.len(), files.first()) {
        extent = format!("{extent} in {file}");
    }
    let mut out = format!("{} proposes {extent}: {}.", proposal.agent, title(proposal));
    if let Some(check) = &proposal.check {
        out.push_str(&format!(" {}.", check_in_words(check)));
    }
    let conflicts = held.numbers(PartState::Conflict).len();
    if conflicts > 0 {
        let are = if conflicts == 1 { "meets" } else { "meet" };
        out.push_str(&format!(
            " {} {are} what you edited meanwhile and will not be applied.",
            count(conflicts, "change")
        ));
    }
    if let Some(warning) = deception(held) {
        out.push_str(&format!(" {warning}"));
    }
    if !proposal.problems.is_empty() {
        let problems = count(proposal.problems.len(), "problem");
        out.push_str(&format!(" The preview names {problems}."));
    }
    out.push_str(" Code actions there apply, preview or discard it.");
    out
}

/// A warning where a part would put something into a file that editors do not show as it is.
pub(crate) fn deception(held: &Held) -> Option<String> {
    let parts = held.parts().filter(|it| is_deceptive(it.part));
    let numbers: Vec<String> = parts.map(|it| it.part.number.to_string()).collect();
    let changes = match numbers.len() {
        0 => return None,
        1 => "Change",
        _ => "Changes",
    };
    let numbers = numbers.join(", ");
    Some(format!(
        "{changes} {numbers}: invisible or misleading characters are put into the text."
    ))
}

fn is_deceptive(part: Part<'_>) -> bool {
    match (part.kind, &part.file.action) {
        (PartKind::Hunk(_, hunk), FileAction::Edit { base, .. }) => hunk.edits.iter().any(|it| {
            sanitize::is_deceptive(&it.new_text) && !sanitize::is_deceptive(&base.slice(it.range))
        }),
        (PartKind::Create, FileAction::Create { text, .. }) => {
            sanitize::is_deceptive(&text.to_string())
        }
        _ => false,
    }
}

/// How a check ended: "`cargo check` passed".
pub(crate) fn check_in_words(check: &Check) -> String {
    let command = sanitize::line(&check.command, MAX_COMMAND).replace('`', "'");
    match &check.outcome {
        CheckOutcome::Passed if check.repaired => {
            format!("`{command}` passed at the second try")
        }
        CheckOutcome::Passed => format!("`{command}` passed"),
        CheckOutcome::Failed(how) => format!("`{command}` failed: {how}"),
        CheckOutcome::NotRun(why) => format!("`{command}` could not be run: {why}"),
    }
}

/// `(2 of 3)` where there are several, with a space before it.
pub(crate) fn number(it: &PartNow<'_>, proposal: &Proposal) -> String {
    let total = proposal.parts().count();
    if total > 1 {
        format!(" ({} of {total})", it.part.number)
    } else {
        String::new()
    }
}

/// What a part does, as the middle of a sentence: `change src/a.rs`, `create src/b.rs`.
pub(crate) fn deed(kind: PartKind<'_>, path: &str) -> String {
    match kind {
        PartKind::Hunk(..) => format!("change {path}"),
        PartKind::Create => format!("create {path}"),
        PartKind::Delete => format!("delete {path}"),
        PartKind::Rename(to) => format!("rename {path} to {to}"),
        PartKind::Mode(true) => format!("make {path} executable"),
        PartKind::Mode(false) => format!("make {path} not executable"),
    }
}

/// What is to be done in a terminal instead.
pub(crate) fn in_terminal(proposal: &Proposal) -> String {
    format!("`crosscheck apply {}` in a terminal", proposal.id.0)
}
