//! The `apply_patch` format of Codex ("V4A").
//!
//! Grammar: `codex-rs/apply-patch/src/parser.rs` in openai/codex. Sentinels and the blank of context lines may be missing
//! and marks may be padded; a patch that begins and does not end was cut.

use super::draft::{Draft, Last};
use super::lines::{Lines, fence};
use super::{Action, Hunk, Line, LineHunk};

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";
const ADD: &str = "*** Add File: ";
const DELETE: &str = "*** Delete File: ";
const UPDATE: &str = "*** Update File: ";
const MOVE: &str = "*** Move to: ";
const END_OF_FILE: &str = "*** End of File";

/// What begins a change in this format.
pub(super) const HEADS: [&str; 4] = [BEGIN, ADD, DELETE, UPDATE];

/// Reads the changes of one file or one of the lines around them, if there is one here.
pub(super) fn read(lines: &mut Lines<'_>, draft: &mut Draft) -> bool {
    let number = lines.number();
    let Some(line) = lines.peek().map(str::trim) else {
        return false;
    };
    if line == BEGIN || line == END {
        lines.in_patch = line == BEGIN;
        lines.next();
    } else if line.starts_with("*** Environment ID: ") {
        lines.next();
    } else if let Some(path) = line.strip_prefix(ADD) {
        lines.next();
        add(path.trim(), lines, draft, number);
    } else if let Some(path) = line.strip_prefix(DELETE) {
        lines.next();
        draft.push(path.trim(), Action::Delete);
    } else if let Some(path) = line.strip_prefix(UPDATE) {
        lines.next();
        update(path.trim(), lines, draft, number);
    } else {
        return false;
    }
    true
}

/// Reads hunks that go on with a file after words between.
pub(super) fn go_on(path: &str, lines: &mut Lines<'_>, draft: &mut Draft) {
    while let Some(hunk) = read_hunk(lines, draft) {
        if hunk.changes() {
            draft.edit(path, Hunk::Lines(hunk));
        }
    }
}

/// True at the end of what belongs to one file.
fn is_end(lines: &Lines<'_>) -> bool {
    lines
        .peek()
        .is_none_or(|line| is_sentinel(line) || (!lines.in_patch && line.trim() == "EOF"))
        || lines.ends_fence()
        || (lines.inside.is_none() && lines.peek().is_some_and(|it| fence(it).is_some()))
}

fn is_sentinel(line: &str) -> bool {
    let trimmed = line.trim();
    let mut heads = HEADS.iter().chain([&END, &END_OF_FILE, &MOVE]);
    line.starts_with("*** ") || heads.any(|it| trimmed.starts_with(it))
}

fn was_cut(path: &str, lines: &Lines<'_>, draft: &mut Draft, number: usize) -> bool {
    let is_cut = lines.in_patch && lines.peek().is_none();
    if is_cut {
        draft.problem(format!(
            "the change of `{path}` in line {number} is not taken: the patch has no end `{END}`, so the answer was cut"
        ));
    }
    is_cut
}

fn add(path: &str, lines: &mut Lines<'_>, draft: &mut Draft, number: usize) {
    let mut told = Vec::new();
    // Without sentinels and fence, only marks tell what is the file and what is said after it.
    let is_closed = lines.in_patch || lines.inside.is_some();
    while !is_end(lines) {
        let blanks = lines.blanks();
        let next = lines.ahead(blanks);
        let is_marked = next.is_some_and(|line| line.starts_with('+'));
        if !is_closed && !is_marked {
            break;
        }
        told.extend((0..=blanks).map_while(|_| lines.next()));
    }
    if was_cut(path, lines, draft, number) {
        return;
    }
    while told.last().is_some_and(|line| line.is_empty()) {
        told.pop();
    }
    let is_bare = |line: &&&str| !line.is_empty() && !line.starts_with('+');
    let bare = told.iter().find(is_bare).copied();
    let marked = told.iter().any(|line| line.starts_with('+'));
    // The line that ended it, where that may be one of the file.
    let next = lines
        .peek()
        .filter(|line| !line.is_empty() && !is_end(lines));
    let goes_on = lines.ahead(1).is_some_and(|line| line.starts_with('+'));
    let unmarked = bare
        .filter(|_| marked)
        .or(next.filter(|_| !marked || goes_on));
    if let Some(line) = unmarked {
        let line = crate::sanitize::line(line, 80);
        return draft.problem(format!(
            "the new file `{path}` in line {number} is not taken: its line `{line}` has no mark `+`"
        ));
    }
    let mut text = String::new();
    for line in told {
        text += line.strip_prefix('+').filter(|_| marked).unwrap_or(line);
        text.push('\n');
    }
    let executable = false;
    draft.push(path, Action::Create { text, executable });
}

fn update(path: &str, lines: &mut Lines<'_>, draft: &mut Draft, number: usize) {
    let rename = lines.next_if(|line| line.trim().starts_with(MOVE));
    let rename = rename.map(|line| line.trim()[MOVE.len()..].trim().to_owned());
    let mut hunks = Vec::new();
    while let Some(hunk) = read_hunk(lines, draft) {
        hunks.push(hunk);
    }
    if was_cut(path, lines, draft, number) {
        return;
    }
    let hunks: Vec<Hunk> = hunks
        .into_iter()
        .filter(LineHunk::changes)
        .map(Hunk::Lines)
        .collect();
    if hunks.is_empty() && rename.is_none() {
        draft.problem(format!(
            "the update of `{path}` in line {number} changes nothing"
        ));
    } else {
        draft.edits(path, hunks, rename, None);
    }
    draft.last = Some(Last::Codex(path.to_owned()));
}

fn read_hunk(lines: &mut Lines<'_>, draft: &mut Draft) -> Option<LineHunk> {
    let number = lines.number();
    let mut hunk = LineHunk::default();
    let blanks = lines.blanks();
    let next = lines.ahead(blanks).unwrap_or_default();
    if next.starts_with("@@") || next.trim() == END_OF_FILE {
        lines.go_to(lines.mark() + blanks);
    }
    while let Some(head) = lines.next_if(|line| line.starts_with("@@")) {
        let anchor = head.trim_start_matches('@').trim_start_matches(' ');
        let anchor = anchor.strip_suffix("@@").unwrap_or(anchor).trim_end();
        if !anchor.is_empty() {
            hunk.anchors.push(anchor.to_owned());
        }
    }
    let mut is_read = !hunk.anchors.is_empty();
    while !is_end(lines) {
        let blanks = lines.blanks();
        let next = lines.ahead(blanks).unwrap_or_default();
        let is_marked = next.starts_with(['+', '-', ' ']);
        let goes_on = is_marked || (lines.in_patch && !next.is_empty() && !next.starts_with("***"));
        if !goes_on || next.starts_with("@@") {
            break;
        }
        for _ in 0..blanks {
            hunk.lines.push(Line::Context(String::new()));
            lines.next();
        }
        if is_end(lines) {
            break;
        }
        hunk.lines.push(match next.split_at_checked(1) {
            Some((" ", text)) => Line::Context(text.to_owned()),
            Some(("+", text)) => Line::Added(text.to_owned()),
            Some(("-", text)) => Line::Removed(text.to_owned()),
            // Models drop the blank.
            _ => Line::Context(next.to_owned()),
        });
        is_read = true;
        lines.next();
    }
    if let (false, Some(line)) = (is_end(lines), lines.peek())
        && lines
            .ahead(1)
            .is_some_and(|next| next.starts_with(['+', '-']))
        && !line.starts_with("@@")
    {
        let line = crate::sanitize::line(line, 80);
        draft.problem(format!(
            "the hunk in line {number} was not read beyond `{line}`, which has no mark"
        ));
    }
    if lines.next_if(|line| line.trim() == END_OF_FILE).is_some() {
        (hunk.at_end, is_read) = (true, true);
    }
    // So the format says of a hunk that has no neighbours.
    hunk.at_end |= hunk.anchors.is_empty() && hunk.old().next().is_none();
    is_read.then_some(hunk)
}
