//! Carries the requests of a login: over TLS, or within this machine, and nowhere else.

use crate::transport::http_client;
use rmcp::transport::auth::{
    OAuthHttpClient, OAuthHttpClientError, OAuthHttpClientFuture, OAuthHttpRequest,
};
use std::path::Path;
use std::time::Duration;
use url::{Host, Url};

/// Largest answer, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// Longest time of one request.
const REQUEST: Duration = Duration::from_secs(15);

/// Carries requests. Redirects that could take a secret to another origin are never followed.
pub(super) struct Carrier {
    client: reqwest::Client,
}

impl Carrier {
    /// # Errors
    /// Why there is no HTTP client, for people.
    pub(super) fn new(url: &Url, ca: Option<&Path>) -> Result<Self, String> {
        let client = http_client(url, ca)?;
        Ok(Self { client })
    }

    async fn carry(&self, request: OAuthHttpRequest) -> Result<Answer, OAuthHttpClientError> {
        let mut request = reqwest::Request::try_from(request.request)?;
        if !is_safe(request.url()) {
            let text = format!(
                "{} is asked for, which is not `https:`",
                origin(request.url())
            );
            return Err(text.into());
        }
        *request.timeout_mut() = Some(REQUEST);
        let mut response = self.client.execute(request).await?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await? {
            body.extend_from_slice(&piece);
            if body.len() > MAX_ANSWER {
                return Err(format!("an answer has more than {MAX_ANSWER} bytes").into());
            }
        }
        let mut answer = oauth2::http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        Ok(answer.body(body)?)
    }
}

type Answer = oauth2::HttpResponse;

impl OAuthHttpClient for Carrier {
    fn execute(&self, request: OAuthHttpRequest) -> OAuthHttpClientFuture<'_> {
        Box::pin(self.carry(request))
    }
}

/// Whether secrets may go there: nobody on the way can read them.
pub(super) fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_here(url))
}

/// Whether it is on this machine.
pub(crate) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A URL without what may be secret in it, for people.
pub(super) fn origin(url: &Url) -> String {
    domain::sanitize::line(&url.origin().ascii_serialization(), 200)
}
