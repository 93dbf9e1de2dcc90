//! One call of a run: let through by the budget, made, and accounted for. Every call that costs anything goes this way.

use crate::budget::Ticket;
use crate::budget::gate::{Gate, Place, Wanted};
use crate::event::RunId;
use agents::{
    AgentSpec, Answer, Call, CallError, CallProgress, Inspection, Operation, Pool, Shortage,
    template,
};
use serde_json::Value;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

/// A call that is to be made.
pub(super) struct Calling<'a> {
    pub(super) gate: &'a Arc<Gate>,
    pub(super) pool: &'a Pool,
    pub(super) run: RunId,
    pub(super) spec: &'a AgentSpec,
    pub(super) operation: Operation,
    /// Where the agent works.
    pub(super) root: &'a Path,
    /// Its place in the order of the run, where it was planned.
    pub(super) place: Option<Place>,
    pub(super) cancel: &'a CancellationToken,
    /// Ends calls that have not reached the agent, once it has refused one for want of quota.
    pub(super) short: &'a CancellationToken,
}

/// Why there is no answer; its text is for people.
pub(super) enum Failed {
    /// There is no budget for the call.
    Budget(String),
    /// The agent is short of something that another one may have.
    Short(Shortage, String),
    Other(String),
}

impl From<String> for Failed {
    fn from(reason: String) -> Self {
        Self::Other(reason)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Budget(reason) | Self::Short(_, reason) | Self::Other(reason)) = self;
        f.write_str(reason)
    }
}

impl Calling<'_> {
    /// Makes the call. What is known of its cost when the answer was read goes to [`Ticket::settle`].
    ///
    /// # Errors
    /// When there is no budget for it, or no answer.
    pub(super) async fn make(
        mut self,
        variables: Value,
        mut tell: impl FnMut(CallProgress),
    ) -> Result<(Answer, Ticket), Failed> {
        let agent = &self.spec.name;
        let cancelled = || Failed::Other(CallError::Cancelled(agent.clone()).to_string());
        let place = self.place.take();
        let wanted = Wanted {
            spec: self.spec,
            operation: self.operation,
            bytes: bytes_of(self.spec, self.operation, &variables),
            place: place.as_ref(),
        };
        let mut ticket = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(cancelled()),
            () = self.short.cancelled() => return Err(self.refused_before()),
            admitted = self.gate.admit(wanted) => admitted.map_err(Failed::Budget)?,
        };
        // The next one may go.
        drop(place);
        let (progress, mut news) = unbounded_channel();
        let calling = self.pool.call(Call {
            agent: agent.clone(),
            operation: self.operation,
            root: self.root.to_owned(),
            run: self.run.0,
            variables,
            cancel: self.cancel.clone(),
            progress,
        });
        tokio::pin!(calling);
        let mut is_sent = false;
        let answer = loop {
            tokio::select! {
                biased;
                answer = &mut calling => break answer,
                Some(news) = news.recv() => {
                    if news == CallProgress::Running {
                        is_sent = true;
                        ticket.sent();
                    }
                    tell(news);
                }
                () = self.short.cancelled(), if !is_sent => return Err(self.refused_before()),
            }
        };
        // It may have been sent at the last moment.
        while let Ok(news) = news.try_recv() {
            if news == CallProgress::Running {
                ticket.sent();
            }
        }
        match answer {
            Ok(answer) => {
                ticket.received(size(&answer));
                Ok((answer, ticket))
            }
            Err(error) => match error.shortage() {
                Some(shortage) => {
                    ticket.refused();
                    self.short.cancel();
                    Err(Failed::Short(shortage, error.to_string()))
                }
                None => Err(Failed::Other(error.to_string())),
            },
        }
    }

    fn refused_before(&self) -> Failed {
        let reason = format!(
            "agent `{}` was not asked: it has just refused another call of this run for want of quota",
            self.spec.name
        );
        Failed::Short(Shortage::Quota, reason)
    }
}

/// Of the ways to ask an agent, the best first, the first one whose tool its server has: a preset may name more. The best one
/// also when that cannot be found out, for the call will tell what is wrong. `None` where there is no way.
pub(super) async fn offered(
    pool: &Pool,
    spec: &AgentSpec,
    root: &Path,
    ways: &[Operation],
) -> Option<Operation> {
    let best = ways.first().copied();
    if ways.len() < 2 {
        return best;
    }
    let Ok(Inspection { tools, .. }) = pool.inspect(&spec.name, root).await else {
        return best;
    };
    let has = |way: &Operation| {
        let tool = spec.operations.get(way).map(|it| it.tool.as_str());
        tools.iter().any(|it| Some(it.name.as_str()) == tool)
    };
    ways.iter().copied().find(has).or(best)
}

/// How a call goes, for people, and how far it has come where the agent tells. `working` says what it does once it runs.
pub(super) fn in_words(
    news: CallProgress,
    working: impl FnOnce() -> String,
) -> (String, Option<f32>) {
    let text = match news {
        CallProgress::Queued(0) => "waiting for a free place".to_owned(),
        CallProgress::Queued(1) => "waiting, 1 call is before it".to_owned(),
        CallProgress::Queued(before) => format!("waiting, {before} calls are before it"),
        CallProgress::Starting => "starting".to_owned(),
        CallProgress::Running => working(),
        CallProgress::Message { text, fraction } => return (text, fraction),
    };
    (text, None)
}

/// The bytes that a call sends.
pub(crate) fn bytes_of(spec: &AgentSpec, operation: Operation, variables: &Value) -> usize {
    let arguments = spec.operations.get(&operation).map(|it| &it.arguments);
    // What cannot be made is not sent; the call tells why.
    let rendered = arguments.and_then(|it| template::render(it, variables).ok());
    rendered.map_or(0, |it| length(&it))
}

/// The bytes of an answer. Its text often says the same as its structured content.
pub(crate) fn size(answer: &Answer) -> usize {
    let texts = answer.texts.iter().map(String::len).sum();
    answer.structured.as_ref().map_or(0, length).max(texts)
}

fn length(value: &Value) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting does not fail.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}
