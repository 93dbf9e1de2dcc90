//! What the client hears while an endpoint takes its time.

use crate::server::{PROGRESS_INTERVAL, Progress};
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// How many seconds longer a wait gets before it is told again.
const WAITED: u64 = 5;

/// What the client hears of a call.
pub(super) struct News {
    progress: Progress,
    told: usize,
    last: String,
}

impl News {
    pub(super) fn new(progress: Progress) -> Self {
        Self {
            progress,
            told: 0,
            last: String::new(),
        }
    }

    /// Awaits `work` for at most `limit`, and tells meanwhile what is going on.
    pub(super) async fn watch<T>(
        &mut self,
        work: impl Future<Output = T>,
        limit: Duration,
        state: &str,
    ) -> Option<T> {
        let mut work = pin!(work);
        let begun = Instant::now();
        let mut ticks = tokio::time::interval(PROGRESS_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Some(done),
                () = tokio::time::sleep_until(begun + limit) => return None,
                _ = ticks.tick() => {
                    let waited = begun.elapsed().as_secs() / WAITED * WAITED;
                    if waited == 0 {
                        self.tell(state).await;
                    } else {
                        self.tell(&format!("{state}, for {waited} s now")).await;
                    }
                }
            }
        }
    }

    pub(super) async fn tell(&mut self, message: &str) {
        if message != self.last && self.progress.tell(self.told + 1, None, message).await {
            self.told += 1;
            message.clone_into(&mut self.last);
        }
    }
}
