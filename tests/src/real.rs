//! The agents that people have, as npm installs them, each with a [`Model`] of the test behind it. Nothing is configured in
//! Crosscheck for them. Where npm has not installed them, there are none, and the test is skipped.

use crate::{Model, Sandbox, skip};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The name of the file that npm's package of Codex puts on `PATH`.
const CODEX: &str = "@openai/codex/bin/codex.js";
/// The last Codex that was an MCP server by itself.
const OLD_CODEX: &str = "codex-0-153/bin/codex.js";
/// The name of the file that npm's package of Claude Code puts on `PATH`.
const CLAUDE: &str = "@anthropic-ai/claude-code/bin/claude.exe";

/// Installs Codex for the sandbox's user, who has a provider of models configured and nothing else.
pub fn codex(sandbox: &mut Sandbox) -> Option<Model> {
    let model = Model::openai();
    codex_at(sandbox, CODEX, &model.url())?;
    Some(model)
}

/// Installs Codex and Claude Code.
pub fn both(sandbox: &mut Sandbox) -> Option<(Model, Model)> {
    Some((codex(sandbox)?, claude(sandbox)?))
}

/// Installs the last Codex that was an MCP server by itself.
pub fn old_codex(sandbox: &mut Sandbox) -> Option<Model> {
    let model = Model::openai();
    codex_at(sandbox, OLD_CODEX, &model.url())?;
    Some(model)
}

/// Installs Codex with a provider that cannot be reached.
pub fn codex_offline(sandbox: &mut Sandbox) -> Option<()> {
    codex_at(sandbox, CODEX, &closed_port())
}

/// Installs Claude Code for the sandbox's user, who has a key and nothing else.
pub fn claude(sandbox: &mut Sandbox) -> Option<Model> {
    let model = Model::anthropic();
    claude_at(sandbox, &model.url())?;
    Some(model)
}

/// Installs Claude Code with a service that cannot be reached.
pub fn claude_offline(sandbox: &mut Sandbox) -> Option<()> {
    claude_at(sandbox, &closed_port())
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

/// A file below `node_modules` of `tests/agents`; `None` skips the test, see [`skip`].
pub fn installed(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("agents/node_modules")
        .join(file);
    if !path.exists() {
        skip(file, "run `npm ci --prefix tests/agents`");
        return None;
    }
    Some(path)
}

fn codex_at(sandbox: &mut Sandbox, program: &str, url: &str) -> Option<()> {
    sandbox.install("codex", &installed(program)?);
    let home = sandbox.path().join("home/.codex");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join("config.toml"), codex_config(url)).unwrap();
    sandbox.env("TEST_MODEL_KEY", "a key for nothing");
    Some(())
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

fn claude_at(sandbox: &mut Sandbox, url: &str) -> Option<()> {
    sandbox.install("claude", &installed(CLAUDE)?);
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
    Some(())
}

/// Where nobody listens.
fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
