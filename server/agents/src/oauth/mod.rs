//! Logging in at an HTTP agent by OAuth: one token per agent and address, kept, renewed, and asked for from the user.
//!
//! The protocol itself (discovery, registration, PKCE, the exchange of code and tokens) is rmcp's. Here is what
//! surrounds it: when the user is asked, where tokens are kept, and that no two of us renew one at the same time.

mod authorize;
mod carrier;
mod keyring;
mod redirect;
mod store;

pub(crate) use authorize::{Occasion, Refusal};
pub(crate) use carrier::is_here;
pub(crate) use store::Store;

use crate::spec::OAuth;
use carrier::Carrier;
use rmcp::transport::auth::{
    AuthError, AuthorizationManager, AuthorizationMetadata, AuthorizationMetadataSource,
    CredentialStore, InMemoryCredentialStore, OAuthClientConfig, OAuthTokenResponse,
    StoredCredentials,
};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use url::Url;

/// A token that ends within this time is renewed before it is used.
const MARGIN: u64 = 30;
/// Longest time for renewing a token, discovery included.
const RENEWAL: Duration = Duration::from_secs(30);
/// Longest piece of a server's words shown, in characters.
const SHOWN: usize = 300;

/// The login at one HTTP agent.
pub(crate) struct Login {
    agent: String,
    url: Url,
    ca: Option<PathBuf>,
    settings: OAuth,
    store: Store,
    state: Mutex<State>,
    /// Held by whoever renews the token or asks the user: one at a time.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// What is kept, once that was looked up.
    grant: Option<Option<Arc<Grant>>>,
    /// How often the token was another one.
    generation: u64,
    challenge: Option<Challenge>,
    /// The run in which the user was asked in vain, and why it was in vain.
    refused: Option<(u64, String)>,
}

/// What a server that refuses us wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Challenge {
    /// Its `WWW-Authenticate` header, if it sent one.
    pub(crate) header: Option<String>,
    /// The token is good, but the server wants more rights.
    pub(crate) wants_more: bool,
}

/// What the user granted, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    credentials: StoredCredentials,
    /// Of a client that was registered for this grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// What discovery found.
struct Discovered {
    manager: AuthorizationManager,
    metadata: AuthorizationMetadata,
    /// The server said where to log in; else it is a guess by an old revision's rule.
    is_certain: bool,
}

impl Login {
    /// Nothing is read or asked yet. `None` where there is no URL to log in at.
    pub(crate) fn new(
        agent: &str,
        url: &str,
        ca: Option<PathBuf>,
        settings: OAuth,
        directory: Option<PathBuf>,
    ) -> Option<Arc<Self>> {
        let url = Url::parse(url).ok()?;
        let store = Store::new(directory, agent, &url);
        Some(Arc::new(Self {
            agent: agent.to_owned(),
            url,
            ca,
            settings,
            store,
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }))
    }

    /// The token to send, renewed when it is about to end; `None` when there is none that could be sent.
    pub(crate) async fn token(&self) -> Option<String> {
        let grant = self.grant().await?;
        if !grant.is_ending() {
            return Some(grant.token());
        }
        match self.renew(&grant.token()).await {
            Some(token) => Some(token),
            // It may still hold; if not, the server says so.
            None => Some(grant.token()),
        }
    }

    /// Another token for one that the server refused or that ends, without asking anybody.
    pub(crate) async fn renew(&self, stale: &str) -> Option<String> {
        let _turn = self.turn.lock().await;
        let grant = self.grant().await?;
        if grant.token() != stale {
            // Somebody was quicker.
            return Some(grant.token());
        }
        let renewed = tokio::time::timeout(RENEWAL, self.renew_kept(stale)).await;
        match renewed.unwrap_or_else(|_| Err("it took too long".to_owned())) {
            Ok(grant) => {
                let token = grant.token();
                self.take(Some(grant));
                Some(token)
            }
            Err(reason) => {
                tracing::debug!(agent = self.agent, reason, "the token was not renewed");
                None
            }
        }
    }

    /// The server refused a request.
    pub(crate) fn challenged(&self, challenge: Challenge) {
        self.lock().challenge = Some(challenge);
    }

    /// What the server wants, if it refused the last request.
    pub(crate) fn challenge(&self) -> Option<Challenge> {
        self.lock().challenge.clone()
    }

    /// Another attempt begins; what came of those before does not matter any more.
    pub(crate) fn begin(&self) {
        self.lock().challenge = None;
    }

    /// Changes with every new token.
    pub(crate) fn generation(&self) -> u64 {
        self.lock().generation
    }

    async fn grant(&self) -> Option<Arc<Grant>> {
        if let Some(known) = self.lock().grant.clone() {
            return known;
        }
        let kept = self.store.load().await.map(Arc::new);
        self.lock().grant.get_or_insert(kept).clone()
    }

    fn take(&self, grant: Option<Grant>) {
        let mut state = self.lock();
        state.grant = Some(grant.map(Arc::new));
        state.generation += 1;
    }

    /// Renews what is kept. Others, in other processes, wait meanwhile: a refresh token may be good only once.
    async fn renew_kept(&self, stale: &str) -> Result<Grant, String> {
        let _locked = self.store.lock().await?;
        let known = self.lock().grant.clone().flatten();
        let kept = match self.store.load().await {
            Some(kept) => kept,
            None => (*known.ok_or("nothing is kept")?).clone(),
        };
        if kept.token() != stale && !kept.is_ending() {
            return Ok(kept);
        }
        if !kept.can_be_renewed() {
            return Err("there is no refresh token".to_owned());
        }
        let discovered = self.discover(None).await?;
        let mut manager = discovered.manager;
        let credentials = kept.credentials.clone();
        if credentials.issuer != discovered.metadata.issuer {
            return Err("another authorization server is in charge now".to_owned());
        }
        let mut client = OAuthClientConfig::new(&credentials.client_id, self.url.as_str());
        client.client_secret = kept.client_secret.clone().or_else(|| self.secret_of(&kept));
        let memory = InMemoryCredentialStore::new();
        let failed = |error: AuthError| said(&error);
        memory.save(credentials).await.map_err(failed)?;
        manager.set_credential_store(memory.clone());
        manager.configure_client(client).map_err(failed)?;
        manager.refresh_token().await.map_err(failed)?;
        let credentials = memory.load().await.map_err(failed)?;
        let grant = Grant {
            credentials: credentials.ok_or("there was no token")?,
            client_secret: kept.client_secret,
        };
        self.store.save(&grant).await?;
        Ok(grant)
    }

    /// The configured secret is sent as the configured client only.
    fn secret_of(&self, grant: &Grant) -> Option<String> {
        let is_ours = self.settings.client_id.as_ref() == Some(&grant.credentials.client_id);
        self.settings.client_secret.clone().filter(|_| is_ours)
    }

    /// Finds out where to log in.
    async fn discover(&self, challenge: Option<&str>) -> Result<Discovered, String> {
        let carrier = Carrier::new(&self.url, self.ca.as_deref())?;
        let manager =
            AuthorizationManager::new_with_oauth_http_client(self.url.clone(), Arc::new(carrier));
        let mut manager = manager.await.map_err(|error| said(&error))?;
        let resolved = manager.resolve_metadata_from_challenge(challenge).await;
        let resolved = resolved.map_err(|error| said(&error))?;
        manager.set_metadata(resolved.metadata.clone());
        Ok(Discovered {
            manager,
            metadata: resolved.metadata,
            is_certain: resolved.source != AuthorizationMetadataSource::LegacyEndpointFallback,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Grant {
    fn response(&self) -> Option<&OAuthTokenResponse> {
        self.credentials.token_response.as_ref()
    }

    fn token(&self) -> String {
        use oauth2::TokenResponse;
        let response = self.response();
        response.map_or_else(String::new, |it| it.access_token().secret().clone())
    }

    fn can_be_renewed(&self) -> bool {
        use oauth2::TokenResponse;
        self.response()
            .is_some_and(|it| it.refresh_token().is_some())
    }

    fn is_ending(&self) -> bool {
        use oauth2::TokenResponse;
        let lasts = self.response().and_then(TokenResponse::expires_in);
        let (Some(lasts), Some(since)) = (lasts, self.credentials.token_received_at) else {
            return false;
        };
        let lasts = lasts.as_secs();
        let margin = MARGIN.min(lasts / 2).max(1);
        seconds_now() + margin > since.saturating_add(lasts)
    }
}

fn seconds_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |it| it.as_secs())
}

/// What went wrong, for people; in it are a server's words.
fn said(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = crate::transport::explain(error);
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = error.source();
    }
    domain::sanitize::line(&text, SHOWN)
}
