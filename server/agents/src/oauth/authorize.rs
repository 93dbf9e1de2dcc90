//! Asking the user to log in: the page goes to the door, the code comes back to a listener on this machine.

use super::carrier::{is_here, is_safe, origin};
use super::redirect::{Outcome, Redirect};
use super::{Challenge, Discovered, Grant, Login, said};
use crate::question::{Ask, Asker, Question, Reply};
use rmcp::transport::auth::{
    AuthorizationManager, AuthorizationMetadata, CredentialStore, InMemoryCredentialStore,
    OAuthClientConfig,
};
use std::path::Path;
use std::time::Duration;
use url::Url;

/// Who we are to an authorization server that registers us.
const CLIENT: &str = "Crosscheck";
/// How long the user has, from the question to the end of the login.
const LOGIN: Duration = Duration::from_secs(5 * 60);
/// Longest time of each step that needs nobody.
const STEP: Duration = Duration::from_secs(60);
/// Scope that gives a refresh token at some servers.
const OFFLINE: &str = "offline_access";

/// The call that needs the login.
pub(crate) struct Occasion<'a> {
    pub(crate) run: u64,
    pub(crate) root: &'a Path,
    pub(crate) asker: Option<&'a Asker>,
    /// [`Login::generation`] when the call was made.
    pub(crate) generation: u64,
}

/// Why there is no login: the middle of a sentence, with what to do.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) String);

impl Login {
    /// Gets a token that serves the challenge, by asking the user; of several calls, one asks. Who is refused stays
    /// refused for the rest of the run.
    pub(crate) async fn authorize(
        &self,
        challenge: &Challenge,
        occasion: &Occasion<'_>,
    ) -> Result<(), Refusal> {
        let _turn = self.turn.lock().await;
        {
            let state = self.lock();
            if state.generation != occasion.generation {
                return Ok(());
            }
            if let Some((run, reason)) = &state.refused
                && *run == occasion.run
            {
                return Err(Refusal(reason.clone()));
            }
        }
        match self.ask_user(challenge, occasion).await {
            Ok(grant) => {
                if let Err(reason) = self.keep(&grant).await {
                    tracing::warn!(agent = self.agent, reason, "the login cannot be kept");
                }
                self.take(Some(grant));
                let mut state = self.lock();
                state.challenge = None;
                state.refused = None;
                Ok(())
            }
            Err(reason) => {
                self.lock().refused = Some((occasion.run, reason.clone()));
                Err(Refusal(reason))
            }
        }
    }

    async fn keep(&self, grant: &Grant) -> Result<(), String> {
        let _locked = self.store.lock().await?;
        self.store.save(grant).await
    }

    async fn ask_user(
        &self,
        challenge: &Challenge,
        occasion: &Occasion<'_>,
    ) -> Result<Grant, String> {
        let Some(asker) = occasion.asker else {
            return Err(
                "it wants you to log in, and nobody can be asked here; review once from an editor \
                 or a terminal, or set its `headers`"
                    .to_owned(),
            );
        };
        if !is_safe(&self.url) {
            return Err(
                "it wants a login, and its `url` is not `https:`, so that others could read the token"
                    .to_owned(),
            );
        }
        let redirect = Redirect::bind(self.settings.redirect_port).await;
        let redirect = redirect.map_err(|error| {
            format!(
                "the browser cannot come back from a login: {error}; set another `redirect_port`"
            )
        })?;
        let preparing = self.prepare(challenge, &redirect);
        let prepared = tokio::time::timeout(STEP, preparing).await;
        let prepared =
            prepared.unwrap_or_else(|_| Err("its login did not begin in time".into()))?;
        let outcome = self.browse(&prepared, &redirect, asker, occasion).await?;
        let finishing = prepared.finish(outcome);
        let finished = tokio::time::timeout(STEP, finishing).await;
        finished.unwrap_or_else(|_| Err("its login did not end in time".into()))
    }

    async fn prepare(
        &self,
        challenge: &Challenge,
        redirect: &Redirect,
    ) -> Result<Prepared, String> {
        let before = self.grant().await;
        let Discovered {
            mut manager,
            metadata,
            is_certain,
        } = self
            .discover(challenge.header.as_deref())
            .await
            .map_err(|reason| format!("it wants a login that cannot begin: {reason}"))?;
        let granted = before
            .filter(|_| challenge.wants_more)
            .map_or_else(Vec::new, |grant| grant.credentials.granted_scopes.clone());
        let scopes = self.scopes(challenge, &granted, &manager, &metadata).await;
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let memory = InMemoryCredentialStore::new();
        manager.set_credential_store(memory.clone());
        let client = self
            .client(&mut manager, &metadata, redirect, &scopes)
            .await;
        let client = client.map_err(|reason| match is_certain {
            true => format!("it wants a login that cannot begin: {reason}"),
            false => "it wants authorization (HTTP 401) and does not say where to get it; set its `headers`".to_owned(),
        })?;
        let client_secret = client.client_secret.clone();
        let failed = |error| format!("it wants a login that cannot begin: {}", said(&error));
        manager.configure_client(client).map_err(failed)?;
        let page = manager.get_authorization_url(&scopes).await;
        let page = Url::parse(&page.map_err(failed)?).map_err(|error| error.to_string())?;
        if !is_safe(&page) || (is_here(&page) && !is_here(&self.url)) {
            let place = origin(&page);
            return Err(format!(
                "it wants a login at {place}, which is not safe to open"
            ));
        }
        let state = page.query_pairs().find(|(name, _)| name == "state");
        let state = state.map(|(_, value)| value.into_owned());
        Ok(Prepared {
            manager,
            memory,
            state: state.ok_or("its login has no state")?,
            page,
            // The configured one is not ours to keep.
            client_secret: client_secret.filter(|_| self.settings.client_id.is_none()),
        })
    }

    /// What to ask for: what is configured, else what the server says; and never less than before.
    async fn scopes(
        &self,
        challenge: &Challenge,
        granted: &[String],
        manager: &AuthorizationManager,
        metadata: &AuthorizationMetadata,
    ) -> Vec<String> {
        let mut scopes = granted.to_vec();
        if challenge.wants_more || self.settings.scopes.is_empty() {
            scopes.extend(manager.select_initial_scopes(&[]).await);
        }
        scopes.extend(self.settings.scopes.iter().cloned());
        let supported = metadata.scopes_supported.iter().flatten();
        if !scopes.is_empty() && supported.into_iter().any(|it| it == OFFLINE) {
            scopes.push(OFFLINE.to_owned());
        }
        let mut seen = std::collections::BTreeSet::new();
        scopes.retain(|scope| seen.insert(scope.clone()));
        scopes
    }

    /// Who we are at the authorization server: the configured client, a published one, or one registered now.
    async fn client(
        &self,
        manager: &mut AuthorizationManager,
        metadata: &AuthorizationMetadata,
        redirect: &Redirect,
        scopes: &[&str],
    ) -> Result<OAuthClientConfig, String> {
        let settings = &self.settings;
        if let Some(id) = &settings.client_id {
            let mut client = OAuthClientConfig::new(id, redirect.uri());
            client.client_secret.clone_from(&settings.client_secret);
            return Ok(client);
        }
        let takes_urls = metadata
            .additional_fields
            .get("client_id_metadata_document_supported");
        if let Some(id) = &settings.client_metadata_url
            && takes_urls.and_then(|it| it.as_bool()) == Some(true)
        {
            return Ok(OAuthClientConfig::new(id, redirect.uri()));
        }
        if metadata.registration_endpoint.is_none() {
            return Err(
                "it registers no clients; set `oauth.client_id` to one that it knows".to_owned(),
            );
        }
        let registered = manager
            .register_client(CLIENT, &redirect.uri(), scopes)
            .await;
        registered.map_err(|error| said(&error))
    }

    /// Sends the user to the page, and waits for the browser to come back.
    async fn browse(
        &self,
        prepared: &Prepared,
        redirect: &Redirect,
        asker: &Asker,
        occasion: &Occasion<'_>,
    ) -> Result<Outcome, String> {
        let (place, login) = (origin(&self.url), origin(&prepared.page));
        let question = Question {
            agent: self.agent.clone(),
            root: occasion.root.to_owned(),
            run: Some(occasion.run),
            message: format!("{place} wants you to log in at {login}"),
            ask: Ask::Url(prepared.page.to_string()),
        };
        let answering = asker(question);
        let denied = async {
            match answering.await {
                Reply::Deny(reason) => domain::sanitize::line(&reason, super::SHOWN),
                // Opened. What counts is what the browser brings back.
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            outcome = redirect.outcome(&prepared.state) => Ok(outcome),
            reason = denied => Err(format!("it wants a login at {login}, which was not begun: {reason}")),
            () = tokio::time::sleep(LOGIN) => Err(format!(
                "it wants a login at {login}, which was not finished within {} minutes; run it again",
                LOGIN.as_secs() / 60
            )),
        }
    }
}

/// A login that waits for the user.
struct Prepared {
    manager: AuthorizationManager,
    memory: InMemoryCredentialStore,
    state: String,
    page: Url,
    client_secret: Option<String>,
}

impl Prepared {
    async fn finish(self, outcome: Outcome) -> Result<Grant, String> {
        let (code, issuer) = match outcome {
            Outcome::Code { code, issuer } => (code, issuer),
            Outcome::Denied(words) => return Err(format!("its login was refused: {words}")),
        };
        let exchanged = self
            .manager
            .exchange_code_for_token_with_issuer(&code, &self.state, issuer.as_deref())
            .await;
        let failed = |error| format!("its login failed: {}", said(&error));
        exchanged.map_err(failed)?;
        let credentials = self.memory.load().await.map_err(failed)?;
        Ok(Grant {
            credentials: credentials.ok_or("its login gave no token")?,
            client_secret: self.client_secret,
        })
    }
}
