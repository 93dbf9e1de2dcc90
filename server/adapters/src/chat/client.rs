//! The HTTP client: certificates, proxies, and where redirects may lead.

use reqwest::{Client, StatusCode, Url, redirect};
use std::net::IpAddr;
use std::time::Duration;

/// Redirects followed, all within one origin.
const MAX_REDIRECTS: usize = 5;

/// An HTTP client with the certificates of this machine. Where it has none, `http:` is still served.
pub(super) fn client(url: &Url, connect: Duration) -> Result<Client, String> {
    // Whoever set a provider before us may keep it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let is_here = is_loopback(url);
    let builder = || {
        let builder = Client::builder()
            .user_agent(concat!("crosscheck/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect)
            // A connection whose last answer was not read to its end stalls the next request.
            .pool_max_idle_per_host(0)
            .redirect(redirect::Policy::custom(follow));
        // A proxy elsewhere does not reach this machine's own address.
        if is_here { builder.no_proxy() } else { builder }
    };
    let built = match builder().build() {
        Err(_) if url.scheme() == "http" => builder().tls_certs_only([]).build(),
        built => built,
    };
    built.map_err(|error| format!("no HTTP client could be made: {error}"))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|it| it.is_loopback())
}

/// Only redirects that keep the message, and that take the key and the code to nobody else.
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
