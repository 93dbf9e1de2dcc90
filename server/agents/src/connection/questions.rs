//! The questions of an agent on one connection: put to a person, taken back when their time is over, always answered.

use crate::question::{self, Asked, Question, Reply};
use crate::transport::{Calls, InFlight, Listener, Origin, Pause, QUESTIONS};
use futures::FutureExt;
use rmcp::model::RequestId;
use serde_json::Value;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Questions open at the same time; more are denied.
const OPEN: usize = 16;

/// Answers the questions on one connection. Clones count together.
#[derive(Clone)]
pub(super) struct Questions {
    calls: Arc<Calls>,
    places: Arc<Semaphore>,
    /// Questions that came while no call was there.
    stray: Arc<AtomicUsize>,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(super) enum Asks<'a> {
    /// A request of the agent, in the middle of some call.
    Request(&'a RequestId),
    /// The result of this call.
    Call(&'a Arc<Listener>),
}

/// A question that may be put to a person. Its calls stand still while it lives.
struct Admitted {
    run: Option<u64>,
    root: std::path::PathBuf,
    calls: Vec<InFlight>,
    _pauses: Vec<Pause>,
}

impl Questions {
    pub(super) fn new(calls: Arc<Calls>) -> Self {
        Self {
            calls,
            places: Arc::new(Semaphore::new(OPEN)),
            stray: Arc::default(),
        }
    }

    /// Answers the question in `params`. The answer is a result, whatever happens.
    pub(super) async fn answer(&self, params: &Value, asks: Asks<'_>) -> Value {
        let spec = self.calls.asking.approval.as_ref();
        let asked = match question::read(params, spec) {
            Ok(asked) => asked,
            Err(reason) => {
                self.calls.note("declined", || {
                    format!("asked something and was told no: {reason}")
                });
                return question::denied(spec, &format!("the question was not asked: {reason}"));
            }
        };
        let reply = self.ask(&asked, asks).await;
        asked.answer(&reply)
    }

    async fn ask(&self, asked: &Asked, asks: Asks<'_>) -> Reply {
        let Ok(_place) = self.places.try_acquire() else {
            self.calls.note("crowd", || {
                format!("asks more than {OPEN} questions at once; the rest was told no")
            });
            return no("too many questions are open");
        };
        let taken_back = match asks {
            Asks::Request(id) => self.calls.open(id),
            Asks::Call(_) => CancellationToken::new(),
        };
        let Some(asker) = &self.calls.asking.asker else {
            self.note(asked, "was told no");
            return no("nobody can be asked");
        };
        let admitted = match self.admit(asked, asks) {
            Ok(admitted) => admitted,
            Err(reason) => return no(reason),
        };
        let question = Question {
            agent: self.calls.asking.agent.clone(),
            root: admitted.root.clone(),
            run: admitted.run,
            message: asked.message.clone(),
            ask: asked.ask.clone(),
        };
        // The asker is called here, too, so that a panic in it is caught.
        let asking = AssertUnwindSafe(async { asker(question).await }).catch_unwind();
        tokio::select! {
            biased;
            () = taken_back.cancelled() => no("the question was taken back"),
            () = over(&admitted.calls) => no("the call has ended"),
            () = self.calls.loss() => no("the connection ended"),
            () = self.calls.silence() => no("the connection ended"),
            reply = asking => reply.unwrap_or_else(|_| {
                self.note(asked, "could not be answered because of a bug in Crosscheck, so it was told no");
                no("asking failed inside Crosscheck, which is a bug")
            }),
        }
    }

    /// Finds out whose question it is, and whether it may be asked.
    fn admit(&self, asked: &Asked, asks: Asks<'_>) -> Result<Admitted, &'static str> {
        let Origin {
            calls,
            is_certain,
            root,
        } = match asks {
            Asks::Request(_) => self
                .calls
                .origin(asked.call.as_ref())
                .ok_or("the call has ended")?,
            Asks::Call(listener) => Origin {
                calls: vec![InFlight {
                    listener: Arc::clone(listener),
                    is_over: CancellationToken::new(),
                }],
                is_certain: true,
                root: None,
            },
        };
        let pauses: Option<Vec<Pause>> = calls.iter().map(|call| call.listener.ask()).collect();
        let is_stray = calls.is_empty() && self.stray.fetch_add(1, Ordering::Relaxed) >= QUESTIONS;
        let Some(pauses) = pauses.filter(|_| !is_stray) else {
            self.calls.note("flood", || {
                format!("asks more than {QUESTIONS} questions; the rest was told no")
            });
            return Err("too many questions were asked");
        };
        let latest = calls.last().map(|call| &call.listener);
        let root = latest.map(|call| call.root.clone()).or(root);
        Ok(Admitted {
            run: latest.filter(|_| is_certain).map(|call| call.run),
            root: root.unwrap_or_else(|| self.calls.asking.root.clone()),
            calls,
            _pauses: pauses,
        })
    }

    fn note(&self, asked: &Asked, what: &str) {
        self.calls.note("question", || {
            format!("asked “{}” and {what}", asked.message)
        });
    }
}

/// Resolves when all of the calls have ended; never, if there are none.
async fn over(calls: &[InFlight]) {
    if calls.is_empty() {
        std::future::pending::<()>().await;
    }
    for call in calls {
        call.is_over.cancelled().await;
    }
}

fn no(reason: &str) -> Reply {
    Reply::Deny(reason.to_owned())
}
