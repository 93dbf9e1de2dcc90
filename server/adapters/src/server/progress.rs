//! Progress of one call, told to a client that asked for it.

use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext};
use std::time::{Duration, Instant};

/// Shortest time between two notifications of one call.
pub(crate) const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// Where the progress of one call goes: nowhere, when the client gave no token.
pub(crate) struct Progress {
    listener: Option<(ProgressToken, Peer<RoleServer>)>,
    told: Option<Instant>,
}

impl Progress {
    pub(super) fn new(context: &RequestContext<RoleServer>) -> Self {
        let token = context.meta.get_progress_token();
        Self {
            listener: token.map(|token| (token, context.peer.clone())),
            told: None,
        }
    }

    /// For calls that nobody watches.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self {
            listener: None,
            told: None,
        }
    }

    /// Tells how far the call is, unless nobody listens or the last time was less than [`PROGRESS_INTERVAL`] ago.
    /// `done` must grow from one time to the next. True when it was told.
    pub(crate) async fn tell(&mut self, done: usize, total: Option<usize>, message: &str) -> bool {
        let Some((token, peer)) = &self.listener else {
            return false;
        };
        if self
            .told
            .is_some_and(|told| told.elapsed() < PROGRESS_INTERVAL)
        {
            return false;
        }
        self.told = Some(Instant::now());
        let mut notification =
            ProgressNotificationParam::new(token.clone(), done as f64).with_message(message);
        notification.total = total.map(|total| total as f64);
        // It fails when the client is gone, which the end of the input will tell.
        peer.notify_progress(notification).await.is_ok()
    }
}
