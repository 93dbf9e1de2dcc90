//! The questions that wait for the user: one is on the screen, the others wait in the order they were asked.

use super::words::{self, Choice, Prompt};
use crate::client::{Asked, Client};
use engine::{Ask, Question, Reply};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;
use tower_lsp::gen_lsp_types::MessageType;

#[cfg(test)]
mod tests;

/// Most questions that wait beside the one on the screen; more are denied.
const MAX_WAITING: usize = 32;
/// How long a client that was asked to take a prompt away may need before the next one is shown anyway.
const GRACE: Duration = Duration::from_secs(1);
/// Longest address of a page that is shown for copying, in bytes.
const MAX_ADDRESS: usize = 3 << 10;

/// The questions that wait for the user.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Box<Question>>,
    shown: Option<Shown>,
    /// The request of the prompt that should go away, and when that is not waited for any more.
    leaving: Option<(i64, Instant)>,
}

/// What is on the screen.
#[derive(Debug)]
struct Shown {
    question: Box<Question>,
    /// The id of our request.
    request: i64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The user reads the prompt for the next field after those in `chosen`.
    Prompt {
        prompt: Prompt,
        chosen: Map<String, Value>,
        field: usize,
    },
    /// The client opens a page.
    Opening,
}

/// The answer to a question.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The question.
    pub(crate) question: Box<Question>,
    /// What is answered.
    pub(crate) reply: Reply,
    /// The client's words when it could not ask the user.
    pub(crate) unable: Option<String>,
}

impl Answer {
    fn new(question: Box<Question>, reply: Reply) -> Self {
        Self {
            question,
            reply,
            unable: None,
        }
    }

    fn deny(question: Box<Question>, reason: &str) -> Self {
        Self::new(question, Reply::Deny(reason.to_owned()))
    }
}

impl Queue {
    /// Takes a question. Those that cannot be shown are answered at once.
    pub(crate) fn ask(&mut self, question: Box<Question>, client: &mut Client) -> Option<Answer> {
        if let Some(flaw) = flaw(&question.ask) {
            return Some(Answer::deny(question, flaw));
        }
        if self.waiting.len() >= MAX_WAITING {
            return Some(Answer::deny(
                question,
                "too many questions wait for the user",
            ));
        }
        self.waiting.push_back(question);
        self.show_next(client);
        None
    }

    /// Takes the client's answer to a request. Answers to prompts that were taken away are nobody's.
    pub(crate) fn answered(
        &mut self,
        request: i64,
        result: Result<Value, String>,
        can_open: bool,
        client: &mut Client,
    ) -> Option<Answer> {
        let Some(shown) = self.shown.take_if(|it| it.request == request) else {
            self.left(request, &result, client);
            return None;
        };
        let answer = match shown.stage {
            Stage::Opening => Some(opened(shown.question, &result, client)),
            Stage::Prompt {
                prompt,
                chosen,
                field,
            } => match choice(prompt, result) {
                Ok(choice) => {
                    self.chosen(shown.question, choice, (chosen, field), can_open, client)
                }
                Err(error) => Some(Answer {
                    unable: Some(error),
                    ..Answer::deny(shown.question, "the editor could not ask the user")
                }),
            },
        };
        self.show_next(client);
        answer
    }

    /// Forgets the questions that are meant, without an answer.
    pub(crate) fn close(
        &mut self,
        is_meant: impl Fn(&Question) -> bool,
        now: Instant,
        client: &mut Client,
    ) {
        self.waiting.retain(|it| !is_meant(it));
        if let Some(shown) = self.shown.take_if(|it| is_meant(&it.question)) {
            client.notify("$/cancelRequest", json!({"id": shown.request}));
            self.leaving = Some((shown.request, now + GRACE));
        }
    }

    /// Shows what waits once a prompt had its time to go away.
    pub(crate) fn resume(&mut self, now: Instant, client: &mut Client) {
        if self.leaving.is_some_and(|(_, until)| until <= now) {
            self.leaving = None;
            self.show_next(client);
        }
    }

    /// When to [`resume`](Self::resume).
    pub(crate) fn due(&self) -> Option<Instant> {
        self.leaving.map(|(_, until)| until)
    }

    /// A request was answered whose prompt is not waited for.
    fn left(&mut self, request: i64, result: &Result<Value, String>, client: &mut Client) {
        if matches!(result, Ok(answer) if answer.get("title").is_some()) {
            let text = "an answer came too late: the agent does not wait for it any more";
            client.log(MessageType::Info, text);
        }
        if self.leaving.is_some_and(|(it, _)| it == request) {
            self.leaving = None;
            self.show_next(client);
        }
    }

    fn show_next(&mut self, client: &mut Client) {
        if self.shown.is_none()
            && self.leaving.is_none()
            && let Some(question) = self.waiting.pop_front()
        {
            // Without its first prompt a question does not get into the queue.
            drop(self.show(question, Map::new(), 0, client));
        }
    }

    fn chosen(
        &mut self,
        question: Box<Question>,
        choice: Option<Choice>,
        (mut chosen, field): (Map<String, Value>, usize),
        can_open: bool,
        client: &mut Client,
    ) -> Option<Answer> {
        match (choice, &question.ask) {
            (Some(Choice::Allow), _) => Some(Answer::new(question, Reply::Allow)),
            (Some(Choice::AllowForRun), _) => Some(Answer::new(question, Reply::AllowForRun)),
            (Some(Choice::Value(value)), Ask::Form(fields)) => {
                if let Some(field) = fields.get(field) {
                    chosen.insert(field.name.clone(), value);
                }
                self.show(question, chosen, field + 1, client)
            }
            (Some(Choice::Open), Ask::Url(url)) if can_open => {
                let params = json!({"uri": url, "external": true, "takeFocus": true});
                let request = client.request("window/showDocument", Some(params), Asked::Question);
                self.shown = Some(Shown {
                    question,
                    request,
                    stage: Stage::Opening,
                });
                None
            }
            (Some(Choice::Open), _) => Some(to_be_copied(question, client)),
            (Some(Choice::Deny | Choice::Value(_)), _) => {
                Some(Answer::deny(question, "the user said no"))
            }
            (None, _) => Some(Answer::deny(question, "the user dismissed the question")),
        }
    }

    /// Shows a prompt; after the last field of a form there is an answer instead.
    fn show(
        &mut self,
        question: Box<Question>,
        chosen: Map<String, Value>,
        field: usize,
        client: &mut Client,
    ) -> Option<Answer> {
        let Some(prompt) = words::prompt(&question, field) else {
            return Some(Answer::new(question, Reply::Accept(chosen)));
        };
        let titles = prompt.actions.iter().map(|(title, _)| title.as_str());
        let kind = match question.ask {
            Ask::Approval(_) => MessageType::Warning,
            Ask::Form(_) | Ask::Url(_) => MessageType::Info,
        };
        let request = client.ask(kind, &prompt.message, titles, Asked::Question);
        self.shown = Some(Shown {
            question,
            request,
            stage: Stage::Prompt {
                prompt,
                chosen,
                field,
            },
        });
        None
    }
}

/// Why a question cannot be put to anybody.
fn flaw(ask: &Ask) -> Option<&'static str> {
    match ask {
        Ask::Form(fields) if fields.is_empty() => Some("the form asks for nothing"),
        // Any other scheme would start whatever program on this machine is registered for it.
        Ask::Url(url) if !url.starts_with("https://") && !url.starts_with("http://") => {
            Some("only pages of the web can be opened")
        }
        _ => None,
    }
}

/// The button that was chosen; `None` when the prompt was dismissed. An error says why nobody was asked.
fn choice(prompt: Prompt, result: Result<Value, String>) -> Result<Option<Choice>, String> {
    let answer = result?;
    let Some(title) = answer.get("title").and_then(Value::as_str) else {
        return Ok(None);
    };
    let mut actions = prompt.actions.into_iter();
    Ok(actions.find(|it| it.0 == title).map(|it| it.1))
}

/// The client tells whether it opened a page.
fn opened(question: Box<Question>, result: &Result<Value, String>, client: &mut Client) -> Answer {
    let success = result.as_ref().ok().and_then(|it| it.get("success"));
    if success.and_then(Value::as_bool) == Some(true) {
        return Answer::new(question, Reply::Accept(Map::new()));
    }
    to_be_copied(question, client)
}

/// The client does not open the page, so the user does, who agreed to it.
fn to_be_copied(question: Box<Question>, client: &mut Client) -> Answer {
    let address = match &question.ask {
        Ask::Url(url) => url.as_str(),
        _ => "",
    };
    let agent = &question.agent;
    if address.len() > MAX_ADDRESS {
        let text = format!(
            "This editor cannot open the page of {agent}, and its address is too long to be shown: {} bytes",
            address.len()
        );
        client.show(MessageType::Warning, &text);
        return Answer::deny(question, "the page could not be opened");
    }
    let text = format!("Open this page in a browser, so that {agent} can go on: {address}");
    client.show(MessageType::Info, &text);
    Answer::new(question, Reply::Accept(Map::new()))
}
