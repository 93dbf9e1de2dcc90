//! Giving the findings of an answer the names that they had: a remark that was made before keeps its name, in whatever
//! words and wherever it moved.

use crate::ledger::{KeptFinding, Ledger, Sought, ask};
use crate::sift::Elsewhere;
use domain::finding::{Finding, FindingId};
use domain::identity::{self, Lines, Mark, Subject, Words};
use domain::path::RelPath;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Longest wait for the ledger; without its answer, names are made of the findings themselves.
const LEDGER_WAIT: Duration = Duration::from_millis(500);
/// Most files that are gone whose findings are looked for.
const MAX_GONE: usize = 50;

/// The names given to one agent's findings in a run.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeSet<FindingId>,
    /// What the agent said of files that are no longer there; `None` until it was asked for.
    gone: Option<Vec<KeptFinding>>,
}

/// What the ledger knows that new findings may be.
pub(super) struct Before {
    kept: Vec<KeptFinding>,
}

impl Names {
    /// Finds out what the agent said of files that are gone, before anybody needs it.
    pub(super) async fn look_for_gone(
        &mut self,
        ledger: &Ledger,
        root: &Path,
        agent: &str,
        elsewhere: &Elsewhere,
    ) {
        self.gone = gone(ledger, root, agent, elsewhere).await;
    }
    /// Asks the ledger what the findings in some files may have been, told by what their places are known by; an answer for
    /// each file. `None` when it does not answer in time.
    pub(super) async fn before(
        &mut self,
        ledger: &Ledger,
        root: &Path,
        agent: &str,
        files: &[(&RelPath, &[Mark])],
        elsewhere: &Elsewhere,
    ) -> Option<Vec<Before>> {
        if files.is_empty() {
            return Some(Vec::new());
        }
        if self.gone.is_none() {
            self.look_for_gone(ledger, root, agent, elsewhere).await;
        }
        let gone = self.gone.as_ref()?;
        let sought = files.iter().map(|(path, marks)| {
            let mut texts: Vec<_> = marks.iter().map(|it| it.text).collect();
            texts.retain(|it| *it != identity::BLANK);
            texts.sort_unstable();
            texts.dedup();
            Sought {
                agent: agent.to_owned(),
                paths: vec![(*path).clone()],
                texts,
            }
        });
        let sought: Vec<Sought> = sought.collect();
        let found = ask(|reply| ledger.sought(root, sought, reply))
            .take(LEDGER_WAIT)
            .await?;
        let before = found.into_iter().map(|mut kept| {
            kept.extend(gone.iter().cloned());
            kept.sort_by(|a, b| (&a.path, &a.id).cmp(&(&b.path, &b.id)));
            kept.dedup_by(|a, b| (&a.path, &a.id) == (&b.path, &b.id));
            Before { kept }
        });
        Some(before.collect())
    }
    /// Names the findings of one file, each of which is told once ([`super::identity::identify`]) and has a mark in a text with these lines.
    /// `named` are those of the same file that have their names already.
    pub(super) fn give(
        &mut self,
        findings: Vec<Finding>,
        marks: Vec<Mark>,
        named: &[Finding],
        lines: &Lines,
        before: Option<Before>,
        elsewhere: &Elsewhere,
    ) -> Vec<Finding> {
        let is_new = |it: &Finding| !named.iter().any(|named| is_twice(it, named));
        let both = findings.into_iter().zip(marks);
        let (mut findings, marks): (Vec<Finding>, Vec<Mark>) =
            both.filter(|it| is_new(&it.0)).unzip();
        let kept = before.map(|it| it.kept).unwrap_or_default();
        let free: Vec<&KeptFinding> = kept
            .iter()
            .filter(|it| !self.taken.contains(&it.id))
            .collect();
        let pairs = findings.first().map(|it| it.path.clone()).map(|path| {
            let old = old(&path, &free, lines, elsewhere);
            let new: Vec<Subject<'_>> = findings
                .iter()
                .zip(&marks)
                .map(|(it, mark)| subject(&it.id.0, &it.category, Words::of(it), mark, false))
                .collect();
            let subjects: Vec<Subject<'_>> = old.iter().map(|it| it.1.clone()).collect();
            let pairs = identity::pair(&new, &subjects, lines).into_iter();
            pairs
                .map(|(new, at)| (new, old[at].0.id.clone()))
                .collect::<Vec<_>>()
        });
        let mut is_known = vec![false; findings.len()];
        for (new, id) in pairs.into_iter().flatten() {
            findings[new].id = id.clone();
            is_known[new] = true;
            self.taken.insert(id);
        }
        // A name that belongs to another remark, though it was made of the same words, is not given again.
        let others: BTreeSet<&FindingId> = kept.iter().map(|it| &it.id).collect();
        let fresh = findings.iter_mut().zip(is_known).filter(|it| !it.1);
        for (finding, _) in fresh {
            let mut occurrence = 0;
            while others.contains(&finding.id) || self.taken.contains(&finding.id) {
                occurrence += 1;
                finding.identify(occurrence);
            }
            self.taken.insert(finding.id.clone());
        }
        findings
    }
}

/// What of the ledger may be findings of the file `path` now: its own, those of a file that was renamed to it, and those
/// whose text is no longer where it was.
fn old<'k>(
    path: &RelPath,
    kept: &[&'k KeptFinding],
    lines: &Lines,
    elsewhere: &Elsewhere,
) -> Vec<(&'k KeptFinding, Subject<'k>)> {
    let renamed = renamed(path, kept, lines, elsewhere);
    let usable = kept.iter().filter_map(|it| {
        let is_here = it.path == *path || renamed.contains(&&it.path);
        if !is_here && !elsewhere.has_left(&it.path, &it.mark) {
            return None;
        }
        let words = Words::of_text(&it.title, &it.body);
        Some((
            *it,
            subject(&it.id.0, &it.category, words, &it.mark, !is_here),
        ))
    });
    usable.collect()
}

/// Files that are gone, and of whose remarks at least half are about lines that stand here.
fn renamed<'k>(
    path: &RelPath,
    kept: &[&'k KeptFinding],
    lines: &Lines,
    elsewhere: &Elsewhere,
) -> BTreeSet<&'k RelPath> {
    let others = kept.iter().map(|it| &it.path).filter(|it| *it != path);
    let others: BTreeSet<&RelPath> = others.collect();
    let gone = others.into_iter().filter(|it| elsewhere.is_gone(it));
    gone.filter(|other| {
        let of_it = kept
            .iter()
            .filter(|it| it.path == **other && !it.mark.lines.is_empty());
        let (here, all) = of_it.fold((0, 0), |(here, all), it| {
            (here + usize::from(it.mark.stands_in(lines)), all + 1)
        });
        here > 0 && here * 2 >= all
    })
    .collect()
}

fn subject<'a>(
    id: &'a str,
    category: &'a domain::finding::Category,
    words: Words,
    mark: &'a Mark,
    elsewhere: bool,
) -> Subject<'a> {
    Subject {
        id,
        category,
        words,
        mark,
        elsewhere,
    }
}

/// The same said again in another call of the same run.
fn is_twice(finding: &Finding, named: &Finding) -> bool {
    finding.range == named.range
        && finding.category == named.category
        && Words::of_text(&finding.title, "") == Words::of_text(&named.title, "")
}

/// What an agent said of files that are gone.
async fn gone(
    ledger: &Ledger,
    root: &Path,
    agent: &str,
    elsewhere: &Elsewhere,
) -> Option<Vec<KeptFinding>> {
    let mut paths = ask(|reply| ledger.files(root, agent, reply))
        .take(LEDGER_WAIT)
        .await?;
    paths.retain(|it| elsewhere.is_gone(it));
    paths.truncate(MAX_GONE);
    if paths.is_empty() {
        return Some(Vec::new());
    }
    let sought = Sought {
        agent: agent.to_owned(),
        paths,
        texts: Vec::new(),
    };
    let found = ask(|reply| ledger.sought(root, vec![sought], reply))
        .take(LEDGER_WAIT)
        .await?;
    Some(found.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests;
