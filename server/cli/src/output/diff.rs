//! Changes as a git diff: for eyes in colours and with the numbers of the parts, for programs as it is.

use anstyle::{AnsiColor, Style};
use domain::proposal::{self, FileChange, PartKind};
use domain::text::TextRange;
use std::io::{IsTerminal, Write};

/// Prints changes to standard output. `marks` says something of each part, in order; it may be empty.
///
/// # Errors
/// When it cannot be written, for example because nobody reads it any more.
pub(crate) fn print(files: &[FileChange], marks: &[String]) -> std::io::Result<()> {
    let stdout = std::io::stdout();
    let is_plain = !stdout.is_terminal()
        && anstream::AutoStream::choice(&stdout) == anstream::ColorChoice::Never;
    if is_plain {
        // Whatever a program reads must be what git would have written, byte for byte.
        let mut out = super::plain_out();
        for_each_line(files, marks, |line| out.write_all(line.plain().as_bytes()))?;
        out.flush()
    } else {
        let mut out = super::out();
        for_each_line(files, marks, |line| writeln!(out, "{}", line.painted()))?;
        out.flush()
    }
}

fn for_each_line(
    files: &[FileChange],
    marks: &[String],
    mut write: impl FnMut(Line<'_>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut marks = marks.iter();
    for file in files {
        let of_file: Vec<(PartKind<'_>, &str)> = file
            .parts()
            .into_iter()
            .map(|kind| (kind, marks.next().map_or("", String::as_str)))
            .collect();
        let text = proposal::render(std::slice::from_ref(file));
        let mut left = Left::default();
        for line in text.split_inclusive('\n') {
            write(left.read(line, file, &of_file))?;
        }
    }
    Ok(())
}

/// A line of a diff.
struct Line<'d> {
    text: &'d str,
    kind: Kind,
    /// What is said of the parts in the hunk that begins here.
    marks: Vec<&'d str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Header,
    Hunk,
    Same,
    Old,
    New,
}

/// Lines of the hunk that are still to come, on either side.
#[derive(Default)]
struct Left {
    old: usize,
    new: usize,
}

impl Left {
    fn read<'d>(
        &mut self,
        text: &'d str,
        file: &FileChange,
        parts: &[(PartKind<'_>, &'d str)],
    ) -> Line<'d> {
        let mut marks = Vec::new();
        let kind = match text.as_bytes().first() {
            Some(b'\\') => Kind::Same,
            Some(b'-') if self.old > 0 => {
                self.old -= 1;
                Kind::Old
            }
            Some(b'+') if self.new > 0 => {
                self.new -= 1;
                Kind::New
            }
            Some(b' ') if self.old > 0 && self.new > 0 => {
                self.old -= 1;
                self.new -= 1;
                Kind::Same
            }
            Some(b'@') => {
                let (old, new) = Span::both(text).unwrap_or_default();
                *self = Self {
                    old: old.lines,
                    new: new.lines,
                };
                let inside = parts.iter().filter(|it| old.has(file, &it.0));
                marks = inside.map(|it| it.1).filter(|it| !it.is_empty()).collect();
                Kind::Hunk
            }
            _ => Kind::Header,
        };
        Line { text, kind, marks }
    }
}

/// Lines of one side, as the head of a hunk names them.
#[derive(Clone, Copy, Default)]
struct Span {
    /// From 1; the line before, where there are none.
    first: usize,
    lines: usize,
}

impl Span {
    /// Reads `@@ -12,3 +12,4 @@`.
    fn both(head: &str) -> Option<(Self, Self)> {
        let mut words = head.split(' ').skip(1);
        let old = Self::read(words.next()?.strip_prefix('-')?)?;
        let new = Self::read(words.next()?.strip_prefix('+')?)?;
        Some((old, new))
    }
    fn read(text: &str) -> Option<Self> {
        let (first, lines) = text.split_once(',').unwrap_or((text, "1"));
        Some(Self {
            first: first.parse().ok()?,
            lines: lines.parse().ok()?,
        })
    }
    fn has(self, file: &FileChange, part: &PartKind<'_>) -> bool {
        match (part, file.base()) {
            (PartKind::Hunk(_, hunk), Some(base)) => {
                let edits = hunk.edits.first().map_or(hunk.range, |it| it.range);
                let line = base.line_of(TextRange::new(edits.start, edits.start).start) + 1;
                // A line that comes at the end stands behind all that was there.
                (self.first..=self.first + self.lines).contains(&line)
            }
            (PartKind::Create | PartKind::Delete, _) => true,
            _ => false,
        }
    }
}

impl Line<'_> {
    fn plain(&self) -> String {
        match self.text.strip_suffix('\n') {
            Some(text) if !self.marks.is_empty() => {
                format!("{text} {}\n", self.marks.join(", "))
            }
            _ => self.text.to_owned(),
        }
    }

    fn painted(&self) -> String {
        let text = visible(self.text.strip_suffix('\n').unwrap_or(self.text));
        let style = match self.kind {
            Kind::Header => Style::new().bold(),
            Kind::Hunk => AnsiColor::Cyan.on_default(),
            Kind::Old => AnsiColor::Red.on_default(),
            Kind::New => AnsiColor::Green.on_default(),
            Kind::Same => return text,
        };
        let marks = if self.marks.is_empty() {
            String::new()
        } else {
            let bold = Style::new().bold();
            format!(" {bold}{}{bold:#}", self.marks.join(", "))
        };
        format!("{style}{text}{style:#}{marks}")
    }
}

/// What a terminal would take for a command, or would not show at all, as what it is.
fn visible(text: &str) -> String {
    let is_hidden = |it: char| {
        (it.is_control() && it != '\t')
            || matches!(it, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' => out.push_str("^M"),
            c if is_hidden(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use domain::path::RelPath;
    use domain::text::Text;
    use expect_test::expect;

    fn shown(old: &str, new: &str, paint: bool) -> String {
        let path = RelPath::try_from("a.txt".to_owned()).unwrap();
        let file = FileChange::edit(path, Text::new(old), &Text::new(new)).unwrap();
        let count = file.parts().len();
        let marks: Vec<String> = (1..=count).map(|it| format!("part {it}")).collect();
        let mut out = String::new();
        for_each_line(&[file], &marks, |line| {
            if paint {
                out.push_str(&line.painted());
                out.push('\n');
            } else {
                out.push_str(&line.plain());
            }
            Ok(())
        })
        .unwrap();
        out
    }

    #[test]
    fn hunks_say_which_parts_they_are() {
        let lines = |changed: &[usize]| -> String {
            (1..40)
                .map(|it| match changed.contains(&it) {
                    true => format!("new {it}\n"),
                    false => format!("{it}\n"),
                })
                .collect()
        };
        let diff = shown(&lines(&[]), &lines(&[2, 7, 30]), false);
        let heads: Vec<&str> = diff.lines().filter(|it| it.starts_with("@@")).collect();
        assert!(heads.iter().all(|it| it.contains("@@ part ")), "{heads:?}");
        let said: Vec<usize> = (1..=3)
            .map(|part| {
                let mark = format!("part {part}");
                heads.iter().filter(|it| it.contains(&mark)).count()
            })
            .collect();
        assert_eq!(said, [1, 1, 1], "{heads:?}");
    }

    #[test]
    fn a_removed_line_of_dashes_is_no_header() {
        expect![[r#"
            [1mdiff --git a/a.txt b/a.txt[0m
            [1m--- a/a.txt[0m
            [1m+++ b/a.txt[0m
            [36m@@ -1,2 +1,2 @@[0m [1mpart 1[0m
            [31m--- a/x[0m
            [32m+++ b/x[0m
             end
        "#]]
        .assert_eq(&shown("-- a/x\nend\n", "++ b/x\nend\n", true));
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(
            visible("a\u{1b}[2Jb\r\u{202e}\tc"),
            "a\\u{1b}[2Jb^M\\u{202e}\tc"
        );
    }
}
