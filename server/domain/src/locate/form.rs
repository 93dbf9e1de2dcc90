//! Normalised forms of a text: what is left out when a quote is compared less strictly.

use super::Tier;
use super::choose::is_word;
use super::source::Source;
use crate::text::TextRange;
use std::ops::Range;
use unicode_normalization::char::decompose_canonical;

/// How strictly a quote is compared, from strict to lax. The first three passes and the table of
/// characters follow Codex's `seek_sequence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Without white space at line ends.
    TrailingSpace,
    /// Without white space at both ends of the lines.
    Trimmed,
    /// Trimmed, typographic characters as ASCII, accents apart from their letters.
    Unicode,
    /// Like `Unicode`, without any white space but one blank between two words, so that `to tal` is not `total`.
    WhitespaceFree,
}

impl Form {
    pub(super) const ALL: [Self; 4] = [
        Self::TrailingSpace,
        Self::Trimmed,
        Self::Unicode,
        Self::WhitespaceFree,
    ];

    pub(super) fn tier(self) -> Tier {
        match self {
            Self::TrailingSpace => Tier::TrailingSpace,
            Self::Trimmed => Tier::Trimmed,
            Self::Unicode => Tier::Unicode,
            Self::WhitespaceFree => Tier::WhitespaceFree,
        }
    }

    /// A quote in this form.
    pub(super) fn quote(self, quote: &str) -> String {
        let mut result = String::new();
        let mut mapper = Mapper::new(self);
        for (i, line) in split_lines(quote).enumerate() {
            if i > 0 && self != Self::WhitespaceFree {
                result.push('\n');
            }
            mapper.gap = true;
            for c in self.trim(line).1.chars() {
                mapper.map(c, |c| result.push(c));
            }
        }
        result.trim_matches('\n').to_owned()
    }

    /// The part of a line that counts, and where it begins.
    fn trim(self, line: &str) -> (usize, &str) {
        let line = line.trim_end();
        let rest = match self {
            Self::TrailingSpace => line,
            _ => line.trim_start(),
        };
        (line.len() - rest.len(), rest)
    }
}

/// Turns characters into a form, one after the other.
struct Mapper {
    form: Form,
    /// The last character that came out is part of a word.
    word: bool,
    /// White space was left out since.
    gap: bool,
}

impl Mapper {
    fn new(form: Form) -> Self {
        Self {
            form,
            word: false,
            gap: false,
        }
    }

    fn map(&mut self, c: char, mut emit: impl FnMut(char)) {
        match self.form {
            Form::TrailingSpace | Form::Trimmed => emit(c),
            Form::Unicode => fold(c, emit),
            Form::WhitespaceFree if c.is_whitespace() => self.gap = true,
            Form::WhitespaceFree => fold(c, |c| {
                if c == ' ' {
                    self.gap = true;
                    return;
                }
                if self.word && self.gap && is_word(c) {
                    emit(' ');
                }
                (self.word, self.gap) = (is_word(c), false);
                emit(c);
            }),
        }
    }
}

/// Splits at LSP's line ends.
pub(super) fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\r', '\n']) else {
            rest = None;
            return Some(text);
        };
        let len = if text[end..].starts_with("\r\n") {
            2
        } else {
            1
        };
        rest = Some(&text[end + len..]);
        Some(&text[..end])
    })
}

/// Typographic characters as their ASCII likes, invisible ones as nothing, accents apart.
fn fold(c: char, mut emit: impl FnMut(char)) {
    match c {
        _ if c.is_ascii() => emit(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => emit('-'),
        '\u{2018}'..='\u{201b}' | '\u{2032}' => emit('\''),
        '\u{201c}'..='\u{201f}' | '\u{2033}' => emit('"'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => emit(' '),
        '\u{2026}' => "...".chars().for_each(emit),
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => {}
        _ => decompose_canonical(c, emit),
    }
}

/// A whole text in one form.
#[derive(Debug)]
pub(super) struct Normal {
    pub(super) text: String,
    /// Ascending offsets here, and of the same character in the original: each line's first, and one
    /// more now and then in long lines.
    marks: Vec<(usize, usize)>,
}

impl Normal {
    /// Bytes between two marks in a long line; bounds the walk from a mark.
    const MARK_DISTANCE: usize = 1024;

    pub(super) fn new(form: Form, whole: &str, lines: &[TextRange]) -> Self {
        let mut text = String::with_capacity(whole.len());
        let mut marks = Vec::with_capacity(lines.len());
        let mut mapper = Mapper::new(form);
        for (i, range) in lines.iter().enumerate() {
            if i > 0 && form != Form::WhitespaceFree {
                text.push('\n');
            }
            let (indent, trimmed) = form.trim(&whole[range.as_range()]);
            let start = range.start + indent;
            let mut marked = text.len();
            marks.push((marked, start));
            mapper.gap = true;
            for (offset, c) in trimmed.char_indices() {
                if text.len() >= marked + Self::MARK_DISTANCE {
                    marked = text.len();
                    marks.push((marked, start + offset));
                }
                mapper.map(c, |c| text.push(c));
            }
        }
        Self { text, marks }
    }

    /// The character of the original that byte `offset` here stands for.
    pub(super) fn origin(&self, form: Form, source: &Source, offset: usize) -> TextRange {
        let mark = self.marks.partition_point(|&(here, _)| here <= offset);
        let (mut here, start) = self
            .marks
            .get(mark.wrapping_sub(1))
            .copied()
            .unwrap_or_default();
        let line = source.line_range(source.line_of(start));
        let rest = &source.whole[start..line.end];
        let mut mapper = Mapper::new(form);
        // A blank at a mark parts the word after it from one before it.
        let parted = form == Form::WhitespaceFree && self.text[here..].starts_with(' ');
        (mapper.word, mapper.gap) = (parted, parted);
        for (i, c) in rest.char_indices() {
            mapper.map(c, |c| here += c.len_utf8());
            if here > offset {
                return TextRange::new(start + i, start + i + c.len_utf8());
            }
        }
        TextRange::new(line.end, line.end)
    }

    /// The bytes here that stand for some lines of the original.
    pub(super) fn region(&self, lines: TextRange) -> Range<usize> {
        let here = |offset: usize| {
            let mark = self
                .marks
                .partition_point(|&(_, original)| original < offset);
            self.marks.get(mark).map_or(self.text.len(), |mark| mark.0)
        };
        let start = here(lines.start);
        start..here(lines.end).max(start)
    }
}
