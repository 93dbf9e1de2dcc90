//! What is known of the files that an agent is asked about, for its prompt.

use crate::prompt::{Known, KnownRemark};
use crate::run::agent::Part;
use crate::scope::Target;
use domain::finding::{Finding, FindingId};
use domain::identity::Lines;
use domain::locate::{Locator, Tier};
use domain::text::TextRange;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, timeout_at};

/// Longest wait for the ledger; what it did not tell by then is not told to the agent.
const WAIT: Duration = Duration::from_secs(1);
/// Most files of which something is told.
const MAX_FILES: usize = 50;
/// Most of an agent's own findings that are told of one file.
const MAX_SAID: usize = 20;

/// What is known of the open targets, in their order. An agent is told its own findings only: what others found must not
/// lead it. And the names of its open findings there.
pub(super) async fn of(part: &Arc<Part>) -> (Vec<Known>, Vec<FindingId>) {
    let targets = part.gathered.targets.iter().take(MAX_FILES);
    let (sender, mut told) = unbounded_channel();
    for (index, target) in targets.enumerate() {
        let sender = sender.clone();
        part.ledger
            .told(&part.root.path, &target.path, move |said, dismissed| {
                // The run may be over.
                drop(sender.send((index, said, dismissed)));
            });
    }
    drop(sender);
    let deadline = Instant::now() + WAIT;
    let mut all = Vec::new();
    while let Ok(Some(one)) = timeout_at(deadline, told.recv()).await {
        all.push(one);
    }
    let part = part.clone();
    let placing = tokio::task::spawn_blocking(move || {
        let mut names = Vec::new();
        let elsewhere = part.root.elsewhere(part.shared.open.clone());
        let files = all.into_iter().filter_map(|(index, said, dismissed)| {
            let target = part.gathered.targets.get(index)?;
            let locator = Locator::new(&target.text);
            let own = said.into_iter().filter(|it| it.agent() == part.spec.name);
            let placed = own.filter_map(|it| it.place(&target.text, &locator));
            let mut placed: Vec<Finding> = placed.collect();
            if !placed.is_empty() {
                let lines = Lines::of(&target.text);
                let (path, text) = (&target.path, &target.text);
                placed = part.root.sift(path, text, &lines, placed, &elsewhere).shown;
            }
            placed.sort_by_key(|it| it.range);
            names.extend(placed.iter().map(|it| it.id.clone()));
            let said = placed.into_iter().take(MAX_SAID).map(|it| KnownRemark {
                line: target.text.line_of(it.range.start) + 1,
                is_asked: it.tier == Tier::File || is_asked(target, it.range),
                title: it.title,
            });
            let said: Vec<KnownRemark> = said.collect();
            let path = target.path.clone();
            (!said.is_empty() || !dismissed.is_empty()).then_some(Known {
                path,
                said,
                dismissed,
            })
        });
        let files = files.collect();
        (files, names)
    });
    // A panic there is a bug; it must not cost the review.
    placing.await.unwrap_or_default()
}

/// True when lines of this place are asked about.
fn is_asked(target: &Target, place: TextRange) -> bool {
    let first = target.text.line_of(place.start) + 1;
    let last = target
        .text
        .line_of(place.end.saturating_sub(1).max(place.start))
        + 1;
    target.ranges.as_ref().is_none_or(|ranges| {
        ranges
            .iter()
            .any(|it| it.start_line as usize <= last && first <= it.end_line as usize)
    })
}
