//! What the ledger remembers of checks: told with the findings that they are about, as long as they hold.

use super::{Root, Sink};
use crate::event::{Checked, Event, FileFindings};
use crate::ledger::Ledger;
use crate::sift::Elsewhere;
use domain::check::{Outcome, text_key};
use domain::finding::{Finding, FindingId};
use domain::locate::{Locator, Tier};
use domain::text::Text;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Checks that were asked for. The ledger answers in order: they are here before what is asked for after them.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<Mutex<Vec<Checked>>>);

impl Asked {
    /// The checks; none when the ledger cannot tell.
    pub(super) fn take(&self) -> Vec<Checked> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Asks the ledger for the checks of a root.
pub(super) fn ask(ledger: &Ledger, root: &Path) -> Asked {
    let asked = Asked::default();
    let to = asked.clone();
    ledger.checks(root, move |checks| {
        *to.0.lock().unwrap_or_else(PoisonError::into_inner) = checks;
    });
    asked
}

/// Tells those checks that still hold of findings that are told next. Reads the files that they quote.
/// What refutes a finding that a person accepted counts no more.
pub(super) fn tell(
    kept: &[Checked],
    root: &Root,
    files: &[FileFindings],
    elsewhere: &Elsewhere,
    sink: &Sink,
) {
    let mut by_finding: BTreeMap<&FindingId, Vec<&Checked>> = BTreeMap::new();
    for it in kept {
        by_finding.entry(&it.finding).or_default().push(it);
    }
    let mut checks: Vec<Checked> = Vec::new();
    for file in files {
        for finding in &file.findings {
            let of_it = by_finding.get(&finding.id).into_iter().flatten();
            let counts = |it: &&&Checked| {
                let refutes = it.check.outcome == Outcome::Refuted;
                holds(it, finding, &file.text) && !(refutes && root.is_accepted(&finding.id))
            };
            let holding = of_it.filter(counts);
            checks.extend(holding.map(|it| Checked::clone(it)));
        }
    }
    let checks = elsewhere.standing(checks);
    if !checks.is_empty() {
        let root = root.path.clone();
        sink(Event::Checks { root, checks });
    }
}

/// True while the finding is about the same text, and what the check quotes of its file still stands there. For what it quotes of other
/// files see [`Elsewhere::standing`].
pub(crate) fn holds(kept: &Checked, finding: &Finding, text: &Text) -> bool {
    let place = (finding.tier != Tier::File).then_some(finding.range);
    kept.text == text_key(text, place) && kept.check.stands_in(&finding.path, &Locator::new(text))
}
