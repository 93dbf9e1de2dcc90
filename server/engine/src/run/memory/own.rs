//! Which hunks an agent wrote itself, or another agent of its provider.

use super::Fate;
use super::hunks::{FileHunks, Hunk};
use crate::run::own::{Own, OwnHunks};
use crate::scope::{Gathered, Target};
use agents::AgentSpec;
use domain::written::{Counts, Place};
use std::ops::Range;

/// Finds the hunks that were written by the provider of the agent that is to be asked. They are left out where somebody else
/// reviews them.
pub(super) fn mark(
    files: &mut [FileHunks],
    gathered: &Gathered,
    own: &Own,
    spec: &AgentSpec,
) -> OwnHunks {
    let mut marked = OwnHunks {
        of: files.iter().map(|it| it.hunks.len()).sum(),
        is_left_out: own.has_others(spec),
        ..OwnHunks::default()
    };
    for file in files {
        let (Some(target), Some(written)) =
            (gathered.targets.get(file.target), own.of(spec, &file.path))
        else {
            continue;
        };
        let counts = Counts::of(target.text.lines());
        let diff = target.diff.zip(gathered.diff.as_deref());
        let diff = diff.and_then(|(at, diff)| diff.get(at.as_range()));
        let changes = diff
            .filter(|_| target.ranges.is_some())
            .map(|it| changes(it, target.text.line_count()));
        for hunk in &mut file.hunks {
            let place = place(target, hunk, changes.as_deref());
            let authors = written.authors(&place, &counts);
            if authors.is_empty() {
                continue;
            }
            marked.count += 1;
            marked.authors.extend(authors.into_iter().cloned());
            let places = marked.places.entry(file.path.clone()).or_default();
            places.push(hunk.bytes);
            if marked.is_left_out {
                hunk.fate = Fate::Own;
            }
        }
        if file.hunks.iter().all(|it| it.fate == Fate::Own) && !file.hunks.is_empty() {
            marked.whole.insert(file.path.clone());
        }
    }
    marked
}

/// What is to be reviewed of a hunk: what changed there, else its lines that were asked about.
fn place(target: &Target, hunk: &Hunk, changes: Option<&[Change<'_>]>) -> Place {
    let mut place = Place::default();
    let lines = hunk.range();
    if let Some(changes) = changes {
        let here = changes.iter();
        for it in here.filter(|it| it.lines.start < lines.end && lines.start < it.lines.end) {
            place.add(it.came.iter(), it.went.iter());
        }
        return place;
    }
    let is_asked = |line: &usize| {
        let ranges = target.ranges.as_ref();
        ranges.is_none_or(|ranges| {
            let within = |it: &crate::scope::LineRange| {
                (it.start_line as usize..=it.end_line as usize).contains(&(line + 1))
            };
            ranges.iter().any(within)
        })
    };
    let lines = lines.filter(is_asked).map(|it| target.text.line(it));
    place.add(lines, std::iter::empty::<&str>());
    place
}

/// A change that a diff shows.
#[derive(Debug, PartialEq)]
struct Change<'d> {
    /// The lines that came, in the new text, 0-based; where lines only went, those around the place.
    lines: Range<usize>,
    came: Vec<&'d str>,
    /// The lines that went where none came.
    went: Vec<&'d str>,
}

/// The changes of a file's section of a unified diff. `count`: the lines of the new text.
fn changes(section: &str, count: usize) -> Vec<Change<'_>> {
    let mut changes = Vec::new();
    let mut at: Option<usize> = None;
    let (mut came, mut went): (Vec<&str>, Vec<&str>) = Default::default();
    // The last line ends what is open.
    for line in section.split('\n').chain([" "]) {
        let number = at.unwrap_or(0);
        let (is_came, is_went) = (line.starts_with('+'), line.starts_with('-'));
        let goes_on = is_came || is_went || line.starts_with('\\');
        let is_open = !came.is_empty() || !went.is_empty();
        if is_open && !goes_on {
            let lines = match came.len() {
                0 => number.saturating_sub(1)..(number + 1).min(count.max(1)),
                came => number - came..number,
            };
            let only_went = came.is_empty();
            let went = std::mem::take(&mut went);
            changes.push(Change {
                lines,
                came: std::mem::take(&mut came),
                went: if only_went { went } else { Vec::new() },
            });
        }
        if line.starts_with("@@ ") {
            at = first_line(line);
        } else if let Some(at) = &mut at {
            match line.split_at_checked(1) {
                Some(("+", line)) => {
                    came.push(line);
                    *at += 1;
                }
                Some(("-", line)) => went.push(line),
                Some((" ", _)) => *at += 1,
                _ => {}
            }
        }
    }
    changes
}

/// The first line of the new side in `@@ -a,b +c,d @@`, 0-based.
fn first_line(header: &str) -> Option<usize> {
    let side = header.split(' ').find_map(|it| it.strip_prefix('+'))?;
    let (start, count) = side.split_once(',').unwrap_or((side, "1"));
    let start: usize = start.parse().ok()?;
    Some(if count == "0" {
        start
    } else {
        start.saturating_sub(1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::diff::{Diff, Header};
    use domain::text::Text;
    use proptest::prelude::*;

    /// The changes between two texts, as lines of `lines: +came -went`.
    fn shown(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (Text::new(old), Text::new(new));
        let header = Header {
            old: Some("f"),
            new: "f",
        };
        let section = Diff::new(Some(&old), &new).section(header, Some(&old), &new);
        let shown = changes(&section, new.line_count()).into_iter().map(|it| {
            let Range { start, end } = it.lines;
            format!(
                "{start}-{end}: +{} -{}",
                it.came.join("/"),
                it.went.join("/")
            )
        });
        shown.collect()
    }

    #[test]
    fn a_diff_falls_apart_into_its_changes() {
        assert_eq!(
            shown(
                "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n",
                "a\nB\nc\nd\ne\nf\ng\nh\ni\nk\nl"
            ),
            ["1-2: +B -", "8-10: + -j", "10-11: +l -"]
        );
        assert_eq!(shown("x\na\n", "a\n"), ["0-1: + -x"]);
        assert_eq!(
            shown("- a\n+ b\n", "+ b\n++ c\n"),
            ["0-1: + -- a", "1-2: +++ c -"]
        );
    }

    proptest! {
        /// Every line that came is at its place, and each changed line that a review asks about belongs to a change.
        #[test]
        fn changes_are_where_a_review_asks(
            old in prop::collection::vec("[abc]?", 0..30),
            new in prop::collection::vec("[abc]?", 0..30),
        ) {
            let (old, new) = (Text::new(&(old.join("\n") + "\n")), Text::new(&(new.join("\n") + "\n")));
            let diff = Diff::new(Some(&old), &new);
            let header = Header { old: Some("f"), new: "f" };
            let section = diff.section(header, Some(&old), &new);
            let changes = changes(&section, new.line_count());
            for it in changes.iter().filter(|it| !it.came.is_empty()) {
                let there: Vec<_> = it.lines.clone().map(|it| new.line(it).into_owned()).collect();
                prop_assert_eq!(&there, &it.came);
            }
            for range in diff.ranges() {
                let lines = range.start_line as usize - 1..range.end_line as usize;
                let touched = changes.iter().any(|it| it.lines.start < lines.end && lines.start < it.lines.end);
                prop_assert!(touched, "{range:?} {changes:?}");
            }
        }
    }
}
