//! Two proposals side by side: what they have in common, and what cannot be taken from both.

use super::{FileAction, FileChange, Hunk, PartKind, Proposal, Standing, rebase};
use crate::edit::TextEdit;
use crate::path::RelPath;
use crate::text::{Text, TextRange};
use rustc_hash::FxHashMap;

/// What another proposal has to say to a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It wants the same, by its part with this number.
    Same(usize),
    /// It wants something else at the same place, by its parts with these numbers, in order.
    Clash(Vec<usize>),
    /// Nothing: both can be taken.
    Apart,
}

/// For each part of `ours`, in order, what `theirs` has to say to it.
///
/// The texts that the two were made from may differ by what the user has typed in between: a part is compared where its
/// lines are in the other text. Hunks whose lines touch are not apart, as in git's merges.
pub fn compare(ours: &Proposal, theirs: &Proposal) -> Vec<Relation> {
    let others = Others::of(theirs);
    ours.files
        .iter()
        .flat_map(|it| others.relations(it))
        .collect()
}

/// The other proposal, by path.
struct Others<'p> {
    /// What happens to the file of that path: the change, and the number of its first part.
    files: FxHashMap<&'p RelPath, (&'p FileChange, usize)>,
    /// The part by which a file of that path comes to be.
    coming: FxHashMap<&'p RelPath, usize>,
}

impl<'p> Others<'p> {
    fn of(proposal: &'p Proposal) -> Self {
        let mut files = FxHashMap::default();
        let mut coming = FxHashMap::default();
        for part in proposal.parts() {
            let path = &part.file.path;
            files.entry(path).or_insert((part.file, part.number));
            match part.kind {
                PartKind::Create => drop(coming.insert(path, part.number)),
                PartKind::Rename(to) => drop(coming.insert(to, part.number)),
                PartKind::Hunk(..) | PartKind::Mode(_) | PartKind::Delete => {}
            }
        }
        Self { files, coming }
    }

    /// The relations of all parts of a file.
    fn relations(&self, ours: &FileChange) -> Vec<Relation> {
        let theirs = self.files.get(&ours.path).copied();
        let hunks = match (&ours.action, theirs) {
            (FileAction::Edit { base, hunks, .. }, Some((theirs, first))) => {
                hunk_relations(base, hunks, theirs, first)
            }
            _ => Vec::new(),
        };
        let mut hunks = hunks.into_iter();
        let parts = ours.parts().into_iter().map(|kind| match kind {
            PartKind::Hunk(..) => hunks.next().unwrap_or(Relation::Apart),
            PartKind::Rename(to) => self.whole(
                ours,
                Some(to),
                |other| matches!(other, PartKind::Rename(other) if other == to),
            ),
            PartKind::Mode(ours_is) => self.whole(
                ours,
                None,
                |other| matches!(other, PartKind::Mode(it) if it == ours_is),
            ),
            PartKind::Create => self.created(ours),
            PartKind::Delete => self.deleted(ours),
        });
        parts.collect()
    }

    /// The relation of what changes a file, but not its text: with the same, with another value of it, with the end of
    /// the file, and with what else comes to its new path.
    fn whole(
        &self,
        ours: &FileChange,
        target: Option<&RelPath>,
        is_same: impl Fn(PartKind<'_>) -> bool,
    ) -> Relation {
        let parts = self.parts(&ours.path);
        if let Some((number, _)) = parts.iter().find(|(_, kind)| is_same(*kind)) {
            return Relation::Same(*number);
        }
        let clashes = |kind: PartKind<'_>| match kind {
            PartKind::Rename(_) => target.is_some(),
            PartKind::Mode(_) => target.is_none(),
            PartKind::Delete | PartKind::Create => true,
            PartKind::Hunk(..) => false,
        };
        let clashing = parts.iter().filter(|(_, kind)| clashes(*kind));
        let coming = target.and_then(|it| self.coming.get(it));
        let at_target = target.map(|it| self.parts(it)).unwrap_or_default();
        // A file that is there already stays in the way, unless it goes.
        let in_the_way = at_target.iter().filter(|it| !is_leaving(it.1));
        let numbers = clashing.chain(in_the_way).map(|it| it.0);
        clash(numbers.chain(coming.copied()))
    }

    fn created(&self, ours: &FileChange) -> Relation {
        let parts = self.parts(&ours.path);
        match (self.files.get(&ours.path), &parts[..]) {
            (Some((theirs, _)), [(number, PartKind::Create)]) if theirs.action == ours.action => {
                Relation::Same(*number)
            }
            _ => {
                let coming = self.coming.get(&ours.path).copied();
                clash(parts.iter().map(|it| it.0).chain(coming))
            }
        }
    }

    fn deleted(&self, ours: &FileChange) -> Relation {
        let parts = self.parts(&ours.path);
        match parts[..] {
            [(number, PartKind::Delete)] => Relation::Same(number),
            _ => {
                let coming = self.coming.get(&ours.path).copied();
                clash(parts.iter().map(|it| it.0).chain(coming))
            }
        }
    }

    /// The other's parts for a file, with their numbers.
    fn parts(&self, path: &RelPath) -> Vec<(usize, PartKind<'p>)> {
        match self.files.get(path) {
            Some((file, first)) => (*first..).zip(file.parts()).collect(),
            None => Vec::new(),
        }
    }
}

/// Whether a part makes room for another file of that path.
fn is_leaving(kind: PartKind<'_>) -> bool {
    matches!(kind, PartKind::Delete | PartKind::Rename(_))
}

/// A clash with these parts, if there are any.
fn clash(numbers: impl Iterator<Item = usize>) -> Relation {
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        Relation::Apart
    } else {
        Relation::Clash(numbers)
    }
}

/// The relations of hunks to what else shall happen to their file; `first` is the number of its first part.
fn hunk_relations(base: &Text, hunks: &[Hunk], theirs: &FileChange, first: usize) -> Vec<Relation> {
    let others = match &theirs.action {
        FileAction::Create { .. } | FileAction::Delete { .. } => {
            return vec![Relation::Clash(vec![first]); hunks.len()];
        }
        FileAction::Edit {
            base: their_base,
            hunks,
            ..
        } => effects_in(base, their_base, hunks),
    };
    let relation = |hunk: &Hunk| {
        let effect = Effect::of(base, &hunk.edits);
        if let Some(same) = others.iter().position(|it| it.1 == effect) {
            return Relation::Same(first + same);
        }
        let clashes = |(range, effect): &(TextRange, Effect)| {
            let touches = range.start <= hunk.range.end && hunk.range.start <= range.end;
            touches && *effect != Effect::Done
        };
        let numbers = (first..).zip(&others).filter(|it| clashes(it.1));
        clash(numbers.map(|it| it.0))
    };
    hunks.iter().map(relation).collect()
}

/// What hunks do, told in bytes of `base`: the range of each, and its effect.
fn effects_in(base: &Text, their_base: &Text, hunks: &[Hunk]) -> Vec<(TextRange, Effect)> {
    if base == their_base {
        let effects = hunks
            .iter()
            .map(|it| (it.range, Effect::of(base, &it.edits)));
        return effects.collect();
    }
    let follower = rebase(their_base, hunks, base);
    let standings = follower.standings(base).into_iter();
    let effects = standings
        .enumerate()
        .map(|(number, standing)| match standing {
            Standing::Open(edits) => (follower.range(number), Effect::of(base, &edits)),
            Standing::Applied => (follower.range(number), Effect::Done),
            Standing::Conflict => (follower.range(number), Effect::Unknown),
        });
    effects.collect()
}

/// What edits do to a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Effect {
    /// The smallest replacement that does all of it, as much as possible of it at the end. However hunks are cut, equal
    /// effects are equal.
    Replaces(TextEdit),
    /// Nothing any more.
    Done,
    /// It cannot be told.
    Unknown,
}

impl Effect {
    fn of(text: &Text, edits: &[TextEdit]) -> Self {
        let start = edits.first().map_or(0, |it| it.range.start);
        let end = edits.last().map_or(start, |it| it.range.end);
        let hunk = Hunk {
            range: TextRange::new(start, end),
            edits: edits.to_vec(),
        };
        let (old, new) = (text.slice(hunk.range), hunk.result(text));
        let pairs = old.chars().zip(new.chars());
        let head = pairs.take_while(|(a, b)| a == b).map(|it| it.0.len_utf8());
        let head: usize = head.sum();
        let pairs = old[head..].chars().rev().zip(new[head..].chars().rev());
        let tail = pairs.take_while(|(a, b)| a == b).map(|it| it.0.len_utf8());
        let tail: usize = tail.sum();
        Self::Replaces(TextEdit {
            range: TextRange::new(start + head, end - tail),
            new_text: new[head..new.len() - tail].to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
