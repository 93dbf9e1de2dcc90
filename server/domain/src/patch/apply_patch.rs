//! The `apply_patch` format of Codex ("V4A").
//!
//! Grammar: `codex-rs/apply-patch/src/parser.rs` in openai/codex. Sentinels may be missing and marks may be padded.

use super::lines::Lines;
use super::{Action, Hunk, Line, LineHunk, Patch};

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";
const ADD: &str = "*** Add File: ";
const DELETE: &str = "*** Delete File: ";
const UPDATE: &str = "*** Update File: ";
const MOVE: &str = "*** Move to: ";
const END_OF_FILE: &str = "*** End of File";

/// Reads the changes of one file or one of the lines around them, if there is one here.
pub(super) fn read(lines: &mut Lines<'_>, patch: &mut Patch) -> bool {
    let number = lines.number();
    let Some(line) = lines.peek().map(str::trim) else {
        return false;
    };
    if line == BEGIN || line == END || line.starts_with("*** Environment ID: ") {
        lines.next();
    } else if let Some(path) = line.strip_prefix(ADD) {
        lines.next();
        add(path.trim(), lines, patch);
    } else if let Some(path) = line.strip_prefix(DELETE) {
        lines.next();
        patch.push(path.trim(), Action::Delete);
    } else if let Some(path) = line.strip_prefix(UPDATE) {
        lines.next();
        update(path.trim(), lines, patch, number);
    } else {
        return false;
    }
    true
}

fn add(path: &str, lines: &mut Lines<'_>, patch: &mut Patch) {
    let mut text = String::new();
    while let Some(line) = lines.peek() {
        if let Some(line) = line.strip_prefix('+') {
            text += line;
        } else if !line.is_empty() || !lines.ahead(1).is_some_and(|next| next.starts_with('+')) {
            break;
        }
        text.push('\n');
        lines.next();
    }
    let executable = false;
    patch.push(path, Action::Create { text, executable });
}

fn update(path: &str, lines: &mut Lines<'_>, patch: &mut Patch, number: usize) {
    let rename = lines.next_if(|line| line.trim().starts_with(MOVE));
    let rename = rename.map(|line| line.trim()[MOVE.len()..].trim().to_owned());
    let mut hunks = Vec::new();
    while let Some(hunk) = read_hunk(lines) {
        hunks.push(hunk);
    }
    let hunks: Vec<Hunk> = hunks
        .into_iter()
        .filter(LineHunk::changes)
        .map(Hunk::Lines)
        .collect();
    if hunks.is_empty() && rename.is_none() {
        return patch.problem(format!(
            "the update of `{path}` in line {number} changes nothing"
        ));
    }
    let action = Action::Edit {
        hunks,
        rename,
        executable: None,
    };
    patch.push(path, action);
}

fn read_hunk(lines: &mut Lines<'_>) -> Option<LineHunk> {
    let mut hunk = LineHunk::default();
    while let Some(head) = lines.next_if(|line| line.starts_with("@@")) {
        let anchor = head.trim_start_matches('@').trim_start_matches(' ');
        let anchor = anchor.strip_suffix("@@").unwrap_or(anchor).trim_end();
        if !anchor.is_empty() {
            hunk.anchors.push(anchor.to_owned());
        }
    }
    let mut is_read = !hunk.anchors.is_empty();
    while let Some(line) = lines.peek() {
        let read = match line.split_at_checked(1) {
            None if goes_on(lines) => Line::Context(String::new()),
            Some((" ", text)) => Line::Context(text.to_owned()),
            Some(("+", text)) => Line::Added(text.to_owned()),
            Some(("-", text)) => Line::Removed(text.to_owned()),
            _ => break,
        };
        is_read = true;
        hunk.lines.push(read);
        lines.next();
    }
    if lines.next_if(|line| line.trim() == END_OF_FILE).is_some() {
        (hunk.at_end, is_read) = (true, true);
    }
    // So the format says of a hunk that has no neighbours.
    hunk.at_end |= hunk.anchors.is_empty() && hunk.old().next().is_none();
    is_read.then_some(hunk)
}

/// True when a hunk goes on after some empty lines.
fn goes_on(lines: &Lines<'_>) -> bool {
    let mut next = (1..).map_while(|ahead| lines.ahead(ahead));
    next.find(|line| !line.is_empty())
        .is_some_and(|line| line.starts_with(['+', '-', ' ']))
}
