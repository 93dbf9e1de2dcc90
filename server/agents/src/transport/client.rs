//! The HTTP client under rmcp's: how connections are made, where redirects may lead, and answers that do not say
//! what they answer.

use super::http::HttpError;
use super::trouble::explain;
use crate::oauth::{Challenge, Login};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{StatusCode, redirect};
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage};
use rmcp::transport::common::client_side_sse::{BoxedSseResponse, ExponentialBackoff};
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpPostResponse, StreamableHttpResponseLimits,
};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Longest time to connect to a server.
const CONNECT: Duration = Duration::from_secs(10);
/// Redirects followed, all within one origin.
const MAX_REDIRECTS: usize = 5;

/// Attempts to take up a stream of events that broke: about 16 s, enough for a server to be started anew.
const RESUMPTIONS: usize = 5;
/// Pause before the first attempt; it doubles with each one.
const PAUSE: Duration = Duration::from_millis(500);

type Headers = HashMap<HeaderName, HeaderValue>;

/// rmcp's client, but for errors without an id: they end the request that was posted, or, where they say that our
/// session is not known any more, make rmcp begin a new one.
#[derive(Clone)]
pub(super) struct Client {
    inner: reqwest::Client,
    /// Gives the token, where there is a login; the one that rmcp is configured with else.
    login: Option<Arc<Login>>,
}

/// A client for an endpoint. Without `ca` it is one of two: it holds the system's certificates, and proxies from the
/// environment, which are for other machines only. Where the system has no certificates, `http:` is still served.
///
/// # Errors
/// Why there is no client, for people.
pub(crate) fn http_client(url: &url::Url, ca: Option<&Path>) -> Result<reqwest::Client, String> {
    static USUAL: OnceLock<Result<reqwest::Client, String>> = OnceLock::new();
    static LOCAL: OnceLock<Result<reqwest::Client, String>> = OnceLock::new();
    let is_here = crate::oauth::is_here(url);
    if let Some(path) = ca {
        let builder = builder(is_here).tls_certs_merge(certificates(path)?);
        return build(builder);
    }
    let usual = if is_here { &LOCAL } else { &USUAL };
    let usual = usual.get_or_init(|| build(builder(is_here)));
    if usual.is_err() && url.scheme() == "http" {
        build(builder(is_here).tls_certs_only([]))
    } else {
        usual.clone()
    }
}

impl Client {
    /// # Errors
    /// See [`http_client`].
    pub(super) fn new(
        url: &url::Url,
        ca: Option<&Path>,
        login: Option<Arc<Login>>,
    ) -> Result<Self, String> {
        let inner = http_client(url, ca)?;
        Ok(Self { inner, login })
    }

    /// Posts; with a token, if there is a login. A token that the server does not take any more is renewed once.
    async fn post(&self, post: Post) -> Result<StreamableHttpPostResponse, HttpError> {
        let Some(login) = &self.login else {
            return post.send(&self.inner, None).await;
        };
        let token = login.token().await;
        let again = token.is_some().then(|| post.clone());
        let mut posted = post.send(&self.inner, token.clone()).await;
        if let (Some(HttpError::AuthRequired(_)), Some(stale), Some(again)) =
            (posted.as_ref().err(), token, again)
            && let Some(token) = login.renew(&stale).await
        {
            posted = again.send(&self.inner, Some(token)).await;
        }
        if let Some(challenge) = posted.as_ref().err().and_then(challenge) {
            login.challenged(challenge);
        }
        posted
    }

    /// The token for what is no message. Whatever comes of that, it is not worth a login.
    async fn token(&self, configured: Option<String>) -> Option<String> {
        match &self.login {
            Some(login) => login.token().await,
            None => configured,
        }
    }
}

/// One message on its way.
#[derive(Clone)]
struct Post {
    uri: Arc<str>,
    message: ClientJsonRpcMessage,
    session: Option<Arc<str>>,
    headers: Headers,
    limits: StreamableHttpResponseLimits,
}

impl Post {
    async fn send(
        self,
        client: &reqwest::Client,
        token: Option<String>,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let Self {
            uri,
            message,
            session,
            headers,
            limits,
        } = self;
        client
            .post_message_with_response_limits(uri, message, session, token, headers, limits)
            .await
    }
}

/// What the server wants before it takes a message.
fn challenge(error: &HttpError) -> Option<Challenge> {
    match error {
        HttpError::AuthRequired(error) => Some(Challenge {
            header: Some(error.www_authenticate_header.clone()),
            wants_more: false,
        }),
        HttpError::InsufficientScope(error) => {
            let header = &error.www_authenticate_header;
            let wants_more = header.contains("insufficient_scope");
            wants_more.then(|| Challenge {
                header: Some(header.clone()),
                wants_more,
            })
        }
        // Without that header, as old servers do.
        HttpError::UnexpectedServerResponse(text) if text.starts_with("HTTP 401") => {
            Some(Challenge {
                header: None,
                wants_more: false,
            })
        }
        _ => None,
    }
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let shown = path.display();
    let text = std::fs::read(path)
        .map_err(|error| format!("its `ca` file {shown} cannot be read: {error}"))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&text);
    let certificates = certificates.map_err(|error| {
        let reason = explain(&error);
        format!("its `ca` file {shown} holds no certificates in PEM form: {reason}")
    })?;
    if certificates.is_empty() {
        return Err(format!(
            "its `ca` file {shown} holds no certificates in PEM form"
        ));
    }
    Ok(certificates)
}

impl StreamableHttpClient for Client {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, token, headers, limits)
            .await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        mut headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        name_greeting(&message, &mut headers);
        let id = match &message {
            JsonRpcMessage::Request(request) => Some(request.id.clone()),
            _ => None,
        };
        let in_session = session.is_some();
        let posted = self.post(Post {
            uri,
            message,
            session,
            headers,
            limits,
        });
        match posted.await {
            Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::Error(mut error), session))
                if error.id.is_none() =>
            {
                if in_session && is_about_session(&error.error.message) {
                    return Err(HttpError::SessionExpired);
                }
                error.id = id;
                let error = JsonRpcMessage::Error(error);
                Ok(StreamableHttpPostResponse::Json(error, session))
            }
            Err(HttpError::UnexpectedServerResponse(text))
                if in_session && text.starts_with("HTTP 400 ") && is_about_session(&text) =>
            {
                Err(HttpError::SessionExpired)
            }
            posted => posted,
        }
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<(), HttpError> {
        let token = self.token(token).await;
        self.inner
            .delete_session(uri, session, token, headers)
            .await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<BoxedSseResponse, HttpError> {
        let limit = usize::MAX;
        self.get_stream_with_max_sse_event_size(uri, session, last_event, token, headers, limit)
            .await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        headers: Headers,
        limit: usize,
    ) -> Result<BoxedSseResponse, HttpError> {
        let resumes = last_event.is_some();
        let token = self.token(token).await;
        let opened = self
            .inner
            .get_stream_with_max_sse_event_size(uri, session, last_event, token, headers, limit);
        opened.await.map_err(|error| match error {
            // Asking again would not help, and this is the error that rmcp takes for final.
            HttpError::Client(error) if resumes && is_refusal(&error) => {
                HttpError::ServerDoesNotSupportSse
            }
            error => error,
        })
    }
}

/// Servers of the later era want the method named on each POST, and the library begins to do so after the greeting.
fn name_greeting(message: &ClientJsonRpcMessage, headers: &mut Headers) {
    if let JsonRpcMessage::Request(request) = message
        && let ClientRequest::InitializeRequest(_) = request.request
    {
        let name = HeaderName::from_static("mcp-method");
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static("initialize"));
    }
}

/// Whether an error that names no request says that our session is not known. By the book that is a 404; many
/// servers that were started anew answer 400 and say it in words.
fn is_about_session(text: &str) -> bool {
    text.to_ascii_lowercase().contains("session")
}

fn is_refusal(error: &reqwest::Error) -> bool {
    error
        .status()
        .is_some_and(|status| status.is_client_error())
}

/// How often, and after which pauses, a stream of events that broke is taken up again. The server may say other
/// pauses.
pub(super) fn resumption() -> ExponentialBackoff {
    let mut policy = ExponentialBackoff::default();
    policy.max_times = Some(RESUMPTIONS);
    policy.base_duration = PAUSE;
    policy
}

/// `is_here`: for a server on this machine, which a proxy elsewhere could not reach.
fn builder(is_here: bool) -> reqwest::ClientBuilder {
    // Whoever set a provider before us may keep it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder();
    let builder = if is_here { builder.no_proxy() } else { builder };
    builder
        .connect_timeout(CONNECT)
        // A connection whose last answer was not read to its end stalls the next request by 40 ms.
        .pool_max_idle_per_host(0)
        .redirect(redirect::Policy::custom(follow))
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, String> {
    let built = builder.build();
    built.map_err(|error| format!("no HTTP client could be made: {}", explain(&error)))
}

/// Only redirects that keep the message, and that take our headers to nobody else.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let keeps_body = matches!(
        attempt.status(),
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
    );
    let same_origin = attempt
        .previous()
        .first()
        .is_some_and(|first| first.origin() == attempt.url().origin());
    if keeps_body && same_origin && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}
