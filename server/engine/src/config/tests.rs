//! Configurations as tables: texts in, what holds and what is wrong out.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use serde_json::{Value, json};
use std::fmt::Write;

mod budgets;
mod docs;
mod fixes;
mod hostile;
mod imports;
mod layers;
mod robust;

/// The presets of these tests; the embedded ones may change without changing a test.
const PRESETS: &str = r#"
[builtin]
provider = "crosscheck"
command = ["crosscheck", "agent", "builtin"]
[builtin.review]
tool = "review"

[codex]
provider = "openai"
command = ["crosscheck", "agent", "codex"]
detect = "codex"
timeout = "20m"
[codex.review]
tool = "review"
arguments = { task = "{{ prompt }}", effort = "high" }
answer = "codex-review"
[codex.ask]
tool = "ask"

[eslint]
provider = "eslint"
command = ["npx", "-y", "@eslint/mcp@latest"]
[eslint.review]
tool = "lint-files"
arguments = { filePaths = "{{ paths }}" }
answer = "eslint"
reads = "disk"

[contract]
[contract.review]
tool = "review"
[contract.edit]
tool = "edit"
"#;

/// A machine with a workspace, in a directory of its own.
struct Fixture {
    directory: tempfile::TempDir,
    paths: Paths,
    root: PathBuf,
    settings: Value,
}

fn presets() -> assemble::Presets {
    let presets: BTreeMap<String, agents::preset::Preset> = toml::from_str(PRESETS).unwrap();
    let leaked = |(name, preset): (String, _)| (&*name.leak(), preset);
    presets.into_iter().map(leaked).collect()
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let base = directory.path().canonicalize().unwrap();
        let variables = [
            ("PATH", base.join("bin").to_str().unwrap().to_owned()),
            ("TOKEN", "s3cret".to_owned()),
        ];
        let paths = Paths {
            config_dir: base.join("home/.config/crosscheck"),
            state_dir: base.join("state"),
            home: base.join("home"),
            program: base.join("bin/crosscheck"),
            environment: variables
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
        };
        let root = base.join("root");
        std::fs::create_dir_all(&root).unwrap();
        Self {
            directory,
            paths,
            root,
            settings: Value::Null,
        }
    }
    fn file(self, path: &str, text: &str) -> Self {
        let base = self.directory.path().canonicalize().unwrap();
        let path = base.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }
    fn user(self, text: &str) -> Self {
        self.file("home/.config/crosscheck/config.toml", text)
    }
    fn project(self, text: &str) -> Self {
        self.file("root/crosscheck.toml", text)
    }
    fn settings(mut self, settings: Value) -> Self {
        self.settings = settings;
        self
    }
    #[cfg(unix)]
    fn program(self, name: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let fixture = self.file(&format!("bin/{name}"), "");
        let path = fixture.directory.path().join("bin").join(name);
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        fixture
    }
    fn trust(&self) -> Trust {
        Trust::at(self.paths.trust())
    }
    fn load(&self) -> Loaded {
        let place = Context {
            paths: &self.paths,
            root: &self.root,
        };
        load::load(place, &self.settings, &self.trust(), &presets())
    }
    /// What was loaded, as text; the directory of the fixture is written as `…`.
    fn rendered(&self) -> String {
        self.clean(&rendered(&self.load()))
    }
    /// As [`Self::rendered`], after everything was trusted.
    fn rendered_when_trusted(&self) -> String {
        let hash = self.load().untrusted.expect("something to trust").hash;
        self.trust().grant(&self.root, &hash).unwrap();
        self.rendered()
    }
    fn clean(&self, text: &str) -> String {
        let base = self.directory.path().canonicalize().unwrap();
        text.replace(base.to_str().unwrap(), "…")
    }
}

fn rendered(loaded: &Loaded) -> String {
    let mut out = String::new();
    let config = &loaded.config;
    for agent in config.agents.values() {
        render_agent(agent, &mut out);
        let approve = &config.approve[&agent.name];
        if *approve != Approve::default() {
            writeln!(out, "  approve: {approve}").unwrap();
        }
    }
    let review = &config.review;
    write!(out, "review: {}", review.agents.join(", ")).unwrap();
    let plain = ReviewConfig::default();
    if review.scope != plain.scope {
        write!(out, "; {:?}", review.scope).unwrap();
    }
    if review.on_save {
        out.push_str("; on save");
    }
    if review.caps != plain.caps {
        write!(out, "; {:?}", review.caps).unwrap();
    }
    if !review.guidelines {
        out.push_str("; no guidelines");
    }
    if !review.exclude.is_empty() {
        write!(out, "; exclude {:?}", review.exclude).unwrap();
    }
    if let Some(instructions) = &review.instructions {
        write!(out, "; {instructions:?}").unwrap();
    }
    out.push('\n');
    render_fix(config, &mut out);
    if config.limits != LimitsConfig::default() {
        writeln!(out, "{:?}", config.limits).unwrap();
    }
    for problem in &loaded.problems {
        let file = problem.file.as_ref().map(|it| it.display().to_string());
        let mut place = file.unwrap_or_else(|| "settings".to_owned());
        if let Some(line) = problem.line {
            write!(place, ":{line}").unwrap();
        }
        let kind = if problem.warning { "warning" } else { "error" };
        let key = problem.key.as_deref().unwrap_or("-");
        writeln!(out, "{kind}: {place}: {key}: {}", problem.message).unwrap();
    }
    for sentence in loaded.untrusted.iter().flat_map(|it| &it.brings) {
        writeln!(out, "untrusted: {sentence}").unwrap();
    }
    out
}

/// What is said of fixes, but for who makes them by default.
fn render_fix(config: &Config, out: &mut String) {
    let fix = &config.fix;
    let default = FixConfig {
        agents: fix.agents.clone(),
        offered: fix.offered.clone(),
        ..FixConfig::default()
    };
    if *fix != default {
        write!(out, "fix: {}", fix.agents.join(", ")).unwrap();
        if let Some(check) = &fix.check {
            write!(out, "; check {check:?}").unwrap();
        }
        if fix.check_timeout != default.check_timeout {
            write!(out, "; within {:?}", fix.check_timeout).unwrap();
        }
        if fix.confirm {
            out.push_str("; confirm");
        }
        for (word, paths) in [("link", &fix.link), ("copy", &fix.copy)] {
            for path in paths {
                write!(out, "; {word} {path}").unwrap();
            }
        }
        if let Some(instructions) = &fix.instructions {
            write!(out, "; {instructions:?}").unwrap();
        }
        out.push('\n');
    }
    for action in &config.actions {
        let ActionConfig {
            title,
            prompt,
            agents,
        } = action;
        let prompt = match prompt.len() {
            0..=80 => format!("{prompt:?}"),
            length => format!("{length} bytes"),
        };
        writeln!(out, "action {title:?} of {agents:?}: {prompt}").unwrap();
    }
}

fn render_agent(agent: &AgentSpec, out: &mut String) {
    let AgentSpec {
        name,
        provider,
        source,
        ..
    } = agent;
    write!(out, "{name} by {provider} ({source}): ").unwrap();
    match &agent.endpoint {
        agents::Endpoint::Stdio { command, env, cwd } => {
            write!(out, "{}", command.join(" ")).unwrap();
            for (name, value) in env {
                write!(out, "; {name}={value}").unwrap();
            }
            if let Some(cwd) = cwd {
                write!(out, "; in {}", cwd.display()).unwrap();
            }
        }
        agents::Endpoint::Http { url, headers, .. } => {
            write!(out, "{url}").unwrap();
            for (name, value) in headers {
                write!(out, "; {name}: {value}").unwrap();
            }
        }
    }
    let limits = &agent.limits;
    let plain = agents::Limits::default();
    for (word, value, default) in [
        ("call", limits.call, plain.call),
        ("idle", limits.idle, plain.idle),
        ("start", limits.start, plain.start),
    ] {
        if value != default {
            write!(out, "; {word} {value:?}").unwrap();
        }
    }
    if limits.concurrency != plain.concurrency {
        write!(out, "; {} at once", limits.concurrency).unwrap();
    }
    if agent.rules {
        out.push_str("; by rules");
    }
    out.push('\n');
    for (operation, spec) in &agent.operations {
        let operation = format!("{operation:?}").to_lowercase();
        let arguments = claims::canonical(spec.arguments.clone());
        write!(out, "  {operation}: {}{arguments}", spec.tool).unwrap();
        if spec.answer != domain::answer::Format::Auto {
            write!(out, " -> {:?}", spec.answer).unwrap();
        }
        if spec.reads != agents::spec::Reads::Text {
            write!(out, " ({:?})", spec.reads).unwrap();
        }
        out.push('\n');
    }
}
