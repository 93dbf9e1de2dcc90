//! Which of the places where a hunk's lines stand is meant. Several equal ones are nobody's guess, unless the hunks
//! around it, the lines it names above itself, or its number decide.

use super::super::{Line, LineHunk};
use super::anchor;
use super::page::{MAX_PLACES, Page, Standing};
use crate::locate::Tier;
use std::borrow::Cow;

/// How far from its told line one of several equal places may be, as for findings.
const WINDOW: usize = 40;

/// Why a hunk has no place after [`super::page::MAX_COMPARED`].
pub(super) const GIVEN_UP: &str =
    "the search for its place was given up: too much had to be compared";

/// Where a hunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    /// First of its old lines, 0-based.
    pub(super) line: usize,
    /// How strictly they are the same.
    pub(super) tier: Tier,
}

/// A hunk, without an empty line at an edge that the file has not, and where it stands.
pub(super) type Found<'h> = (Cow<'h, LineHunk>, At);

/// The places where a hunk may stand.
struct Candidates<'h> {
    hunk: Cow<'h, LineHunk>,
    tier: Tier,
    lines: Vec<usize>,
    /// There are more than could be looked at, so that none of them is the only one.
    more: bool,
    /// Number of its old lines.
    length: usize,
}

/// The place of each hunk of lines, or why it has none; `None` for the others. A hunk may be given in several readings,
/// the surest first. Lines are compared no laxer than told.
pub(super) fn find<'h>(
    page: &Page<'_>,
    hunks: &[&'h [LineHunk]],
    laxest: Tier,
) -> Vec<Option<Result<Found<'h>, String>>> {
    let mut all: Vec<Option<Candidates<'h>>> = hunks
        .iter()
        .map(|readings| of_readings(page, readings, laxest))
        .collect();
    keep_order(&mut all);
    let drift = drift(&all);
    for (candidates, drift) in all.iter_mut().zip(drift) {
        if let Some(candidates) = candidates {
            candidates.choose_by_number(drift);
        }
    }
    keep_order(&mut all);
    all.into_iter()
        .map(|it| it.map(|it| it.decide(page)))
        .collect()
}

/// The first reading whose lines are there; without one the first.
fn of_readings<'h>(
    page: &Page<'_>,
    readings: &'h [LineHunk],
    laxest: Tier,
) -> Option<Candidates<'h>> {
    let mut first = None;
    for reading in readings {
        let candidates = candidates(page, reading, laxest);
        if !candidates.lines.is_empty() {
            return Some(candidates);
        }
        first.get_or_insert(candidates);
    }
    first
}

fn candidates<'h>(page: &Page<'_>, told: &'h LineHunk, laxest: Tier) -> Candidates<'h> {
    let mut hunk = Cow::Borrowed(told);
    let mut found = places(page, &hunk, laxest);
    if found.is_none() && laxest > Tier::Exact {
        for edge in [true, false] {
            let Some(shorter) = without_empty_edge(told, edge) else {
                continue;
            };
            found = places(page, &shorter, laxest);
            if found.is_some() {
                hunk = Cow::Owned(shorter);
                break;
            }
        }
    }
    let length = hunk.old().count();
    let (tier, mut lines, more) = match found {
        Some(Standing { tier, lines, more }) => (tier, lines, more),
        None => (Tier::Exact, Vec::new(), false),
    };
    let ends = |line: &usize| line + length == page.len();
    let is_cut = hunk.old_is_cut || hunk.new_is_cut;
    if hunk.at_end || (is_cut && lines.iter().any(ends)) {
        lines.retain(ends);
    }
    if lines.len() > 1 && !hunk.anchors.is_empty() {
        lines = anchor::below(page, &hunk.anchors, lines);
    }
    Candidates {
        hunk,
        tier,
        lines,
        more,
        length,
    }
}

fn places(page: &Page<'_>, hunk: &LineHunk, laxest: Tier) -> Option<Standing> {
    let old: Vec<&str> = hunk.old().collect();
    if !old.is_empty() {
        return page.find(&old, laxest);
    }
    // Only lines that come: at the end where that is said, or in a file without lines.
    (hunk.at_end || page.len() == 0).then(|| Standing {
        tier: Tier::Exact,
        lines: vec![page.len()],
        more: false,
    })
}

/// A hunk without its empty last or first old line, which is often only the end of the line before, or of the mark. In a
/// block, an empty line that shall be there at the same edge goes with it.
fn without_empty_edge(hunk: &LineHunk, last: bool) -> Option<LineHunk> {
    let edge = |side: fn(&Line) -> Option<&str>| {
        let mut lines = hunk.lines.iter().enumerate();
        let is_of_side = |it: &(usize, &Line)| side(it.1).is_some();
        let edge = if last {
            lines.rfind(is_of_side)
        } else {
            lines.find(is_of_side)
        };
        edge.filter(|it| side(it.1) == Some(""))
    };
    let (at, line) = edge(Line::old)?;
    // Where something comes beside an empty line that stays, that line is meant.
    let outside = at == if last { hunk.lines.len() - 1 } else { 0 };
    let is_meant = matches!(line, Line::Context(_)) && !outside;
    if is_meant || hunk.old().count() < 2 {
        return None;
    }
    let with_it = edge(Line::result).filter(|it| hunk.in_turn && it.0 != at);
    let mut shorter = hunk.clone();
    let mut index = 0;
    shorter.lines.retain(|_| {
        index += 1;
        index - 1 != at && with_it.is_none_or(|it| index - 1 != it.0)
    });
    Some(shorter)
}

/// Hunks stand in the order in which they are told: a certain one rules out places of the others.
fn keep_order(all: &mut [Option<Candidates<'_>>]) {
    let certain: Vec<(usize, usize, usize)> = all
        .iter()
        .enumerate()
        .filter_map(|(index, it)| {
            let it = it.as_ref()?;
            let line = it.only()?;
            Some((index, line, line + it.length))
        })
        .collect();
    // Where even the certain ones are out of order, the order means nothing.
    if certain.windows(2).any(|pair| pair[0].2 > pair[1].1) {
        return;
    }
    for (index, candidates) in all.iter_mut().enumerate() {
        let Some(candidates) = candidates.as_mut().filter(|it| it.lines.len() > 1) else {
            continue;
        };
        let place = certain.partition_point(|it| it.0 < index);
        let before = certain[..place].last();
        let after = certain.get(place);
        let length = candidates.length;
        let fits = |line: &usize| {
            before.is_none_or(|it| it.2 <= *line) && after.is_none_or(|it| line + length <= it.1)
        };
        let kept: Vec<usize> = candidates.lines.iter().copied().filter(fits).collect();
        if !kept.is_empty() {
            candidates.lines = kept;
        }
    }
}

/// By how much the told numbers are wrong at each hunk, seen from the nearest certain one before it, else after it.
fn drift(all: &[Option<Candidates<'_>>]) -> Vec<isize> {
    let of = |it: &Option<Candidates<'_>>| {
        let it = it.as_ref()?;
        Some(it.only()?.cast_signed() - it.hunk.line?.cast_signed() + 1)
    };
    let known: Vec<Option<isize>> = all.iter().map(of).collect();
    let mut last = known.iter().flatten().next().copied().unwrap_or(0);
    let seen = |known: Option<isize>| {
        last = known.unwrap_or(last);
        last
    };
    known.into_iter().map(seen).collect()
}

impl<'h> Candidates<'h> {
    /// Its place, if there is just one.
    fn only(&self) -> Option<usize> {
        match self.lines.as_slice() {
            [line] if !self.more => Some(*line),
            _ => None,
        }
    }

    /// Takes the place nearest to the told number, where it is clearly nearer than the next.
    fn choose_by_number(&mut self, drift: isize) {
        let Some(told) = self.hunk.line.filter(|_| self.lines.len() > 1) else {
            return;
        };
        let expected = told.saturating_sub(1).saturating_add_signed(drift);
        let mut by_distance: Vec<(usize, usize)> = self
            .lines
            .iter()
            .map(|line| (line.abs_diff(expected), *line))
            .collect();
        by_distance.sort_unstable();
        if let [(near, line), (next, _), ..] = by_distance[..]
            && near <= WINDOW
            && (near == 0 || next > 2 * near)
        {
            self.lines = vec![line];
        }
    }

    fn decide(self, page: &Page<'_>) -> Result<Found<'h>, String> {
        match (self.only(), self.lines.len()) {
            (Some(line), _) => {
                let tier = self.tier;
                Ok((self.hunk, At { line, tier }))
            }
            (None, 0) => Err(missing(page, &self.hunk)),
            (None, several) => Err(format!(
                "its lines stand in {} places and nothing says which one is meant",
                if self.more {
                    format!("more than {MAX_PLACES}")
                } else {
                    several.to_string()
                }
            )),
        }
    }
}

/// Why a hunk has no place, with the line that is missing where just one is.
fn missing(page: &Page<'_>, hunk: &LineHunk) -> String {
    if page.is_spent() {
        return GIVEN_UP.to_owned();
    }
    if hunk.old().next().is_none() {
        return "it only adds lines and does not say next to which".to_owned();
    }
    let absent: Vec<&str> = hunk
        .old()
        .filter(|line| !line.trim().is_empty() && !page.has(line))
        .collect();
    match absent.as_slice() {
        [] => "its lines are in the file, but not together".to_owned(),
        [line] => format!(
            "the line `{}` is not in the file",
            crate::sanitize::line(line, 120)
        ),
        [line, rest @ ..] => format!(
            "the line `{}` and {} more are not in the file",
            crate::sanitize::line(line, 120),
            rest.len()
        ),
    }
}
