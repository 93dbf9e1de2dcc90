//! Unified and git diffs.
//!
//! Format: git's documentation of `diff-generate-patch`, GNU diffutils' manual. The counts of a hunk are not believed, for
//! models get them wrong; they only tell where a hunk may end. The blank that marks a context line may be missing.

mod header;

use super::draft::{Draft, Last};
use super::lines::{Lines, fence};
use super::{Action, Hunk, Line, LineHunk, apply_patch, search_replace};
use header::Header;

/// How many lines after one without a mark are looked at for one that has a mark.
const LOOK_AHEAD: usize = 20;

/// Reads the diff of one file, or hunks that go on with the one before, if such begins here.
pub(super) fn read(lines: &mut Lines<'_>, draft: &mut Draft) -> bool {
    let number = lines.number();
    if lines.peek().is_some_and(|line| line.starts_with("@@")) {
        return go_on(lines, draft);
    }
    let Some(header) = header::read(lines) else {
        return false;
    };
    let (hunks, is_whole) = read_hunks(lines, draft);
    if is_whole {
        add(draft, &header, hunks, number);
    } else {
        let (old, new) = header.paths();
        was_cut(draft, &new.or(old).unwrap_or_default(), number);
    }
    true
}

/// Reads hunks without a header, which go on with a file; `path` where it is named before them.
pub(super) fn read_headless(
    path: Option<&str>,
    lines: &mut Lines<'_>,
    draft: &mut Draft,
    number: usize,
) {
    let (hunks, is_whole) = if lines.peek().is_some_and(|line| line.starts_with("@@")) {
        read_hunks(lines, draft)
    } else {
        let mut hunk = LineHunk::default();
        let is_whole = read_lines(&mut hunk, None, number, lines, draft);
        (vec![hunk], is_whole)
    };
    let Some(path) = path else {
        return draft.problem(format!(
            "the hunk in line {number} does not say which file it is for"
        ));
    };
    if !is_whole {
        return was_cut(draft, path, number);
    }
    let hunks: Vec<Hunk> = changing(hunks);
    if hunks.is_empty() {
        draft.problem(format!(
            "the diff of `{path}` in line {number} changes nothing"
        ));
    }
    draft.edits(path, hunks, None, None);
    draft.last = Some(Last::Diff(path.to_owned()));
}

fn go_on(lines: &mut Lines<'_>, draft: &mut Draft) -> bool {
    let number = lines.number();
    match draft.last.clone() {
        Some(Last::Diff(path)) => read_headless(Some(&path), lines, draft, number),
        Some(Last::Codex(path)) => apply_patch::go_on(&path, lines, draft),
        _ if lines.peek().is_some_and(|it| hunk_head(it).line.is_some()) => {
            read_headless(None, lines, draft, number);
        }
        // Words, or code of another kind.
        _ => return false,
    }
    true
}

fn was_cut(draft: &mut Draft, path: &str, number: usize) {
    draft.problem(format!(
        "the diff of `{path}` in line {number} has no end: the answer was cut"
    ));
}

fn changing(hunks: Vec<LineHunk>) -> Vec<Hunk> {
    let changing = hunks.into_iter().filter(LineHunk::changes);
    changing.map(Hunk::Lines).collect()
}

fn add(draft: &mut Draft, header: &Header, hunks: Vec<LineHunk>, number: usize) {
    let executable = header.executable;
    if let Some((from, to)) = header.copied() {
        return draft.problem(format!(
            "the diff that copies `{from}` to `{to}` is not taken: a copy has to be told as a new file"
        ));
    }
    let (old, new) = header.paths();
    let created = header.created || (old.is_none() && new.is_some());
    let deleted = header.deleted || (old.is_some() && new.is_none());
    let Some(path) = (if created { new.clone() } else { old }) else {
        return draft.problem(format!("the diff in line {number} names no file"));
    };
    if let Some(what) = header.foreign {
        return draft.problem(format!("the diff of `{path}` {what}, which is not taken"));
    }
    if created {
        let text = new_text(&hunks);
        let executable = executable.unwrap_or(false);
        return draft.push(&path, Action::Create { text, executable });
    }
    if deleted {
        return draft.push(&path, Action::Delete);
    }
    let rename = new.filter(|new| *new != path);
    let hunks = changing(hunks);
    if hunks.is_empty() && rename.is_none() && executable.is_none() {
        draft.problem(format!("the diff of `{path}` changes nothing"));
    }
    draft.edits(&path, hunks, rename, executable);
    draft.last = Some(Last::Diff(path));
}

/// The text of a new file.
fn new_text(hunks: &[LineHunk]) -> String {
    let mut text = String::new();
    for line in hunks.iter().flat_map(LineHunk::result) {
        text += line;
        text.push('\n');
    }
    if hunks.last().is_some_and(|hunk| hunk.new_is_cut) {
        text.pop();
    }
    text
}

/// Reads all hunks that begin here, and whether the last one has an end.
fn read_hunks(lines: &mut Lines<'_>, draft: &mut Draft) -> (Vec<LineHunk>, bool) {
    let mut hunks = Vec::new();
    let mut is_whole = true;
    loop {
        let blanks = lines.blanks();
        let next = lines.ahead(blanks);
        if !is_whole || !next.is_some_and(|line| line.starts_with("@@")) {
            return (hunks, is_whole);
        }
        lines.go_to(lines.mark() + blanks);
        let number = lines.number();
        let head = hunk_head(lines.next().unwrap_or_default());
        let mut hunk = LineHunk {
            line: head.line,
            anchors: head.section.into_iter().collect(),
            ..LineHunk::default()
        };
        is_whole = read_lines(&mut hunk, head.counts, number, lines, draft);
        hunks.push(hunk);
    }
}

/// How many lines a hunk has on either side so far, and how many were told.
#[derive(Clone, Copy)]
struct Counts {
    told: Option<(usize, usize)>,
    old: usize,
    new: usize,
}

impl Counts {
    fn add(&mut self, line: &Line) {
        self.old += usize::from(line.old().is_some());
        self.new += usize::from(line.result().is_some());
    }

    /// False also where nothing was told.
    fn are_reached(self) -> bool {
        self.told
            .is_some_and(|(old, new)| self.old >= old && self.new >= new)
    }

    /// How many more lines on both sides were told.
    fn left(self) -> usize {
        let (old, new) = self.told.unwrap_or((0, 0));
        old.saturating_sub(self.old)
            .min(new.saturating_sub(self.new))
    }
}

/// Reads the lines of a hunk. False when the answer ends within it.
fn read_lines(
    hunk: &mut LineHunk,
    told: Option<(usize, usize)>,
    number: usize,
    lines: &mut Lines<'_>,
    draft: &mut Draft,
) -> bool {
    let mut counts = Counts {
        told,
        old: 0,
        new: 0,
    };
    while let Some(line) = lines.peek() {
        let read = match line.split_at_checked(1) {
            None if line.is_empty() => match take_blanks(hunk, &mut counts, lines) {
                After::Hunk => continue,
                After::Others => return true,
                After::Nothing => break,
            },
            _ if lines.ends_fence() || begins_another(lines, line) => return true,
            Some((" ", text)) => Line::Context(text.to_owned()),
            Some(("+", text)) => Line::Added(text.to_owned()),
            Some(("-", text)) if !begins_file(lines) => Line::Removed(text.to_owned()),
            Some(("-", _)) => return true,
            Some(("\\", _)) if line.starts_with("\\ ") => {
                cut(hunk);
                lines.next();
                continue;
            }
            // The mark of a context line is a blank, which models drop.
            _ if lines.inside.is_some() || (counts.left() > 0 && is_followed(lines)) => {
                Line::Context(line.to_owned())
            }
            _ => {
                if lines.ahead(1).is_some_and(|next| is_change(next, counts)) {
                    let line = crate::sanitize::line(line, 80);
                    draft.problem(format!(
                        "the hunk in line {number} was not read beyond `{line}`, which has no mark"
                    ));
                }
                return true;
            }
        };
        counts.add(&read);
        hunk.lines.push(read);
        lines.next();
    }
    // Where there is a fence, its end is missing, too.
    lines.inside.is_none() || counts.are_reached()
}

/// What comes after empty lines.
enum After {
    /// The hunk goes on.
    Hunk,
    /// Something else.
    Others,
    /// The answer ends.
    Nothing,
}

/// Takes empty lines as context, from which editors and models dropped the blank.
fn take_blanks(hunk: &mut LineHunk, counts: &mut Counts, lines: &mut Lines<'_>) -> After {
    let (blanks, mark) = (lines.blanks(), lines.mark());
    lines.go_to(mark + blanks);
    let after = match lines.peek() {
        None => After::Nothing,
        Some(next) if lines.ends_fence() || begins_another(lines, next) || begins_file(lines) => {
            After::Others
        }
        Some(next)
            if lines.inside.is_some()
                || next.starts_with([' ', '\\'])
                || is_change(next, *counts) =>
        {
            After::Hunk
        }
        Some(_) => After::Others,
    };
    // Blank lines after a hunk are no part of it, unless its count says so.
    let taken = match after {
        After::Hunk => blanks,
        After::Others | After::Nothing => blanks.min(counts.left()),
    };
    for _ in 0..taken {
        let blank = Line::Context(String::new());
        counts.add(&blank);
        hunk.lines.push(blank);
    }
    lines.go_to(mark + taken);
    after
}

/// Notes that the last line has no line end.
fn cut(hunk: &mut LineHunk) {
    let last = hunk.lines.last();
    hunk.old_is_cut |= last.is_some_and(|line| line.old().is_some());
    hunk.new_is_cut |= last.is_some_and(|line| line.result().is_some());
}

/// True for a line that comes or goes. Where a hunk may be over, a line that begins as an item of a list does is none.
fn is_change(line: &str, counts: Counts) -> bool {
    let is_item = || {
        let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("+ "));
        item.is_some_and(|it| !it.starts_with(char::is_whitespace))
    };
    line.starts_with(['+', '-']) && (!(counts.told.is_none() || counts.are_reached()) || !is_item())
}

/// True when a line with a mark follows soon, before any blank one.
fn is_followed(lines: &Lines<'_>) -> bool {
    let next = (1..=LOOK_AHEAD).map_while(|ahead| lines.ahead(ahead));
    let mut next = next.take_while(|line| !line.is_empty());
    next.any(|line| line.starts_with(['+', '-', ' ']))
}

/// True when the next line begins another hunk, another file, or something in another format.
fn begins_another(lines: &Lines<'_>, line: &str) -> bool {
    line.starts_with("@@")
        || line.starts_with("diff --git ")
        || (line.starts_with("Index: ") && lines.ahead(1).is_some_and(|it| it.starts_with("====")))
        || apply_patch::HEADS.iter().any(|it| line.starts_with(it))
        || line.starts_with("*** End Patch")
        || search_replace::is_head(line)
        || (lines.inside.is_none() && line.starts_with(['`', '~']) && fence(line).is_some())
}

/// True when the next line is no removed line but the header of the next file.
fn begins_file(lines: &Lines<'_>) -> bool {
    lines.peek().is_some_and(|line| line.starts_with("--- "))
        && lines.ahead(1).is_some_and(|line| line.starts_with("+++ "))
        && lines.ahead(2).is_some_and(|line| line.starts_with("@@"))
}

/// What the line says that begins a hunk; all may be missing.
struct HunkHead {
    /// First old line, 1-based.
    line: Option<usize>,
    /// Number of old and of new lines.
    counts: Option<(usize, usize)>,
    section: Option<String>,
}

/// Takes `@@ -3,7 +3,8 @@ fn main()` apart.
fn hunk_head(head: &str) -> HunkHead {
    let head = head.trim_start_matches('@').trim();
    let (ranges, section) = match head.split_once("@@") {
        Some((ranges, section)) => (ranges.trim(), section.trim()),
        // Without numbers, everything is the section.
        None if head.starts_with('-') => (head, ""),
        None => ("", head),
    };
    let mut numbers = ranges.split_whitespace().map(|range| {
        let range = range.trim_start_matches(['-', '+']);
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        (start.parse::<usize>().ok(), count.parse::<usize>().ok())
    });
    let (old, new) = (numbers.next(), numbers.next());
    let count = |it: Option<(Option<usize>, Option<usize>)>| it.filter(|it| it.0.is_some())?.1;
    HunkHead {
        line: old.and_then(|it| it.0).filter(|line| *line > 0),
        counts: count(old).zip(count(new)),
        section: Some(section.to_owned()).filter(|it| !it.is_empty() && *it != "..."),
    }
}
