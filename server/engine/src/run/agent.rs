//! One agent's part of a run: its calls in parallel, and what each answer says of the files.

use super::answer::{self, Read};
use super::calling::{self, Calling, Failed};
use super::manner::Manner;
use super::memory::Memory;
use super::own::OwnHunks;
use super::prepare::Shared;
use super::proposed;
use super::relief::{self, Relief};
use super::report::Counts;
use super::said::Known;
use crate::budget::Ticket;
use crate::budget::gate::{Gate, Place};
use crate::engine::Root;
use crate::event::{FileFindings, MemoryUse, NotAsked, RunId, Skipped};
use crate::ledger::Ledger;
use crate::prompt::{self, Batch};
use crate::scope::Gathered;
use agents::{AgentSpec, Answer, Operation, Shortage};
use domain::answer::Usage;
use domain::path::RelPath;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// What an agent's task works with.
pub(super) struct Part {
    pub(super) run: RunId,
    /// The agent's place among those of the run.
    pub(super) index: usize,
    pub(super) spec: AgentSpec,
    pub(super) shared: Arc<Shared>,
    /// What it is asked about: what there is to review, without what is known.
    pub(super) gathered: Arc<Gathered>,
    pub(super) root: Arc<Root>,
    /// What every call passes.
    pub(super) gate: Arc<Gate>,
    /// Who stands in when the agent has no quota left.
    pub(super) relief: Arc<Relief>,
    pub(super) ledger: Ledger,
    /// Ends the calls.
    pub(super) cancel: CancellationToken,
    /// Ends those that have not reached the agent, once it has no quota left.
    pub(super) short: CancellationToken,
}

/// What an agent's task reports to the conductor of the run.
pub(super) enum Message {
    /// Comes first: what is known without a call.
    Remembered {
        agent: usize,
        remembered: Recalled,
    },
    Planned {
        agent: usize,
        calls: usize,
    },
    News {
        agent: usize,
        call: usize,
        text: String,
        fraction: Option<f32>,
    },
    Answered {
        agent: usize,
        call: usize,
        answered: Answered,
    },
    Failed {
        agent: usize,
        call: usize,
        failure: Failure,
    },
    /// An agent has no quota left; another one, with a task of its own, does the rest.
    TakenOver {
        agent: usize,
        /// Calls that it takes over.
        calls: usize,
        why: Shortage,
        by: Box<AgentSpec>,
        /// The other one's place.
        index: usize,
        /// What it looks at.
        shared: Arc<Shared>,
    },
    /// Comes last, unless the task failed.
    Ended {
        agent: usize,
    },
}

/// What is known before the agent is asked.
pub(super) struct Recalled {
    pub(super) answered: Option<Answered>,
    pub(super) held_back: Vec<Skipped>,
    pub(super) not_asked: Vec<NotAsked>,
    pub(super) counts: MemoryUse,
    pub(super) own: OwnHunks,
}

/// An answer that could be read.
pub(super) struct Answered {
    pub(super) files: Vec<(FileFindings, Counts)>,
    pub(super) problems: Vec<String>,
    pub(super) summary: Option<String>,
    pub(super) usage: Option<Usage>,
    pub(super) gaps: Gaps,
}

/// What an answer leaves open. Nothing is claimed of these files.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Files asked about that the agent says it did not review, and its reasons.
    pub(super) skipped: BTreeMap<RelPath, String>,
    /// Files asked about of which silence says nothing.
    pub(super) unsure: BTreeSet<RelPath>,
    /// Why there are unsure ones.
    pub(super) reason: Option<String>,
}

impl Gaps {
    /// True when something of the file is left open.
    pub(super) fn concern(&self, path: &RelPath) -> bool {
        self.skipped.contains_key(path) || self.unsure.contains(path)
    }
}

/// A call without a readable answer.
pub(super) struct Failure {
    pub(super) reason: String,
    /// The files it was about.
    pub(super) files: Vec<RelPath>,
    /// There was no budget for it.
    pub(super) is_unaffordable: bool,
}

impl Part {
    /// How the agent is asked.
    pub(super) fn manner(&self) -> Manner {
        match self.shared.is_proposed {
            true => proposed::manner(&self.spec),
            false => Manner::of(&self.spec, Operation::Review),
        }
    }
}

/// Does an agent's part. Ends when all calls have ended; cancelled calls end at once.
pub(super) async fn ask(mut part: Part, conductor: UnboundedSender<Message>) {
    let agent = part.index;
    // The conductor may have gone; then nobody wants to know.
    let tell = |message| drop(conductor.send(message));
    let mut known = Known::default();
    let (memory, ()) = tokio::join!(Memory::recall(&part), known.prepare(&part));
    part.gathered = memory.open();
    let part = Arc::new(part);
    let (mut memory, remembered) = known.recall(&part, memory).await;
    tell(Message::Remembered { agent, remembered });
    let (told, open) = memory.known(&part).await;
    known.note_earlier(open);
    let building = part.clone();
    let planned = tokio::task::spawn_blocking(move || plan(&building, &told)).await;
    let batches = match planned {
        Ok(batches) => batches,
        Err(error) => {
            part.gate.foresee(agent, &part.spec, Operation::Review, &[]);
            let reason = fault(&part.spec.name, &error);
            let files = part
                .gathered
                .targets
                .iter()
                .map(|it| it.path.clone())
                .collect();
            tell(Message::Failed {
                agent,
                call: 0,
                failure: Failure {
                    reason,
                    files,
                    is_unaffordable: false,
                },
            });
            return tell(Message::Ended { agent });
        }
    };
    tell(Message::Planned {
        agent,
        calls: batches.len(),
    });
    let mut calls = JoinSet::new();
    let mut under_way = BTreeMap::new();
    for (call, (batch, place)) in batches.into_iter().enumerate() {
        let targets = batch.targets.clone();
        let task = calls.spawn(one_call(
            part.clone(),
            call,
            place,
            batch,
            conductor.clone(),
        ));
        under_way.insert(task.id(), (call, targets));
    }
    let mut left = Left::default();
    while let Some(joined) = calls.join_next_with_id().await {
        let (id, result) = match joined {
            Ok((id, result)) => (id, result),
            Err(error) => (
                error.id(),
                Err(Failed::Other(fault(&part.spec.name, &error))),
            ),
        };
        let Some((call, targets)) = under_way.remove(&id) else {
            continue;
        };
        match result {
            Ok((asked, read)) => {
                let new = memory.learn(&part, &asked, &read);
                if !new.is_empty() {
                    part.ledger.keep_answers(part.run, &part.root.path, new);
                }
                let read = memory.mark(read).await;
                let answered = known.take(&part, read).await;
                tell(Message::Answered {
                    agent,
                    call,
                    answered,
                });
            }
            Err(failed) => {
                let targets = targets
                    .iter()
                    .filter_map(|it| part.gathered.targets.get(*it));
                let files: Vec<RelPath> = targets.map(|it| it.path.clone()).collect();
                let failure = Failure {
                    reason: failed.to_string(),
                    files,
                    is_unaffordable: matches!(failed, Failed::Budget(_)),
                };
                match failed {
                    Failed::Short(why, _) => left.add(why, call, failure),
                    Failed::Budget(_) | Failed::Other(_) => tell(Message::Failed {
                        agent,
                        call,
                        failure,
                    }),
                }
            }
        }
    }
    hand_over(&part, left, &conductor);
    tell(Message::Ended { agent });
}

/// What an agent without quota has left to others.
#[derive(Default)]
struct Left {
    /// Why; the first refusal tells best.
    why: Option<Shortage>,
    calls: Vec<(usize, Failure)>,
}

impl Left {
    fn add(&mut self, why: Shortage, call: usize, failure: Failure) {
        self.why.get_or_insert(why);
        self.calls.push((call, failure));
    }
}

/// Starts the fallback on what is left; what nobody takes over is told as failed.
fn hand_over(part: &Arc<Part>, left: Left, conductor: &UnboundedSender<Message>) {
    let (Some(why), agent) = (left.why, part.index) else {
        return;
    };
    let files = left.calls.iter().flat_map(|(_, failure)| &failure.files);
    let paths: BTreeSet<RelPath> = files.cloned().collect();
    let shared = Arc::new(relief::narrowed(&part.shared, &part.gathered, &paths));
    let joined = part.relief.take_over(&part.spec.name, &paths, |by, index| {
        // The conductor may have gone; then nobody wants to know.
        let _ = conductor.send(Message::TakenOver {
            agent,
            calls: left.calls.len(),
            why,
            by: Box::new(by.clone()),
            index,
            shared: shared.clone(),
        });
    });
    match joined {
        Ok((spec, index)) => {
            let successor = Part {
                run: part.run,
                index,
                spec,
                gathered: shared.gathered.clone(),
                shared,
                root: part.root.clone(),
                ledger: part.ledger.clone(),
                gate: part.gate.clone(),
                relief: part.relief.clone(),
                cancel: part.cancel.clone(),
                short: CancellationToken::new(),
            };
            // Not awaited here, so that this agent's part has its end; the conductor waits for all who can tell it something.
            tokio::spawn(boxed(successor, conductor.clone()));
        }
        Err(obstacle) => {
            for (call, mut failure) in left.calls {
                if let Some(obstacle) = &obstacle {
                    failure.reason = format!("{}; {obstacle}", failure.reason);
                }
                let _ = conductor.send(Message::Failed {
                    agent,
                    call,
                    failure,
                });
            }
        }
    }
}

/// [`ask`], as a type that may stand in itself.
fn boxed(
    part: Part,
    conductor: UnboundedSender<Message>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(ask(part, conductor))
}

/// The calls that the agent is asked with. The gate knows them from here on.
fn plan(part: &Part, known: &[prompt::Known]) -> Vec<(Batch, Place)> {
    let batches = build(part, known);
    let bytes_of = |it: &Batch| calling::bytes_of(&part.spec, Operation::Review, &it.variables);
    let sizes: Vec<usize> = batches.iter().map(bytes_of).collect();
    let places = part
        .gate
        .plan(part.index, &part.spec, Operation::Review, &sizes);
    batches.into_iter().zip(places).collect()
}

fn build(part: &Part, known: &[prompt::Known]) -> Vec<Batch> {
    let shared = &part.shared;
    let Manner {
        reads,
        mask_secrets,
        needs_prompt,
        ..
    } = part.manner();
    let instructions: Vec<&str> = shared.instructions.iter().map(String::as_str).collect();
    prompt::review(&prompt::Input {
        root: &part.root.path,
        gathered: &part.gathered,
        guidelines: &shared.guidelines,
        instructions: &instructions,
        reads,
        max_bytes: shared.limits.prompt_bytes,
        mask_secrets,
        needs_prompt,
        known,
    })
}

/// Makes one call and reads its answer.
async fn one_call(
    part: Arc<Part>,
    call: usize,
    place: Place,
    batch: Batch,
    conductor: UnboundedSender<Message>,
) -> Result<(answer::Asked, Read), Failed> {
    let Batch { targets, variables } = batch;
    let asked = answer::Asked::new(&part, &targets, &variables);
    let (answer, ticket) =
        wait_for_answer(&part, call, place, variables, &asked, &conductor).await?;
    // Searching large files may take long, and the workers have other runs to serve.
    let reading = part.clone();
    let read = tokio::task::spawn_blocking(move || {
        let read = answer::read(&reading, &asked, &answer)?;
        Ok((asked, read))
    });
    let read = read.await;
    let read = read.map_err(|error| fault(&part.spec.name, &error));
    let (asked, read) = read.and_then(|it| it).map_err(Failed::Other)?;
    ticket.settle(read.usage.as_ref());
    Ok((asked, read))
}

async fn wait_for_answer(
    part: &Part,
    call: usize,
    place: Place,
    variables: serde_json::Value,
    asked: &answer::Asked,
    conductor: &UnboundedSender<Message>,
) -> Result<(Answer, Ticket), Failed> {
    let calling = Calling {
        gate: &part.gate,
        pool: &part.root.pool,
        run: part.run,
        spec: &part.spec,
        operation: Operation::Review,
        root: &part.root.path,
        place: Some(place),
        cancel: &part.cancel,
        short: &part.short,
    };
    let tell = |news| {
        let (text, fraction) = calling::in_words(news, || format!("reviewing {}", asked.name()));
        let agent = part.index;
        let _ = conductor.send(Message::News {
            agent,
            call,
            text,
            fraction,
        });
    };
    calling.make(variables, tell).await
}

fn fault(agent: &str, error: &JoinError) -> String {
    tracing::error!(agent, %error, "a task failed");
    format!("the call to agent `{agent}` failed because of a fault in crosscheck: {error}")
}
