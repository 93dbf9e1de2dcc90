//! Our MCP client, examined by the suite that the protocol's authors keep for clients, and with their own server.

use crate::CODE;
use serde_json::Value;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tests::{Sandbox, real, sandbox};

/// Why scenarios are left out.
const BY_THE_STANDARD: Option<&str> = Some(
    "this suite's document names another issuer than the one it is found at, which RFC 8414 forbids to accept",
);
const BY_A_MACHINE: Option<&str> =
    Some("client credentials are for services; a person's agents are signed in to by a person");

/// Scenarios that run at the same time: they measure pauses.
const AT_ONCE: usize = 4;

/// The suite's scenarios for clients, and why one is left out. None of them is about sampling.
const SCENARIOS: &[(&str, Option<&str>)] = &[
    ("initialize", None),
    ("tools_call", None),
    ("elicitation-sep1034-client-defaults", None),
    ("sse-retry", None),
    ("auth/metadata-default", None),
    ("auth/metadata-var1", None),
    ("auth/metadata-var2", BY_THE_STANDARD),
    ("auth/metadata-var3", BY_THE_STANDARD),
    ("auth/basic-cimd", None),
    ("auth/scope-from-www-authenticate", None),
    ("auth/scope-from-scopes-supported", None),
    ("auth/scope-omitted-when-undefined", None),
    ("auth/scope-step-up", None),
    ("auth/scope-retry-limit", None),
    ("auth/token-endpoint-auth-basic", None),
    ("auth/token-endpoint-auth-post", None),
    ("auth/token-endpoint-auth-none", None),
    ("auth/resource-mismatch", None),
    ("auth/pre-registration", None),
    ("auth/2025-03-26-oauth-metadata-backcompat", None),
    ("auth/2025-03-26-oauth-endpoint-fallback", None),
    ("auth/client-credentials-jwt", BY_A_MACHINE),
    ("auth/client-credentials-basic", BY_A_MACHINE),
];

/// Runs the suite; whether all was well, and what it said. `None` where it is not installed.
fn suite(sandbox: &Sandbox, args: &[&str]) -> Option<(bool, String)> {
    let program = real::installed("@modelcontextprotocol/conformance/dist/index.js")?;
    let mut command = sandbox.command("node");
    let output = command
        .arg(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Some((output.status.success(), said))
}

#[test]
fn every_scenario_that_is_for_us_passes() {
    let sandbox = sandbox!();
    let client = env!("CARGO_BIN_EXE_conformance-client");
    let wanted = SCENARIOS.iter().filter(|(_, reason)| reason.is_none());
    let wanted: Vec<&str> = wanted.map(|(scenario, _)| *scenario).collect();
    for some in wanted.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            for scenario in some {
                let sandbox = &sandbox;
                scope.spawn(move || {
                    let args = ["client", "--command", client, "--scenario", scenario];
                    let Some((passed, said)) = suite(sandbox, &args) else {
                        return;
                    };
                    assert!(
                        passed && said.contains("OVERALL: PASSED"),
                        "{scenario}:\n{said}"
                    );
                });
            }
        });
    }
}

#[test]
fn every_scenario_of_the_suite_is_known() {
    let Some((_, said)) = suite(&sandbox!(), &["list", "--client"]) else {
        return;
    };
    let listed: Vec<&str> = said
        .lines()
        .filter_map(|it| it.trim().strip_prefix("- "))
        .collect();
    let known: Vec<&str> = SCENARIOS.iter().map(|(scenario, _)| *scenario).collect();
    assert_eq!(listed, known);
}

/// The authors' server, which shows everything that a server may do.
struct Everything {
    child: Child,
    port: u16,
}

impl Everything {
    fn start(sandbox: &Sandbox) -> Option<Self> {
        let program = program()?;
        // Free a moment ago; the server cannot choose one itself.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = sandbox
            .command("node")
            .arg(program)
            .arg("streamableHttp")
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + tests::PATIENCE;
        while TcpStream::connect(("localhost", port)).is_err() {
            assert!(Instant::now() < deadline, "the server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(Self { child, port })
    }
}

impl Drop for Everything {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn program() -> Option<std::path::PathBuf> {
    real::installed("@modelcontextprotocol/server-everything/dist/index.js")
}

/// Reviews by the tool `echo`, which is made to say one finding.
fn review(sandbox: &mut Sandbox, how: &str) -> Value {
    sandbox.file("src/main.rs", CODE);
    sandbox.config(&format!(
        "[agents.everything]\n{how}\n[agents.everything.review]\ntool = \"echo\"\narguments = {{ message = \"Here:\\nsrc/main.rs:2:5: warning: heard\" }}"
    ));
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"]);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

#[test]
fn the_authors_server_over_http() {
    let mut sandbox = sandbox!();
    let Some(server) = Everything::start(&sandbox) else {
        return;
    };
    let document = review(
        &mut sandbox,
        &format!("url = \"http://localhost:{}/mcp\"", server.port),
    );
    assert_eq!(
        document["findings"].as_array().unwrap().len(),
        1,
        "{document:#}"
    );
}

#[test]
fn the_authors_server_over_standard_streams() {
    let Some(program) = program() else { return };
    let how = format!("command = [\"node\", {program:?}]");
    let document = review(&mut sandbox!(), &how);
    assert_eq!(
        document["findings"].as_array().unwrap().len(),
        1,
        "{document:#}"
    );
}
