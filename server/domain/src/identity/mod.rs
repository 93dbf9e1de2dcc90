//! Identity over time: which remark of a new review is one that was made before.
//!
//! Agents word the same remark differently each time, quote another part of the line and have no rules that could be
//! compared; lines move, are indented anew, and files are renamed. So a finding is kept with a [`Mark`]: hashes without
//! white space of its text, its lines and what is around them. [`pair`] matches the findings of a new review with those
//! kept, [`still_says`] tells whether a finding is about a text that a decision was made about.

mod lines;
mod pairs;
mod words;

#[cfg(test)]
mod tests;

use crate::finding::{Category, Finding};
use crate::locate::Tier;
use crate::text::Text;
pub use lines::{BLANK, Fingerprint, Lines, hash};
pub use pairs::pair;
use serde::{Deserialize, Serialize};
pub use words::Words;

/// Least likeness of words for findings at the same place (measured for the same remark in other words, without any
/// knowledge of the place: precision .74, recall .96).
const ALIKE_AT_PLACE: f32 = 0.2;
/// Least likeness of words for findings near each other, or in one symbol (precision .87, recall .87).
const ALIKE_NEAR: f32 = 0.3;
/// Least likeness of words for findings of which decisions are taken together.
const NEIGHBOURS: f32 = 0.35;
/// This many shared names of code say as much as like words (precision .97).
const MANY_NAMES: usize = 2;
/// Places with no more lines than this between them are near.
const NEAR_LINES: usize = 3;
/// Most lines of a place that are kept.
const MAX_LINES: usize = 40;

/// What a finding's place is known by, whatever becomes of its line number, its file and the finding's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mark {
    /// The text of the place; [`BLANK`] for a finding about a whole file.
    pub text: Fingerprint,
    /// The lines of the place, at most [`MAX_LINES`]; empty for a finding about a whole file.
    pub lines: Vec<Fingerprint>,
    /// The nearest line above that is long enough to say where it is.
    pub above: Fingerprint,
    /// The nearest line below that is long enough to say where it is.
    pub below: Fingerprint,
    /// The five lines above and the five below, as one.
    pub around: Fingerprint,
    /// How many lines of the file are like the first one.
    pub copies: u32,
    /// How many of them come before it.
    pub occurrence: u32,
    /// Characters of the first line before the place, white space not counted.
    pub offset: u32,
    /// Characters of the place, white space not counted.
    pub width: u32,
    /// 0-based number of the first line.
    pub line: u32,
    /// The enclosing symbol, where one is known.
    pub symbol: Option<String>,
}

impl Mark {
    /// The mark of a finding whose place is in `text`; `lines` are those of the text.
    pub fn of(finding: &Finding, text: &Text, lines: &Lines) -> Self {
        let symbol = finding.anchor.symbol.clone();
        if finding.tier == Tier::File {
            return Self {
                symbol,
                ..Self::default()
            };
        }
        let range = text.clamp(finding.range);
        let first = text.line_of(range.start);
        // A range that ends with a line end does not reach into the next line.
        let last = text.line_of(range.end.saturating_sub(1).max(range.start));
        let start = text.line_range(first).map_or(range.start, |it| it.start);
        let lead = text.slice(crate::text::TextRange::new(
            start.min(range.start),
            range.start,
        ));
        let content = hash(&text.slice(range));
        let (copies, occurrence) = lines.copies(first);
        let number = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        let black = |it: &str| number(it.chars().filter(|it| !it.is_whitespace()).count());
        Self {
            // An empty place stands for its line.
            text: if content == BLANK {
                lines.hash(first)
            } else {
                content
            },
            lines: lines.run(first, last.min(first + MAX_LINES - 1)).to_vec(),
            above: lines.above(first),
            below: lines.below(last),
            around: lines.around(first, last),
            copies,
            occurrence,
            offset: black(&lead),
            width: black(&text.slice(range)),
            line: number(first),
            symbol,
        }
    }
    /// False for a finding about a whole file.
    fn is_placed(&self) -> bool {
        self.text != BLANK || !self.lines.is_empty()
    }
    fn first(&self) -> Fingerprint {
        self.lines.first().copied().unwrap_or(BLANK)
    }
    /// 0-based number of the last line.
    fn last_line(&self) -> usize {
        self.line as usize + self.lines.len().saturating_sub(1)
    }
    /// True when the lines of the place stand in a text: of a finding that was kept, that it did not go elsewhere.
    pub fn stands_in(&self, lines: &Lines) -> bool {
        !lines.places(&self.lines).is_empty()
    }
    /// How much of what is around two places is the same: 0 to 3.
    fn context(&self, other: &Self) -> u8 {
        if self.around == other.around {
            return 3;
        }
        let same = |a: Fingerprint, b: Fingerprint| u8::from(a == b && a != BLANK);
        same(self.above, other.above) + same(self.below, other.below)
    }
    /// Where these lines stand now, as 0-based numbers of their first lines. Of several equal places only those whose
    /// surroundings are most like the old ones are told; with nothing to tell them apart, the one with the same number
    /// in a file that has as many of them as before.
    fn places(&self, now: &Lines) -> Vec<usize> {
        let places = now.places(&self.lines);
        if places.len() < 2 && self.copies < 2 {
            return places;
        }
        let best = self.familiar(now, &places);
        if !best.is_empty() {
            return best;
        }
        let same_number = |first: &usize| now.copies(*first) == (self.copies, self.occurrence);
        places.into_iter().filter(same_number).collect()
    }
    /// Those of `places` whose surroundings are most like the old ones; none when nothing around any is.
    fn familiar(&self, now: &Lines, places: &[usize]) -> Vec<usize> {
        let context = |first: usize| {
            let last = first + self.lines.len() - 1;
            let there = Self {
                above: now.above(first),
                below: now.below(last),
                around: now.around(first, last),
                ..Self::default()
            };
            self.context(&there)
        };
        let contexts: Vec<u8> = places.iter().map(|it| context(*it)).collect();
        let best = contexts.iter().copied().max().filter(|it| *it > 0);
        let known = places.iter().zip(&contexts);
        let known = known.filter(|(_, context)| Some(**context) == best);
        known.map(|(place, _)| *place).collect()
    }
}

/// A finding as it is compared.
#[derive(Clone, Debug)]
pub struct Subject<'f> {
    /// What it is known by, for equal cases; any text that is the same each time.
    pub id: &'f str,
    /// Its kind.
    pub category: &'f Category,
    /// What it says.
    pub words: Words,
    /// Where it is, or was.
    pub mark: &'f Mark,
    /// True for one that was kept of another file, and whose text is no longer there.
    pub elsewhere: bool,
}

impl Subject<'_> {
    fn likeness(&self, other: &Self) -> f32 {
        self.words.likeness(&other.words)
    }
    /// True when the words are those of one remark, given that one place is in the other.
    fn is_alike(&self, other: &Self, least: f32) -> bool {
        self.likeness(other) >= least || self.words.shared_names(&other.words) >= MANY_NAMES
    }
}

impl Mark {
    /// Lines from this place, when its first line is `first` now, to `other`: 0 when one reaches into the other, 1 when
    /// they are beside each other in one line or in neighbouring lines, and so on.
    fn distance(&self, first: usize, other: &Self) -> usize {
        let last = first + self.lines.len().saturating_sub(1);
        let (start, end) = (other.line as usize, other.last_line());
        if (first, last) == (start, end) && first == last {
            // Of a place that was kept without its width the whole line is meant.
            let is_before = |a: &Self, b: &Self| a.width > 0 && a.offset + a.width <= b.offset;
            return usize::from(is_before(self, other) || is_before(other, self));
        }
        start.saturating_sub(last).max(first.saturating_sub(end))
    }
}

/// True when findings that are only near each other, in places that do not touch, are one remark: like words, and not
/// about things of other names. An equal text or line nearby is another one.
fn is_near(then: &Subject<'_>, now: &Subject<'_>, distance: usize) -> bool {
    let same_line = distance == 1 && then.mark.offset != now.mark.offset;
    distance <= NEAR_LINES + 1
        && then.mark.text != now.mark.text
        && (then.mark.lines != now.mark.lines || same_line)
        && now.likeness(then) >= ALIKE_NEAR
        && !now.words.names_clash(&then.words)
}

/// True when both are about the same text, wherever it is, and say the same.
pub fn same_text(then: &Subject<'_>, now: &Subject<'_>) -> bool {
    if then.mark.text == BLANK {
        return now.mark.text == BLANK && same_kind(then, now);
    }
    let says_same = then.category == now.category || now.is_alike(then, ALIKE_AT_PLACE);
    then.mark.text == now.mark.text && says_same
}

/// True when both are of one kind: of one category, with like words, whatever they are about.
pub fn same_kind(then: &Subject<'_>, now: &Subject<'_>) -> bool {
    then.category == now.category && now.likeness(then) >= ALIKE_NEAR
}

/// True when a decision about the one says something about the other, as one of several: of one category, with several
/// shared words. (Greptile hides what has three dismissed neighbours and fewer than three accepted ones.)
pub fn are_neighbours(a: &Subject<'_>, b: &Subject<'_>) -> bool {
    a.category == b.category
        && a.likeness(b) >= NEIGHBOURS
        && a.words.shared_words(&b.words) >= MANY_NAMES
}

/// True when the finding `now` is about the text that `then` was about, that text is unchanged, and they say the same:
/// a decision about `then` holds for `now`, whoever says it and however. `lines` are those of the text of `now`.
pub fn still_says(then: &Subject<'_>, now: &Subject<'_>, lines: &Lines) -> bool {
    let (old, new) = (then.mark, now.mark);
    let same_kind = then.category == now.category;
    if !old.is_placed() || !new.is_placed() {
        let both = !old.is_placed() && !new.is_placed();
        return both && same_kind && now.is_alike(then, ALIKE_NEAR);
    }
    let same_text = old.text == new.text && (same_kind || now.is_alike(then, ALIKE_AT_PLACE));
    let places = old.places(lines);
    if places.is_empty() {
        // The lines were edited beside the place, whose own text may be as it was. Of some only the text is known.
        return same_text && (old.context(new) > 0 || old.lines.is_empty());
    }
    let nearest = places.into_iter().map(|it| old.distance(it, new)).min();
    match nearest {
        None => false,
        Some(0) => same_text || now.is_alike(then, ALIKE_AT_PLACE),
        Some(distance) => is_near(then, now, distance),
    }
}
