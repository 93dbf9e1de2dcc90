//! A call as a task of its own, so that it can outlive the request that began it: in the later era of MCP a question
//! ends the request, and its answer comes with the next one.

use super::caller::{Question, verdict};
use super::progress::Listener;
use super::{CallError, Verdict, panic_message};
use rmcp::RoleServer;
use rmcp::model::{
    CallToolResult, CancelledNotification, CancelledNotificationParam, InputRequest, InputRequests,
    InputRequiredResult, InputResponses, ServerRequest,
};
use rmcp::service::{Peer, PeerRequestOptions};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

/// Name of the only request in a result that asks for input.
const REQUEST: &str = "approval";
/// How long a call waits for the next request, where the answer to its question comes with one.
const PARKED: Duration = Duration::from_secs(10 * 60);
/// Most calls that wait like this; one more is not asked for.
const MOST_PARKED: usize = 64;

/// A call under way. Dropping it cancels the call.
pub(super) struct Task {
    pub(super) work: AbortOnDropHandle<Result<CallToolResult, CallError>>,
    pub(super) questions: mpsc::UnboundedReceiver<Question>,
    /// Where its progress goes; another place with each request.
    pub(super) listener: Arc<Listener>,
}

/// How far a request brings a call.
pub(super) enum Step {
    /// It has ended.
    Ended(Result<CallToolResult, CallError>),
    /// It asks something.
    Asked(Question),
}

/// The calls whose question is with the client, by the state that comes back with the answer.
#[derive(Clone, Default)]
pub(super) struct Parked {
    tasks: Arc<Mutex<HashMap<String, Waiting>>>,
}

/// A call whose question is with the client.
struct Waiting {
    task: Task,
    reply: oneshot::Sender<Verdict>,
}

impl Task {
    /// Goes on until the call ends or asks.
    pub(super) async fn step(&mut self, tool: &str) -> Step {
        loop {
            tokio::select! {
                biased;
                ended = &mut self.work => {
                    return Step::Ended(ended.unwrap_or_else(|error| Err(failure(tool, error))));
                }
                // One that was taken back before it could be asked is none.
                Some(question) = self.questions.recv() => if !question.reply.is_closed() {
                    return Step::Asked(question);
                }
            }
        }
    }

    /// Asks the client while the request is open, as the earlier era does. The call may end meanwhile, or take the question
    /// back; then it is cancelled.
    pub(super) async fn ask(
        &mut self,
        tool: &str,
        question: Question,
        peer: &Peer<RoleServer>,
    ) -> Option<Result<CallToolResult, CallError>> {
        let Question { request, mut reply } = question;
        let request = ServerRequest::ElicitRequest(request);
        let options = PeerRequestOptions::no_options();
        // When the client is gone, the end of the input tells; the question counts as denied.
        let mut handle = peer.send_request_with_option(request, options).await.ok()?;
        let result = tokio::select! {
            answer = &mut handle.rx => {
                let answer = answer.ok().and_then(Result::ok);
                let answer = answer.and_then(|answer| serde_json::to_value(answer).ok());
                // The call may have ended; then nobody wants to know.
                let _ = reply.send(verdict(&answer.unwrap_or_default()));
                return None;
            }
            () = reply.closed() => None,
            ended = &mut self.work => Some(ended.unwrap_or_else(|error| Err(failure(tool, error)))),
        };
        let params = CancelledNotificationParam::new(Some(handle.id.clone()), None);
        let _ = peer
            .send_notification(CancelledNotification::new(params).into())
            .await;
        result
    }
}

impl Parked {
    /// Puts a call aside and asks the client for its answer, as the later era does.
    pub(super) fn park(&self, task: Task, question: Question) -> Option<InputRequiredResult> {
        let state = state()?;
        let Question { request, reply } = question;
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if tasks.len() >= MOST_PARKED {
            return None;
        }
        tasks.insert(state.clone(), Waiting { task, reply });
        drop(tasks);
        let (tasks, forgotten) = (Arc::downgrade(&self.tasks), state.clone());
        tokio::spawn(async move {
            tokio::time::sleep(PARKED).await;
            if let Some(tasks) = tasks.upgrade() {
                let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
                tasks.remove(&forgotten);
            }
        });
        let request = InputRequest::Elicitation(request);
        let requests = InputRequests::from([(REQUEST.to_owned(), request)]);
        Some(InputRequiredResult::new(Some(requests), Some(state)))
    }

    /// Takes a call up again with the client's answer.
    pub(super) fn resume(
        &self,
        state: &str,
        responses: Option<InputResponses>,
    ) -> Result<Task, CallError> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Waiting { task, reply }) = tasks.remove(state) else {
            let reason =
                "the answer came too late: the call that asked for approval is gone; make it again";
            return Err(CallError::Failed(reason.to_owned()));
        };
        let answer = responses.and_then(|mut responses| responses.remove(REQUEST));
        // The call may have ended; then its result is there already.
        let _ = reply.send(verdict(&answer.unwrap_or(Value::Null)));
        Ok(task)
    }
}

fn failure(tool: &str, error: tokio::task::JoinError) -> CallError {
    match error.try_into_panic() {
        Ok(panic) => {
            let message = panic_message(panic.as_ref());
            CallError::Failed(format!(
                "the tool `{tool}` has a bug and gave up: {message}"
            ))
        }
        Err(_) => CallError::Failed("the call was cancelled".to_owned()),
    }
}

/// A name that nobody can guess.
fn state() -> Option<String> {
    use std::fmt::Write as _;
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
