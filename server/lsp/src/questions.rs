//! Questions on their way to the user and back: those of agents, and how a finding is to be dismissed.

pub(crate) mod dismissal;
mod queue;
mod words;

pub(crate) use queue::Queue;

use crate::state::{Lifecycle, State};
use engine::{Ask, Question, QuestionId, Reply};
use queue::{Answer, Subject};
use serde_json::Value;
use std::path::Path;
use tokio::time::Instant;
use tower_lsp::gen_lsp_types::MessageType;

/// An agent asks something.
pub(crate) fn asked(state: &mut State, question: Box<Question>) {
    // The engine closes what nobody can answer any more.
    if state.lifecycle == Lifecycle::ShutDown || state.roots.get(&question.root).is_none() {
        tracing::debug!("a question of {} came too late", question.agent);
        return;
    }
    let State {
        questions,
        runs,
        client,
        ..
    } = state;
    if let Some(run) = question.run {
        runs.wait_for_user(run, question.id, words::mention(&question), client);
    }
    if let Some(answer) = questions.ask(question, client) {
        settle(state, answer);
    }
}

/// A question needs no answer any more; `unanswered` says so when the user had too little time.
pub(crate) fn closed(state: &mut State, id: QuestionId, unanswered: Option<&str>) {
    state.runs.go_on(id, &mut state.client);
    let is_meant = |it: &Subject| it.question().is_some_and(|it| it.id == id);
    state
        .questions
        .close(is_meant, Instant::now(), &mut state.client);
    if let Some(text) = unanswered {
        state.client.show(MessageType::Warning, text);
    }
}

/// A root is not looked at any more, so nobody waits for answers there.
pub(crate) fn root_closed(state: &mut State, root: &Path) {
    let is_meant = |it: &Subject| match it {
        Subject::Agent(it) => it.root == root,
        Subject::Dismissal(it) => *it.root == *root,
    };
    state
        .questions
        .close(is_meant, Instant::now(), &mut state.client);
}

/// The server ends, and all agents with it.
pub(crate) fn end(state: &mut State) {
    state
        .questions
        .close(|_| true, Instant::now(), &mut state.client);
}

/// The client answered a request for a question.
pub(crate) fn answered(state: &mut State, request: i64, result: Result<Value, String>) {
    let can_open = state.capabilities.show_document;
    let answer = state
        .questions
        .answered(request, result, can_open, &mut state.client);
    if let Some(answer) = answer {
        settle(state, answer);
    }
}

/// Gives an answer to whoever waits for it.
fn settle(state: &mut State, answer: Answer) {
    let Answer {
        subject,
        reply,
        unable,
    } = answer;
    match subject {
        Subject::Agent(question) => tell_agent(state, &question, reply, unable),
        Subject::Dismissal(it) => dismissal::settle(state, &it, &reply, unable),
    }
}

/// Gives an answer to the engine, and keeps a record of it where the user finds it.
fn tell_agent(state: &mut State, question: &Question, reply: Reply, unable: Option<String>) {
    state.runs.go_on(question.id, &mut state.client);
    let mention = words::mention(question);
    let record = format!("{mention}: {}", outcome(&reply));
    state.client.log(MessageType::Info, &record);
    if let Some(error) = unable {
        let hint = match question.ask {
            Ask::Approval(_) => {
                let agent = &question.agent;
                format!(" Say in the setting `approve` what {agent} may do without being asked.")
            }
            Ask::Form(_) | Ask::Url(_) => String::new(),
        };
        let text =
            format!("{mention}, and was denied: this editor could not ask you ({error}).{hint}");
        state.client.show(MessageType::Warning, &text);
    }
    if let Some(engine) = state.engine() {
        engine.answer(question.id, reply);
    }
}

fn outcome(reply: &Reply) -> String {
    match reply {
        Reply::Allow => "allowed".to_owned(),
        Reply::AllowForRun => "allowed for this run".to_owned(),
        Reply::Accept(values) if values.is_empty() => "accepted".to_owned(),
        Reply::Accept(values) => format!("accepted with {}", Value::Object(values.clone())),
        Reply::Deny(reason) => format!("denied, {reason}"),
    }
}
