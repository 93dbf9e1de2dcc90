//! Anchors: a place held by its text, so that it can be found again after any edit.

use crate::locate::{Locator, Match, Tier};
use crate::text::{Text, TextRange};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// A place held by its text.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Anchor {
    /// The anchored text, at most [`Anchor::MAX_QUOTE`] bytes.
    pub quote: String,
    /// The text before it, from up to two lines above, for choosing between equal quotes.
    pub before: String,
    /// The text after it, until up to two lines below.
    pub after: String,
    /// The enclosing symbol, where one is known.
    pub symbol: Option<String>,
    /// 0-based line it was last seen at.
    pub line: u32,
}

impl Anchor {
    /// Longest quote kept, in bytes; a longer place keeps its first lines.
    pub const MAX_QUOTE: usize = 4096;
    /// Most bytes of context kept on each side.
    pub const MAX_CONTEXT: usize = 400;
    /// Lines of context on each side.
    const CONTEXT_LINES: usize = 2;
    /// A quote with fewer characters than this (white space not counted) says little by itself: it is
    /// the same place only if it stands in the same line or the context agrees.
    const SHORT_QUOTE: usize = 16;
    /// Characters of context that must agree around a short quote; half of it is always enough.
    const AGREEMENT: usize = 8;

    /// Anchors `range` of `text`. An empty range is anchored by its line; at the very start of the text it
    /// stands for the whole file.
    pub fn of(text: &Text, range: TextRange, symbol: Option<String>) -> Self {
        let range = anchored(text, text.clamp(range));
        let (before, after) = context(text, range);
        Self {
            quote: text.slice(range).into_owned(),
            before,
            after,
            symbol,
            line: u32::try_from(text.line_of(range.start)).unwrap_or(u32::MAX),
        }
    }

    /// Finds the place again in a text that may have changed; `None` when the quote is gone or ambiguous.
    /// For several anchors in one text, see [`Anchor::find_with`].
    pub fn find(&self, text: &Text) -> Option<(TextRange, Tier)> {
        self.find_with(&Locator::new(text))
    }

    /// Like [`Anchor::find`]; what the searches in one text share is prepared once.
    pub fn find_with(&self, locator: &Locator<'_>) -> Option<(TextRange, Tier)> {
        let text = locator.text();
        if self.quote.trim().is_empty() {
            return self.find_blank(text);
        }
        let found = locator.quote_matches(&self.quote, self.line as usize)?;
        if let ([only], Tier::Exact) = (&found.matches[..], found.tier)
            && weight(&self.quote) >= Self::SHORT_QUOTE
        {
            return Some((only.range, found.tier));
        }
        let scored = found
            .matches
            .into_iter()
            .map(|it| (self.agreement(text, it.range), it));
        let enough: Vec<(usize, Match)> = scored
            .filter(|(agreement, it)| self.is_enough(*agreement, text.line_of(it.range.start)))
            .collect();
        let left = best_by(enough, |(agreement, _)| *agreement);
        let left = best_by(left, |(_, it)| it.edge);
        let mut left: Vec<TextRange> = left.into_iter().map(|(_, it)| it.range).collect();
        if let (true, Some(symbol)) = (left.len() > 1, &self.symbol) {
            let blocks = locator.symbol_blocks(symbol);
            left = best_by(left, |it| {
                blocks
                    .iter()
                    .any(|block| block.start <= it.start && it.end <= block.end)
            });
        }
        Some((self.nearest(text, left)?, found.tier))
    }

    /// A blank place is where all the text around it is: nothing else holds it.
    fn find_blank(&self, text: &Text) -> Option<(TextRange, Tier)> {
        if self.line == 0 && self.before.is_empty() {
            return Some((TextRange::default(), Tier::File));
        }
        let around = self.context_weight();
        let lines = (0..text.line_count()).filter_map(|line| text.line_range(line));
        let blank = lines.filter(|line| text.slice(*line).trim().is_empty());
        let same = blank.filter(|line| around > 0 && self.agreement(text, *line) == around);
        Some((self.nearest(text, same.collect())?, Tier::Exact))
    }

    /// The range nearest to the line where the anchor was last seen; `None` when two are.
    fn nearest(&self, text: &Text, ranges: Vec<TextRange>) -> Option<TextRange> {
        let distance = |range: &TextRange| text.line_of(range.start).abs_diff(self.line as usize);
        match best_by(ranges, |range| Reverse(distance(range)))[..] {
            [range] => Some(range),
            _ => None,
        }
    }

    fn is_enough(&self, agreement: usize, line: usize) -> bool {
        weight(&self.quote) >= Self::SHORT_QUOTE
            || line == self.line as usize
            || agreement >= self.context_weight().div_ceil(2).min(Self::AGREEMENT)
    }

    fn context_weight(&self) -> usize {
        weight(&self.before) + weight(&self.after)
    }

    /// How many characters around a place are the same as around the anchor. Lines are compared one by
    /// one going away from the place, so that one changed line does not hide the next.
    fn agreement(&self, text: &Text, range: TextRange) -> usize {
        let (before, after) = context(text, range);
        let above = self.before.rsplit('\n').zip(before.rsplit('\n'));
        let below = self.after.split('\n').zip(after.split('\n'));
        let above = above.map(|(a, b)| common(a.chars().rev(), b.chars().rev()));
        let below = below.map(|(a, b)| common(a.chars(), b.chars()));
        above.sum::<usize>() + below.sum::<usize>()
    }
}

/// The part of `range` whose text is kept.
fn anchored(text: &Text, range: TextRange) -> TextRange {
    if range.is_empty() && range.start > 0 {
        let line = text.line_range(text.line_of(range.start)).unwrap_or(range);
        let content = text.slice(line);
        let indent = content.len() - content.trim_start().len();
        let start = line.start + if content.trim().is_empty() { 0 } else { indent };
        return limited(text, TextRange::new(start, start + content.trim().len()));
    }
    limited(text, range)
}

/// The first lines of `range`, or the first part of its first line, as far as they may be kept.
fn limited(text: &Text, range: TextRange) -> TextRange {
    if range.len() <= Anchor::MAX_QUOTE {
        return range;
    }
    let cut = text.char_boundary(range.start + Anchor::MAX_QUOTE);
    let line_end = text
        .line_of(cut)
        .checked_sub(1)
        .and_then(|line| text.line_range(line));
    match line_end {
        Some(line) if line.end > range.start => TextRange::new(range.start, line.end),
        _ => TextRange::new(range.start, cut),
    }
}

/// The text around a range, its lines parted by `\n` whatever parts them in the text.
fn context(text: &Text, range: TextRange) -> (String, String) {
    let (first, last) = (text.line_of(range.start), text.line_of(range.end));
    let top = text.line_range(first.saturating_sub(Anchor::CONTEXT_LINES));
    let bottom = text.line_range((last + Anchor::CONTEXT_LINES).min(text.line_count() - 1));
    let head = TextRange::new(
        top.map_or(range.start, |line| line.start)
            .max(range.start.saturating_sub(Anchor::MAX_CONTEXT)),
        range.start,
    );
    let tail = TextRange::new(
        range.end,
        bottom
            .map_or(range.end, |line| line.end)
            .max(range.end)
            .min(range.end + Anchor::MAX_CONTEXT),
    );
    let lines = |range| text.slice(range).replace("\r\n", "\n").replace('\r', "\n");
    (lines(head), lines(tail))
}

/// Equal characters from the start on, white space not counted.
fn common(a: impl Iterator<Item = char>, b: impl Iterator<Item = char>) -> usize {
    let black = |c: &char| !c.is_whitespace();
    a.filter(black)
        .zip(b.filter(black))
        .take_while(|(a, b)| a == b)
        .count()
}

/// Characters that are not white space.
fn weight(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

fn best_by<T, K: Ord>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let best = items.iter().map(&key).max();
    items
        .into_iter()
        .filter(|it| Some(key(it)) == best)
        .collect()
}

#[cfg(test)]
mod tests;
