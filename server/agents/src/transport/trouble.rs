//! What goes wrong on the way to an endpoint, told to people: what happened and what to do.

use super::http::HttpError;
use crate::oauth::is_here;
use std::error::Error;
use url::Url;

/// Longest piece of a server's words shown in an error, in characters.
const SHOWN: usize = 300;
/// How reqwest and its connector begin to say that there is no connection. What follows says why.
const NOISE: [&str; 2] = ["error sending request", "client error (Connect)"];

/// What to do, by what the TLS and HTTP libraries say.
const ADVICE: &[(&str, &str)] = &[
    (
        "CaUsedAsEndEntity",
        "it shows an authority's certificate as its own: let that authority sign one for the server, and name the authority's file by `ca`",
    ),
    (
        "UnknownIssuer",
        "if that is a company's own, name its file by `ca`",
    ),
    (
        "No CA certificates were loaded",
        "install the system's package of them (`ca-certificates`), and see that `SSL_CERT_FILE` and `SSL_CERT_DIR`, if set, are right",
    ),
    (
        "invalid HTTP version parsed",
        "it may speak TLS: then its `url` begins with `https:`",
    ),
];
/// How a server sounds that does not speak TLS: it hangs up, or answers with something else.
const WITHOUT_TLS: [&str; 2] = ["tls handshake eof", "InvalidContentType"];

/// Says what went wrong, for people. Of addresses only host and port are told: the rest may hold secrets.
pub(crate) fn explain(error: &(dyn Error + 'static)) -> String {
    if let Some(error) = error.downcast_ref::<HttpError>() {
        match error {
            HttpError::AuthRequired(_) => {
                return "it wants authorization (HTTP 401); set its `headers`".to_owned();
            }
            HttpError::InsufficientScope(_) => {
                return "its authorization is not sufficient (HTTP 403)".to_owned();
            }
            HttpError::TransportChannelClosed => return "its connection was closed".to_owned(),
            _ => {}
        }
    }
    let client = client_error(error);
    // Some kinds of the outer error do not name this as their source.
    let reasons = reasons(client.map_or(error, |client| client));
    let Some(client) = client.filter(|client| client.is_connect()) else {
        return advised(reasons.join(": "), None);
    };
    let why: Vec<&str> = reasons
        .iter()
        .map(String::as_str)
        .filter(|reason| !NOISE.contains(reason))
        .collect();
    let server = client.url().map_or_else(|| "it".to_owned(), server);
    advised(
        format!("no connection to {server}: {}", why.join(": ")),
        client.url(),
    )
}

/// Whether another greeting cannot help either.
pub(crate) fn is_final(error: &(dyn Error + 'static)) -> bool {
    match error.downcast_ref::<HttpError>() {
        Some(HttpError::Client(error)) => error.is_connect() || error.is_timeout(),
        Some(HttpError::AuthRequired(_) | HttpError::InsufficientScope(_)) => true,
        _ => false,
    }
}

/// What kind of trouble a failed sending is.
pub(crate) fn kind(error: &(dyn Error + 'static)) -> Trouble {
    match error.downcast_ref::<HttpError>() {
        Some(HttpError::AuthRequired(_) | HttpError::InsufficientScope(_)) => Trouble::Unauthorized,
        Some(HttpError::UnexpectedServerResponse(text)) if text.starts_with("HTTP 401") => {
            Trouble::Unauthorized
        }
        Some(HttpError::HttpStatus(_) | HttpError::UnexpectedServerResponse(_)) => Trouble::Refused,
        Some(HttpError::ResponseBodyTooLarge { .. } | HttpError::UnexpectedContentType(_)) => {
            Trouble::Unusable
        }
        _ => Trouble::Gone,
    }
}

/// Kinds of trouble with a message that was to be sent.
pub(crate) enum Trouble {
    /// The server wants to know who we are first, or we may not do this.
    Unauthorized,
    /// The server did not want it.
    Refused,
    /// The server's answer to it cannot be read.
    Unusable,
    /// It did not get there.
    Gone,
}

/// The error and what caused it, outermost first; nothing is said twice.
fn reasons(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let reason = domain::sanitize::line(&without_address(error), SHOWN);
        if !reasons.iter().any(|known| known.contains(&reason)) {
            reasons.push(reason);
        }
        next = error.source();
    }
    reasons
}

/// Adds what to do, where that is known.
fn advised(text: String, url: Option<&Url>) -> String {
    let advice = ADVICE.iter().find(|(mark, _)| text.contains(mark));
    let speaks_no_tls = WITHOUT_TLS.iter().any(|mark| text.contains(mark));
    let advice = match (advice, url) {
        (Some((_, advice)), _) => *advice,
        (None, Some(url)) if speaks_no_tls && is_here(url) => {
            "it seems to speak no TLS: then its `url` begins with `http:`"
        }
        // Nobody is to be talked into sending secrets over a network in the clear.
        (None, Some(_)) if speaks_no_tls => {
            "it seems to speak no TLS there: check the host and the port in its `url`"
        }
        _ => return text,
    };
    format!("{text}; {advice}")
}

/// Host and port, which are no secrets.
fn server(url: &Url) -> String {
    let host = domain::sanitize::line(url.host_str().unwrap_or_default(), SHOWN);
    match url.port() {
        Some(port) => format!("`{host}:{port}`"),
        None => format!("`{host}`"),
    }
}

fn client_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a reqwest::Error> {
    match error.downcast_ref::<HttpError>() {
        Some(HttpError::Client(error)) => Some(error),
        _ => error.downcast_ref::<reqwest::Error>(),
    }
}

fn without_address(error: &(dyn Error + 'static)) -> String {
    let text = error.to_string();
    let Some(url) = client_error(error).and_then(reqwest::Error::url) else {
        return text;
    };
    text.replace(&format!(" for url ({url})"), "")
        .replace(url.as_str(), "its URL")
}
