//! Waiting for an answer of the ledger, which hands it to a function on its own thread.

use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// An answer that was asked for. Dropping it asks for nothing back.
pub(crate) struct Asked<T>(oneshot::Receiver<T>);

/// Asks; nobody waits yet. `question` passes on the function that takes the answer.
pub(crate) fn ask<T: Send + 'static>(question: impl FnOnce(Box<dyn FnOnce(T) + Send>)) -> Asked<T> {
    let (reply, answer) = oneshot::channel();
    // Whoever asked may have given up.
    question(Box::new(move |it| drop(reply.send(it))));
    Asked(answer)
}

impl<T> Asked<T> {
    /// The answer; `None` when the ledger could not give any.
    ///
    /// # Errors
    /// When it does not come in time.
    pub(crate) async fn within(self, wait: Duration) -> Result<Option<T>, Elapsed> {
        Ok(timeout(wait, self.0).await?.ok())
    }
    /// The answer, if it comes in time.
    pub(crate) async fn take(self, wait: Duration) -> Option<T> {
        self.within(wait).await.ok().flatten()
    }
}
