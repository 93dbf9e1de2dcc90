//! A connection that stands: calls on it, and its orderly or sudden end.

use super::answer::{self, Failure, InputRequired, Reading};
use super::handshake::{Era, Greeting, raw};
use super::questions::Asks;
use super::requests::Requests;
use super::tools;
use crate::transport::{Calls, Listener, Lost, QUESTION, QUESTIONS, Trouble, explain, kind};
use crate::{ServerInfo, Tool};
use process::{Child, Exit, Shutdown, Tail};
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam,
    ClientNotification, ClientRequest, GetExtensions, InputResponses, ListToolsRequest,
    PaginatedRequestParams, RequestId, ServerCapabilities, ServerPeerInfo,
};
use rmcp::service::{
    Peer, PeerRequestOptions, RoleClient, RunningService, ServiceError, serve_directly,
};
use rmcp::transport::Transport;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long the rest of what an ended agent said is waited for: something it started may hold its output open.
pub(super) const DRAIN: Duration = Duration::from_millis(250);
/// The steps of an end that nobody waits for.
pub(crate) const STEPS: Shutdown = Shutdown {
    close: Duration::from_secs(2),
    terminate: Duration::from_secs(2),
};
/// Rounds of input that one call may ask for, besides those in which a person is asked.
const ROUNDS: usize = 8;
/// Inputs that one round may ask for.
const INPUTS: usize = 64;
/// Pause before a round in which the agent asked for nothing.
const PAUSE: Duration = Duration::from_millis(200);
/// Pages of a list of tools that are read.
const PAGES: usize = 50;
/// Lines of standard error in a message.
const WORDS: usize = 5;

/// A connection to one agent. Dropping it ends it, in steps, in the background.
pub(crate) struct Connection {
    peer: Peer<RoleClient>,
    calls: Arc<Calls>,
    requests: Requests,
    orders: UnboundedSender<Shutdown>,
    done: CancellationToken,
    pub(crate) server: ServerInfo,
    pub(crate) era: Era,
    /// Process id of a program.
    pub(crate) pid: Option<u32>,
}

/// A request that was sent. Dropped before its answer came, it is given up and the agent is told.
struct Sent<'a> {
    connection: &'a Connection,
    id: RequestId,
    answered: bool,
}

impl Connection {
    /// Takes over after the handshake. `child` is the program behind the transport, if there is one.
    pub(super) fn new<T: Transport<RoleClient> + 'static>(
        transport: T,
        calls: Arc<Calls>,
        greeting: Greeting,
        child: Option<Child>,
    ) -> Self {
        let requests = Requests::new(Arc::clone(&calls));
        let info = ServerPeerInfo::new(greeting.version, ServerCapabilities::default());
        let service = serve_directly(requests.clone(), transport, Some(info));
        let (orders, received) = unbounded_channel();
        let done = CancellationToken::new();
        let pid = child.as_ref().and_then(Child::id);
        let peer = service.peer().clone();
        tokio::spawn({
            let (calls, done) = (Arc::clone(&calls), done.clone().drop_guard());
            async move {
                match child {
                    Some(child) => keep_program(child, service, &calls, received).await,
                    None => keep(service, &calls, received).await,
                }
                drop(done);
            }
        });
        let Greeting { era, server, .. } = greeting;
        Self {
            peer,
            calls,
            requests,
            orders,
            done,
            server,
            era,
            pid,
        }
    }

    /// Why it is no more.
    pub(crate) fn lost(&self) -> Option<&Lost> {
        self.calls.lost()
    }

    /// Resolves when it is no more. Does not keep it.
    pub(crate) fn loss(&self) -> impl Future<Output = ()> + Send + use<> {
        let calls = Arc::clone(&self.calls);
        async move { calls.loss().await }
    }

    /// Calls a tool and reads its answer.
    pub(crate) async fn call_tool(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        root: &Path,
        listener: &Arc<Listener>,
    ) -> Result<Reading, Failure> {
        self.requests.add_root(root);
        let mut params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let (mut rounds, mut questions) = (0, 0);
        while rounds <= ROUNDS && questions <= QUESTIONS {
            let request = ClientRequest::CallToolRequest(CallToolRequest::new(params.clone()));
            let mut result = self.request(request, Some(listener)).await?;
            let Some(asked) = answer::input_required(&mut result) else {
                return answer::read(result);
            };
            params.request_state.clone_from(&asked.state);
            match asked.methods().filter(|method| *method == QUESTION).count() {
                0 => rounds += 1,
                count => questions += count,
            }
            params.input_responses = Some(self.respond(asked, listener).await?);
        }
        let most = if rounds > ROUNDS { ROUNDS } else { QUESTIONS };
        Err(Failure::Unusable(format!(
            "it asked for input more than {most} times"
        )))
    }

    /// Lists the tools.
    pub(crate) async fn tools(&self) -> Result<Vec<Tool>, Failure> {
        let mut all = Vec::new();
        let mut cursor = None;
        for _ in 0..PAGES {
            let params = PaginatedRequestParams::default().with_cursor(cursor.take());
            let request = ClientRequest::ListToolsRequest(ListToolsRequest::with_param(params));
            let mut result = self.request(request, None).await?;
            let (tools, next) = tools::read(&mut result);
            all.extend(tools);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// Whether a call that was given up this long ago still occupies the program.
    pub(crate) fn has_stuck(&self, grace: Duration) -> bool {
        self.pid.is_some() && self.calls.has_stuck(grace)
    }

    /// Resolves when nothing of it is left.
    pub(crate) async fn gone_for_good(&self) {
        self.done.cancelled().await;
    }

    /// Ends it for this reason. Calls on it fail at once; the rest goes by these steps in the background.
    pub(crate) fn end(&self, reason: &str, steps: Shutdown) {
        self.calls.lose(Lost {
            reason: reason.to_owned(),
            deliberate: true,
        });
        // Its keeper may be gone, and it with it.
        let _ = self.orders.send(steps);
    }

    async fn request(
        &self,
        mut request: ClientRequest,
        listener: Option<&Arc<Listener>>,
    ) -> Result<Value, Failure> {
        if let Some(listener) = listener {
            request.extensions_mut().insert(Arc::clone(listener));
        }
        let options = PeerRequestOptions::no_options();
        let Ok(mut handle) = self.peer.send_request_with_option(request, options).await else {
            return Err(self.gone().await);
        };
        let mut sent = Sent {
            connection: self,
            id: handle.id.clone(),
            answered: false,
        };
        let answer = tokio::select! {
            biased;
            answer = &mut handle.rx => answer,
            () = self.calls.loss() => return Err(self.gone().await),
        };
        sent.answered = true;
        match answer {
            Ok(Ok(result)) => Ok(raw(result)),
            Ok(Err(ServiceError::McpError(error))) => {
                Err(match listener.and_then(|listener| listener.spoiled()) {
                    Some(reason) => Failure::Unusable(reason.to_owned()),
                    None => Failure::Refused(answer::error_text(&error.message)),
                })
            }
            Ok(Err(ServiceError::TransportSend(error))) => {
                let error = error.error.as_ref();
                let reason = explain(error);
                Err(match kind(error) {
                    Trouble::Unauthorized => Failure::Unauthorized(reason),
                    Trouble::Refused => Failure::Refused(reason),
                    Trouble::Unusable => Failure::Unusable(reason),
                    Trouble::Gone => Failure::Gone(reason),
                })
            }
            Ok(Err(_)) | Err(_) => Err(self.gone().await),
        }
    }

    /// Answers what a call asked for, all at once.
    async fn respond(
        &self,
        asked: InputRequired,
        listener: &Arc<Listener>,
    ) -> Result<InputResponses, Failure> {
        let count = asked.requests.len();
        if count > INPUTS {
            let reason = format!("it asks for {count} inputs at once, more than {INPUTS}");
            return Err(Failure::Unusable(reason));
        }
        if count == 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let answering = asked
            .requests
            .into_iter()
            .map(|(name, mut request)| async move {
                let params = request.get_mut("params").map(Value::take);
                let (params, method) = (params.unwrap_or_default(), answer::method(&request));
                let answer = self.requests.answer(method, &params, Asks::Call(listener));
                let answer = answer.await.map_err(|error| {
                    Failure::Unusable(format!(
                        "it asks for input that it cannot get: {}",
                        error.message
                    ))
                })?;
                Ok((name, answer))
            });
        let answers = futures::future::try_join_all(answering).await?;
        Ok(answers.into_iter().collect())
    }

    /// Why the connection is no more. The stream may end a moment before the reason is known.
    async fn gone(&self) -> Failure {
        let _ = timeout(2 * DRAIN, self.calls.loss()).await;
        let reason = self
            .calls
            .lost()
            .map_or("its connection was closed", |lost| &lost.reason);
        Failure::Gone(reason.to_owned())
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if self.answered || self.connection.calls.lost().is_some() {
            return;
        }
        self.connection.calls.abandon(&self.id);
        let params = CancelledNotificationParam::new(Some(self.id.clone()), None);
        let told = ClientNotification::CancelledNotification(CancelledNotification::new(params));
        let peer = self.connection.peer.clone();
        // Without a runtime there is nobody left to tell.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { peer.send_notification(told).await });
        }
    }
}

/// Waits for the end of a program, from whichever side it comes, and leaves nothing of it.
async fn keep_program(
    mut child: Child,
    service: RunningService<RoleClient, Requests>,
    calls: &Calls,
    mut orders: UnboundedReceiver<Shutdown>,
) {
    let stderr = child.stderr();
    let steps = tokio::select! {
        biased;
        order = orders.recv() => order,
        exit = child.wait() => {
            // What it said last is still on its way.
            let _ = timeout(DRAIN, calls.silence()).await;
            lose(calls, why(calls, Some(&exit), &stderr));
            None
        }
        () = calls.silence() => {
            let exit = timeout(DRAIN, child.wait()).await.ok();
            lose(calls, why(calls, exit.as_ref(), &stderr));
            None
        }
    };
    // Ends the writing, which closes the program's standard input.
    lose(calls, "it is not needed any more".to_owned());
    child.shutdown(steps.unwrap_or(STEPS)).await;
    drop(service);
}

/// The same for a connection without a program.
async fn keep(
    service: RunningService<RoleClient, Requests>,
    calls: &Calls,
    mut orders: UnboundedReceiver<Shutdown>,
) {
    let cancel = service.cancellation_token();
    let mut ending = std::pin::pin!(service.waiting());
    tokio::select! {
        biased;
        order = orders.recv() => {
            lose(calls, "it is not needed any more".to_owned());
            cancel.cancel();
            let steps = order.unwrap_or(STEPS);
            let _ = timeout(steps.close + steps.terminate, ending).await;
        }
        _ = &mut ending => lose(calls, "its connection ended".to_owned()),
    }
}

fn lose(calls: &Calls, reason: String) {
    calls.lose(Lost {
        reason,
        deliberate: false,
    });
}

/// Says why nothing more comes from a program. If we stopped listening, its end is only what follows.
fn why(calls: &Calls, exit: Option<&Exit>, stderr: &Tail) -> String {
    match (calls.silence_reason(), exit) {
        (Some(reason), _) => format!("{reason}{}", last_words(stderr)),
        (None, Some(exit)) => ended(exit, stderr),
        (None, None) => format!("it closed its standard output{}", last_words(stderr)),
    }
}

/// Says how a program ended.
pub(super) fn ended(exit: &Exit, stderr: &Tail) -> String {
    format!("it ended with {exit}{}", last_words(stderr))
}

/// The end of what a program wrote to its standard error, for a message.
pub(super) fn last_words(stderr: &Tail) -> String {
    let words = stderr.last(WORDS).replace('\n', " / ");
    if words.is_empty() {
        String::new()
    } else {
        format!("; its last words: {words}")
    }
}
