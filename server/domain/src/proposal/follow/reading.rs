//! Reading a text as the base with some of its hunks applied.

use super::Held;
use super::judge::Verdict;
use super::pieces::Extent;

/// Most places at which one hunk of a stretch may begin before its text counts as ambiguous.
const MOST_PLACES: usize = 16;

/// What a text says of the hunks `held` in a stretch of the base: it must be as the base there, except that any of them
/// may be applied, and it must be possible to read it in one way only. `now` and `base` are the whole texts.
pub(super) fn read(extent: &Extent, held: &[Held], base: &str, now: &str) -> Vec<Verdict> {
    let text = &now[extent.now.as_range()];
    if text == &base[extent.base.as_range()] {
        let place = |it: &Held| it.hunk.range.start - extent.base.start + extent.now.start;
        let verdicts = held.iter().map(|it| Verdict::Open(place(it)));
        return verdicts.collect();
    }
    let Some(places) = Places::find(text, extent, held, base) else {
        return vec![Verdict::Conflict; held.len()];
    };
    let verdicts = held.iter().enumerate().map(|(number, held)| {
        let stands = |place: &usize, what: &str| {
            ahead(text, *place, what).is_some_and(|end| places.after[number + 1].contains(&end))
        };
        let mut ways = places.before[number].iter().flat_map(|place| {
            let open = Verdict::Open(extent.now.start + place);
            let open = stands(place, held.old(base)).then_some(open);
            let applied = stands(place, &held.result).then_some(Verdict::Applied);
            open.into_iter().chain(applied)
        });
        match (ways.next(), ways.next()) {
            (Some(only), None) => only,
            _ => Verdict::Conflict,
        }
    });
    verdicts.collect()
}

/// Where things may stand in a text.
struct Places {
    /// For each hunk, where it may begin when everything before it is as it should be.
    before: Vec<Vec<usize>>,
    /// For what is unchanged before each hunk and after the last, where it may begin when everything from there on is.
    after: Vec<Vec<usize>>,
}

impl Places {
    /// `None` when there are too many ways.
    fn find(text: &str, extent: &Extent, held: &[Held], base: &str) -> Option<Self> {
        let unchanged = unchanged(extent, held, base);
        let mut before = Vec::new();
        let mut places = vec![0];
        for (held, same) in held.iter().zip(&unchanged) {
            places = steps(&places, &[same], |at, what| ahead(text, at, what))?;
            before.push(places.clone());
            let ways = [held.old(base), &held.result];
            places = steps(&places, &ways, |at, what| ahead(text, at, what))?;
        }
        let mut after = Vec::new();
        let mut places = vec![text.len()];
        for (number, same) in unchanged.iter().enumerate().rev() {
            places = steps(&places, &[same], |at, what| back(text, at, what))?;
            after.push(places.clone());
            if let Some(held) = number.checked_sub(1).map(|it| &held[it]) {
                let ways = [held.old(base), &held.result];
                places = steps(&places, &ways, |at, what| back(text, at, what))?;
            }
        }
        after.reverse();
        Some(Self { before, after })
    }
}

/// The text of the base before, between and after some hunks.
fn unchanged<'b>(extent: &Extent, held: &[Held], base: &'b str) -> Vec<&'b str> {
    let starts = held.iter().map(|it| it.hunk.range.end);
    let ends = held.iter().map(|it| it.hunk.range.start);
    let starts = std::iter::once(extent.base.start).chain(starts);
    let ends = ends.chain(std::iter::once(extent.base.end));
    starts
        .zip(ends)
        .map(|(start, end)| &base[start..end])
        .collect()
}

/// The places that some texts lead to, each once; `None` when they are too many.
fn steps(
    from: &[usize],
    texts: &[&str],
    step: impl Fn(usize, &str) -> Option<usize>,
) -> Option<Vec<usize>> {
    let ways = from
        .iter()
        .flat_map(|at| texts.iter().map(move |text| (*at, *text)));
    let mut to: Vec<usize> = ways.filter_map(|(at, text)| step(at, text)).collect();
    to.sort_unstable();
    to.dedup();
    (to.len() <= MOST_PLACES).then_some(to)
}

/// Where a text ends that begins at `at`, if it stands there.
fn ahead(text: &str, at: usize, what: &str) -> Option<usize> {
    text[at..].starts_with(what).then_some(at + what.len())
}

/// Where a text begins that ends at `at`, if it stands there.
fn back(text: &str, at: usize, what: &str) -> Option<usize> {
    text[..at].ends_with(what).then(|| at - what.len())
}
