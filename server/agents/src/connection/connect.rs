//! Making a connection: starting the program or reaching the endpoint, and the handshake, within a deadline.

use super::handshake::{self, Era, HandshakeError};
use super::link::{Connection, DRAIN, ended, last_words};
use crate::oauth::Login;
use crate::question::{Asker, Asking};
use crate::spec::{AgentSpec, Endpoint};
use crate::transport::{Calls, HttpTransport, LineTransport, Notice};
use process::{Child, Environment, Spec};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The word in a command that means this very program.
const OURSELVES: &str = "crosscheck";

/// What is needed to connect.
pub(crate) struct Connecting<'a> {
    pub(crate) spec: &'a AgentSpec,
    /// Where a program is started unless its configuration says otherwise.
    pub(crate) root: &'a Path,
    /// What the command `crosscheck` stands for.
    pub(crate) ourselves: Option<&'a Path>,
    /// How conversations with this agent began before.
    pub(crate) era: Option<Era>,
    /// Tells a person.
    pub(crate) notice: Arc<Notice>,
    /// Asks a person.
    pub(crate) asker: Option<Asker>,
    /// Gives the token of an HTTP agent.
    pub(crate) login: Option<Arc<Login>>,
}

impl Connecting<'_> {
    /// Connects.
    ///
    /// # Errors
    /// What happened, for people, with the last words of a program.
    pub(crate) async fn connect(self) -> Result<Connection, String> {
        let first = self.era.unwrap_or(Era::Initialize);
        let limits = self.spec.limits;
        let asking = Asking {
            agent: self.spec.name.clone(),
            root: self.root.to_owned(),
            approval: self.spec.approval.clone(),
            asker: self.asker,
        };
        let calls = Arc::new(Calls::new(self.notice).with_asking(asking));
        match &self.spec.endpoint {
            Endpoint::Stdio { command, env, cwd } => {
                let command = command_line(command, self.ourselves)?;
                let cwd = cwd.as_deref().unwrap_or(self.root);
                let child = start(command, env, cwd)?;
                program(child, first, limits.start, limits.message, calls).await
            }
            Endpoint::Http {
                url, headers, ca, ..
            } => {
                let login = self.login;
                let transport = |calls| {
                    let login = login.clone();
                    HttpTransport::new(url, headers, ca.as_deref(), login, calls, limits.message)
                };
                let connecting = endpoint(transport, first, calls);
                let connected = timeout(limits.start, connecting).await;
                connected.unwrap_or_else(|_| Err(too_slow(limits.start)))
            }
        }
    }
}

fn command_line(
    command: &[String],
    ourselves: Option<&Path>,
) -> Result<(PathBuf, Vec<String>), String> {
    let (program, args) = command.split_first().ok_or("its command is empty")?;
    let program = match ourselves {
        Some(ourselves) if program == OURSELVES => ourselves.to_owned(),
        None if program == OURSELVES => std::env::current_exe()
            .map_err(|error| format!("the path of this program is not known: {error}"))?,
        _ => PathBuf::from(program),
    };
    Ok((program, args.to_vec()))
}

fn start(
    (program, args): (PathBuf, Vec<String>),
    env: &BTreeMap<String, String>,
    cwd: &Path,
) -> Result<Child, String> {
    let inherited = Environment::inherited();
    let environment = env.iter().fold(inherited, |environment, (name, value)| {
        environment.with(name, value)
    });
    let spec = Spec {
        program: program.into(),
        args: args.into_iter().map(Into::into).collect(),
        cwd: cwd.to_owned(),
        environment,
    };
    Child::spawn(&spec).map_err(|error| error.to_string())
}

async fn program(
    mut child: Child,
    first: Era,
    deadline: Duration,
    limit: usize,
    calls: Arc<Calls>,
) -> Result<Connection, String> {
    let (Some(stdin), Some(stdout)) = (child.take_stdin(), child.take_stdout()) else {
        return Err("its standard streams could not be opened".to_owned());
    };
    let stderr = child.stderr();
    let mut transport = LineTransport::new(stdout, stdin, Arc::clone(&calls), limit);
    let reason = match timeout(deadline, handshake::shake_hands(&mut transport, first)).await {
        Ok(Ok(greeting)) => return Ok(Connection::new(transport, calls, greeting, Some(child))),
        Ok(Err(HandshakeError::Ended)) => match timeout(DRAIN, child.wait()).await {
            Ok(exit) => return Err(format!("before the handshake {}", ended(&exit, &stderr))),
            Err(_) => match calls.silence_reason() {
                Some(reason) => format!("before the handshake {reason}"),
                None => "it closed its standard output before the handshake".to_owned(),
            },
        },
        Ok(Err(error)) => rejected(error),
        Err(_) => too_slow(deadline),
    };
    Err(format!("{reason}{}", last_words(&stderr)))
}

/// Each attempt needs a transport of its own: a rejected greeting ends rmcp's.
async fn endpoint(
    transport: impl Fn(Arc<Calls>) -> Result<HttpTransport, String>,
    first: Era,
    calls: Arc<Calls>,
) -> Result<Connection, String> {
    let mut reasons: Vec<String> = Vec::new();
    for era in [first, first.other()] {
        // Each attempt falls silent by itself.
        let calls = if reasons.is_empty() {
            Arc::clone(&calls)
        } else {
            Arc::new(calls.again())
        };
        let mut transport = transport(Arc::clone(&calls))?;
        match handshake::begin(&mut transport, era).await {
            Ok(greeting) => return Ok(Connection::new(transport, calls, greeting, None)),
            Err(HandshakeError::Unreachable(reason)) => return Err(reason),
            Err(error) => reasons.push(rejected(error)),
        }
    }
    // What matters is why the usual way did not work.
    Err(reasons.swap_remove(0))
}

fn rejected(error: HandshakeError) -> String {
    match error {
        HandshakeError::Rejected(reason) => format!("it rejected the handshake: {reason}"),
        HandshakeError::NotSent(reason) | HandshakeError::Unreachable(reason) => reason,
        HandshakeError::Ended => "it ended the connection during the handshake".to_owned(),
    }
}

fn too_slow(deadline: Duration) -> String {
    format!("it did not complete the handshake within {deadline:?}")
}
