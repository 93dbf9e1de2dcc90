//! The questions of agents that wait for the user.

use crate::event::{QuestionId, Reply};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// The questions that wait.
#[derive(Default)]
pub(crate) struct Questions {
    open: Mutex<BTreeMap<QuestionId, oneshot::Sender<Reply>>>,
}

impl Questions {
    /// Gives an answer to whoever waits for it.
    pub(crate) fn answer(&self, question: QuestionId, reply: Reply) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = open.remove(&question) {
            // Whoever asked may be gone.
            let _ = waiting.send(reply);
        }
    }
}
