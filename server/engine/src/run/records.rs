//! What became of the agents' earlier findings, asked of the ledger once when a review begins.

use crate::ledger::Ledger;
use domain::merge::Records;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Longest wait for the ledger once everything else is ready.
const WAIT: Duration = Duration::from_millis(500);

/// Records that the ledger is asked for.
pub(super) struct Asked(oneshot::Receiver<Records>);

/// Asks; nobody waits yet.
pub(super) fn ask(ledger: &Ledger) -> Asked {
    let (reply, records) = oneshot::channel();
    ledger.records(move |records| {
        // The run may have gone on without them.
        let _ = reply.send(records);
    });
    Asked(records)
}

impl Asked {
    /// The records; `None` when the ledger cannot tell in time.
    pub(super) async fn take(self) -> Option<Records> {
        timeout(WAIT, self.0).await.ok()?.ok()
    }
}
