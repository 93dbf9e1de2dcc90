//! One call at a time per session: a turn that is started while another runs would be steered into that one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::OwnedMutexGuard;

/// The sessions that are in use, each with a queue.
#[derive(Default)]
pub(super) struct Sessions {
    queues: Mutex<HashMap<String, Weak<Queue>>>,
}

/// Waits in the order of arrival.
type Queue = tokio::sync::Mutex<()>;

/// The right to use a session. Dropping it lets the next one in.
pub(super) type Turnstile = OwnedMutexGuard<()>;

impl Sessions {
    /// Waits until nobody else uses the session.
    pub(super) async fn enter(&self, session: &str) -> Turnstile {
        self.queue(session).lock_owned().await
    }

    fn queue(&self, session: &str) -> Arc<Queue> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|_, queue| queue.strong_count() > 0);
        let queue = queues.entry(session.to_owned()).or_default();
        queue.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Queue::default());
            *queue = Arc::downgrade(&new);
            new
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_session_has_one_user_at_a_time() {
        let sessions = Sessions::default();
        let first = sessions.enter("a").await;
        let _other = sessions.enter("b").await;
        let moment = Duration::from_millis(10);
        assert!(timeout(moment, sessions.enter("a")).await.is_err());
        drop(first);
        assert!(timeout(moment, sessions.enter("a")).await.is_ok());
    }
}
