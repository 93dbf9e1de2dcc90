//! The questions that wait for the user: one is on the screen, the others wait in the order they were asked.

use super::dismissal::{self, Dismissal};
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

/// What the user is asked.
#[derive(Debug)]
pub(crate) enum Subject {
    /// What an agent wants to know.
    Agent(Box<Question>),
    /// How a finding is to be dismissed.
    Dismissal(Box<Dismissal>),
}

/// The questions that wait for the user.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Subject>,
    shown: Option<Shown>,
    /// The request of the prompt that should go away, and when that is not waited for any more.
    leaving: Option<(i64, Instant)>,
}

/// What is on the screen.
#[derive(Debug)]
struct Shown {
    subject: Subject,
    /// The id of our request.
    request: i64,
    stage: Stage,
    /// When it is taken back, where the engine does not say so itself.
    until: Option<Instant>,
}

#[derive(Debug)]
enum Stage {
    /// The user reads the prompt for the next part after those in `chosen`.
    Prompt {
        prompt: Prompt,
        chosen: Map<String, Value>,
        part: usize,
    },
    /// The client opens a page.
    Opening,
}

/// The answer to a question.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What was asked.
    pub(crate) subject: Subject,
    /// What is answered.
    pub(crate) reply: Reply,
    /// The client's words when it could not ask the user.
    pub(crate) unable: Option<String>,
}

impl From<Box<Question>> for Subject {
    fn from(question: Box<Question>) -> Self {
        Self::Agent(question)
    }
}

impl Subject {
    /// The agent's question, if it is one.
    pub(crate) fn question(&self) -> Option<&Question> {
        match self {
            Self::Agent(question) => Some(question),
            Self::Dismissal(_) => None,
        }
    }

    /// The prompt for its part of this number, counted from 0; `None` after the last one.
    fn prompt(&self, part: usize, chosen: &Map<String, Value>) -> Option<Prompt> {
        match self {
            Self::Agent(question) => words::prompt(question, part),
            Self::Dismissal(it) => it.prompt(part, chosen),
        }
    }

    /// The name of a part that a value is chosen for.
    fn part(&self, part: usize) -> Option<&str> {
        match self {
            Self::Agent(question) => match &question.ask {
                Ask::Form(fields) => fields.get(part).map(|it| it.name.as_str()),
                Ask::Approval(_) | Ask::Url(_) => None,
            },
            Self::Dismissal(it) => it.part(part),
        }
    }
}

impl Answer {
    fn new(subject: impl Into<Subject>, reply: Reply) -> Self {
        Self {
            subject: subject.into(),
            reply,
            unable: None,
        }
    }

    fn deny(subject: impl Into<Subject>, reason: &str) -> Self {
        Self::new(subject, Reply::Deny(reason.to_owned()))
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
        self.waiting.push_back(Subject::Agent(question));
        self.show_next(client);
        None
    }

    /// Asks how a finding is to be dismissed, before all that agents wait for: the user has just asked for it. What was
    /// asked about another finding is taken back. False when something else must be answered first.
    pub(crate) fn ask_how_to_dismiss(
        &mut self,
        dismissal: Dismissal,
        now: Instant,
        client: &mut Client,
    ) -> bool {
        let is_older = |it: &Subject| matches!(it, Subject::Dismissal(_));
        self.close(is_older, now, client);
        self.waiting
            .push_front(Subject::Dismissal(Box::new(dismissal)));
        self.show_next(client);
        self.shown.as_ref().is_none_or(|it| is_older(&it.subject))
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
            Stage::Opening => Some(opened(shown.subject, &result, client)),
            Stage::Prompt {
                prompt,
                chosen,
                part,
            } => match choice(prompt, result) {
                Ok(choice) => self.chosen(shown.subject, choice, (chosen, part), can_open, client),
                Err(error) => Some(Answer {
                    unable: Some(error),
                    ..Answer::deny(shown.subject, "the editor could not ask the user")
                }),
            },
        };
        self.show_next(client);
        answer
    }

    /// Forgets the questions that are meant, without an answer.
    pub(crate) fn close(
        &mut self,
        is_meant: impl Fn(&Subject) -> bool,
        now: Instant,
        client: &mut Client,
    ) {
        self.waiting.retain(|it| !is_meant(it));
        if let Some(shown) = self.shown.take_if(|it| is_meant(&it.subject)) {
            self.take_back(shown.request, now, client);
        }
    }

    fn take_back(&mut self, request: i64, now: Instant, client: &mut Client) {
        client.notify("$/cancelRequest", json!({"id": request}));
        self.leaving = Some((request, now + GRACE));
    }

    /// Takes back what nobody answered in time, and shows what waits once a prompt had its time to go away.
    pub(crate) fn resume(&mut self, now: Instant, client: &mut Client) {
        let is_over = |it: &mut Shown| it.until.is_some_and(|until| until <= now);
        if let Some(shown) = self.shown.take_if(is_over) {
            if let Subject::Dismissal(it) = &shown.subject {
                client.show(MessageType::Info, &it.unanswered());
            }
            self.take_back(shown.request, now, client);
        }
        if self.leaving.is_some_and(|(_, until)| until <= now) {
            self.leaving = None;
            self.show_next(client);
        }
    }

    /// When to [`resume`](Self::resume).
    pub(crate) fn due(&self) -> Option<Instant> {
        let leaving = self.leaving.map(|(_, until)| until);
        let shown = self.shown.as_ref().and_then(|it| it.until);
        leaving.into_iter().chain(shown).min()
    }

    /// A request was answered whose prompt is not waited for.
    fn left(&mut self, request: i64, result: &Result<Value, String>, client: &mut Client) {
        if matches!(result, Ok(answer) if answer.get("title").is_some()) {
            let text = "an answer came too late: nobody waits for it any more";
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
            && let Some(subject) = self.waiting.pop_front()
        {
            // Without its first prompt a question does not get into the queue.
            drop(self.show(subject, Map::new(), 0, client));
        }
    }

    fn chosen(
        &mut self,
        subject: Subject,
        choice: Option<Choice>,
        (mut chosen, part): (Map<String, Value>, usize),
        can_open: bool,
        client: &mut Client,
    ) -> Option<Answer> {
        match choice {
            Some(Choice::Allow) => Some(Answer::new(subject, Reply::Allow)),
            Some(Choice::AllowForRun) => Some(Answer::new(subject, Reply::AllowForRun)),
            Some(Choice::Value(value)) => {
                if let Some(name) = subject.part(part) {
                    chosen.insert(name.to_owned(), value);
                }
                self.show(subject, chosen, part + 1, client)
            }
            Some(Choice::Open) => match subject.question().map(|it| &it.ask) {
                Some(Ask::Url(url)) if can_open => {
                    let params = json!({"uri": url, "external": true, "takeFocus": true});
                    let request =
                        client.request("window/showDocument", Some(params), Asked::Question);
                    self.shown = Some(Shown {
                        subject,
                        request,
                        stage: Stage::Opening,
                        until: None,
                    });
                    None
                }
                _ => Some(to_be_copied(subject, client)),
            },
            Some(Choice::Deny) => Some(Answer::deny(subject, "the user said no")),
            None => Some(Answer::deny(subject, "the user dismissed the question")),
        }
    }

    /// Shows a prompt; after the last part there is an answer instead.
    fn show(
        &mut self,
        subject: Subject,
        chosen: Map<String, Value>,
        part: usize,
        client: &mut Client,
    ) -> Option<Answer> {
        let Some(prompt) = subject.prompt(part, &chosen) else {
            return Some(Answer::new(subject, Reply::Accept(chosen)));
        };
        let titles = prompt.actions.iter().map(|(title, _)| title.as_str());
        let (kind, until) = match &subject {
            Subject::Agent(question) => match question.ask {
                Ask::Approval(_) => (MessageType::Warning, None),
                Ask::Form(_) | Ask::Url(_) => (MessageType::Info, None),
            },
            Subject::Dismissal(_) => {
                let until = Instant::now() + dismissal::DEADLINE;
                (MessageType::Info, Some(until))
            }
        };
        let request = client.ask(kind, &prompt.message, titles, Asked::Question);
        self.shown = Some(Shown {
            subject,
            request,
            stage: Stage::Prompt {
                prompt,
                chosen,
                part,
            },
            until,
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
fn opened(subject: Subject, result: &Result<Value, String>, client: &mut Client) -> Answer {
    let success = result.as_ref().ok().and_then(|it| it.get("success"));
    if success.and_then(Value::as_bool) == Some(true) {
        return Answer::new(subject, Reply::Accept(Map::new()));
    }
    to_be_copied(subject, client)
}

/// The client does not open the page, so the user does, who agreed to it.
fn to_be_copied(subject: Subject, client: &mut Client) -> Answer {
    let question = subject.question();
    let agent = question.map_or("", |it| it.agent.as_str());
    let address = match question.map(|it| &it.ask) {
        Some(Ask::Url(url)) => url.as_str(),
        _ => "",
    };
    if address.len() > MAX_ADDRESS {
        let text = format!(
            "This editor cannot open the page of {agent}, and its address is too long to be shown: {} bytes",
            address.len()
        );
        client.show(MessageType::Warning, &text);
        return Answer::deny(subject, "the page could not be opened");
    }
    let text = format!("Open this page in a browser, so that {agent} can go on: {address}");
    client.show(MessageType::Info, &text);
    Answer::new(subject, Reply::Accept(Map::new()))
}
