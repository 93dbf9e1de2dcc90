//! Locating what an agent pointed at: by quote first, then symbol, and by line number only as a last resort.

mod choose;
mod form;
mod fuzzy;
mod line;
mod matches;
mod quote;
mod source;
mod symbol;

use crate::finding::RawPlace;
use crate::text::{Text, TextRange};
use choose::Hint;
pub(crate) use choose::Match;
pub(crate) use matches::Found;
use quote::{Reading, Readings};
use serde::{Deserialize, Serialize};
use source::Source;
use std::cell::OnceCell;
use symbol::Definition;

/// How a place was found; earlier is surer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// The quote stands there letter by letter.
    Exact,
    /// Equal but for white space at line ends.
    TrailingSpace,
    /// Equal but for white space at both ends of the lines.
    Trimmed,
    /// Equal after mapping typographic dashes, quotes and spaces to ASCII.
    Unicode,
    /// Equal without any white space, except where it parts two words.
    WhitespaceFree,
    /// Equal but for a first or last line that does not belong.
    DroppedEdge,
    /// Similar enough, and clearly more similar than any other place.
    Fuzzy,
    /// Only the symbol was found.
    Symbol,
    /// Only the line number (or columns, offsets) was usable.
    Line,
    /// Nothing was usable; the finding stands for the whole file.
    File,
}

impl Tier {
    /// True when an automatic edit may be made at such a place.
    pub fn allows_edit(self) -> bool {
        self <= Tier::WhitespaceFree
    }
    /// True when the place must be shown as approximate.
    pub fn is_approximate(self) -> bool {
        self >= Tier::Fuzzy
    }
}

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// Here.
    At {
        /// Bytes of the text searched.
        range: TextRange,
        /// How it was found.
        tier: Tier,
    },
    /// Equally well in several places, and nothing decides between them. Never guessed.
    Ambiguous {
        /// The candidates in text order, at most 20.
        candidates: Vec<TextRange>,
        /// How they were found.
        tier: Tier,
    },
    /// Nowhere.
    Nowhere,
}

/// Most candidates told of an ambiguous place.
pub const MAX_CANDIDATES: usize = 20;
/// Most places looked at where a quote stands very often.
const MAX_MATCHES: usize = 2000;
/// Longest text searched for quotes and symbols, in bytes; in a longer one only numbers are used.
pub const MAX_TEXT: usize = 32 * 1024 * 1024;

/// A line as it is compared at a tier up to [`Tier::WhitespaceFree`]; as it is for the others.
pub(crate) fn line_in_form(tier: Tier, line: &str) -> String {
    use form::Form;
    let form = Form::ALL.into_iter().find(|form| form.tier() == tier);
    form.map_or_else(|| line.to_owned(), |form| form.quote(line))
}

impl Located {
    /// The place, if there is just one.
    pub fn range(&self) -> Option<TextRange> {
        match self {
            Self::At { range, .. } => Some(*range),
            Self::Ambiguous { .. } | Self::Nowhere => None,
        }
    }

    fn is_at(&self) -> bool {
        self.range().is_some()
    }
}

/// Finds `place` in `text`. `message` (title and body) may help where there is no quote: identifiers in it
/// choose among lines near the hint. For several places of one text, see [`Locator`].
pub fn locate(text: &Text, place: &RawPlace, message: &str) -> Located {
    Locator::new(text).locate(place, message)
}

/// Finds many places in one text; what the searches share is prepared once, when first needed.
pub struct Locator<'t> {
    text: &'t Text,
    source: OnceCell<Source>,
}

impl<'t> Locator<'t> {
    /// For places in `text`.
    pub fn new(text: &'t Text) -> Self {
        Self {
            text,
            source: OnceCell::new(),
        }
    }

    /// See [`locate`].
    pub fn locate(&self, place: &RawPlace, message: &str) -> Located {
        let hint = Hint::of(self.text, place);
        let quote = place
            .quote
            .as_deref()
            .filter(|quote| !quote.trim().is_empty());
        let symbol = place
            .symbol
            .as_deref()
            .filter(|symbol| !symbol.trim().is_empty());
        let source = self
            .source()
            .filter(|_| quote.is_some() || symbol.is_some());
        let symbols = match (source, symbol) {
            (Some(source), Some(symbol)) => symbol::find(source, symbol),
            _ => Vec::new(),
        };
        let by_quote = match (source, quote) {
            (Some(source), Some(quote)) => self.by_quote(source, hint.clone(), quote, &symbols),
            _ => None,
        };
        if let Some(located) = by_quote {
            return located;
        }
        let by_symbol = self.by_symbol(&hint, &symbols);
        if quote.is_some() {
            // The quote is not there, so the agent saw another text: its numbers are worth least.
            let certain = by_symbol.clone().filter(Located::is_at);
            return certain
                .or_else(|| self.by_numbers(place, &hint, ""))
                .or(by_symbol)
                .unwrap_or(Located::Nowhere);
        }
        let by_numbers = self.by_numbers(place, &hint, message);
        match (by_numbers, by_symbol) {
            (Some(here), Some(symbol)) => {
                let agree = here
                    .range()
                    .is_some_and(|range| inside_any(&symbols, range));
                if agree || !symbol.is_at() {
                    here
                } else {
                    symbol
                }
            }
            (Some(located), None) | (None, Some(located)) => located,
            (None, None) if symbol.is_some() || says_numbers(place) => Located::Nowhere,
            (None, None) => Located::At {
                range: TextRange::default(),
                tier: Tier::File,
            },
        }
    }

    /// The text that is searched.
    pub fn text(&self) -> &'t Text {
        self.text
    }

    /// Where a quote stands, taken as it is; equal at least but for white space. Of very many places those
    /// near `line` (0-based).
    pub(crate) fn quote_matches(&self, quote: &str, line: usize) -> Option<Found> {
        let reading = Reading {
            text: quote.to_owned(),
            whole_lines: false,
        };
        matches::find(self.source()?, &Hint::line(line), &[reading])
    }

    /// Where an agent's quote stands, equal at least but for white space and typographic characters: the strictest such places,
    /// and of very many only some. Fences, line numbers and diff marks around it do not count.
    pub(crate) fn verbatim(&self, quote: &str) -> Option<Vec<TextRange>> {
        let readings = quote::readings(quote);
        let hint = readings.line.map_or_else(Hint::default, Hint::line);
        let found = best_match(self.source()?, &hint, &readings)?;
        Some(found.matches.into_iter().map(|it| it.range).collect())
    }

    /// The lines that belong to a symbol, for each definition of it.
    pub(crate) fn symbol_blocks(&self, symbol: &str) -> Vec<TextRange> {
        let found = self.source().map(|source| symbol::find(source, symbol));
        found.iter().flatten().map(|it| it.block).collect()
    }

    fn source(&self) -> Option<&Source> {
        (self.text.len() <= MAX_TEXT).then(|| self.source.get_or_init(|| Source::new(self.text)))
    }

    fn by_quote(
        &self,
        source: &Source,
        mut hint: Hint,
        quote: &str,
        symbols: &[Definition],
    ) -> Option<Located> {
        let readings = quote::readings(quote);
        if hint.lines.is_none() {
            hint.lines = readings.line.map(|line| (line, line));
        }
        let inside: Vec<TextRange> = symbols.iter().map(|it| it.block).collect();
        let found = best_match(source, &hint, &readings)
            .or_else(|| fuzzy::without_edge(source, &hint, &readings.plain))
            .or_else(|| fuzzy::without_edge(source, &hint, &readings.undiffed));
        if let Some(found) = found {
            return Some(choose::choose(self.text, &hint, &inside, &found));
        }
        let region = fuzzy::region(source, &hint, &inside);
        let barest = readings
            .plain
            .last()
            .into_iter()
            .chain(readings.undiffed.first());
        let range = barest
            .filter_map(|reading| fuzzy::similar(source, reading, region))
            .next()?;
        Some(Located::At {
            range,
            tier: Tier::Fuzzy,
        })
    }

    fn by_symbol(&self, hint: &Hint, symbols: &[Definition]) -> Option<Located> {
        let found = Found {
            tier: Tier::Symbol,
            matches: symbols.iter().map(|it| Match::word(it.name)).collect(),
            more: symbols.len() >= MAX_MATCHES,
        };
        (!symbols.is_empty()).then(|| choose::choose(self.text, hint, &[], &found))
    }

    fn by_numbers(&self, place: &RawPlace, hint: &Hint, message: &str) -> Option<Located> {
        let range = line::by_columns(self.text, place, message)
            .or_else(|| line::by_line(self.text, hint, message))?;
        Some(Located::At {
            range,
            tier: Tier::Line,
        })
    }
}

/// The strictest match. Diff marks are only taken off when that makes it stricter; from a single line only
/// when nothing else matches, as a line may well begin with a sign.
fn best_match(source: &Source, hint: &Hint, readings: &Readings) -> Option<Found> {
    let plain = matches::find(source, hint, &readings.plain);
    let one_line = readings
        .undiffed
        .iter()
        .all(|it| !it.text.contains(['\r', '\n']));
    match &plain {
        Some(found) if found.tier == Tier::Exact || one_line => plain,
        _ => {
            let undiffed = matches::find(source, hint, &readings.undiffed);
            [plain, undiffed]
                .into_iter()
                .flatten()
                .min_by_key(|found| found.tier)
        }
    }
}

fn inside_any(symbols: &[Definition], range: TextRange) -> bool {
    let holds = |block: TextRange| block.start <= range.start && range.end <= block.end;
    symbols.iter().any(|it| holds(it.block))
}

fn says_numbers(place: &RawPlace) -> bool {
    place.start_line.is_some_and(|line| line > 0) || place.offsets.is_some()
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
