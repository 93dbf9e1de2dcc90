//! Comparing two texts line by line: changed lines, and a unified diff for reading.
//!
//! Lines are equal whatever ends them, so that a checkout with other line ends is no change; a missing end of
//! the last line is a difference, as in git.

use super::LineRange;
use super::files::number;
use domain::diff::differences;
use domain::text::Text;
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// A line's content, and whether it is ended.
type Line<'a> = (Cow<'a, str>, bool);

/// The differences between two texts.
#[derive(Debug)]
pub(crate) struct Diff {
    /// The lines that differ: those that go and those that come instead. Between them the lines are equal.
    changes: Vec<Change>,
    old_lines: usize,
    new_lines: usize,
}

type Change = (Range<usize>, Range<usize>);

/// What a section says besides the lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'a> {
    /// The file's earlier path; `None` for a new file.
    pub(crate) old: Option<&'a str>,
    /// Its path now.
    pub(crate) new: &'a str,
}

impl Diff {
    /// Compares two texts; no earlier text is an empty one.
    pub(crate) fn new(old: Option<&Text>, new: &Text) -> Self {
        let old = old.map(lines).unwrap_or_default();
        let new = lines(new);
        Self {
            changes: differences(&old, &new),
            old_lines: old.len(),
            new_lines: new.len(),
        }
    }

    /// True when no line differs.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changed lines of the new text, sorted and apart. Where lines only went away, the lines around the
    /// place stand for them.
    pub(crate) fn ranges(&self) -> Vec<LineRange> {
        let changed = self.changes.iter().map(|(_, new)| {
            if new.is_empty() {
                (new.start.max(1), (new.start + 1).min(self.new_lines))
            } else {
                (new.start + 1, new.end)
            }
        });
        let mut ranges: Vec<LineRange> = Vec::new();
        for (start, end) in changed.filter(|(start, end)| start <= end) {
            let (start_line, end_line) = (number(start), number(end));
            match ranges.last_mut() {
                Some(last) if start_line <= last.end_line.saturating_add(1) => {
                    last.end_line = last.end_line.max(end_line);
                }
                _ => ranges.push(LineRange {
                    start_line,
                    end_line,
                }),
            }
        }
        ranges
    }

    /// The section of a unified diff. `old` and `new` have the lines that were compared; their contents may be
    /// masked.
    pub(crate) fn section(&self, header: Header<'_>, old: Option<&Text>, new: &Text) -> String {
        let old = old.map(lines).unwrap_or_default();
        let new = lines(new);
        let mut out = String::new();
        write_header(&mut out, header);
        for group in self.groups() {
            let (Some(first), Some(last)) = (group.first(), group.last()) else {
                continue;
            };
            let before = first.0.start.min(CONTEXT);
            let after = (self.old_lines - last.0.end).min(CONTEXT);
            let spans = [
                span(first.0.start - before, last.0.end + after),
                span(first.1.start - before, last.1.end + after),
            ];
            let _ = writeln!(out, "@@ -{} +{} @@", spans[0], spans[1]);
            let mut from = first.1.start - before;
            for (going, coming) in group {
                write_lines(&mut out, ' ', &new[from..coming.start]);
                write_lines(&mut out, '-', &old[going.clone()]);
                write_lines(&mut out, '+', &new[coming.clone()]);
                from = coming.end;
            }
            write_lines(&mut out, ' ', &new[from..last.1.end + after]);
        }
        out
    }

    /// The changes that are shown in one hunk each.
    fn groups(&self) -> impl Iterator<Item = &[Change]> {
        self.changes
            .chunk_by(|one, next| next.0.start - one.0.end <= 2 * CONTEXT)
    }

    /// Where a line of the old text is in the new one; of lines that went away, where those are that came instead.
    fn carry(&self, line: usize, at_end: bool) -> usize {
        if line >= self.old_lines {
            return self.new_lines.saturating_sub(1);
        }
        let next = self.changes.partition_point(|(going, _)| going.end <= line);
        match self.changes.get(next) {
            Some((going, coming)) if going.contains(&line) => {
                if at_end {
                    coming.end.saturating_sub(1).max(coming.start)
                } else {
                    coming.start
                }
            }
            _ => match next.checked_sub(1) {
                Some(last) => {
                    let (going, coming) = &self.changes[last];
                    line - going.end + coming.end
                }
                None => line,
            },
        }
    }
}

/// Where lines of `from` are in `to`, for a text that differs a little; sorted and apart.
pub(crate) fn carry_ranges(from: &Text, to: &Text, ranges: &[LineRange]) -> Vec<LineRange> {
    let diff = Diff::new(Some(from), to);
    let mut carried: Vec<LineRange> = Vec::new();
    for range in ranges {
        let start = diff.carry(range.start_line.saturating_sub(1) as usize, false);
        let end = diff.carry(range.end_line.saturating_sub(1) as usize, true);
        let last = diff.new_lines.max(1);
        let start_line = number((start + 1).min(last));
        let end_line = number((end.max(start) + 1).min(last));
        match carried.last_mut() {
            Some(previous) if start_line <= previous.end_line => {
                previous.end_line = previous.end_line.max(end_line);
            }
            _ => carried.push(LineRange {
                start_line,
                end_line,
            }),
        }
    }
    carried
}

fn lines(text: &Text) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = text.lines().map(|it| (it, true)).collect();
    match lines.last_mut() {
        Some((last, _)) if last.is_empty() => {
            lines.pop();
        }
        Some((_, ended)) => *ended = false,
        None => {}
    }
    lines
}

fn write_header(out: &mut String, header: Header<'_>) {
    let Header { old, new } = header;
    let _ = writeln!(out, "diff --git a/{} b/{new}", old.unwrap_or(new));
    match old {
        None => {
            let _ = writeln!(out, "new file");
        }
        Some(old) if old != new => {
            let _ = writeln!(out, "rename from {old}\nrename to {new}");
        }
        Some(_) => {}
    }
    let _ = match old {
        Some(old) => writeln!(out, "--- a/{old}"),
        None => writeln!(out, "--- /dev/null"),
    };
    let _ = writeln!(out, "+++ b/{new}");
}

/// `start,count` as unified diffs have it: a side without lines names the line before.
fn span(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        count => format!("{},{count}", start + 1),
    }
}

fn write_lines(out: &mut String, sign: char, lines: &[Line<'_>]) {
    for (content, ended) in lines {
        let _ = writeln!(out, "{sign}{content}");
        if !ended {
            out.push_str("\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(old: Option<&str>, new: &str, expected: &Expect) {
        let (old, new) = (old.map(Text::new), Text::new(new));
        let diff = Diff::new(old.as_ref(), &new);
        let header = Header {
            old: old.as_ref().map(|_| "f"),
            new: "f",
        };
        let ranges: Vec<String> = diff
            .ranges()
            .iter()
            .map(|it| format!("{}-{}", it.start_line, it.end_line))
            .collect();
        let section = diff.section(header, old.as_ref(), &new);
        let body: String = section
            .lines()
            .skip(3)
            .map(|it| format!("{it}\n"))
            .collect();
        expected.assert_eq(&format!("lines {}\n{body}", ranges.join(" ")));
    }

    #[test]
    fn changed_added_and_removed_lines() {
        check(
            Some("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n"),
            "a\nB\nc\nd\ne\nf\ng\nh\ni\nk\nl\n",
            &expect![[r#"
                lines 2-2 9-11
                @@ -1,5 +1,5 @@
                 a
                -b
                +B
                 c
                 d
                 e
                @@ -7,5 +7,5 @@
                 g
                 h
                 i
                -j
                 k
                +l
            "#]],
        );
    }

    #[test]
    fn line_ends_do_not_count_but_the_last_one_does() {
        check(
            Some("a\nb\n"),
            "a\r\nb\r\n",
            &expect![[r#"
            lines 
        "#]],
        );
        check(
            Some("a\nb"),
            "a\nb\nc\n",
            &expect![[r#"
                lines 2-3
                @@ -1,2 +1,3 @@
                 a
                -b
                \ No newline at end of file
                +b
                +c
            "#]],
        );
    }

    #[test]
    fn new_emptied_and_empty_files() {
        check(
            None,
            "a\nb\n",
            &expect![[r#"
                lines 1-2
                +++ b/f
                @@ -0,0 +1,2 @@
                +a
                +b
            "#]],
        );
        check(
            Some("a\n"),
            "",
            &expect![[r#"
                lines 
                @@ -1 +0,0 @@
                -a
            "#]],
        );
        check(
            None,
            "",
            &expect![[r#"
            lines 
            +++ b/f
        "#]],
        );
    }

    #[test]
    fn removed_at_the_start_and_the_end() {
        let ranges = |old: &str, new: &str| {
            let found = Diff::new(Some(&Text::new(old)), &Text::new(new)).ranges();
            found
                .iter()
                .map(|it| (it.start_line, it.end_line))
                .collect::<Vec<_>>()
        };
        assert_eq!(ranges("x\na\nb\n", "a\nb\n"), [(1, 1)]);
        assert_eq!(ranges("a\nb\nx\n", "a\nb\n"), [(2, 2)]);
    }

    #[test]
    fn ranges_are_carried_to_another_text() {
        let from = Text::new("a\nb\nc\nd\n");
        let to = Text::new("new\na\nb\nc2\nc3\nd\n");
        let at = |start_line, end_line| LineRange {
            start_line,
            end_line,
        };
        assert_eq!(
            carry_ranges(&from, &to, &[at(1, 2), at(3, 3), at(4, 4)]),
            [at(2, 3), at(4, 5), at(6, 6)]
        );
        assert_eq!(carry_ranges(&from, &Text::new(""), &[at(2, 3)]), [at(1, 1)]);
    }

    /// The tidying step of a well-known library gets the numbers of these wrong.
    #[test]
    fn lines_that_stand_several_times() {
        check(
            Some("é\n\na\n\né\n\n\t\n"),
            "\t\n\t\né\n",
            &expect![[r#"
                lines 1-3
                @@ -1,7 +1,3 @@
                -é
                -
                -a
                -
                +	
                +	
                 é
                -
                -	
            "#]],
        );
    }
}
