//! Comparing two texts line by line: changed lines, and a unified diff for reading.
//!
//! Lines are equal whatever ends them, so that a checkout with other line ends is no change; a missing end of
//! the last line is a difference, as in git.

use super::LineRange;
use super::files::number;
use domain::text::Text;
use similar::{Algorithm, DiffOp, DiffTag};
use std::borrow::Cow;
use std::fmt::Write;

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// A line's content, and whether it is ended.
type Line<'a> = (Cow<'a, str>, bool);

/// The differences between two texts.
#[derive(Debug)]
pub(crate) struct Diff {
    ops: Vec<DiffOp>,
    new_lines: usize,
}

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
        let ops = similar::capture_diff_slices(Algorithm::Myers, &old, &new);
        Self {
            ops,
            new_lines: new.len(),
        }
    }

    /// True when no line differs.
    pub(crate) fn is_empty(&self) -> bool {
        self.ops.iter().all(|it| it.tag() == DiffTag::Equal)
    }

    /// The changed lines of the new text, sorted and apart. Where lines only went away, the lines around the
    /// place stand for them.
    pub(crate) fn ranges(&self) -> Vec<LineRange> {
        let changed = self
            .ops
            .iter()
            .filter(|it| it.tag() != DiffTag::Equal)
            .map(|op| {
                let new = op.new_range();
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
        for group in similar::group_diff_ops(self.ops.clone(), CONTEXT) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else {
                continue;
            };
            let spans = [
                span(first.old_range().start, last.old_range().end),
                span(first.new_range().start, last.new_range().end),
            ];
            let _ = writeln!(out, "@@ -{} +{} @@", spans[0], spans[1]);
            for op in group {
                let (sign, removed) = if op.tag() == DiffTag::Equal {
                    (' ', 0..0)
                } else {
                    ('+', op.old_range())
                };
                write_lines(&mut out, '-', &old[removed]);
                write_lines(&mut out, sign, &new[op.new_range()]);
            }
        }
        out
    }
}

/// Where lines of `from` are in `to`, for a text that differs a little; sorted and apart.
pub(crate) fn carry_ranges(from: &Text, to: &Text, ranges: &[LineRange]) -> Vec<LineRange> {
    let diff = Diff::new(Some(from), to);
    let carry = |line: usize, at_end: bool| -> usize {
        let op = diff.ops.iter().find(|it| it.old_range().contains(&line));
        match op {
            Some(op) if op.tag() == DiffTag::Equal => {
                op.new_range().start + (line - op.old_range().start)
            }
            Some(op) if at_end => op
                .new_range()
                .end
                .saturating_sub(1)
                .max(op.new_range().start),
            Some(op) => op.new_range().start,
            None => diff.new_lines.saturating_sub(1),
        }
    };
    let mut carried: Vec<LineRange> = Vec::new();
    for range in ranges {
        let start = carry(range.start_line.saturating_sub(1) as usize, false);
        let end = carry(range.end_line.saturating_sub(1) as usize, true);
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
}
