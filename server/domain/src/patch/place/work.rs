//! All hunks of one file: those of a diff against the text as it was, all at once; those that may build on one another
//! also in turn.

use super::super::{Hunk, LineHunk};
use super::page::Page;
use super::search::{self, Found};
use super::{Placed, edits, elision, piece};
use crate::diff::{Lines, differences};
use crate::edit::{self, TextEdit};
use crate::locate::{Locator, Tier};
use crate::text::{Text, TextRange};
use std::collections::BTreeMap;

/// Most times that hunks which found no place are tried on what the others made.
const MAX_ROUNDS: usize = 64;

/// The edits of a file's hunks.
pub(super) fn place_hunks(path: &str, hunks: &[Hunk], text: &Text) -> Placed {
    let mut work = Work::new(path, hunks, text);
    work.at_once();
    work.in_turn();
    work.placed()
}

/// How many lines are compared to place hunks.
#[cfg(test)]
pub(in super::super) fn compared(hunks: &[Hunk], text: &Text) -> usize {
    let mut work = Work::new("", hunks, text);
    work.at_once();
    work.in_turn();
    work.spent
}

/// What has become of the hunks so far.
struct Work<'h> {
    path: &'h str,
    hunks: &'h [Hunk],
    /// The ways to read each as lines; for pieces only where they are not there letter by letter.
    readings: Vec<&'h [LineHunk]>,
    text: &'h Text,
    /// The edits of that text.
    taken: Taken,
    /// Those that are still to be placed, each with why it was not.
    left: BTreeMap<usize, String>,
    /// Those that have no place for good.
    refused: BTreeMap<usize, String>,
    /// Those that stand in the text, but not letter by letter.
    lax: Vec<(usize, Found<'h>)>,
    /// The text after edits that cannot be told as edits of the first text.
    moved: Option<Text>,
    /// How many lines were compared.
    spent: usize,
}

/// How lines are compared in a round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    Exact,
    Lax,
    /// As pieces of lines.
    Inside,
}

impl<'h> Work<'h> {
    fn new(path: &'h str, hunks: &'h [Hunk], text: &'h Text) -> Self {
        let readings = hunks.iter().map(|hunk| match hunk {
            Hunk::Lines(hunk) => std::slice::from_ref(hunk),
            Hunk::Either(readings) => readings.as_slice(),
            Hunk::Piece(_) | Hunk::Place { .. } => &[],
        });
        Self {
            path,
            hunks,
            readings: readings.collect(),
            text,
            taken: Taken::default(),
            left: BTreeMap::new(),
            refused: BTreeMap::new(),
            lax: Vec::new(),
            moved: None,
            spent: 0,
        }
    }

    /// Places hunks in the text as it was.
    fn at_once(&mut self) {
        let page = Page::new(self.text, self.spent);
        let locator = Locator::new(self.text);
        let found = search::find(&page, &self.readings, Tier::WhitespaceFree);
        for (index, (hunk, found)) in self.hunks.iter().zip(found).enumerate() {
            let added = self.readings[index].iter().flat_map(LineHunk::added);
            if let Some(line) = left_out(self.path, hunk, added, &page) {
                self.refused.insert(index, elision::told(line));
                continue;
            }
            let made = match (hunk, found) {
                (_, Some(Ok((lines, at)))) if lines.in_turn && at.tier != Tier::Exact => {
                    self.left.insert(index, String::new());
                    self.lax.push((index, (lines, at)));
                    continue;
                }
                (_, Some(Ok((lines, at)))) => Ok(edits::of_lines(&page, &lines, at)),
                (Hunk::Lines(hunk), Some(Err(reason))) if !hunk.in_turn => {
                    piece::inside_lines(hunk)
                        .and_then(|it| piece::of_piece(&page, &it).ok())
                        .ok_or(reason)
                }
                (_, Some(Err(reason))) => Err(reason),
                (Hunk::Piece(it), None) => piece::of_piece(&page, it),
                (
                    Hunk::Place {
                        place,
                        new_text,
                        counted,
                    },
                    None,
                ) => piece::of_place(&page, &locator, place, new_text, *counted),
                (Hunk::Lines(_) | Hunk::Either(_), None) => Err("it has no lines".to_owned()),
            };
            let taken = made.and_then(|made| self.taken.take(self.text, made));
            if let Err(reason) = taken {
                let waits = may_build_on_others(hunk);
                let to = if waits {
                    &mut self.left
                } else {
                    &mut self.refused
                };
                to.insert(index, reason);
            }
        }
        self.spent = page.spent();
    }

    /// Places what is left on what the others made: letter by letter as long as anything fits, then less strictly.
    fn in_turn(&mut self) {
        let mut rounds = 0;
        while !self.left.is_empty() {
            let progress = (!self.is_untouched() && self.round(Round::Exact))
                || self.take_lax()
                || self.round(Round::Lax)
                || self.round(Round::Inside);
            rounds += 1;
            if !progress {
                break;
            }
            if rounds == MAX_ROUNDS {
                for reason in self.left.values_mut() {
                    "too many changes build on one another".clone_into(reason);
                }
                break;
            }
        }
    }

    fn is_untouched(&self) -> bool {
        self.moved.is_none() && self.taken.is_empty()
    }

    /// The text after all edits so far.
    fn now(&self) -> Text {
        self.moved
            .clone()
            .unwrap_or_else(|| self.taken.apply(self.text))
    }

    /// Takes the places of hunks that stand in the first text but for white space; true when there were some.
    fn take_lax(&mut self) -> bool {
        let lax = std::mem::take(&mut self.lax);
        if self.moved.is_some() {
            return false;
        }
        let page = Page::new(self.text, self.spent);
        let mut any = false;
        for (index, (lines, at)) in lax {
            let made = edits::of_lines(&page, &lines, at);
            match self.taken.take(self.text, made) {
                Ok(()) => {
                    any = true;
                    self.left.remove(&index);
                }
                Err(reason) => {
                    self.left.insert(index, reason);
                }
            }
        }
        self.spent = page.spent();
        any
    }

    /// Tries to place what is left in the text as it is now; true when something was.
    fn round(&mut self, round: Round) -> bool {
        let now = self.now();
        let page = Page::new(&now, self.spent);
        let waiting: Vec<usize> = self.left.keys().copied().collect();
        let pieces: Vec<Option<LineHunk>> = waiting
            .iter()
            .map(|index| match &self.hunks[*index] {
                Hunk::Piece(it) if round == Round::Lax => piece::as_lines(it),
                _ => None,
            })
            .collect();
        let readings: Vec<&[LineHunk]> = waiting
            .iter()
            .zip(&pieces)
            .map(|(index, piece)| {
                piece
                    .as_ref()
                    .map_or(self.readings[*index], std::slice::from_ref)
            })
            .collect();
        let laxest = if round == Round::Exact {
            Tier::Exact
        } else {
            Tier::WhitespaceFree
        };
        let found = match round {
            Round::Inside => vec![None; waiting.len()],
            _ => search::find(&page, &readings, laxest),
        };
        let mut taken = Taken::default();
        let mut placed = Vec::new();
        for ((index, readings), found) in waiting.iter().zip(&readings).zip(found) {
            let made = match (&self.hunks[*index], found) {
                (_, Some(found)) => found.map(|(lines, at)| edits::of_lines(&page, &lines, at)),
                (Hunk::Piece(it), None) if round == Round::Exact => piece::of_piece(&page, it),
                (_, None) if round == Round::Inside => readings
                    .iter()
                    .find_map(|it| piece::of_piece(&page, &piece::inside_lines(it)?).ok())
                    .ok_or_else(String::new),
                _ => continue,
            };
            if made.and_then(|made| taken.take(&now, made)).is_ok() {
                placed.push(*index);
            }
        }
        self.spent = page.spent();
        if placed.is_empty() {
            return false;
        }
        if self.is_untouched() {
            self.taken = taken;
        } else {
            self.moved = Some(taken.apply(&now));
        }
        placed.iter().for_each(|it| {
            self.left.remove(it);
        });
        true
    }

    fn placed(self) -> Placed {
        let edits = match &self.moved {
            Some(now) => between(self.text, now),
            None => self.taken.edits(),
        };
        let mut problems = self.left;
        problems.extend(self.refused);
        let placed = self.hunks.len() - problems.len();
        let problems = problems.into_iter().map(|(index, reason)| {
            format!(
                "change {} of `{}` is not taken: {reason}",
                index + 1,
                self.path
            )
        });
        Placed::of(edits, placed, problems.collect())
    }
}

fn may_build_on_others(hunk: &Hunk) -> bool {
    match hunk {
        Hunk::Lines(hunk) => hunk.in_turn,
        Hunk::Either(_) | Hunk::Piece(_) => true,
        Hunk::Place { .. } => false,
    }
}

/// The first line that comes and stands for what was left out; one that the file or the hunk has already does not.
fn left_out<'h>(
    path: &str,
    hunk: &'h Hunk,
    added: impl Iterator<Item = &'h str>,
    page: &Page<'_>,
) -> Option<&'h str> {
    match hunk {
        Hunk::Piece(it) => elision::find(path, it.new.lines(), |line| page.has(line)),
        Hunk::Place { new_text, .. } => {
            elision::find(path, new_text.lines(), |line| page.has(line))
        }
        Hunk::Lines(_) | Hunk::Either(_) => elision::find(path, added, |line| page.has(line)),
    }
}

/// The lines that differ between two texts, as edits of the first.
fn between(old: &Text, new: &Text) -> Vec<TextEdit> {
    let (old, new) = (old.to_string(), new.to_string());
    let (old, new) = (Lines::of(&old), Lines::of(&new));
    let edit = |(going, coming): (std::ops::Range<usize>, std::ops::Range<usize>)| TextEdit {
        range: old.bytes(&going),
        new_text: new.all()[coming].concat(),
    };
    differences(old.all(), new.all())
        .into_iter()
        .map(edit)
        .collect()
}

/// Edits of one text, none touching another.
#[derive(Default)]
struct Taken(BTreeMap<(usize, usize), String>);

impl Taken {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes more edits, all of them or none; those that are there already are fine.
    ///
    /// # Errors
    /// Why they do not fit.
    fn take(&mut self, text: &Text, made: Vec<TextEdit>) -> Result<(), String> {
        let is_there =
            |it: &TextEdit| self.0.get(&(it.range.start, it.range.end)) == Some(&it.new_text);
        if !made.is_empty() && made.iter().all(is_there) {
            return Ok(());
        }
        if made.iter().any(|it| self.touches(it.range)) {
            return Err("another change touches the same place".to_owned());
        }
        edit::in_order(text, &made).map_err(|error| error.to_string())?;
        self.0.extend(
            made.into_iter()
                .map(|it| ((it.range.start, it.range.end), it.new_text)),
        );
        Ok(())
    }

    fn touches(&self, range: TextRange) -> bool {
        let before = self.0.range(..=(range.end, usize::MAX)).rev();
        before
            .map(|it| TextRange::new(it.0.0, it.0.1))
            .take_while(|it| it.end >= range.start)
            .any(|it| it.intersects(range))
    }

    fn edits(self) -> Vec<TextEdit> {
        let edit = |((start, end), new_text)| TextEdit {
            range: TextRange::new(start, end),
            new_text,
        };
        self.0.into_iter().map(edit).collect()
    }

    fn apply(&self, text: &Text) -> Text {
        let mut now = text.clone();
        // From the last to the first, so that the ranges still to come stay valid; `take` proved that they fit.
        for ((start, end), new_text) in self.0.iter().rev() {
            now.replace(TextRange::new(*start, *end), new_text);
        }
        now
    }
}
