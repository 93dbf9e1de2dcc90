//! The questions of agents: answered by the policy, else put to the user, and each one closed exactly once.

mod copies;
mod memory;
#[cfg(test)]
mod tests;
mod words;

use crate::approve::{self, Approve};
use crate::config::Loaded;
use crate::engine::{Root, Sink};
use crate::event::{Ask, Event, Field, Question, QuestionId, Reply, RunId};
use agents::question::{Asker, Question as Asked};
use copies::Copies;
use memory::{Like, Memory};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// Most questions that wait for the user at the same time; more are denied.
const MAX_OPEN: usize = 32;

/// Who asks what no agent does.
const OURSELVES: &str = "crosscheck";
/// The key of the answer whether a run may begin.
const BEGIN: &str = "begin";

/// The configuration of a root as it is last known.
pub(crate) type Current = watch::Receiver<(u64, Option<Arc<Loaded>>)>;

/// The questions that wait, and what was decided in the runs under way.
pub(crate) struct Questions {
    sink: Sink,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    /// Whoever takes a question out of here closes it.
    open: BTreeMap<QuestionId, Open>,
    runs: BTreeMap<RunId, Memory>,
    copies: Copies,
    /// Why nobody answers, where that is so.
    unattended: Option<String>,
    is_shut: bool,
}

/// A question that waits for the user.
struct Open {
    reply: oneshot::Sender<Reply>,
    root: PathBuf,
    agent: String,
    run: Option<RunId>,
    ask: Ask,
    /// Whether the doors know of it; who asks tells its end if it came before.
    is_told: bool,
}

impl Questions {
    pub(crate) fn new(sink: Sink) -> Self {
        Self {
            sink,
            state: Mutex::default(),
        }
    }
    /// Who answers the agents of a root.
    pub(crate) fn asker(self: &Arc<Self>, root: &Path, current: Current) -> Asker {
        let (this, root) = (self.clone(), root.to_owned());
        Arc::new(move |asked| {
            let loaded = current.borrow().1.clone();
            Box::pin(this.clone().ask(asked, root.clone(), loaded))
        })
    }
    /// From now on nobody answers; what no policy allows is denied for this reason.
    pub(crate) fn leave_unattended(&self, why: String) {
        self.state().unattended = Some(why);
    }
    /// A run starts, and may have questions.
    pub(crate) fn begin(&self, run: RunId) {
        self.state().runs.insert(run, Memory::default());
    }
    /// An agent of a run works in `copy`, which stands for the root: what it asks about files there is told, and held
    /// against the policy, as if they were in the root.
    pub(crate) fn work_in_copy(&self, run: RunId, copy: PathBuf) {
        self.state().copies.add(run, copy);
    }
    /// A run is over: its questions are closed, and what it was allowed is forgotten. What a person should know of it.
    pub(crate) fn end(&self, run: RunId) -> Vec<String> {
        let memory = {
            let mut state = self.state();
            state.copies.remove(run);
            state.runs.remove(&run)
        };
        self.close_all("the run is over", |open| open.run == Some(run));
        memory.map(Memory::into_notes).unwrap_or_default()
    }
    /// A root is closed, and with it the questions of its agents.
    pub(crate) fn close_root(&self, root: &Path) {
        self.close_all("the workspace was closed", |open| open.root == root);
    }
    /// Closes everything, for good.
    pub(crate) fn shut(&self) {
        self.state().is_shut = true;
        self.close_all("crosscheck is ending", |_| true);
    }
    /// Asks the user whether a run may go on. Where nobody is there to be asked, it may.
    pub(crate) async fn may_go_on(
        self: &Arc<Self>,
        run: RunId,
        root: &Root,
        message: String,
    ) -> bool {
        if self.state().unattended.is_some() {
            return true;
        }
        let choice = |yes: bool, title: &str| (yes.into(), title.to_owned());
        let field = Field {
            name: BEGIN.to_owned(),
            title: "Begin?".to_owned(),
            choices: vec![choice(true, "Yes"), choice(false, "No")],
            default: None,
        };
        let asked = Asked {
            agent: OURSELVES.to_owned(),
            root: root.path.clone(),
            run: Some(run.0),
            message,
            ask: Ask::Form(vec![field]),
        };
        let reply = self.clone().ask(asked, root.path.clone(), root.loaded());
        match reply.await {
            Reply::Accept(values) => values.get(BEGIN) == Some(&true.into()),
            _ => false,
        }
    }
    /// Gives the user's answer to whoever waits for it, and to the like if it is meant for all of the run.
    pub(crate) fn answer(&self, id: QuestionId, reply: Reply) {
        let mut state = self.state();
        let Some(open) = state.open.remove(&id) else {
            return;
        };
        let mut closed = vec![(id, open.is_told)];
        let reply = fitting(&open, reply);
        if reply == Reply::AllowForRun
            && let (Some(run), Some(like)) = (open.run, Like::of(&open.ask))
        {
            if let Some(memory) = state.runs.get_mut(&run) {
                memory.allow(&open.agent, like.clone());
            }
            let alike = state.open.extract_if(.., |_, it| {
                it.run == Some(run)
                    && it.agent == open.agent
                    && Like::of(&it.ask).as_ref() == Some(&like)
            });
            for (id, other) in alike {
                closed.push((id, other.is_told));
                // Whoever asked may be gone.
                let _ = other.reply.send(Reply::Allow);
            }
        }
        drop(state);
        self.tell_closed(closed);
        let _ = open.reply.send(reply);
    }

    async fn ask(
        self: Arc<Self>,
        mut asked: Asked,
        root: PathBuf,
        loaded: Option<Arc<Loaded>>,
    ) -> Reply {
        let Some(loaded) = loaded else {
            return Reply::Deny("the configuration is not known yet".to_owned());
        };
        let approve = loaded
            .config
            .approve
            .get(&asked.agent)
            .cloned()
            .unwrap_or_default();
        let run = asked.run.map(RunId);
        let copy = self.state().copies.of(run, &asked.ask);
        let place = copy.clone().unwrap_or_else(|| root.clone());
        let is_allowed = is_allowed(approve.clone(), asked.ask.clone(), place).await;
        if let Some(copy) = copy {
            asked.ask = copies::in_words_of(&root, &copy, asked.ask);
        }
        let decided = self.decide(&asked, run, &approve, is_allowed, &root);
        let (id, mut answer) = match decided {
            Decision::Now(reply) => return reply,
            Decision::Open(id, answer) => (id, answer),
        };
        // Closes the question also when this future is dropped.
        let _waiting = Waiting {
            questions: &self,
            id,
        };
        let deadline = loaded.config.limits.approval;
        self.tell(Question {
            id,
            root,
            agent: asked.agent.clone(),
            run,
            message: asked.message.clone(),
            ask: asked.ask.clone(),
            deadline,
        });
        let closed = || Reply::Deny("crosscheck closed the question".to_owned());
        match timeout(deadline, &mut answer).await {
            Ok(reply) => reply.unwrap_or_else(|_| closed()),
            Err(_) if self.pass(id, run, &asked, deadline) => {
                let time = words::time(deadline);
                Reply::Deny(format!("the user did not answer within {time}"))
            }
            // The answer came at the last moment.
            Err(_) => answer.await.unwrap_or_else(|_| closed()),
        }
    }

    /// Decides at once, or opens the question.
    fn decide(
        &self,
        asked: &Asked,
        run: Option<RunId>,
        approve: &Approve,
        is_allowed: bool,
        root: &Path,
    ) -> Decision {
        let mut guard = self.state();
        let state = &mut *guard;
        let deny = |why: &str| Decision::Now(Reply::Deny(why.to_owned()));
        let mut memory = match run {
            Some(run) => match state.runs.get_mut(&run) {
                Some(memory) => Some(memory),
                None => return deny("nothing is under way that this question could belong to"),
            },
            None => None,
        };
        if state.is_shut {
            return deny("crosscheck is ending");
        }
        let note = match (approve, &state.unattended) {
            (Approve::Never, _) => {
                let (note, why) = words::never(&asked.agent);
                match &mut memory {
                    Some(memory) => memory.deny(&asked.agent),
                    None => {
                        drop(guard);
                        self.note(None, note);
                    }
                }
                return deny(why);
            }
            _ if is_allowed => {
                if let (Some(memory), Ask::Approval(approval)) = (memory, &asked.ask) {
                    memory.count(&asked.agent, approval);
                }
                return Decision::Now(Reply::Allow);
            }
            _ if memory.is_some_and(|it| it.allows(&asked.agent, &asked.ask)) => {
                return Decision::Now(Reply::Allow);
            }
            (_, Some(why)) => {
                let suggestion = match &asked.ask {
                    Ask::Approval(approval) => approve::suggestion(approval, root),
                    Ask::Form(_) | Ask::Url(_) => None,
                };
                Some((
                    words::unattended(asked, why, suggestion.as_deref()),
                    why.clone(),
                ))
            }
            _ if state.open.len() >= MAX_OPEN => {
                let why = format!("{MAX_OPEN} questions wait for an answer already");
                Some((words::denied(asked, &why), why))
            }
            _ => None,
        };
        if let Some((note, why)) = note {
            drop(guard);
            self.note(run, note);
            return deny(&why);
        }
        state.last_id += 1;
        let id = QuestionId(state.last_id);
        let (reply, answer) = oneshot::channel();
        let open = Open {
            reply,
            root: root.to_owned(),
            agent: asked.agent.clone(),
            run,
            ask: asked.ask.clone(),
            is_told: false,
        };
        state.open.insert(id, open);
        Decision::Open(id, answer)
    }

    /// Tells the doors of an open question; of its end, too, if that came meanwhile.
    fn tell(&self, question: Question) {
        let id = question.id;
        // Not under the lock: a door may answer at once.
        (self.sink)(Event::Question(Box::new(question)));
        let is_open = self
            .state()
            .open
            .get_mut(&id)
            .map(|it| it.is_told = true)
            .is_some();
        if !is_open {
            self.tell_closed([(id, true)]);
        }
    }
    /// Closes a question whose deadline has passed; false when it is closed already.
    fn pass(&self, id: QuestionId, run: Option<RunId>, asked: &Asked, after: Duration) -> bool {
        let mut state = self.state();
        let Some(open) = state.open.remove(&id) else {
            return false;
        };
        let text = words::unanswered(asked, &words::time(after));
        let memory = run.and_then(|it| state.runs.get_mut(&it));
        let is_reported = memory.map(|it| it.note(text.clone())).is_some();
        drop(state);
        if open.is_told {
            (self.sink)(Event::QuestionClosed {
                id,
                unanswered: is_reported.then(|| text.clone()),
            });
        }
        if !is_reported {
            (self.sink)(Event::Notice(text));
        }
        true
    }
    /// Closes a question without an answer; false when it is closed already.
    fn close(&self, id: QuestionId) -> bool {
        let open = self.state().open.remove(&id);
        let is_told = open.map(|it| it.is_told);
        self.tell_closed(is_told.map(|it| (id, it)));
        is_told.is_some()
    }
    fn close_all(&self, why: &str, which: impl Fn(&Open) -> bool) {
        let closed: Vec<_> = self
            .state()
            .open
            .extract_if(.., |_, open| which(open))
            .collect();
        self.tell_closed(closed.iter().map(|(id, open)| (*id, open.is_told)));
        for (_, open) in closed {
            // Whoever asked may be gone.
            let _ = open.reply.send(Reply::Deny(why.to_owned()));
        }
    }
    fn tell_closed(&self, closed: impl IntoIterator<Item = (QuestionId, bool)>) {
        for (id, _) in closed.into_iter().filter(|(_, is_told)| *is_told) {
            (self.sink)(Event::QuestionClosed {
                id,
                unanswered: None,
            });
        }
    }
    /// Keeps a remark for the report of the run; where there is none, it is told at once.
    fn note(&self, run: Option<RunId>, text: String) {
        if let Some(memory) = run.and_then(|it| {
            self.state()
                .runs
                .get_mut(&it)
                .map(|it| it.note(text.clone()))
        }) {
            return memory;
        }
        (self.sink)(Event::Notice(text));
    }
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is done under this lock that could leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What becomes of a question.
enum Decision {
    Now(Reply),
    Open(QuestionId, oneshot::Receiver<Reply>),
}

/// Closes its question when it is dropped.
struct Waiting<'a> {
    questions: &'a Questions,
    id: QuestionId,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.questions.close(self.id);
    }
}

/// Whether the patterns allow it; choices and pages are always for the user.
async fn is_allowed(approve: Approve, ask: Ask, root: PathBuf) -> bool {
    let (Approve::Patterns(_), Ask::Approval(approval)) = (&approve, ask) else {
        return false;
    };
    // Looks for links on the disk, which may be slow.
    let looking = tokio::task::spawn_blocking(move || approve.allows(&approval, &root));
    looking.await.unwrap_or(false)
}

/// The reply, if it is one to this kind of question.
fn fitting(open: &Open, reply: Reply) -> Reply {
    match (&open.ask, &reply) {
        (_, Reply::Deny(_))
        | (Ask::Approval(_), Reply::Allow)
        | (Ask::Form(_) | Ask::Url(_), Reply::Accept(_)) => reply,
        (Ask::Approval(_), Reply::AllowForRun)
            if open.run.is_some() && Like::of(&open.ask).is_some() =>
        {
            reply
        }
        // What is like it cannot be told.
        (Ask::Approval(_), Reply::AllowForRun) => Reply::Allow,
        _ => Reply::Deny("the answer does not fit the question".to_owned()),
    }
}
