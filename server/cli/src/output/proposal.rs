//! A proposal for people: the diff on standard output, and on standard error what the agent says of it, whether it passed the
//! check, and what to do next.

use crate::output::{diff, plural, style};
use domain::proposal::{Check, CheckOutcome, FileAction, FileChange, PartKind, Proposal};
use engine::ProposalState;
use engine::disk::Standing;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Most lines shown of the output of a check that failed: its end.
const MAX_CHECK_LINES: usize = 20;
/// Most lines shown of an agent's own words.
const MAX_WORDS: usize = 100;

/// A proposal, and what has become of it.
pub(crate) struct Shown {
    pub(crate) proposal: Arc<Proposal>,
    /// What has become of each part.
    pub(crate) parts: Vec<Standing>,
    /// Where the ledger knows more.
    pub(crate) kept: Option<(ProposalState, SystemTime)>,
}

/// Lines that come and go.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) parts: usize,
    pub(crate) added: usize,
    pub(crate) removed: usize,
}

impl Count {
    /// Of one file.
    pub(crate) fn of(file: &FileChange) -> Self {
        let lines = |text: &str| text.split_inclusive('\n').count();
        let mut count = Self {
            parts: file.parts().len(),
            ..Self::default()
        };
        match &file.action {
            FileAction::Create { text, .. } => count.added = lines(&text.to_string()),
            FileAction::Delete { base } => count.removed = lines(&base.to_string()),
            FileAction::Edit { base, hunks, .. } => {
                for edit in hunks.iter().flat_map(|it| &it.edits) {
                    count.removed += lines(&base.slice(edit.range));
                    count.added += lines(&edit.new_text);
                }
            }
        }
        count
    }
    /// Of several files.
    pub(crate) fn all(files: &[FileChange]) -> Self {
        files
            .iter()
            .map(Self::of)
            .fold(Self::default(), |a, b| Self {
                parts: a.parts + b.parts,
                added: a.added + b.added,
                removed: a.removed + b.removed,
            })
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "+{} −{}", self.added, self.removed)
    }
}

impl Shown {
    fn id(&self) -> &str {
        &self.proposal.id.0
    }

    /// `1 file, 2 parts, +3 −1`.
    pub(crate) fn size(&self) -> String {
        let files = &self.proposal.files;
        let count = Count::all(files);
        format!(
            "{}, {}, {count}",
            plural(files.len(), "file"),
            plural(count.parts, "part")
        )
    }

    /// What is said of each part in the diff.
    fn marks(&self) -> Vec<String> {
        let marks = (1..)
            .zip(&self.parts)
            .map(|(number, standing)| match standing {
                Standing::Open => format!("part {number}"),
                Standing::Applied => format!("part {number} (applied)"),
                Standing::Conflict(_) => format!("part {number} (conflict)"),
            });
        marks.collect()
    }

    /// What has become of it, where it is not simply open.
    pub(crate) fn state(&self) -> Option<String> {
        match self.kept {
            Some((ProposalState::Applied, _)) => return Some("applied".to_owned()),
            Some((ProposalState::Discarded, _)) => return Some("discarded".to_owned()),
            Some((ProposalState::Open, _)) | None => {}
        }
        let all = self.parts.len();
        let count = |is: fn(&Standing) -> bool| self.parts.iter().filter(|it| is(it)).count();
        let applied = count(|it| *it == Standing::Applied);
        let conflicts = count(|it| matches!(it, Standing::Conflict(_)));
        let mut words = Vec::new();
        if applied > 0 {
            words.push(format!("{applied} of {all} applied"));
        }
        if conflicts > 0 {
            let verb = if conflicts == 1 {
                "conflicts"
            } else {
                "conflict"
            };
            words.push(format!(
                "{conflicts} of {all} {verb} with what is there now"
            ));
        }
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// True when something of it can be applied or discarded.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.kept, None | Some((ProposalState::Open, _)))
    }

    /// The numbers of the parts that can be applied.
    pub(crate) fn open(&self) -> Vec<usize> {
        let parts = (1..).zip(&self.parts);
        parts
            .filter(|it| *it.1 == Standing::Open)
            .map(|it| it.0)
            .collect()
    }

    /// Prints all of it. `quiet` is the diff alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn print(&self, quiet: bool) -> std::io::Result<()> {
        let proposal = &self.proposal;
        if quiet {
            return diff::print(&proposal.files, &self.marks());
        }
        anstream::eprintln!(
            "{} · {} · {}",
            style::strong(&proposal.agent),
            proposal.title,
            self.size()
        );
        words(&proposal.summary);
        anstream::eprintln!();
        diff::print(&proposal.files, &self.marks())?;
        anstream::eprintln!();
        for problem in &proposal.problems {
            anstream::eprintln!("{}: {problem}", style::warning("warning"));
        }
        if let Some(check) = &proposal.check {
            print_check(check);
        }
        self.print_parts();
        Ok(())
    }

    /// Prints why parts cannot be applied.
    fn print_parts(&self) {
        for (part, standing) in self.proposal.parts().zip(&self.parts) {
            if let Standing::Conflict(why) = standing {
                anstream::eprintln!(
                    "{}: part {} cannot be applied now: `{}` {why}",
                    style::warning("warning"),
                    part.number,
                    part.file.path
                );
            }
        }
    }

    /// Says what can be done with it.
    pub(crate) fn print_next(&self) {
        let id = self.id();
        let some = match self.parts.len() {
            0 | 1 => "",
            _ => ", with --part N only some of it",
        };
        let next = [
            format!("`crosscheck apply {id}` writes it to your files{some}"),
            format!("`crosscheck discard {id}` drops it"),
        ];
        for line in next {
            anstream::eprintln!("{}", style::dim(&line));
        }
    }

    /// In two lines, for a list.
    pub(crate) fn in_list(&self) -> String {
        let proposal = &self.proposal;
        let mut words = vec![self.size()];
        words.extend(proposal.check.as_ref().map(check_in_words));
        words.extend(self.kept.and_then(|it| age(it.1)));
        words.extend(self.state());
        format!(
            "{}  {} · {}\n{}",
            style::strong(self.id()),
            proposal.agent,
            proposal.title,
            style::dim(&format!("          {}", words.join(" · ")))
        )
    }
}

/// `check passed`, `check failed (exit code 1)`.
fn check_in_words(check: &Check) -> String {
    format!("check {}", outcome(check))
}

/// `passed`, `failed (exit code 1)`, `not run`.
pub(crate) fn outcome(check: &Check) -> String {
    match &check.outcome {
        CheckOutcome::Passed => "passed".to_owned(),
        CheckOutcome::Failed(how) => format!("failed ({how})"),
        CheckOutcome::NotRun(_) => "not run".to_owned(),
    }
}

fn print_check(check: &Check) {
    let command = &check.command;
    let seconds = check.elapsed.as_secs_f32();
    let again = if check.repaired {
        ", after the agent saw its output and tried once more"
    } else {
        ""
    };
    match &check.outcome {
        CheckOutcome::Passed => {
            anstream::eprintln!(
                "{}: `{command}`{again} · {seconds:.1} s",
                style::good("check passed")
            );
        }
        CheckOutcome::Failed(how) => anstream::eprintln!(
            "{}: `{command}`: {how}{again} · {seconds:.1} s",
            style::error("check failed")
        ),
        CheckOutcome::NotRun(why) => {
            anstream::eprintln!("{}: `{command}`: {why}", style::warning("check not run"));
        }
    }
    let lines: Vec<&str> = check.output.trim_end().lines().collect();
    let cut = lines.len().saturating_sub(MAX_CHECK_LINES);
    if cut > 0 {
        anstream::eprintln!(
            "{}",
            style::dim(&format!("  … {} before", plural(cut, "line")))
        );
    }
    for line in &lines[cut..] {
        anstream::eprintln!("  {line}");
    }
}

/// Prints an agent's own words to standard error.
fn words(text: &str) {
    let lines: Vec<&str> = text.trim().lines().collect();
    for line in lines.iter().take(MAX_WORDS) {
        anstream::eprintln!("{}", format!("  {line}").trim_end());
    }
    if lines.len() > MAX_WORDS {
        let more = plural(lines.len() - MAX_WORDS, "line");
        anstream::eprintln!("{}", style::dim(&format!("  … {more} more")));
    }
}

/// `5 min ago`; nothing of what is yet to come.
fn age(then: SystemTime) -> Option<String> {
    let passed = SystemTime::now().duration_since(then).ok()?;
    Some(in_words(passed))
}

fn in_words(passed: Duration) -> String {
    let (minute, hour, day) = (60, 60 * 60, 24 * 60 * 60);
    match passed.as_secs() {
        it if it < minute => "just now".to_owned(),
        it if it < hour => format!("{} min ago", it / minute),
        it if it < day => format!("{} h ago", it / hour),
        it => format!(
            "{} ago",
            plural(usize::try_from(it / day).unwrap_or(usize::MAX), "day")
        ),
    }
}

/// What a part is, in words.
pub(crate) fn kind(part: &PartKind<'_>) -> &'static str {
    match part {
        PartKind::Hunk(..) => "hunk",
        PartKind::Rename(_) => "rename",
        PartKind::Mode(_) => "mode",
        PartKind::Create => "create",
        PartKind::Delete => "delete",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_in_words() {
        for (seconds, words) in [
            (5, "just now"),
            (60, "1 min ago"),
            (3 * 60 * 60 + 59 * 60, "3 h ago"),
            (24 * 60 * 60, "1 day ago"),
            (72 * 60 * 60, "3 days ago"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
