//! Whether lines of a text are those that somebody wrote: told by the lines themselves, wherever they stand by now.

use std::collections::{BTreeMap, BTreeSet};

/// The lines that changes of one author brought to a file, and those that they took from it. Blank lines and white space at
/// the end of lines say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Lines that came, and how often one change brought each at most.
    came: BTreeMap<String, usize>,
    /// Lines that went.
    went: BTreeSet<String>,
}

/// How often each line stands in a text.
#[derive(Clone, Debug, Default)]
pub struct Counts(BTreeMap<String, usize>);

/// A place of a text that differs from before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    came: Vec<String>,
    went: Vec<String>,
}

impl Counts {
    /// Of these lines.
    pub fn of(lines: impl Iterator<Item = impl AsRef<str>>) -> Self {
        let mut counts = BTreeMap::new();
        for line in lines {
            if let Some(line) = bare(line.as_ref()) {
                *counts.entry(line.to_owned()).or_default() += 1;
            }
        }
        Self(counts)
    }
}

impl Place {
    /// Adds lines that came, and those that went where none came.
    pub fn add(
        &mut self,
        came: impl Iterator<Item = impl AsRef<str>>,
        went: impl Iterator<Item = impl AsRef<str>>,
    ) {
        let owned = |it: &str| bare(it).map(str::to_owned);
        self.came.extend(came.filter_map(|it| owned(it.as_ref())));
        self.went.extend(went.filter_map(|it| owned(it.as_ref())));
    }
}

impl Written {
    /// What one change did.
    pub fn of(came: &Counts, went: &Counts) -> Self {
        Self {
            came: came.0.clone(),
            went: went.0.keys().cloned().collect(),
        }
    }
    /// Adds what another change did. Two that brought the same line may have brought the same one.
    pub fn add(&mut self, other: &Self) {
        for (line, count) in &other.came {
            let most = self.came.entry(line.clone()).or_default();
            *most = (*most).max(*count);
        }
        self.went.extend(other.went.iter().cloned());
    }
    /// True when all of a place is of this author: every line that came is one that the author brought, every line that went
    /// one that the author took, and one of them that says something can be nobody else's: it stands no more often in the
    /// text now (`all`) than the author brought it. A line that others may have written, too, such as a closing bracket, proves
    /// nothing by itself.
    pub fn covers(&self, place: &Place, all: &Counts) -> bool {
        let is_own = |line: &String| {
            let now = all.0.get(line).copied().unwrap_or_default();
            says_something(line) && self.came.get(line).is_some_and(|brought| now <= *brought)
        };
        place.came.iter().all(|it| self.came.contains_key(it))
            && place.went.iter().all(|it| self.went.contains(it))
            && match place.came.as_slice() {
                [] => place.went.iter().any(|it| says_something(it)),
                came => came.iter().any(is_own),
            }
    }
    /// True when some line of a place that says something is among those that came or went.
    pub fn touches(&self, place: &Place) -> bool {
        let came = place.came.iter().filter(|it| self.came.contains_key(*it));
        let went = place.went.iter().filter(|it| self.went.contains(*it));
        came.chain(went).any(|it| says_something(it))
    }
}

/// A line without what does not count; `None` for a blank one.
fn bare(line: &str) -> Option<&str> {
    let line = line.trim_end();
    (!line.trim_start().is_empty()).then_some(line)
}

fn says_something(line: &str) -> bool {
    line.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> impl Iterator<Item = &str> {
        text.split('/').filter(|it| !it.is_empty())
    }

    fn written(came: &str, went: &str) -> Written {
        Written::of(&Counts::of(lines(came)), &Counts::of(lines(went)))
    }

    fn place(came: &str, went: &str) -> Place {
        let mut place = Place::default();
        place.add(lines(came), lines(went));
        place
    }

    #[test]
    fn a_place_is_the_authors_when_every_line_of_it_is() {
        // What the author brought and took; what came and went at the place; the text now.
        for (came, went, place_came, place_went, now, expected) in [
            ("a/b", "", "a/b", "", "x/a/b/y", true),
            // In another order, with blank lines and other line ends between.
            ("a/b", "", "b/  /a \r", "", "b/a", true),
            // A part of it.
            ("a/b/c", "", "b", "", "b", true),
            // One line is the user's.
            ("a/b", "", "a/u/b", "", "a/u/b", false),
            // Indented anew is another line.
            ("    a", "", "a", "", "a", false),
            // What stands elsewhere, too, may be the user's.
            ("a", "", "a", "", "a/x/a", false),
            ("a/b", "", "a/b", "", "a/b/x/a", true),
            // Brackets are nobody's.
            ("a/}", "", "}", "", "a/}", false),
            ("}", "", "}", "", "}", false),
            // Where lines only went.
            ("", "a/b", "", "a", "x", true),
            ("", "a/b", "", "a/u", "x", false),
            ("", "}", "", "}", "x", false),
            // The user took a line away next to what came.
            ("a", "", "a", "u", "a", false),
            // Nothing at all.
            ("a", "b", "", "", "a", false),
            ("a", "", "  ", "", "a", false),
        ] {
            let all = Counts::of(lines(now));
            assert_eq!(
                written(came, went).covers(&place(place_came, place_went), &all),
                expected,
                "{came:?} {went:?} | {place_came:?} {place_went:?} | {now:?}"
            );
        }
    }

    #[test]
    fn the_same_change_made_twice_brings_a_line_once() {
        let mut twice = written("a", "");
        twice.add(&written("a", ""));
        let (place, all) = (place("a", ""), Counts::of(lines("a/x/a")));
        assert!(!twice.covers(&place, &all));
    }

    proptest! {
        /// Whatever the author wrote is the author's, wherever it stands; with one line of the user's it is not.
        #[test]
        fn own_lines_are_covered_and_foreign_ones_never(
            own in prop::collection::vec("[ab]{1,3}|\\}|", 1..12),
            foreign in "u[ab]{0,3}",
            at in any::<prop::sample::Index>(),
            from in any::<prop::sample::Index>(),
        ) {
            let written = Written::of(&Counts::of(own.iter()), &Counts::default());
            let from = from.index(own.len());
            let mut came: Vec<String> = own[from..].to_vec();
            let telling = came.iter().any(|it| says_something(it));
            let mut place = Place::default();
            place.add(came.iter(), std::iter::empty::<&str>());
            // The rest of the file is what the author wrote, too.
            prop_assert_eq!(written.covers(&place, &Counts::of(own.iter())), telling);
            came.insert(at.index(came.len() + 1), foreign);
            let mut mixed = Place::default();
            mixed.add(came.iter(), std::iter::empty::<&str>());
            prop_assert!(!written.covers(&mixed, &Counts::of(came.iter())));
        }
    }
}
