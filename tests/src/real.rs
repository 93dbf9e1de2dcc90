//! The agents that people have, as npm installs them, each with a [`Model`] of the test behind it.

use crate::{Model, Sandbox};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The name of the file that npm's package of Codex puts on `PATH`.
const CODEX: &str = "@openai/codex/bin/codex.js";
/// The last Codex that was an MCP server by itself.
const OLD_CODEX: &str = "codex-0-153/bin/codex.js";
/// The name of the file that npm's package of Claude Code puts on `PATH`.
const CLAUDE: &str = "@anthropic-ai/claude-code/bin/claude.exe";

/// Installs Codex for the sandbox's user, who has a provider of models configured and nothing else.
pub fn codex(sandbox: &mut Sandbox) -> Model {
    let model = Model::openai();
    codex_at(sandbox, CODEX, &model.url());
    model
}

/// Installs Codex and Claude Code, and configures both as reviewers.
pub fn both(sandbox: &mut Sandbox) -> (Model, Model) {
    for name in ["codex", "claude"] {
        sandbox.config(&format!(
            "[agents.{name}]\npreset = \"contract\"\ncommand = [\"crosscheck\", \"agent\", \"{name}\"]"
        ));
    }
    (codex(sandbox), claude(sandbox))
}

/// Installs the last Codex that was an MCP server by itself.
pub fn old_codex(sandbox: &mut Sandbox) -> Model {
    let model = Model::openai();
    codex_at(sandbox, OLD_CODEX, &model.url());
    model
}

/// Installs Codex with a provider that cannot be reached.
pub fn codex_offline(sandbox: &mut Sandbox) {
    codex_at(sandbox, CODEX, &closed_port());
}

/// Installs Claude Code for the sandbox's user, who has a key and nothing else.
pub fn claude(sandbox: &mut Sandbox) -> Model {
    let model = Model::anthropic();
    claude_at(sandbox, &model.url());
    model
}

/// Installs Claude Code with a service that cannot be reached.
pub fn claude_offline(sandbox: &mut Sandbox) {
    claude_at(sandbox, &closed_port());
}

/// What a model finds in `src/main.rs`, in the form that our adapters ask for.
pub fn finding(by: &str, line: u32, quote: &str, title: &str) -> Value {
    json!({ "summary": null, "findings": [{
        "path": "src/main.rs", "start_line": line, "end_line": line, "quote": quote, "symbol": null,
        "severity": "error", "category": "correctness", "title": format!("{by}: {title}"),
        "body": "", "confidence": null, "replacement": null,
    }] })
}

/// Adds to the configuration of the sandbox's Codex.
pub fn add_to_codex(sandbox: &Sandbox, text: &str) {
    let file = sandbox.path().join("home/.codex/config.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, before + text).unwrap();
}

/// A file below `node_modules` of `tests/agents`; not being there fails the test.
pub fn installed(file: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("agents/node_modules")
        .join(file);
    assert!(
        path.exists(),
        "{file} is not installed: run `npm ci --prefix tests/agents` first"
    );
    path
}

fn codex_at(sandbox: &mut Sandbox, program: &str, url: &str) {
    sandbox.install("codex", &installed(program));
    let home = sandbox.path().join("home/.codex");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join("config.toml"), codex_config(url)).unwrap();
    sandbox.env("TEST_MODEL_KEY", "a key for nothing");
}

/// A model that Codex knows, so that it offers its tools for patches, and no patience with the service.
fn codex_config(url: &str) -> String {
    format!(
        r#"model = "gpt-5.5"
model_provider = "test"
check_for_update_on_startup = false

[model_providers.test]
name = "test"
base_url = "{url}/v1"
env_key = "TEST_MODEL_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
supports_websockets = false
"#
    )
}

fn claude_at(sandbox: &mut Sandbox, url: &str) {
    sandbox.install("claude", &installed(CLAUDE));
    for (name, value) in [
        ("ANTHROPIC_BASE_URL", url),
        ("ANTHROPIC_API_KEY", "a-key-for-nothing"),
        ("CLAUDE_CODE_MAX_RETRIES", "0"),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
        ("DISABLE_AUTOUPDATER", "1"),
        ("DISABLE_TELEMETRY", "1"),
    ] {
        sandbox.env(name, value);
    }
}

/// Where nobody listens.
fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
