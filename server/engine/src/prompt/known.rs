//! What an agent is told of earlier rounds, so that it neither repeats itself nor what the user did not want.

use super::code::write_fenced;
use super::pieces::Piece;
use super::words::{gap, start};
use super::{File, Input};
use domain::path::RelPath;
use domain::sanitize;
use std::fmt::Write;

/// Most bytes of this in one prompt; beyond, it is cut and says so.
pub(super) const MAX: usize = 4 * 1024;
/// Longest title, and longest reason, in characters.
const MAX_WORDS: usize = 120;

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The file.
    pub(crate) path: RelPath,
    /// What the agent said of it before.
    pub(crate) said: Vec<KnownRemark>,
    /// What the user dismissed, by whomever it was said.
    pub(crate) dismissed: Vec<Dismissed>,
}

/// An open finding of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownRemark {
    /// Its first line, 1-based.
    pub(crate) line: usize,
    /// Its title.
    pub(crate) title: String,
    /// It is on lines that are reviewed now.
    pub(crate) is_asked: bool,
}

/// A finding that the user does not want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dismissed {
    /// Its title.
    pub(crate) title: String,
    /// Why.
    pub(crate) reason: Option<String>,
}

/// Writes what is known of the files of a prompt; nothing when nothing is.
pub(super) fn write(out: &mut String, input: &Input<'_>, files: &[File<'_>], pieces: &[Piece]) {
    let is_here = |known: &&Known| {
        let mut paths = pieces.iter().map(|it| &files[it.file].target.path);
        paths.any(|it| *it == known.path)
    };
    let mut list = String::new();
    let mut left_out = 0;
    for known in input.known.iter().filter(is_here) {
        for line in lines(known) {
            if list.len() + line.len() < MAX - INTRODUCTION.len() - 200 {
                list.push_str(&line);
            } else {
                left_out += 1;
            }
        }
    }
    if list.is_empty() {
        return;
    }
    if left_out > 0 {
        let _ = writeln!(list, "and {left_out} more");
    }
    start(out, "# What is known already");
    out.push_str(INTRODUCTION);
    gap(out);
    write_fenced(out, "", &list);
}

const INTRODUCTION: &str = "\
From earlier rounds. `known`: you reported it, it is kept, do not report it again. `check`: you reported it, and its lines \
are reviewed now; if it still holds, report it again with the same title, else leave it out. `dismissed`: the user does not \
want it, for the reason given; do not report it again in any words. A fault that is not listed is to be reported as ever.
";

fn lines(known: &Known) -> impl Iterator<Item = String> {
    let words = |it: &str| sanitize::line(it, MAX_WORDS);
    let path = &known.path;
    let said = known.said.iter().map(move |it| {
        let what = if it.is_asked { "check" } else { "known" };
        format!("{what}: {path}:{}: {}\n", it.line, words(&it.title))
    });
    let dismissed = known.dismissed.iter().map(move |it| {
        let reason = it.reason.as_deref().map(words).filter(|it| !it.is_empty());
        let reason = reason.map(|it| format!(" (because: {it})"));
        format!(
            "dismissed: {path}: {}{}\n",
            words(&it.title),
            reason.unwrap_or_default()
        )
    });
    said.chain(dismissed)
}
