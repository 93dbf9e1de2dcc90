//! The client of one call, as the call sees it: it can be told of progress, and asked for approval.

use super::Progress;
use crate::contract::approval::{APPROVAL_KEY, Approval, DECISION, Decision};
use rmcp::model::{
    ClientCapabilities, ElicitRequest, ElicitRequestParams, MetaObject, ProgressToken,
    RequestMetaObject,
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

/// The client of one call.
pub(crate) struct Caller {
    /// Gets the news of the call.
    pub(crate) progress: Progress,
    /// Gets the questions of the call.
    pub(crate) approvals: Approvals,
}

/// Asks the client for approval. Clones ask the same client.
#[derive(Clone)]
pub(crate) struct Approvals {
    /// `None` when the client cannot be asked.
    questions: Option<mpsc::UnboundedSender<Question>>,
    token: Option<ProgressToken>,
}

/// What an approval came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allow,
    AllowForRun,
    /// With the reason, in words for the model.
    Deny(String),
}

/// A question on its way to the client. Dropped unanswered, it was denied.
pub(super) struct Question {
    pub(super) request: ElicitRequest,
    pub(super) reply: oneshot::Sender<Verdict>,
}

impl Caller {
    /// For calls that nobody watches and that cannot ask.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self {
            progress: Progress::none(),
            approvals: Approvals::none(),
        }
    }
}

impl Approvals {
    /// For a client with these capabilities; its questions arrive at the receiver.
    pub(super) fn new(
        capabilities: Option<&ClientCapabilities>,
        token: Option<ProgressToken>,
    ) -> (Self, mpsc::UnboundedReceiver<Question>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let can_ask = capabilities.is_some_and(|it| it.elicitation.is_some());
        let questions = can_ask.then_some(sender);
        (Self { questions, token }, receiver)
    }

    /// For calls of a client that cannot be asked.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self {
            questions: None,
            token: None,
        }
    }

    /// True when the client can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        self.questions.is_some()
    }

    /// Asks, and waits for the answer as long as the client takes. `message` is the question for a person.
    pub(crate) async fn ask(&self, message: &str, approval: Approval) -> Verdict {
        let Some(questions) = &self.questions else {
            return Verdict::Deny("the client cannot be asked for approval".to_owned());
        };
        let (reply, answer) = oneshot::channel();
        let token = self.token.as_ref();
        let Some(request) = elicitation(message, approval, token) else {
            return Verdict::Deny("the question could not be written down".to_owned());
        };
        // When it cannot be sent, the reply is dropped with it.
        let _ = questions.send(Question { request, reply });
        let unanswered = |_| Verdict::Deny("the question was not answered".to_owned());
        answer.await.unwrap_or_else(unanswered)
    }
}

/// Reads the client's answer to an elicitation.
pub(super) fn verdict(answer: &Value) -> Verdict {
    let deny = |reason: &str| Verdict::Deny(reason.to_owned());
    match answer.get("action").and_then(Value::as_str) {
        Some("accept") => {}
        Some("cancel") => return deny("the question was dismissed"),
        _ => return deny("the user declined"),
    }
    let decision = answer
        .get("content")
        .and_then(|content| content.get(DECISION));
    match decision.map(|it| serde_json::from_value(it.clone())) {
        Some(Ok(Decision::Allow)) => Verdict::Allow,
        Some(Ok(Decision::AllowForRun)) => Verdict::AllowForRun,
        Some(Ok(Decision::Deny)) => deny("the user declined"),
        // Only a clear yes is one.
        Some(Err(_)) | None => deny("the answer was not clear"),
    }
}

/// The elicitation of an approval; `None` when the library does not take it, which a test rules out.
fn elicitation(
    message: &str,
    mut approval: Approval,
    token: Option<&ProgressToken>,
) -> Option<ElicitRequest> {
    approval.progress_token = token.and_then(|token| serde_json::to_value(token).ok());
    let schema = json!({
        "type": "object",
        "properties": { DECISION: {
            "type": "string",
            "title": "Decision",
            "enum": ["allow", "allow_for_run", "deny"],
            "enumNames": ["Allow", "Allow for this run", "Deny"],
        } },
        "required": [DECISION],
    });
    let mut meta = MetaObject::new();
    meta.insert(
        APPROVAL_KEY.to_owned(),
        serde_json::to_value(approval).ok()?,
    );
    Some(ElicitRequest::new(
        ElicitRequestParams::FormElicitationParams {
            meta: Some(RequestMetaObject(meta)),
            message: message.to_owned(),
            requested_schema: serde_json::from_value(schema).ok()?,
        },
    ))
}
