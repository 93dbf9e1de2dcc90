//! Findings of an agent about what its own applied proposals wrote. One that would take such a change back contradicts it:
//! reviews that follow both never end, so the reader is told.

use crate::ledger::Application;
use crate::run::answer::{FilePart, Read};
use domain::edit::{self, TextEdit};
use domain::finding::Finding;
use domain::path::RelPath;
use domain::proposal::{FileAction, Hunk, Standing, rebase};
use domain::sanitize;
use domain::text::Text;
use std::collections::BTreeMap;

/// Longest title of a proposal in a remark, in characters.
const MAX_TITLE: usize = 120;

/// What an agent's applied proposals wrote, by file.
#[derive(Default)]
pub(super) struct Fixes {
    by_file: BTreeMap<RelPath, Vec<Fix>>,
}

struct Fix {
    title: String,
    /// The text that the proposal made.
    after: Text,
    /// What takes it back.
    inverse: Vec<Hunk>,
}

/// What a finding has to do with a fix.
enum Relation {
    /// It would take it back.
    Contradicts,
    /// It is about lines that it wrote.
    IsAbout,
}

impl Fixes {
    /// `applications`: those of one agent that hold, newest first.
    pub(super) fn of(applications: Vec<Application>) -> Self {
        let mut fixes = Self::default();
        for application in applications {
            for change in application.inverse.into_iter().flatten() {
                if let FileAction::Edit { base, hunks, .. } = change.action {
                    fixes.by_file.entry(change.path).or_default().push(Fix {
                        title: sanitize::line(&application.title, MAX_TITLE).replace('`', "'"),
                        after: base,
                        inverse: hunks,
                    });
                }
            }
        }
        fixes
    }
    pub(super) fn is_empty(&self) -> bool {
        self.by_file.is_empty()
    }
    /// Says in each finding what it has to do with a fix. Takes long in large files.
    pub(super) fn mark(&self, read: &mut Read) {
        let marked = read.files.iter_mut().map(|it| self.mark_file(it));
        let count: usize = marked.sum();
        if count > 0 {
            let findings = match count {
                1 => "a finding contradicts".to_owned(),
                count => format!("{count} findings contradict"),
            };
            read.problems.push(format!(
                "{findings} what it proposed itself and was applied"
            ));
        }
    }
    /// The number of contradictions.
    fn mark_file(&self, file: &mut FilePart) -> usize {
        let Some(fixes) = self
            .by_file
            .get(&file.path)
            .filter(|_| !file.findings.is_empty())
        else {
            return 0;
        };
        let mut contradictions = 0;
        let mut marked = vec![false; file.findings.len()];
        for fix in fixes {
            let standings = rebase(&fix.after, &fix.inverse, &file.text).standings(&file.text);
            for standing in standings {
                let Standing::Open(edits) = standing else {
                    continue;
                };
                for (finding, is_marked) in file.findings.iter_mut().zip(&mut marked) {
                    let relation = relation(finding, &edits, &file.text);
                    let Some(relation) = relation.filter(|_| !*is_marked) else {
                        continue;
                    };
                    *is_marked = true;
                    contradictions += usize::from(matches!(relation, Relation::Contradicts));
                    say(finding, &relation, &fix.title);
                }
            }
        }
        contradictions
    }
}

/// `undo`: the edits that take a hunk of the fix back, in `text`.
fn relation(finding: &Finding, undo: &[TextEdit], text: &Text) -> Option<Relation> {
    let is_there = undo.iter().any(|it| {
        // What the fix wrote; where it only took away, the lines next to it.
        let first = text.line_of(it.range.start);
        let last = text.line_of(it.range.end);
        let touches = |at: domain::text::TextRange| {
            text.line_of(at.start) <= last && first <= text.line_of(at.end)
        };
        touches(finding.range) || finding.fix.as_ref().is_some_and(|it| touches(it.range))
    });
    if !is_there || finding.tier == domain::locate::Tier::File {
        return None;
    }
    let Some(fix) = &finding.fix else {
        let wrote = undo.iter().any(|it| it.range.intersects(finding.range));
        return wrote.then_some(Relation::IsAbout);
    };
    let after = edit::apply(text, std::slice::from_ref(fix)).ok()?;
    let before = edit::apply(text, undo).ok()?;
    if is_alike(&after, &before) {
        return Some(Relation::Contradicts);
    }
    let wrote = undo.iter().any(|it| it.range.intersects(finding.range));
    wrote.then_some(Relation::IsAbout)
}

/// Equal but for white space.
fn is_alike(a: &Text, b: &Text) -> bool {
    let (a, b) = (a.to_string(), b.to_string());
    let black = |it: &char| !it.is_whitespace();
    a.chars().filter(black).eq(b.chars().filter(black))
}

fn say(finding: &mut Finding, relation: &Relation, title: &str) {
    let agent = &finding.agent;
    let note = match relation {
        Relation::Contradicts => format!(
            "Contradicts a fix of `{agent}` itself: its change `{title}` was applied here, and this would take it back."
        ),
        Relation::IsAbout => {
            format!("It is about lines that a fix of `{agent}` itself wrote: `{title}`.")
        }
    };
    let gap = if finding.body.is_empty() { "" } else { "\n\n" };
    finding.body = format!("{}{gap}{note}", finding.body);
}
