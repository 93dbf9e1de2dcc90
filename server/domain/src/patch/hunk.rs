//! What changes in a file: a place in lines, in letters, or in the words of a finding.

use crate::diff::differences;
use crate::finding::RawPlace;

/// One place that changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Hunk {
    /// Lines among lines.
    Lines(LineHunk),
    /// Lines that can be read in several ways: the first way whose old lines are in the file is meant.
    Either(Vec<LineHunk>),
    /// A piece of text, whole lines or not, and what shall stand there, letter by letter.
    Piece(Piece),
    /// A place in the words of a finding, and what shall stand there.
    Place {
        /// Where.
        place: RawPlace,
        /// What shall stand there.
        new_text: String,
        /// Its numbers were counted by a program in the text that was sent, so they are right without a quote, too.
        counted: bool,
    },
}

/// Lines that change, among lines that stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineHunk {
    /// In order, without line ends.
    pub lines: Vec<Line>,
    /// The number of the first old line, 1-based, where one is told. Only chooses between equal places.
    pub line: Option<usize>,
    /// Lines that stand above the place, outermost first: a class, a function. They choose between equal places.
    pub anchors: Vec<String>,
    /// The place is at the end of the file.
    pub at_end: bool,
    /// The last old line is said to have no line end.
    pub old_is_cut: bool,
    /// The last new line is said to have no line end.
    pub new_is_cut: bool,
    /// It may stand on what the hunks before it made, as search/replace blocks do. Hunks of a diff are all told against
    /// the text before.
    pub in_turn: bool,
}

/// One line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// It is there and stays.
    Context(String),
    /// It is there and goes.
    Removed(String),
    /// It comes.
    Added(String),
}

/// A piece of text that takes the place of another. It may stand on what the hunks before it made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What is there.
    pub old: String,
    /// What shall be there.
    pub new: String,
    /// The number of its first line, 1-based, where one is told. Only chooses between equal places.
    pub line: Option<usize>,
    /// Everywhere, not just in one place.
    pub all: bool,
}

impl Line {
    /// The line's text, if it must be there.
    pub fn old(&self) -> Option<&str> {
        match self {
            Self::Context(text) | Self::Removed(text) => Some(text),
            Self::Added(_) => None,
        }
    }

    /// The line's text, if it shall be there.
    pub fn result(&self) -> Option<&str> {
        match self {
            Self::Context(text) | Self::Added(text) => Some(text),
            Self::Removed(_) => None,
        }
    }
}

impl LineHunk {
    /// The lines that must be there.
    pub fn old(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(Line::old)
    }

    /// The lines that shall be there.
    pub fn result(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(Line::result)
    }

    /// The lines that come.
    pub fn added(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            Line::Added(text) => Some(text.as_str()),
            Line::Context(_) | Line::Removed(_) => None,
        })
    }

    /// True when it changes something.
    pub fn changes(&self) -> bool {
        self.old_is_cut != self.new_is_cut || !self.old().eq(self.result())
    }

    /// The hunk that puts all of `new` where all of `old` stands.
    pub fn swapping<'a>(
        old: impl IntoIterator<Item = &'a str>,
        new: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let going = old.into_iter().map(|it| Line::Removed(it.to_owned()));
        let coming = new.into_iter().map(|it| Line::Added(it.to_owned()));
        Self {
            lines: going.chain(coming).collect(),
            ..Self::default()
        }
    }

    /// The hunk that puts `new` where `old` stands; what both share is context.
    pub fn replacing(old: &[&str], new: &[&str]) -> Self {
        let mut lines = Vec::new();
        let mut from = 0;
        let owned = |it: &&str| (*it).to_owned();
        for (going, coming) in differences(old, new) {
            let same = old[from..going.start].iter();
            lines.extend(same.map(owned).map(Line::Context));
            from = going.end;
            lines.extend(old[going].iter().map(owned).map(Line::Removed));
            lines.extend(new[coming].iter().map(owned).map(Line::Added));
        }
        lines.extend(old[from..].iter().map(owned).map(Line::Context));
        Self {
            lines,
            ..Self::default()
        }
    }
}
