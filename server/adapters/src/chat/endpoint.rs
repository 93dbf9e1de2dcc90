//! The endpoint: one question, one answer, within limits, asked again where that helps.

use super::Options;
use super::client::client;
use super::completion::{Completion, MAX_ANSWER};
use super::events::Events;
use super::manner::Manner;
use super::models;
use super::news::News;
use super::trouble::Party;
use crate::server::{CallError, Progress};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Most bytes of a prompt.
const MAX_PROMPT: usize = 8 * 1024 * 1024;
/// Most bytes of the body of an error.
const MAX_ERROR: usize = 64 * 1024;
/// Most bytes of an answer that is no stream: all of the text, with its escapes and what is around it.
const MAX_BODY: usize = 2 * MAX_ANSWER;
/// How often a busy endpoint is asked again.
const RETRIES: u32 = 2;

/// How long an endpoint may take.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// To connect.
    pub(super) connect: Duration,
    /// To begin its answer: a model on this machine takes minutes to read a long prompt.
    pub(super) first: Duration,
    /// Without a sign of life, once it has begun.
    pub(super) idle: Duration,
    /// In all.
    pub(super) call: Duration,
    /// Before it is asked again, where it does not say itself; doubles each time.
    pub(super) pause: Duration,
    /// Longest pause that it may ask for.
    pub(super) max_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first: Duration::from_secs(5 * 60),
            idle: Duration::from_secs(2 * 60),
            call: Duration::from_secs(10 * 60),
            pause: Duration::from_secs(2),
            max_pause: Duration::from_secs(30),
        }
    }
}

/// What is asked.
pub(super) struct Question {
    pub(super) prompt: String,
    /// What the answer is held to, where it is data.
    pub(super) schema: Option<Value>,
}

/// An endpoint, with what is known about it.
pub(super) struct Endpoint {
    client: Client,
    url: Url,
    /// For messages.
    shown: String,
    /// The model that is asked; found out by the first call where nobody named one.
    model: OnceCell<String>,
    key: Option<String>,
    authorization: Option<HeaderValue>,
    limits: Limits,
    /// The lessons hold as long as we run.
    manner: Mutex<Manner>,
}

/// Why one attempt gave no answer.
enum Setback {
    /// It must be asked otherwise.
    Lesson(Manner),
    /// It may be asked again, after a pause if it says so.
    Busy(String, Option<Duration>),
    /// That is it.
    Failed(String),
}

impl Setback {
    fn into_words(self) -> String {
        match self {
            Self::Failed(why) | Self::Busy(why, _) => why,
            Self::Lesson(_) => "it must be asked otherwise".to_owned(),
        }
    }
}

impl Endpoint {
    /// # Errors
    /// What is wrong with the options, or with the certificates of this machine.
    pub(super) fn new(options: Options, limits: Limits) -> Result<Self, String> {
        let bad = |why: &str| {
            format!(
                "the URL of the endpoint {why}; give its base, for example `http://127.0.0.1:11434/v1`"
            )
        };
        let mut url =
            Url::parse(&options.url).map_err(|error| bad(&format!("is not valid ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(bad(
                "must begin with `http://` or `https://` and name a host",
            ));
        }
        let base = url.path().trim_end_matches('/');
        let base = base.strip_suffix("/chat/completions").unwrap_or(base);
        let shown = format!("{}{base}", url.origin().ascii_serialization());
        let path = format!("{base}/chat/completions");
        url.set_path(&path);
        // A line end at the end of a key is a slip of whoever set the variable.
        let key = options.key.map(|key| key.trim().to_owned());
        let key = key.filter(|key| !key.is_empty());
        let authorization = key.as_ref().map(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
                .map_err(|_| "the key holds characters that no key has".to_owned())?;
            value.set_sensitive(true);
            Ok::<_, String>(value)
        });
        Ok(Self {
            client: client(&url, limits.connect)?,
            url,
            shown,
            model: OnceCell::new_with(options.model),
            key,
            authorization: authorization.transpose()?,
            limits,
            manner: Mutex::new(Manner::new()),
        })
    }

    /// The model's name for messages, or where that is not known yet the endpoint's.
    pub(super) fn name(&self) -> String {
        let name = self.model.get().unwrap_or(&self.shown);
        domain::sanitize::line(name, 100)
    }

    /// Asks, again where that helps.
    pub(super) async fn ask(
        &self,
        question: &Question,
        progress: Progress,
    ) -> Result<Completion, CallError> {
        let length = question.prompt.len();
        if length > MAX_PROMPT {
            return Err(CallError::Failed(format!(
                "the prompt has {length} bytes, more than the {MAX_PROMPT} that are sent; ask about fewer files"
            )));
        }
        let mut news = News::new(progress);
        let limit = self.limits.call;
        let asked = tokio::time::timeout(limit, self.attempts(question, &mut news)).await;
        let answer = asked.unwrap_or_else(|_| {
            let seconds = limit.as_secs_f32();
            Err(format!(
                "{} did not end its answer within {seconds} s",
                self.shown
            ))
        });
        answer.map_err(|why| CallError::Failed(self.without_key(&why)))
    }

    async fn attempts(&self, question: &Question, news: &mut News) -> Result<Completion, String> {
        let only = self.only_model(news);
        self.model.get_or_try_init(|| only).await?;
        let (mut retries, mut pause) = (RETRIES, self.limits.pause);
        loop {
            let manner = *self.manner();
            match self.attempt(manner, question, news).await {
                Ok(completion) => return Ok(completion),
                Err(Setback::Lesson(lesson)) => {
                    let mut known = self.manner();
                    *known = known.and(lesson);
                }
                Err(Setback::Failed(why)) => return Err(why),
                Err(Setback::Busy(why, asked)) => {
                    let wait = asked.unwrap_or(pause);
                    if retries == 0 || wait > self.limits.max_pause {
                        return Err(why);
                    }
                    retries -= 1;
                    pause *= 2;
                    let message = format!("{} is busy; asking again", self.name());
                    news.tell(&message).await;
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn attempt(
        &self,
        manner: Manner,
        question: &Question,
        news: &mut News,
    ) -> Result<Completion, Setback> {
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(
                manner
                    .body(self.model.get().map_or("", String::as_str), question)
                    .to_string(),
            );
        let waiting = format!("waiting for {}", self.name());
        let sent = news
            .watch(self.authorized(request).send(), self.limits.first, &waiting)
            .await;
        let response = sent
            .ok_or_else(|| self.silent(self.limits.first))?
            .map_err(|error| Setback::Failed(self.party().unreachable(&error)))?;
        if !response.status().is_success() {
            return Err(self.refused(response, manner, question, news).await);
        }
        let completion = if is_stream(&response) {
            self.read_stream(response, news).await?
        } else {
            self.read_whole(response, news).await?
        };
        Ok(completion)
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization),
            None => request,
        }
    }

    /// The endpoint's model, if it has but one.
    async fn only_model(&self, news: &mut News) -> Result<String, String> {
        let (what, mut url) = ("which model to ask is not said", self.url.clone());
        url.set_path(&self.url.path().replace("/chat/completions", "/models"));
        let request = self.authorized(self.client.get(url));
        let wait = self.limits.idle;
        let sent = news
            .watch(request.send(), wait, "asking for the models")
            .await;
        let response = sent
            .ok_or_else(|| self.silent_for(wait))?
            .map_err(|error| self.party().unreachable(&error))?;
        let status = response.status();
        let read = self.read_body(response, MAX_BODY, news).await;
        let (body, _) = read.map_err(Setback::into_words)?;
        if !status.is_success() {
            let why = self
                .party()
                .refused(status, &String::from_utf8_lossy(&body), None);
            return Err(format!("{what}, and {why}; name one by `--model`"));
        }
        models::only(&body).map_err(|why| format!("{what}, and {} {why}", self.shown))
    }

    async fn refused(
        &self,
        response: Response,
        manner: Manner,
        question: &Question,
        news: &mut News,
    ) -> Setback {
        let status = response.status();
        let after = response.headers().get(RETRY_AFTER);
        let after = after.and_then(|it| it.to_str().ok()?.trim().parse().ok());
        let after = after.map(Duration::from_secs);
        let (body, _) = match self.read_body(response, MAX_ERROR, news).await {
            Ok(body) => body,
            Err(setback) => return setback,
        };
        let body = String::from_utf8_lossy(&body);
        if let Some(lesson) = manner.lesson(question, status, &body) {
            return Setback::Lesson(lesson);
        }
        let why = self.party().refused(status, &body, after);
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Setback::Busy(why, after)
            }
            _ => Setback::Failed(why),
        }
    }

    async fn read_stream(
        &self,
        mut response: Response,
        news: &mut News,
    ) -> Result<Completion, Setback> {
        let (mut completion, mut events) = (Completion::default(), Events::default());
        let mut limit = self.limits.first;
        loop {
            let now = self.state(&completion);
            let chunk = news.watch(response.chunk(), limit, &now).await;
            let chunk = chunk
                .ok_or_else(|| self.silent(limit))?
                .map_err(|error| Setback::Failed(self.party().unreachable(&error)))?;
            let Some(bytes) = chunk else { break };
            limit = self.limits.idle;
            let ended = events
                .take(&bytes)
                .map_err(|_| Setback::Failed(self.party().strange(&bytes)))?;
            for data in ended {
                if self.hear(&data, &mut completion)? {
                    return Ok(completion);
                }
            }
            if completion.is_too_long {
                return Ok(completion);
            }
        }
        let last = events.finish();
        let is_done = match &last {
            Some(data) => self.hear(data, &mut completion)?,
            None => false,
        };
        if is_done || completion.finish.is_some() {
            return Ok(completion);
        }
        let why = format!("{} ended its answer in the midst", self.shown);
        Err(Setback::Failed(why))
    }

    /// Takes the data of one event; true when it is the end of the stream.
    fn hear(&self, data: &str, completion: &mut Completion) -> Result<bool, Setback> {
        if data.trim() == "[DONE]" {
            return Ok(true);
        }
        let strange = || Setback::Failed(self.party().strange(data.as_bytes()));
        let value: Value = serde_json::from_str(data).map_err(|_| strange())?;
        if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
            return Err(Setback::Failed(self.party().broke_off(error)));
        }
        completion.take(&value);
        Ok(false)
    }

    async fn read_whole(&self, response: Response, news: &mut News) -> Result<Completion, Setback> {
        let (body, more) = self.read_body(response, MAX_BODY, news).await?;
        if more {
            let why = format!("{} answered with more than {MAX_BODY} bytes", self.shown);
            return Err(Setback::Failed(why));
        }
        let mut completion = Completion::default();
        if body.trim_ascii_start().starts_with(b"data:") {
            // A stream that does not say so.
            let mut events = Events::default();
            let mut all = events.take(&body).unwrap_or_default();
            all.extend(events.finish());
            for data in all {
                if self.hear(&data, &mut completion)? {
                    break;
                }
            }
            return Ok(completion);
        }
        let strange = || Setback::Failed(self.party().strange(&body));
        let value: Value = serde_json::from_slice(&body).map_err(|_| strange())?;
        if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
            return Err(Setback::Failed(self.party().broke_off(error)));
        }
        if !completion.take(&value) {
            return Err(strange());
        }
        Ok(completion)
    }

    /// A body, and whether there was more than `max`.
    async fn read_body(
        &self,
        mut response: Response,
        max: usize,
        news: &mut News,
    ) -> Result<(Vec<u8>, bool), Setback> {
        let mut body = Vec::new();
        let waiting = format!("waiting for {}", self.name());
        let mut limit = self.limits.first;
        while body.len() <= max {
            let chunk = news.watch(response.chunk(), limit, &waiting).await;
            let chunk = chunk
                .ok_or_else(|| self.silent(limit))?
                .map_err(|error| Setback::Failed(self.party().unreachable(&error)))?;
            let Some(bytes) = chunk else {
                return Ok((body, false));
            };
            limit = self.limits.idle;
            body.extend_from_slice(&bytes);
        }
        body.truncate(max);
        Ok((body, true))
    }

    /// What the model is doing, for progress.
    fn state(&self, completion: &Completion) -> String {
        let model = self.name();
        if !completion.text.is_empty() {
            let written = completion.text.len();
            format!("{model} writes ({written} bytes)")
        } else if completion.thoughts > 0 {
            format!("{model} thinks ({} bytes)", completion.thoughts)
        } else {
            format!("waiting for {model}")
        }
    }

    fn silent(&self, limit: Duration) -> Setback {
        Setback::Failed(self.silent_for(limit))
    }

    fn silent_for(&self, limit: Duration) -> String {
        let seconds = limit.as_secs_f32();
        format!(
            "{} sent nothing for {seconds} s; the model may be too slow for this prompt, or the server hangs",
            self.shown
        )
    }

    fn party(&self) -> Party<'_> {
        Party {
            url: &self.shown,
            model: self.model.get().map_or("any model", String::as_str),
            has_key: self.key.is_some(),
        }
    }

    fn manner(&self) -> std::sync::MutexGuard<'_, Manner> {
        self.manner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Servers quote the keys that they refuse.
    fn without_key(&self, message: &str) -> String {
        match &self.key {
            Some(key) => message.replace(key.as_str(), "(the key)"),
            None => message.to_owned(),
        }
    }
}

fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    kind.and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.to_ascii_lowercase().starts_with("text/event-stream"))
}
