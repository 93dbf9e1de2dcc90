//! Progress of one call, told to a client that asked for it.

use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
#[cfg(test)]
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Shortest time between two notifications of one call.
pub(crate) const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// Where the progress of one call goes: nowhere, when the client gave no token.
pub(crate) struct Progress {
    listener: Arc<Listener>,
    told: Option<Instant>,
    /// Gets the messages instead of a client.
    #[cfg(test)]
    watcher: Option<mpsc::UnboundedSender<String>>,
}

/// The request that listens. A call that asks for input goes on in another request.
#[derive(Default)]
pub(super) struct Listener {
    request: Mutex<Option<(ProgressToken, Peer<RoleServer>)>>,
}

impl Listener {
    /// From now on this request listens.
    pub(super) fn set(&self, context: &RequestContext<RoleServer>) {
        let token = context.meta.get_progress_token();
        let request = token.map(|token| (token, context.peer.clone()));
        *self.request.lock().unwrap_or_else(PoisonError::into_inner) = request;
    }

    fn get(&self) -> Option<(ProgressToken, Peer<RoleServer>)> {
        let request = self.request.lock().unwrap_or_else(PoisonError::into_inner);
        request.clone()
    }
}

impl Progress {
    pub(super) fn new(listener: Arc<Listener>) -> Self {
        Self {
            listener,
            told: None,
            #[cfg(test)]
            watcher: None,
        }
    }

    /// For calls that nobody watches.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self::new(Arc::default())
    }

    /// With the receiver of what is told.
    #[cfg(test)]
    pub(crate) fn watched() -> (Self, mpsc::UnboundedReceiver<String>) {
        let (watcher, heard) = mpsc::unbounded_channel();
        let progress = Self {
            watcher: Some(watcher),
            ..Self::none()
        };
        (progress, heard)
    }

    /// Tells how far the call is, unless nobody listens or the last time was less than [`PROGRESS_INTERVAL`] ago.
    /// `done` must grow from one time to the next. True when it was told.
    pub(crate) async fn tell(&mut self, done: usize, total: Option<usize>, message: &str) -> bool {
        if self
            .told
            .is_some_and(|told| told.elapsed() < PROGRESS_INTERVAL)
        {
            return false;
        }
        #[cfg(test)]
        if let Some(watcher) = &self.watcher {
            self.told = Some(Instant::now());
            return watcher.send(message.to_owned()).is_ok();
        }
        let Some((token, peer)) = self.listener.get() else {
            return false;
        };
        self.told = Some(Instant::now());
        let mut notification =
            ProgressNotificationParam::new(token, done as f64).with_message(message);
        notification.total = total.map(|total| total as f64);
        // It fails when the client is gone, which the end of the input will tell.
        peer.notify_progress(notification).await.is_ok()
    }
}
