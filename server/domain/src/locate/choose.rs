//! Choosing among places that match equally well: inside the symbol, then nearest to the hint, else nobody's guess.

use super::matches::Found;
use super::source::Source;
use super::{Located, MAX_CANDIDATES, Tier};
use crate::finding::{RawColumn, RawPlace};
use crate::text::{Encoding, Text, TextRange};

/// How far from the hinted line one of several matches may be, in lines: Roo Code's search window.
/// Agents' numbers drift, but beyond it the number says nothing.
pub(super) const WINDOW: usize = 40;

/// What a place says in numbers. Lines are 0-based.
#[derive(Clone, Debug, Default)]
pub(super) struct Hint {
    /// First and last line.
    pub(super) lines: Option<(usize, usize)>,
    /// The numbers may be one too high.
    maybe_one_less: bool,
    column: Option<RawColumn>,
    /// Where it is if all numbers are right.
    offset: Option<usize>,
}

impl Hint {
    pub(super) fn line(line: usize) -> Self {
        Self {
            lines: Some((line, line)),
            ..Self::default()
        }
    }

    pub(super) fn of(text: &Text, place: &RawPlace) -> Self {
        let from_offsets = place.offsets.and_then(|offsets| {
            let units = usize::try_from(offsets.start).ok()?;
            text.offset_of_units(units, offsets.unit)
        });
        let mut hint = Self {
            lines: told_lines(place),
            maybe_one_less: place.maybe_zero_based,
            column: place.start_column.filter(|column| column.value > 0),
            offset: None,
        };
        match (hint.lines, hint.column, from_offsets) {
            (Some((line, _)), Some(column), _) => hint.offset = column_offset(text, line, column),
            (None, _, Some(offset)) => {
                let line = text.line_of(offset);
                let character = text.position(offset, Encoding::Utf8).character;
                hint.lines = Some((line, line));
                hint.column = Some(RawColumn {
                    value: character.saturating_add(1),
                    unit: Encoding::Utf8,
                });
                hint.offset = Some(offset);
            }
            (_, _, offset) => hint.offset = offset,
        }
        hint
    }

    /// Distance of a line from the hinted ones.
    pub(super) fn distance(&self, line: usize) -> Option<usize> {
        let (first, last) = self.lines?;
        let from = |line: usize| first.saturating_sub(line).max(line.saturating_sub(last));
        let told = from(line);
        Some(if self.maybe_one_less {
            told.min(from(line + 1))
        } else {
            told
        })
    }

    /// The lines of the window around the hint.
    pub(super) fn window(&self, source: &Source, reach: usize) -> Option<(usize, usize)> {
        let (first, last) = self.lines?;
        let end = source.line_count().saturating_sub(1);
        Some((
            first.saturating_sub(reach).min(end),
            last.saturating_add(reach).min(end),
        ))
    }

    /// How far a match is from what was told; smaller is nearer.
    fn key(&self, text: &Text, line: usize, start: usize) -> Option<(usize, bool, u32)> {
        let elsewhere = self.lines.is_none_or(|(first, _)| first != line);
        let columns = self.column.map_or(0, |column| {
            let seen = text.position(start, column.unit).character;
            seen.abs_diff(column.value - 1)
        });
        Some((self.distance(line)?, elsewhere, columns))
    }
}

/// The told lines, 0-based, the later one never first. 0 means the whole file in many formats.
pub(super) fn told_lines(place: &RawPlace) -> Option<(usize, usize)> {
    let first = place.start_line.filter(|line| *line > 0)? as usize - 1;
    let last = place
        .end_line
        .map_or(first, |line| (line as usize).saturating_sub(1));
    Some((first, last.max(first)))
}

/// The byte at a column, if the line has that column.
pub(super) fn column_offset(text: &Text, line: usize, column: RawColumn) -> Option<usize> {
    let range = text.line_range(line)?;
    let length = text.position(range.end, column.unit).character;
    let character = column.value.checked_sub(1).filter(|it| *it <= length)?;
    let line = u32::try_from(line).ok()?;
    Some(text.offset(crate::text::Position { line, character }, column.unit))
}

/// A place that matches, and how well its ends fall on the ends of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) range: TextRange,
    pub(crate) edge: Edge,
}

impl Match {
    /// A match that is a whole word.
    pub(super) fn word(range: TextRange) -> Self {
        Self {
            range,
            edge: Edge::Word,
        }
    }
}

/// Where the end of a match falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Edge {
    /// Inside a word or a run of white space.
    Inside,
    /// Between the parts of a compound name: `snake_case`, `camelCase`.
    Part,
    /// Between words.
    Word,
}

impl Edge {
    /// The worse one of both ends of a range.
    pub(super) fn of(whole: &str, range: TextRange) -> Self {
        Self::at(whole, range.start).min(Self::at(whole, range.end))
    }

    fn at(whole: &str, offset: usize) -> Self {
        let (Some(before), Some(after)) = (
            whole[..offset].chars().next_back(),
            whole[offset..].chars().next(),
        ) else {
            return Self::Word;
        };
        if is_word(before) && is_word(after) {
            let part = (before == '_') != (after == '_')
                || (before.is_lowercase() && after.is_uppercase());
            return if part { Self::Part } else { Self::Inside };
        }
        let blank = |c: char| c.is_whitespace() && c != '\n' && c != '\r';
        if blank(before) && blank(after) {
            Self::Inside
        } else {
            Self::Word
        }
    }
}

/// A character of a name or word.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c)
}

/// Chooses one of the matches, or says that nothing decides. `inside` are the bytes of the symbol.
pub(super) fn choose(text: &Text, hint: &Hint, inside: &[TextRange], found: &Found) -> Located {
    let (matches, tier) = (&found.matches[..], found.tier);
    let at = |found: &Match| Located::At {
        range: found.range,
        tier,
    };
    if let ([only], false) = (matches, found.more) {
        return at(only);
    }
    if let Some(exact) = matches
        .iter()
        .find(|it| Some(it.range.start) == hint.offset)
    {
        return at(exact);
    }
    if found.more {
        return ambiguous(matches, tier);
    }
    let holds = |it: &Match| {
        let holds = |block: &TextRange| block.start <= it.range.start && it.range.end <= block.end;
        inside.iter().any(holds)
    };
    let left = keep_if_any(matches.to_vec(), holds);
    // Numbers only choose between several.
    if let [only] = &left[..] {
        return at(only);
    }
    let left = if hint.lines.is_some() {
        match nearest(text, hint, &left) {
            Some(nearest) => nearest,
            None => return ambiguous(&left, tier),
        }
    } else {
        left
    };
    let best = left.iter().map(|it| it.edge).max();
    let left = keep_if_any(left, |it| Some(it.edge) == best);
    match &left[..] {
        [only] => at(only),
        several => ambiguous(several, tier),
    }
}

/// The matches nearest to the hint, those that fall on words before those that do not; `None` when all
/// are too far away.
fn nearest(text: &Text, hint: &Hint, matches: &[Match]) -> Option<Vec<Match>> {
    let near: Vec<(Match, (usize, bool, u32))> = matches
        .iter()
        .filter_map(|it| {
            let key = hint.key(text, text.line_of(it.range.start), it.range.start)?;
            (key.0 <= WINDOW).then_some((*it, key))
        })
        .collect();
    let near = keep_if_any(near, |(it, _)| it.edge > Edge::Inside);
    let best = near.iter().map(|(_, key)| *key).min()?;
    let tied = near.into_iter().filter(|(_, key)| *key == best);
    Some(tied.map(|(it, _)| it).collect())
}

fn keep_if_any<T>(items: Vec<T>, keep: impl Fn(&T) -> bool) -> Vec<T> {
    if items.iter().any(&keep) {
        items.into_iter().filter(keep).collect()
    } else {
        items
    }
}

fn ambiguous(matches: &[Match], tier: Tier) -> Located {
    let mut candidates: Vec<TextRange> = matches.iter().map(|it| it.range).collect();
    candidates.sort_unstable();
    candidates.truncate(MAX_CANDIDATES);
    Located::Ambiguous { candidates, tier }
}
