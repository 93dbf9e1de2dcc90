//! When an agent that failed is started again, and when not any more.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Pause after the first failure; it doubles with each one. Tests have no time.
const FIRST: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 500 });
/// Longest pause.
const LONGEST: Duration = Duration::from_secs(30);
/// Failures older than this are forgotten.
const WINDOW: Duration = Duration::from_secs(3 * 60);
/// So many failures within the window are enough.
const ENOUGH: usize = 5;

/// The failures of one agent.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: VecDeque<Instant>,
}

/// What follows from a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may be started again from then on.
    Retry(Instant),
    /// It is left alone.
    GiveUp,
}

impl Backoff {
    /// Takes note of a failure.
    pub(super) fn failed(&mut self, now: Instant) -> Verdict {
        self.failures.push_back(now);
        self.failures.retain(|failure| now - *failure < WINDOW);
        if self.failures.len() >= ENOUGH {
            return Verdict::GiveUp;
        }
        let doublings = u32::try_from(self.failures.len() - 1).unwrap_or(u32::MAX);
        let pause = FIRST
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(LONGEST);
        Verdict::Retry(now + pause)
    }

    /// Whether the last failure began a burst.
    pub(super) fn is_first(&self) -> bool {
        self.failures.len() == 1
    }

    /// How many failures there were lately.
    pub(super) fn count(&self) -> usize {
        self.failures.len()
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        self.failures.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn pauses_double_until_it_is_enough() {
        let start = Instant::now();
        let mut backoff = Backoff::default();
        let at = |pauses| start + FIRST * pauses;
        assert_eq!(backoff.failed(start), Verdict::Retry(at(1)));
        assert!(backoff.is_first());
        assert_eq!(backoff.failed(start), Verdict::Retry(at(2)));
        assert!(!backoff.is_first());
        assert_eq!(backoff.failed(start), Verdict::Retry(at(4)));
        assert_eq!(backoff.failed(start), Verdict::Retry(at(8)));
        assert_eq!(backoff.failed(start), Verdict::GiveUp);
        backoff.reset();
        assert_eq!(backoff.failed(start), Verdict::Retry(at(1)));
    }

    #[test]
    fn old_failures_are_forgotten() {
        let start = Instant::now();
        let mut backoff = Backoff::default();
        for minute in 0..20 {
            let now = start + Duration::from_secs(60 * minute);
            assert_ne!(backoff.failed(now), Verdict::GiveUp, "minute {minute}");
            assert!(backoff.count() <= 3);
        }
    }
}
