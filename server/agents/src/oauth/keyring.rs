//! The system's keyring, by the system's own tool: `secret-tool` (libsecret), or `security` on macOS.
//!
//! Not by a library: one that speaks to the Secret Service brings a D-Bus client, which is larger than everything
//! else in a login together, and is needed once in a few days.

use process::run::Limits;
use process::{Environment, Exit, Spec, run};
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Under which name our secrets are found.
const SERVICE: &str = "crosscheck";
/// Longest time of one use; the keyring may ask the user to unlock it.
const DEADLINE: Duration = Duration::from_secs(30);
/// Largest secret that is read, in bytes.
const MAX_SECRET: usize = 256 * 1024;
/// Longest line that `security` reads, in bytes.
const MAX_LINE: usize = 4000;

/// The tool.
#[derive(Clone, Debug)]
pub(super) struct Keyring {
    kind: Kind,
    program: PathBuf,
}

/// Whose way of being asked it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SecretTool,
    Security,
}

impl Keyring {
    /// The one of this system. Whether there is one shows when it is used.
    pub(super) fn of_system() -> Option<Self> {
        if cfg!(test) {
            None
        } else if cfg!(target_os = "macos") {
            Some(Self::new(Kind::Security, "/usr/bin/security"))
        } else if cfg!(unix) {
            Some(Self::new(Kind::SecretTool, "secret-tool"))
        } else {
            None
        }
    }

    pub(super) fn new(kind: Kind, program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        Self { kind, program }
    }

    /// Keeps a secret; false when that is not possible here. The secret goes over standard input: others can see a
    /// program's arguments.
    pub(super) async fn save(&self, key: &str, secret: &str) -> bool {
        match self.kind {
            Kind::SecretTool => {
                let label = format!("Crosscheck: {key}");
                let args = ["store", "--label", &label, "service", SERVICE, "login", key];
                self.run(&args, secret).await.is_some()
            }
            Kind::Security => {
                let (key, secret) = (hex(key), hex(secret));
                let line = format!("add-generic-password -U -s {SERVICE} -a {key} -w {secret}\n");
                // Its exit code is that of `-i` itself, so look.
                line.len() <= MAX_LINE
                    && self.run(&["-i"], &line).await.is_some()
                    && self.find(&key).await.as_ref() == Some(&secret)
            }
        }
    }

    /// What is kept there.
    pub(super) async fn load(&self, key: &str) -> Option<String> {
        match self.kind {
            Kind::SecretTool => {
                let args = ["lookup", "service", SERVICE, "login", key];
                self.run(&args, "").await
            }
            Kind::Security => from_hex(&self.find(&hex(key)).await?),
        }
    }

    async fn find(&self, key: &str) -> Option<String> {
        let args = ["find-generic-password", "-s", SERVICE, "-a", key, "-w"];
        let found = self.run(&args, "").await?;
        Some(found.trim_end().to_owned())
    }

    async fn run(&self, args: &[&str], input: &str) -> Option<String> {
        let spec = Spec {
            program: self.program.clone().into(),
            args: args.iter().map(Into::into).collect(),
            cwd: PathBuf::from("/"),
            environment: Environment::inherited(),
        };
        let limits = Limits {
            deadline: DEADLINE,
            stdout: MAX_SECRET,
            cancel: CancellationToken::new(),
        };
        let output = run(&spec, input.as_bytes(), &limits).await;
        let output = output.map_err(|error| tracing::debug!(%error, "no keyring"));
        let output = output.ok().filter(|output| output.exit == Exit::Code(0))?;
        String::from_utf8(output.stdout).ok()
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<String> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|it| it.to_digit(16).and_then(|it| u8::try_from(it).ok()))
        .collect();
    let digits = digits?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}
