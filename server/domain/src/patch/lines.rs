//! The lines of an answer, with a place in them, and which of them are the agent's own words.

use std::ops::Range;

/// The lines of an answer, without their ends, and the next one to read.
pub(super) struct Lines<'a> {
    all: Vec<&'a str>,
    at: usize,
    /// Which lines belong to an edit, and are not said to a person.
    edits: Vec<bool>,
    /// The fence that reading is inside of: its character and how many of them.
    pub(super) inside: Option<(char, usize)>,
    /// `*** Begin Patch` was read, and not yet its end.
    pub(super) in_patch: bool,
    /// Lines of what was read last that are the agent's own words nevertheless.
    kept: Option<Range<usize>>,
    /// How many fenced blocks had no end.
    pub(super) unended: usize,
    /// How often a line was looked at.
    #[cfg(test)]
    pub(super) looks: std::cell::Cell<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let all: Vec<&str> = text
            .split('\n')
            .map(|line| line.strip_suffix('\r').unwrap_or(line))
            .collect();
        Self {
            edits: vec![false; all.len()],
            all,
            at: 0,
            inside: None,
            in_patch: false,
            kept: None,
            unended: 0,
            #[cfg(test)]
            looks: std::cell::Cell::new(0),
        }
    }

    /// The next line.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.ahead(0)
    }

    /// The line that comes this many lines after the next.
    pub(super) fn ahead(&self, lines: usize) -> Option<&'a str> {
        #[cfg(test)]
        self.looks.set(self.looks.get() + 1);
        self.all.get(self.at.checked_add(lines)?).copied()
    }

    /// The line this many lines before the next; 1 is the one read last.
    pub(super) fn behind(&self, lines: usize) -> Option<&'a str> {
        self.all.get(self.at.checked_sub(lines)?).copied()
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        let line = self.peek()?;
        self.at += 1;
        Some(line)
    }

    /// The next line, if it is such a one.
    pub(super) fn next_if(&mut self, is: impl FnOnce(&str) -> bool) -> Option<&'a str> {
        let line = self.peek().filter(|line| is(line))?;
        self.at += 1;
        Some(line)
    }

    /// How many empty lines come next.
    pub(super) fn blanks(&self) -> usize {
        (0..)
            .map_while(|ahead| self.ahead(ahead))
            .take_while(|line| line.is_empty())
            .count()
    }

    /// True when the next line ends the fence that reading is inside of.
    pub(super) fn ends_fence(&self) -> bool {
        let Some((open, length)) = self.inside else {
            return false;
        };
        self.peek()
            .and_then(fence)
            .is_some_and(|(mark, count, info)| mark == open && count >= length && info.is_empty())
    }

    /// 1-based number of the next line, for messages.
    pub(super) fn number(&self) -> usize {
        self.at + 1
    }

    /// Where reading is, to come back to.
    pub(super) fn mark(&self) -> usize {
        self.at
    }

    /// Goes to a place that [`Lines::mark`] gave.
    pub(super) fn go_to(&mut self, mark: usize) {
        self.at = mark.min(self.all.len());
    }

    /// Notes that the lines between two marks belong to an edit, but for those that [`Lines::are_words`] was told of.
    pub(super) fn belong_to_edit(&mut self, lines: Range<usize>) {
        self.note(lines, true);
        if let Some(kept) = self.kept.take() {
            self.note(kept, false);
        }
    }

    /// Notes that lines which were just read are the agent's own words.
    pub(super) fn are_words(&mut self, lines: Range<usize>) {
        self.kept = Some(lines);
    }

    fn note(&mut self, lines: Range<usize>, is_edit: bool) {
        let end = lines.end.min(self.edits.len());
        if let Some(lines) = self.edits.get_mut(lines.start.min(end)..end) {
            lines.fill(is_edit);
        }
    }

    /// What the agent says beside the edits, without gaps where those were.
    pub(super) fn words(&self) -> String {
        let words = self.all.iter().zip(&self.edits).filter(|it| !it.1);
        let mut text = String::new();
        let mut gap = false;
        for (line, _) in words {
            let line = line.trim_end();
            gap |= line.is_empty();
            if line.is_empty() {
                continue;
            }
            if !text.is_empty() {
                text.push_str(if gap { "\n\n" } else { "\n" });
            }
            gap = false;
            text += line;
        }
        text
    }
}

/// The mark of a fence that a line opens or closes: its character and how many of them, and what follows.
pub(super) fn fence(line: &str) -> Option<(char, usize, &str)> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = line.trim_start_matches(mark);
    let count = line.len() - rest.len();
    (count >= 3 && !rest.contains('`')).then(|| (mark, count, rest.trim()))
}
