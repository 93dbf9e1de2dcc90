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

/// Lets a call run until it ends or a deadline passes; progress moves the idle deadline. While a question of the call is
/// open, both stand still.
pub(super) async fn within<T>(
    limits: &Limits,
    listener: &Listener,
    call: impl Future<Output = T>,
) -> Result<T, Passed> {
    let start = Instant::now();
    let mut call = std::pin::pin!(call);
    loop {
        let clock = listener.clock();
        let end = start + limits.call + clock.paused;
        let idle = clock.last_sign + limits.idle;
        tokio::select! {
            biased;
            result = &mut call => return Ok(result),
            () = listener.resumed(), if clock.is_paused => continue,
            () = sleep_until(idle.min(end)), if !clock.is_paused => {}
        }
        let (now, clock) = (Instant::now(), listener.clock());
        if clock.is_paused {
            continue;
        }
        if now >= start + limits.call + clock.paused {
            return Err(Passed {
                what: "did not answer",
                after: limits.call,
            });
        }
        if now >= clock.last_sign + limits.idle {
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
    use std::sync::Arc;
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

    #[tokio::test(start_paused = true)]
    async fn both_deadlines_stand_still_while_a_question_is_open() {
        let (progress, _news) = unbounded_channel();
        let listener = Arc::new(Listener::new(progress));
        let (start, limits) = (Instant::now(), limits());
        let asking = async {
            for _ in 0..2 {
                sleep(9 * SECOND).await;
                let one = listener.ask().unwrap();
                sleep(50 * SECOND).await;
                let two = listener.ask().unwrap();
                drop(one);
                sleep(50 * SECOND).await;
                drop(two);
            }
        };
        let (passed, ()) = tokio::join!(
            within(&limits, &listener, std::future::pending::<()>()),
            asking
        );
        assert_eq!(passed.unwrap_err().what, "showed no progress");
        assert_eq!(start.elapsed().as_secs(), 2 * (9 + 100) + 10);
    }

    #[tokio::test(start_paused = true)]
    async fn questions_do_not_make_a_call_endless() {
        let (progress, _news) = unbounded_channel();
        let listener = Arc::new(Listener::new(progress));
        let (start, limits) = (Instant::now(), limits());
        let asking = async {
            while let Some(question) = listener.ask() {
                sleep(60 * SECOND).await;
                drop(question);
            }
        };
        let (passed, ()) = tokio::join!(
            within(&limits, &listener, std::future::pending::<()>()),
            asking
        );
        assert_eq!(passed.unwrap_err().what, "showed no progress");
        assert_eq!(start.elapsed().as_secs(), 100 * 60 + 10);
    }
}
