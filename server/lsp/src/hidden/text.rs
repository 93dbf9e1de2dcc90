//! The list of what is hidden, as a person reads it: why, what, where, who said it, and how it is shown again.

use super::{By, Entry, List};
use crate::proto::to;
use crate::runs::count;
use domain::check::Outcome;
use domain::sanitize;
use engine::Why;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

/// Most remarks listed; the rest is counted.
const MAX_LISTED: usize = 2000;
/// Longest title and longest reason, in characters.
const MAX_TITLE: usize = 200;
const MAX_REASON: usize = 500;

/// Why remarks are hidden: the groups of the list, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Refuted,
    Dismissed,
    Kind,
    Baseline,
    Comment,
    Caps,
}

impl Group {
    fn of(by: &By) -> Self {
        match by {
            By::Agent => Self::Refuted,
            By::Person(Why::Dismissed { .. }) => Self::Dismissed,
            By::Person(Why::Kind { .. }) => Self::Kind,
            By::Person(Why::Baseline) => Self::Baseline,
            By::Person(Why::Comment { .. }) => Self::Comment,
            By::Caps => Self::Caps,
        }
    }

    /// What is above its remarks, and how they are shown again.
    fn words(self) -> (&'static str, &'static str) {
        const ACCEPT: &str = "Shown again in the editor by `crosscheck.accept` with {\"id\": \"NAME\"},\nin a terminal by `crosscheck accept NAME`.";
        match self {
            Self::Refuted => ("Refuted by another agent", ACCEPT),
            Self::Dismissed => (
                "Dismissed",
                "Shown again in the editor by `crosscheck.undismiss` with {\"verdict\": NUMBER} or {\"id\": \"NAME\"},\nin a terminal by `crosscheck dismissed --undo NUMBER`.",
            ),
            Self::Kind => ("Of a kind that was dismissed several times", ACCEPT),
            Self::Baseline => ("In the team's baseline, .crosscheck/baseline.json", ACCEPT),
            Self::Comment => (
                "Kept away by a comment in the code",
                "Shown again when the comment is gone.",
            ),
            Self::Caps => (
                "More than is shown of a file or of all",
                "Shown in the editor by `crosscheck.findings` with {\"all\": true},\nin a terminal by `crosscheck findings --all`.",
            ),
        }
    }
}

/// The list.
pub(super) fn of(list: &List) -> String {
    let total = list.entries.len();
    let is_one = total == 1;
    let mut out = format!(
        "{} {} not shown.\n",
        count(total, "finding"),
        if is_one { "is" } else { "are" }
    );
    if list.left_out > 0 {
        let more = count(list.left_out, "finding");
        let _ = writeln!(
            out,
            "The ledger remembers {more} more, shown or not, that could not be looked at."
        );
    }
    for root in &list.untold {
        let _ = writeln!(
            out,
            "The ledger could not be read for {}; only what this editor knows of it is listed.",
            sanitize::line(&root.to_string_lossy(), MAX_TITLE)
        );
    }
    let mut roots: Vec<&Arc<Path>> = list.entries.iter().map(|it| &it.root).collect();
    roots.sort();
    roots.dedup();
    let mut groups: BTreeMap<(&Arc<Path>, Group), Vec<&Entry>> = BTreeMap::new();
    for it in &list.entries {
        let key = (&it.root, Group::of(&it.by));
        groups.entry(key).or_default().push(it);
    }
    let mut room = MAX_LISTED;
    for ((root, group), mut entries) in groups {
        entries.sort_by_key(|it| (&it.path, it.line, &it.cluster.id));
        let (title, how) = group.words();
        let of = match roots.len() {
            1 => String::new(),
            _ => format!(" in {}", sanitize::line(&root.to_string_lossy(), MAX_TITLE)),
        };
        let _ = writeln!(out, "\n{title}{of}: {}\n{how}\n", entries.len());
        entries.truncate(room);
        room -= entries.len();
        entries.iter().for_each(|it| write(&mut out, it));
    }
    if let Some(surplus @ 1..) = total.checked_sub(MAX_LISTED) {
        let _ = writeln!(out, "\n{} more are not listed.", count(surplus, "finding"));
    }
    out
}

fn write(out: &mut String, entry: &Entry) {
    let cluster = &entry.cluster;
    let title = sanitize::line(&cluster.primary().title, MAX_TITLE);
    let _ = writeln!(out, "{}:{}: {title}", entry.path, entry.line + 1);
    let agents = to::and(&cluster.agents());
    let why = why(entry).map(|it| format!("; {it}")).unwrap_or_default();
    let _ = writeln!(out, "    said by {agents}{why}");
    let _ = writeln!(out, "    name {}{}", cluster.id.0, number(&entry.by));
}

/// Who hid it and why, beyond what the group says.
fn why(entry: &Entry) -> Option<String> {
    let said = |words: &str| sanitize::line(words, MAX_REASON);
    match &entry.by {
        By::Agent => {
            let checks = entry.cluster.checks.iter();
            let refuting = checks.filter(|it| it.outcome == Outcome::Refuted);
            let words = refuting.map(|it| match said(&it.why) {
                why if why.is_empty() => format!("refuted by {}", it.agent),
                why => format!("refuted by {}: {why}", it.agent),
            });
            Some(words.collect::<Vec<_>>().join("; ")).filter(|it| !it.is_empty())
        }
        By::Person(Why::Dismissed { reach, reason, .. }) => {
            let reason = reason.as_deref().map(|it| format!(": {}", said(it)));
            let reach = reach.in_words();
            Some(format!("dismissed {reach}{}", reason.unwrap_or_default()))
        }
        By::Person(Why::Kind { dismissed }) => Some(format!("{dismissed} like it were dismissed")),
        By::Person(Why::Comment { line, reason }) => {
            let reason = match said(reason) {
                reason if reason.is_empty() => reason,
                reason => format!(": {reason}"),
            };
            Some(format!("the comment is in line {}{reason}", line + 1))
        }
        By::Person(Why::Baseline) | By::Caps => None,
    }
}

/// The number of the decision that hid it.
fn number(by: &By) -> String {
    match by {
        By::Person(Why::Dismissed { id, .. }) if *id > 0 => format!(", number {id}"),
        _ => String::new(),
    }
}
