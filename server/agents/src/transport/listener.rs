//! Who waits for one call: gets its progress, in order and not too often.

use crate::CallProgress;
use serde_json::Value;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// Longest progress message, in characters.
const TEXT: usize = 200;
/// Messages that may come at once.
const BURST: u32 = 32;
/// After a burst, one message comes through in this time.
const PACE: Duration = Duration::from_millis(100);

/// Who waits for one call.
#[derive(Debug)]
pub(crate) struct Listener {
    progress: UnboundedSender<CallProgress>,
    state: Mutex<State>,
    /// Why the answer that came cannot be used, when the transport found that out.
    unusable: OnceLock<String>,
}

#[derive(Debug)]
struct State {
    last_sign: Instant,
    allowance: u32,
    refilled: Instant,
    /// The newest message that was held back.
    held: Option<CallProgress>,
}

impl Listener {
    pub(crate) fn new(progress: UnboundedSender<CallProgress>) -> Self {
        let now = Instant::now();
        let state = State {
            last_sign: now,
            allowance: BURST,
            refilled: now,
            held: None,
        };
        Self {
            progress,
            state: Mutex::new(state),
            unusable: OnceLock::new(),
        }
    }

    /// When the agent last showed progress, or the call began.
    pub(crate) fn last_sign(&self) -> Instant {
        self.lock().last_sign
    }

    /// Takes the parameters of a progress notification.
    pub(crate) fn progressed(&self, params: &Value) {
        let now = Instant::now();
        let mut state = self.lock();
        state.last_sign = now;
        let Some(message) = read(params) else {
            return;
        };
        state.refill(now);
        if state.allowance == 0 {
            state.held = Some(message);
            return;
        }
        state.allowance -= 1;
        state.held = None;
        // Nobody may be interested any more.
        let _ = self.progress.send(message);
    }

    /// The call is over: lets the newest message through if it was held back.
    pub(crate) fn flush(&self) {
        if let Some(held) = self.lock().held.take() {
            let _ = self.progress.send(held);
        }
    }

    /// Says why the answer that is about to come cannot be used.
    pub(crate) fn spoil(&self, reason: String) {
        let _ = self.unusable.set(reason);
    }

    /// Why the answer cannot be used.
    pub(crate) fn spoiled(&self) -> Option<&str> {
        self.unusable.get().map(String::as_str)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn refill(&mut self, now: Instant) {
        let steps = (now - self.refilled).as_millis() / PACE.as_millis();
        let steps = u32::try_from(steps).unwrap_or(BURST).min(BURST);
        if steps > 0 {
            self.allowance = (self.allowance + steps).min(BURST);
            self.refilled = now;
        }
    }
}

/// `None` when there is nothing in it to show.
fn read(params: &Value) -> Option<CallProgress> {
    let number = |key| params.get(key).and_then(Value::as_f64);
    let fraction = match (number("progress"), number("total")) {
        (Some(progress), Some(total)) if total > 0.0 => Some((progress / total).clamp(0.0, 1.0)),
        _ => None,
    };
    let text = params
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let text = domain::sanitize::line(text, TEXT);
    if text.is_empty() && fraction.is_none() {
        return None;
    }
    // Precise enough for a bar.
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    let fraction = fraction.map(|fraction| fraction as f32);
    Some(CallProgress::Message { text, fraction })
}
