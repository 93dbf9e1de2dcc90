//! Random schedules of edits: no hunk may be applied anywhere but at its own lines.
//!
//! The model gives every character an identity and lets it go through everything a user does; what a client tells the
//! follower is less: some replacement that leads to the same text.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::edit;
use crate::proposal::{FileAction, FileChange};
use proptest::prelude::*;
use proptest::sample::Index;
use std::cell::Cell;

/// Schedules per run.
const SCHEDULES: u32 = 10_000;

/// Who a character is: which one of the base, or which one of those that the user or the agent has typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Base(usize),
    Typed(usize),
    /// About to be typed.
    New,
}

type Chars = Vec<(char, Id)>;

/// Who is before and after a place.
type Neighbours = (Option<Id>, Option<Id>);

/// How a client tells that a text has become another.
#[derive(Clone, Copy, Debug)]
enum Wire {
    /// As it was done.
    Exact,
    /// The smallest replacement, as much as possible of it at the end.
    HeadFirst,
    /// The smallest replacement, as much as possible of it at the start.
    TailFirst,
    /// The smallest replacement of whole lines.
    Lines,
    /// Everything.
    Whole,
}

#[derive(Clone, Debug)]
enum Op {
    Type(Index, &'static str, bool),
    Delete(Index, usize),
    DeleteLines(Index, usize),
    MoveLine(Index, Index),
    CopyLine(Index, Index),
    Format(Index, Vec<u8>, Wire),
    ReplaceAll(&'static str, &'static str, Wire),
    Apply(Index, Wire),
    Undo(Wire),
    Redo(Wire),
}

fn wire() -> impl Strategy<Value = Wire> {
    prop::sample::select(vec![
        Wire::Exact,
        Wire::HeadFirst,
        Wire::TailFirst,
        Wire::Lines,
        Wire::Whole,
    ])
}

fn op() -> impl Strategy<Value = Op> {
    let index = any::<Index>;
    let typed = prop::sample::select(vec![
        "a",
        "b",
        "é",
        "\n",
        "a\n",
        "b\n",
        "a\nb\n",
        "\na",
        "x\n",
        " ",
        "\r\n",
        "a\r\n",
        "weighty_one\n",
        "\r",
    ]);
    prop_oneof![
        4 => (index(), typed, any::<bool>()).prop_map(|(at, text, slow)| Op::Type(at, text, slow)),
        2 => (index(), 1..6usize).prop_map(|(at, len)| Op::Delete(at, len)),
        2 => (index(), 1..4usize).prop_map(|(at, len)| Op::DeleteLines(at, len)),
        1 => (index(), index()).prop_map(|(from, to)| Op::MoveLine(from, to)),
        1 => (index(), index()).prop_map(|(from, to)| Op::CopyLine(from, to)),
        2 => (index(), prop::collection::vec(0..8u8, 1..7), wire()).prop_map(|(at, how, wire)| Op::Format(at, how, wire)),
        1 => (prop::sample::select(vec!["a", "b", "weighty", "\n"]), prop::sample::select(vec!["a", "b", "aa", ""]), wire())
            .prop_map(|(what, with, wire)| Op::ReplaceAll(what, with, wire)),
        2 => (index(), wire()).prop_map(|(hunk, wire)| Op::Apply(hunk, wire)),
        4 => wire().prop_map(Op::Undo),
        2 => wire().prop_map(Op::Redo),
    ]
}

/// A base and what the agent makes of it: lines kept, dropped, replaced, added.
fn texts() -> impl Strategy<Value = (String, String)> {
    let line = || {
        prop::sample::select(vec![
            "a\n",
            "a\n",
            "b\n",
            "\n",
            "  a\n",
            "é\n",
            "a\r\n",
            "weighty_one\n",
            "weighty_two\n",
        ])
    };
    let lines = prop::collection::vec((line(), 0..8u8, line()), 0..16);
    (lines, any::<bool>(), any::<bool>()).prop_map(|(lines, base_cut, new_cut)| {
        let base: String = lines.iter().map(|it| it.0).collect();
        let new = lines.iter().map(|(old, how, new)| match how {
            0 => String::new(),
            1 => (*new).to_owned(),
            2 => format!("{old}{new}"),
            3 => format!("{new}{old}"),
            _ => (*old).to_owned(),
        });
        let new: String = new.collect();
        let cut = |text: String, is_cut| match text.strip_suffix('\n') {
            Some(it) if is_cut => it.to_owned(),
            _ => text,
        };
        (cut(base, base_cut), cut(new, new_cut))
    })
}

fn string(chars: &[(char, Id)]) -> String {
    chars.iter().map(|it| it.0).collect()
}

fn typed(text: &str) -> Chars {
    text.chars().map(|it| (it, Id::New)).collect()
}

/// Where each line begins, in characters, and the end.
fn line_starts(chars: &[(char, Id)]) -> Vec<usize> {
    let mut starts = vec![0];
    for at in 0..chars.len() {
        let is_end = chars[at].0 == '\n'
            || (chars[at].0 == '\r' && chars.get(at + 1).is_none_or(|it| it.0 != '\n'));
        if is_end && at + 1 < chars.len() {
            starts.push(at + 1);
        }
    }
    starts.push(chars.len());
    starts
}

/// One replacement in characters: from, to, and what comes there.
type Step = (usize, usize, Chars);

/// The replacement by which a client tells that one text became another.
fn told(from: &[(char, Id)], to: &[(char, Id)], wire: Wire) -> Step {
    let most = from.len().min(to.len());
    let same = |a: &(char, Id), b: &(char, Id)| a.0 == b.0;
    let mut head = from.iter().zip(to).take_while(|(a, b)| same(a, b)).count();
    let pairs = from.iter().rev().zip(to.iter().rev());
    let mut tail = pairs.take_while(|(a, b)| same(a, b)).count();
    match wire {
        Wire::Whole => (head, tail) = (0, 0),
        Wire::TailFirst => head = head.min(most - tail),
        Wire::Lines => {
            tail = tail.min(most - head);
            let starts =
                |at: &usize| line_starts(from).contains(at) && line_starts(to).contains(at);
            head = (0..=head).rev().find(|at| starts(at)).unwrap_or(0);
            let (a, b) = (line_starts(from), line_starts(to));
            let is_start =
                |tail: &usize| a.contains(&(from.len() - tail)) && b.contains(&(to.len() - tail));
            tail = (0..=tail).rev().find(is_start).unwrap_or(0);
        }
        _ => tail = tail.min(most - head),
    }
    (head, from.len() - tail, to[head..to.len() - tail].to_vec())
}

struct Model {
    base: String,
    base_chars: Chars,
    hunks: Vec<Hunk>,
    chars: Chars,
    /// The same, if undo brings back the very characters that were there, whatever a client tells.
    ideal: Chars,
    /// The same, if what is told happens to the very characters to which it is told, even where that swaps equal lines.
    told: Chars,
    text: Text,
    follower: Follower,
    past: Vec<(Chars, Chars, Vec<Step>)>,
    future: Vec<(Chars, Chars, Vec<Step>)>,
    /// Whether something was told to have happened to a hunk's lines.
    touched: Vec<bool>,
    /// What went, and from between which characters.
    graves: Vec<(Chars, Neighbours)>,
    /// How many characters were typed.
    typed: usize,
    /// The texts so far, for whoever reads a failure.
    trail: Vec<String>,
}

impl Model {
    fn new(base: &str, new: &str) -> Self {
        let text = Text::new(base);
        let path = crate::path::RelPath::try_from("f".to_owned()).unwrap();
        let change = FileChange::edit(path, text.clone(), &Text::new(new));
        let hunks = match change.map(|it| it.action) {
            Some(FileAction::Edit { hunks, .. }) => hunks,
            _ => Vec::new(),
        };
        let chars: Chars = base
            .char_indices()
            .map(|(at, it)| (it, Id::Base(at)))
            .collect();
        Self {
            base: base.to_owned(),
            base_chars: chars.clone(),
            ideal: chars.clone(),
            told: chars.clone(),
            follower: Follower::new(&text, &hunks),
            touched: vec![false; hunks.len()],
            hunks,
            chars,
            text,
            past: Vec::new(),
            future: Vec::new(),
            graves: Vec::new(),
            typed: 0,
            trail: vec![base.to_owned()],
        }
    }

    fn byte(&self, at: usize) -> usize {
        self.chars[..at].iter().map(|it| it.0.len_utf8()).sum()
    }

    /// Does one replacement and tells the follower.
    fn step(&mut self, (from, to, new): &Step) {
        let range = TextRange::new(self.byte(*from), self.byte(*to));
        for (number, hunk) in self.hunks.iter().enumerate() {
            let own = self.own_place(&self.chars, hunk);
            self.touched[number] |=
                own.is_none_or(|it| range.start < it + hunk.range.len() && range.end > it);
        }
        let change = self.text.replace(range, &string(new));
        self.follower.follow(change);
        let now = self.text.to_string();
        self.trail.push(format!("{change:?} -> {now:?}"));
        let gone: Chars = self.chars.drain(from..to).collect();
        let new = self.identified(*from, new);
        let neighbours = self.neighbours(*from);
        self.graves
            .extend((!gone.is_empty()).then_some((gone, neighbours)));
        self.ideal.splice(from..to, new.iter().copied());
        self.tell(*from, *to, &new);
        self.chars.splice(from..from, new);
        assert_eq!(now, string(&self.chars));
    }

    /// What is told happens to the characters to which it is told, be there equal ones or not. None of them is there twice.
    fn tell(&mut self, from: usize, to: usize, new: &[(char, Id)]) {
        self.told.drain(from..to);
        let new = new.iter().map(|it| {
            if !self.told.contains(it) {
                return *it;
            }
            self.typed += 1;
            (it.0, Id::Typed(self.typed))
        });
        let new: Chars = new.collect();
        self.told.splice(from..from, new);
    }

    /// What comes gets identities. No character can be there twice: one that comes while it is still there is another
    /// one. But what was typed where the same text had gone is that.
    fn identified(&mut self, at: usize, new: &[(char, Id)]) -> Chars {
        let (before, after) = self.neighbours(at);
        let graves = self.graves.iter().rev();
        let mut graves = graves.filter(|it| it.1.0 == before || it.1.1 == after);
        let is_typed = new.iter().all(|it| it.1 == Id::New);
        let grave = graves.find(|it| is_typed && string(&it.0) == string(new));
        let new = grave.map_or(new, |it| &it.0).to_vec();
        let new = new.into_iter().map(|it| {
            if it.1 != Id::New && !self.chars.contains(&it) {
                return it;
            }
            self.typed += 1;
            (it.0, Id::Typed(self.typed))
        });
        new.collect()
    }

    fn neighbours(&self, at: usize) -> Neighbours {
        let before = at.checked_sub(1).map(|it| self.chars[it].1);
        (before, self.chars.get(at).map(|it| it.1))
    }

    /// Does something new.
    fn act(&mut self, steps: Vec<Step>) {
        let before = (self.chars.clone(), self.ideal.clone());
        let mut undo = Vec::new();
        for step in steps {
            let gone = self.chars[step.0..step.1].to_vec();
            undo.insert(0, (step.0, step.0 + step.2.len(), gone));
            self.step(&step);
        }
        // To swap equal lines is to do nothing.
        if string(&before.0) == string(&self.chars) {
            (self.chars, self.ideal) = before.clone();
        }
        self.past.push((before.0, before.1, undo));
        self.future.clear();
    }

    /// Undoes or redoes. What a client does not tell has not happened to the characters there.
    fn go(&mut self, back: bool, wire: Wire) {
        let entry = if back {
            self.past.pop()
        } else {
            self.future.pop()
        };
        let Some((target, ideal, steps)) = entry else {
            return;
        };
        let before = (self.chars.clone(), self.ideal.clone());
        let mut inverse = Vec::new();
        let steps = match wire {
            Wire::Exact => steps,
            _ => vec![told(&self.chars, &target, wire)],
        };
        for step in steps {
            let gone = self.chars[step.0..step.1].to_vec();
            inverse.insert(0, (step.0, step.0 + step.2.len(), gone));
            self.step(&step);
        }
        assert_eq!(string(&self.chars), string(&target));
        self.ideal = ideal;
        let stack = if back {
            &mut self.future
        } else {
            &mut self.past
        };
        stack.push((before.0, before.1, inverse));
    }

    fn run(&mut self, op: &Op) {
        let (len, chars) = (self.chars.len(), self.chars.clone());
        let starts = line_starts(&chars);
        let line = |at: &Index| {
            let at = at.index(starts.len());
            (starts[at], starts[(at + 1).min(starts.len() - 1)])
        };
        match op {
            Op::Type(at, text, slow) => {
                let at = at.index(len + 1);
                let steps = if *slow {
                    let chars = typed(text);
                    (0..)
                        .zip(chars)
                        .map(|(number, it)| (at + number, at + number, vec![it]))
                        .collect()
                } else {
                    vec![(at, at, typed(text))]
                };
                self.act(steps);
            }
            Op::Delete(at, count) => {
                let at = at.index(len + 1);
                self.act(vec![(at, (at + count).min(len), Vec::new())]);
            }
            Op::DeleteLines(at, count) => {
                let at = at.index(starts.len());
                let end = starts[(at + count).min(starts.len() - 1)];
                self.act(vec![(starts[at], end, Vec::new())]);
            }
            Op::MoveLine(from, to) => {
                let (start, end) = line(from);
                let lifted = typed(&string(&chars[start..end]));
                let mut to = starts[to.index(starts.len())];
                if to > start {
                    to = to.max(end) - (end - start);
                }
                self.act(vec![(start, end, Vec::new()), (to, to, lifted)]);
            }
            Op::CopyLine(from, to) => {
                let (start, end) = line(from);
                let to = starts[to.index(starts.len())];
                self.act(vec![(to, to, typed(&string(&chars[start..end])))]);
            }
            Op::Format(at, how, wire) => {
                let first = at.index(starts.len());
                let mut lines = starts[first..]
                    .windows(2)
                    .map(|it| chars[it[0]..it[1]].to_vec());
                let mut new = Chars::new();
                let mut end = starts[first];
                for (how, mut line) in how.iter().zip(&mut lines) {
                    end += line.len();
                    match how {
                        0 => continue,
                        1 => line.splice(0..0, typed("  ")).for_each(drop),
                        2 => line.retain(|it| it.0 != ' '),
                        3 => line.extend(typed("a\n")),
                        4 => line.splice(0..0, typed("\n")).for_each(drop),
                        _ => {}
                    }
                    new.extend(line);
                }
                let steps = match wire {
                    Wire::Exact | Wire::Whole => vec![(starts[first], end, new)],
                    _ => {
                        let mut to = chars[..starts[first]].to_vec();
                        to.extend(new);
                        to.extend_from_slice(&chars[end..]);
                        vec![told(&chars, &to, *wire)]
                    }
                };
                self.act(steps);
            }
            Op::ReplaceAll(what, with, wire) => {
                let text = string(&chars);
                let mut steps: Vec<Step> = text
                    .match_indices(what)
                    .map(|(at, _)| {
                        let from = text[..at].chars().count();
                        (from, from + what.chars().count(), typed(with))
                    })
                    .collect();
                steps.reverse();
                self.act(self.as_told(steps, *wire));
            }
            Op::Apply(hunk, wire) => {
                if self.hunks.is_empty() {
                    return;
                }
                let hunk = hunk.index(self.hunks.len());
                let Standing::Open(edits) = self.follower.standing(hunk, &self.text) else {
                    return;
                };
                let char_at = |byte: usize| string(&chars)[..byte].chars().count();
                let steps = edits.iter().rev().map(|it| {
                    (
                        char_at(it.range.start),
                        char_at(it.range.end),
                        typed(&it.new_text),
                    )
                });
                let steps = steps.collect();
                self.act(self.as_told(steps, *wire));
                // A client may tell it as something that happened to equal lines nearby, and what the user had typed may
                // make up for it.
                let is_told_elsewhere = !matches!(wire, Wire::Exact)
                    && self.own_place(&self.chars, &self.hunks[hunk]).is_some();
                if let Standing::Open(edits) = self.follower.standing(hunk, &self.text) {
                    let hunk = &self.hunks[hunk];
                    let place = hunk.range.start + edits[0].range.start - hunk.edits[0].range.start;
                    assert!(
                        is_told_elsewhere || self.is_restored(hunk, place),
                        "still open after it was applied: {hunk:?} {:#?}",
                        self.trail
                    );
                }
            }
            Op::Undo(wire) => self.go(true, *wire),
            Op::Redo(wire) => self.go(false, *wire),
        }
    }

    /// The steps as a client tells them. What it does not tell has not happened to the characters there.
    fn as_told(&self, steps: Vec<Step>, wire: Wire) -> Vec<Step> {
        if matches!(wire, Wire::Exact) {
            return steps;
        }
        let mut to = self.chars.clone();
        for (from, end, new) in steps {
            to.splice(from..end, new);
        }
        vec![told(&self.chars, &to, wire)]
    }

    /// Checks every hunk; counts those whose lines stand untouched, and those of them that are not open.
    fn check(&self, untouched: &Cell<usize>, missed: &Cell<usize>) {
        let now = self.text.to_string();
        let standings = self.follower.standings(&self.text);
        let mut all = Vec::new();
        for (number, (hunk, standing)) in self.hunks.iter().zip(&standings).enumerate() {
            assert_eq!(standing, &self.follower.standing(number, &self.text));
            let range = self.follower.range(number);
            assert!(range.end <= now.len());
            let own = self.own_place(&self.chars, hunk);
            let is_inner = hunk.range.start > 0 && hunk.range.end < self.base.len();
            let is_untouched = is_inner && own.is_some() && !self.touched[number];
            untouched.set(untouched.get() + usize::from(is_untouched));
            match standing {
                Standing::Open(edits) => {
                    let shift = |edit: &TextEdit| {
                        edit.range.start as isize - hunk.edits[0].range.start as isize
                    };
                    let place = (hunk.range.start as isize + shift(&edits[0])) as usize;
                    for (edit, of_hunk) in edits.iter().zip(&hunk.edits) {
                        assert_eq!(
                            edit.range.start as isize - of_hunk.range.start as isize,
                            shift(&edits[0])
                        );
                        assert!(
                            place <= edit.range.start && edit.range.end <= place + hunk.range.len()
                        );
                    }
                    assert_eq!(
                        &now[place..place + hunk.range.len()],
                        &self.base[hunk.range.as_range()]
                    );
                    assert!(
                        self.is_right(hunk, place),
                        "{hunk:?} at byte {place}, its own are at {own:?}: {:#?}",
                        self.trail
                    );
                    // Whatever else the user has typed stays.
                    let after = edit::apply(&self.text, edits).unwrap().to_string();
                    assert!(after.starts_with(&now[..place]));
                    assert!(after.ends_with(&now[place + hunk.range.len()..]));
                    all.extend(edits.clone());
                }
                Standing::Applied => assert!(now.contains(&hunk.result(&Text::new(&self.base)))),
                Standing::Conflict => {
                    assert!(now != self.base, "conflict without a change");
                    missed.set(missed.get() + usize::from(is_untouched));
                }
            }
        }
        edit::apply(&self.text, &all).expect("open hunks can be applied together");
    }

    /// Whether the text at a place is the hunk's own.
    fn is_right(&self, hunk: &Hunk, place: usize) -> bool {
        if self.text.to_string() == self.base {
            return place == hunk.range.start;
        }
        let is_own = |chars| self.own_place(chars, hunk) == Some(place);
        is_own(&self.chars)
            || is_own(&self.ideal)
            || is_own(&self.told)
            || self.is_restored(hunk, place)
            || self.is_unmistakable(hunk)
    }

    /// Where the hunk's own characters stand in one piece.
    fn own_place(&self, chars: &[(char, Id)], hunk: &Hunk) -> Option<usize> {
        let wanted = self.base_chars.iter().filter(|it| match it.1 {
            Id::Base(at) => hunk.range.start <= at && at < hunk.range.end,
            _ => false,
        });
        let wanted: Vec<_> = wanted.collect();
        let first = wanted.first()?;
        let at = chars.iter().position(|it| it == *first)?;
        let stand = chars[at..].iter().take(wanted.len());
        let is_line =
            |text: &[(char, Id)], at: usize| text.len() == at || line_starts(text).contains(&at);
        let end = at + wanted.len();
        let is_whole = is_line(chars, at) && is_line(chars, end);
        (stand.eq(wanted.iter().copied()) && is_whole).then(|| string(&chars[..at]).len())
    }

    /// Whether the hunk's lines were typed again where they were: everything from there to a character of the base or to
    /// an edge of the file is gone, or as in the base, any hunk applied or not.
    fn is_restored(&self, hunk: &Hunk, place: usize) -> bool {
        let own = |at: usize| {
            let found = self.chars.iter().position(|it| it.1 == Id::Base(at))?;
            Some(self.byte(found))
        };
        // Some of it is its own, at the right distance: the rest was typed around that as it was.
        let is_anchored = |at: usize| own(at) == Some(at - hunk.range.start + place);
        if hunk.range.as_range().any(is_anchored) {
            return true;
        }
        let (now, end) = (self.text.to_string(), hunk.range.end);
        let place_end = place + hunk.range.len();
        let is_other = |at: &usize| own(*at).is_some_and(|it| (place..place_end).contains(&it));
        let starts = (0..hunk.range.start).filter_map(|at| Some((at, own(at)?)));
        let starts = starts.filter(|it| it.1 < place);
        let ends = (end..self.base.len()).filter_map(|at| Some((at, own(at)?)));
        let ends = ends.filter(|it| it.1 >= place_end);
        // A character's own byte is not between.
        let step = |(base, at): (usize, usize)| {
            let len = now[at..].chars().next().map_or(0, char::len_utf8);
            (base + len, at + len)
        };
        let start = [(0, 0)].into_iter().chain(starts.map(step));
        let before: Vec<_> = start
            .map(|(base, at)| (base..hunk.range.start, &now[at..place]))
            .collect();
        let after: Vec<_> = ends
            .chain([(self.base.len(), now.len())])
            .map(|(base, at)| (end..base, &now[place_end..at]))
            .collect();
        let is_gone =
            |sides: &[(std::ops::Range<usize>, &str)]| sides.iter().any(|it| it.1.is_empty());
        let is_same = |sides: &[(std::ops::Range<usize>, &str)]| {
            sides.iter().any(|it| self.is_as(it.0.clone(), it.1))
        };
        let others = (0..self.base.len()).filter(|it| !hunk.range.as_range().contains(it));
        let is_typed = !{ others }.any(|at| is_other(&at));
        (is_same(&before) && is_same(&after))
            || (is_typed
                && (is_gone(&before) || is_gone(&after) || is_same(&before) || is_same(&after)))
    }

    /// Whether a text is what stands in the base, with some hunks applied.
    fn is_as(&self, base: std::ops::Range<usize>, text: &str) -> bool {
        let inside = self
            .hunks
            .iter()
            .find(|it| it.range.start >= base.start && it.range.end <= base.end);
        let Some(hunk) = inside else {
            return self.base[base] == *text;
        };
        let Some(rest) = text.strip_prefix(&self.base[base.start..hunk.range.start]) else {
            return false;
        };
        let result = hunk.result(&Text::new(&self.base));
        let ways = [&self.base[hunk.range.as_range()], &result];
        let mut rests = ways.into_iter().filter_map(|it| rest.strip_prefix(it));
        let left = hunk.range.end..base.end;
        rests.any(|rest| self.is_as_after(hunk, left.clone(), rest))
    }

    fn is_as_after(&self, hunk: &Hunk, left: std::ops::Range<usize>, rest: &str) -> bool {
        if hunk.range.is_empty() {
            return rest.is_empty();
        }
        self.is_as(left, rest)
    }

    /// Whether the hunk says much, and its first and last line stand once in the base and once now.
    fn is_unmistakable(&self, hunk: &Hunk) -> bool {
        let (old, now) = (&self.base[hunk.range.as_range()], self.text.to_string());
        let lines = |text: &str| -> Vec<String> {
            let parts = text.split(['\n', '\r']).filter(|it| !it.is_empty());
            parts.map(str::to_owned).collect()
        };
        let count = |text: &str, line: &String| lines(text).iter().filter(|it| *it == line).count();
        let is_single = |line: &String| count(&self.base, line) == 1 && count(&now, line) == 1;
        old.chars().filter(|it| it.is_alphanumeric()).count() >= 8
            && lines(old).first().is_some_and(is_single)
            && lines(old).last().is_some_and(is_single)
    }
}

#[test]
fn a_hunk_is_applied_at_its_own_lines_or_not_at_all() {
    let (untouched, missed) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig {
        cases: SCHEDULES,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let ops = prop::collection::vec(op(), 1..14);
    proptest!(config, |((base, new) in texts(), ops in ops)| {
        let mut model = Model::new(&base, &new);
        model.check(&untouched, &missed);
        for op in &ops {
            model.run(op);
            model.check(&untouched, &missed);
        }
    });
    // What is not known for sure is a conflict, but that must stay rare.
    assert!(
        missed.get() * 100 < untouched.get(),
        "{missed:?} of {untouched:?}"
    );
}
