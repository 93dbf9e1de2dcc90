//! The lines of an answer, with a place in them.

/// The lines of an answer, without their ends, and the next one to read.
pub(super) struct Lines<'a> {
    all: Vec<&'a str>,
    at: usize,
    /// The fence that reading is inside of: its character and how many of them.
    pub(super) inside: Option<(char, usize)>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let all = text
            .split('\n')
            .map(|line| line.strip_suffix('\r').unwrap_or(line))
            .collect();
        Self {
            all,
            at: 0,
            inside: None,
        }
    }

    /// The next line.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.ahead(0)
    }

    /// The line that comes this many lines after the next.
    pub(super) fn ahead(&self, lines: usize) -> Option<&'a str> {
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
}

/// The mark of a fence that a line opens or closes: its character and how many of them, and what follows.
pub(super) fn fence(line: &str) -> Option<(char, usize, &str)> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = line.trim_start_matches(mark);
    let count = line.len() - rest.len();
    (count >= 3).then(|| (mark, count, rest.trim()))
}
