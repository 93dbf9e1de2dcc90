//! Who waits for one call: gets its progress, in order and not too often.

use crate::{Call, CallProgress};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// Longest progress message, in characters.
const TEXT: usize = 200;
/// Messages that may come at once.
const BURST: u32 = 32;
/// After a burst, one message comes through in this time.
const PACE: Duration = Duration::from_millis(100);

/// Questions that one call may ask.
pub(crate) const QUESTIONS: usize = 100;

/// Who waits for one call.
#[derive(Debug)]
pub(crate) struct Listener {
    /// The run that the call belongs to.
    pub(crate) run: u64,
    /// Where the call comes from.
    pub(crate) root: PathBuf,
    progress: UnboundedSender<CallProgress>,
    state: Mutex<State>,
    /// Why the answer that came cannot be used, when the transport found that out.
    unusable: OnceLock<String>,
    /// The last open question was closed.
    resumed: Notify,
}

/// How long a call has run, as its deadlines count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// When the agent last showed progress, was answered a question, or the call began.
    pub(crate) last_sign: Instant,
    /// How long it waited for answers to its questions, as far as they are closed.
    pub(crate) paused: Duration,
    /// A question is open: time does not count.
    pub(crate) is_paused: bool,
}

/// A question of a call. While it lives, the deadlines of the call stand still.
#[derive(Debug)]
pub(crate) struct Pause {
    listener: Arc<Listener>,
}

#[derive(Debug)]
struct State {
    last_sign: Instant,
    /// Questions so far.
    asked: usize,
    /// Those of them that are open.
    open: usize,
    /// When the first of those came.
    paused_since: Instant,
    paused: Duration,
    allowance: u32,
    refilled: Instant,
    /// The newest message that was held back.
    held: Option<CallProgress>,
}

impl Listener {
    /// For this call.
    pub(crate) fn of(call: &Call) -> Self {
        Self {
            run: call.run,
            root: call.root.clone(),
            ..Self::new(call.progress.clone())
        }
    }

    /// For a call of no run, from nowhere.
    pub(crate) fn new(progress: UnboundedSender<CallProgress>) -> Self {
        let now = Instant::now();
        let state = State {
            last_sign: now,
            asked: 0,
            open: 0,
            paused_since: now,
            paused: Duration::ZERO,
            allowance: BURST,
            refilled: now,
            held: None,
        };
        Self {
            run: 0,
            root: PathBuf::new(),
            progress,
            state: Mutex::new(state),
            unusable: OnceLock::new(),
            resumed: Notify::new(),
        }
    }

    /// What the deadlines of the call go by.
    pub(crate) fn clock(&self) -> Clock {
        let state = self.lock();
        Clock {
            last_sign: state.last_sign,
            paused: state.paused,
            is_paused: state.open > 0,
        }
    }

    /// The call asks a question. `None` when it asked too many.
    pub(crate) fn ask(self: &Arc<Self>) -> Option<Pause> {
        let mut state = self.lock();
        if state.asked >= QUESTIONS {
            return None;
        }
        state.asked += 1;
        if state.open == 0 {
            state.paused_since = Instant::now();
        }
        state.open += 1;
        drop(state);
        Some(Pause {
            listener: Arc::clone(self),
        })
    }

    /// Resolves when no question is open any more; for one who waits. May resolve for nothing.
    pub(crate) async fn resumed(&self) {
        self.resumed.notified().await;
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

impl Drop for Pause {
    fn drop(&mut self) {
        let mut state = self.listener.lock();
        state.open -= 1;
        if state.open == 0 {
            let now = Instant::now();
            let paused = now - state.paused_since;
            state.paused += paused;
            state.last_sign = now;
            drop(state);
            self.listener.resumed.notify_one();
        }
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
