//! The deadlines of a running call.

use crate::Limits;
use crate::transport::Listener;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// A deadline that passed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Passed {
    /// What did not happen.
    pub(super) what: &'static str,
    pub(super) after: Duration,
}

/// Lets a call run until it ends or a deadline passes; progress moves the idle deadline.
pub(super) async fn within<T>(
    limits: &Limits,
    listener: &Listener,
    call: impl Future<Output = T>,
) -> Result<T, Passed> {
    let end = Instant::now() + limits.call;
    let mut call = std::pin::pin!(call);
    loop {
        let idle = listener.last_sign() + limits.idle;
        tokio::select! {
            biased;
            result = &mut call => return Ok(result),
            () = sleep_until(idle.min(end)) => {}
        }
        let now = Instant::now();
        if now >= end {
            return Err(Passed {
                what: "did not answer",
                after: limits.call,
            });
        }
        if now >= listener.last_sign() + limits.idle {
            return Err(Passed {
                what: "showed no progress",
                after: limits.idle,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;
    use tokio::sync::mpsc::unbounded_channel;
    use tokio::time::sleep;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits() -> Limits {
        Limits {
            idle: 10 * SECOND,
            call: 35 * SECOND,
            ..Limits::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_and_length_are_both_limited() {
        let (progress, _news) = unbounded_channel();
        let silent = Listener::new(progress.clone());
        let start = Instant::now();
        let passed = within(&limits(), &silent, std::future::pending::<()>()).await;
        assert_eq!(
            passed,
            Err(Passed {
                what: "showed no progress",
                after: 10 * SECOND
            })
        );
        assert_eq!(start.elapsed().as_secs(), 10);

        let busy = Listener::new(progress);
        let (start, limits) = (Instant::now(), limits());
        let signs = async {
            loop {
                sleep(9 * SECOND).await;
                busy.progressed(&json!({ "progress": 1 }));
            }
        };
        tokio::select! {
            passed = within(&limits, &busy, std::future::pending::<()>()) => {
                assert_eq!(passed, Err(Passed { what: "did not answer", after: 35 * SECOND }));
            }
            () = signs => {}
        }
        assert_eq!(start.elapsed().as_secs(), 35);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_in_time_is_left_alone() {
        let (progress, _news) = unbounded_channel();
        let listener = Listener::new(progress);
        let call = async {
            sleep(9 * SECOND).await;
            7
        };
        assert_eq!(within(&limits(), &listener, call).await, Ok(7));
    }
}
