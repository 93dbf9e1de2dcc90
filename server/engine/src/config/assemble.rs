//! Making the agents: drafts on presets become specifications, or problems.

use super::draft::{Draft, OperationDraft, Said};
use super::file::{AgentTable, OPERATIONS};
use super::interpolate::{Context, expand};
use super::problems::{Problem, nearest};
use super::source::{Kind, Source};
use super::units::Period;
use agents::preset::{Preset, PresetOperation};
use agents::spec::{AgentSpec, Endpoint, Limits, OAuth, Operation, OperationSpec};
use agents::template;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The embedded presets.
pub(super) type Presets = BTreeMap<&'static str, Preset>;

/// The preset of servers about which nothing is said.
const GENERIC: &str = "contract";
/// Longest name of an agent, in characters.
const MAX_NAME: usize = 64;

/// What one source says about one agent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// The agent.
    pub name: &'a str,
    /// What is said.
    pub table: &'a AgentTable,
    /// Index of the source.
    pub by: usize,
}

/// All drafts by name. Later parts are laid over earlier ones, but a list of another tool replaces what is
/// there: it tells of another server.
pub(super) fn drafts(
    sources: &[&Source],
    parts: &[Part<'_>],
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Draft> {
    let mut drafts: BTreeMap<String, Draft> = BTreeMap::new();
    for part in parts {
        let source = sources[part.by];
        if let Err(message) = check_name(part.name) {
            problems.push(source.agent_problem(part.name, &[], &message));
            continue;
        }
        if matches!(source.kind, Kind::List { .. }) {
            drafts.remove(part.name);
        }
        if part.table.command.is_some() && part.table.url.is_some() {
            let message = "an agent has a `command` or a `url`, not both; the url is ignored";
            problems.push(source.agent_problem(part.name, &["url"], message));
            let table = AgentTable {
                url: None,
                ..part.table.clone()
            };
            drafts
                .entry(part.name.to_owned())
                .or_default()
                .lay(&table, part.by);
            continue;
        }
        drafts
            .entry(part.name.to_owned())
            .or_default()
            .lay(part.table, part.by);
    }
    drafts
}

fn check_name(name: &str) -> Result<(), String> {
    let plain = domain::sanitize::line(name, MAX_NAME);
    if name.is_empty() || plain != name {
        return Err(format!(
            "left out: the name of an agent has 1 to {MAX_NAME} visible characters"
        ));
    }
    Ok(())
}

/// Makes one agent; `None` when problems leave nothing that could be used.
pub(super) fn make(
    name: &str,
    draft: &Draft,
    sources: &[&Source],
    presets: &Presets,
    context: Context<'_>,
    problems: &mut Vec<Problem>,
) -> Option<AgentSpec> {
    let mut maker = Maker {
        name,
        draft,
        sources,
        presets,
        context,
        problems,
    };
    maker.make().ok()
}

struct Maker<'a, 'p> {
    name: &'a str,
    draft: &'a Draft,
    sources: &'a [&'a Source],
    presets: &'a Presets,
    context: Context<'a>,
    problems: &'p mut Vec<Problem>,
}

/// The agent is left out, and a problem says why.
struct Told;

impl<'a> Maker<'a, '_> {
    fn make(&mut self) -> Result<AgentSpec, Told> {
        let preset = self.preset()?;
        let endpoint = self.endpoint(preset)?;
        // A server about which nothing is said is taken to follow the agent contract.
        let generic = self.draft.operations.is_empty().then_some(GENERIC);
        let generic = generic.and_then(|it| self.presets.get(it));
        let operations = self.operations(preset.or(generic));
        let provider = &self.draft.provider;
        let provider = provider
            .as_ref()
            .or(preset.and_then(|it| it.provider.as_ref()));
        let rules = self.draft.rules.or(preset.and_then(|it| it.rules));
        let review = operations.get(&Operation::Review);
        let is_linter = review.is_some_and(|it| it.answer.is_of_linters());
        Ok(AgentSpec {
            name: self.name.to_owned(),
            provider: provider.map_or(self.name, String::as_str).to_owned(),
            rules: rules.unwrap_or(is_linter),
            source: self.source(),
            endpoint,
            operations,
            approval: preset.and_then(|preset| preset.approval.clone()),
            limits: self.limits(preset),
        })
    }

    /// The preset it is built on, if any: the one it names, the one of its name, or for a server of another
    /// tool's list the one with the same command.
    fn preset(&mut self) -> Result<Option<&'a Preset>, Told> {
        let presets = self.presets;
        let Some(named) = &self.draft.preset else {
            let by_name = presets.get(self.name);
            return Ok(by_name.or_else(|| self.preset_by_command()));
        };
        if let Some(preset) = presets.get(named.value.as_str()) {
            return Ok(Some(preset));
        }
        let names = presets.keys().copied();
        let hint = match nearest(&named.value, names.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
        };
        let message = format!("left out: there is no preset `{}`; {hint}", named.value);
        Err(self.told(named.by, &["preset"], &message))
    }

    fn preset_by_command(&self) -> Option<&'a Preset> {
        let mut kinds = self.draft.sources.iter().map(|it| self.sources[*it].kind);
        let command = essence(&self.draft.command.as_ref()?.value);
        if !kinds.any(|it| matches!(it, Kind::List { .. })) {
            return None;
        }
        self.presets
            .values()
            .find(|it| it.command.as_ref().is_some_and(|it| essence(it) == command))
    }

    fn endpoint(&mut self, preset: Option<&Preset>) -> Result<Endpoint, Told> {
        if let Some(command) = &self.draft.command {
            let program = self.program(command)?;
            let rest = command.value.iter().skip(1);
            let rest = rest.map(|it| self.expand(it, command.by, &["command"]));
            let command = std::iter::once(Ok(program)).chain(rest.collect::<Vec<_>>());
            return self.stdio(command.collect::<Result<_, _>>()?);
        }
        if let Some(url) = &self.draft.url {
            let url = self.expand(&url.value, url.by, &["url"])?;
            return self.http(url);
        }
        if let Some(command) = preset.and_then(|it| it.command.clone()) {
            return self.stdio(command);
        }
        if let Some(url) = preset.and_then(|it| it.url.clone()) {
            return self.http(url);
        }
        let message = match nearest(self.name, self.presets.keys().copied()) {
            _ if preset.is_some() => {
                "left out: its preset fits any server; say which by a `command` or a `url`"
                    .to_owned()
            }
            meant => format!(
                "left out: it has neither a `command` nor a `url`, and there is no preset `{}`{}",
                self.name,
                meant.map_or_else(String::new, |it| format!("; did you mean `{it}`?"))
            ),
        };
        Err(self.told(self.last_source(), &[], &message))
    }

    fn stdio(&mut self, command: Vec<String>) -> Result<Endpoint, Told> {
        if let Some((_, header)) = self.draft.headers.first_key_value() {
            let message = "`headers` need a `url`; they are ignored";
            let problem = self.problem(header.by, &["headers"], message);
            self.problems.push(problem);
        }
        let ca = self.draft.ca.as_ref().map(|it| (it.by, "ca"));
        let oauth = self.draft.oauth.by.map(|by| (by, "oauth"));
        for (by, key) in [ca, oauth].into_iter().flatten() {
            let message = format!("`{key}` needs a `url`; it is ignored");
            let problem = self.problem(by, &[key], &message);
            self.problems.push(problem);
        }
        let cwd = match &self.draft.cwd {
            Some(cwd) => {
                let path = self.expand(&cwd.value, cwd.by, &["cwd"])?;
                Some(self.context.root.join(path))
            }
            None => None,
        };
        let env = self.expand_all(&self.draft.env, "env")?;
        if let Some(name) = env
            .keys()
            .find(|it| it.is_empty() || it.contains(['=', '\0']))
        {
            let message = "left out: this cannot be the name of a variable";
            return Err(self.told(self.draft.env[name].by, &["env", name], message));
        }
        Ok(Endpoint::Stdio { command, env, cwd })
    }

    fn http(&mut self, url: String) -> Result<Endpoint, Told> {
        let by = self.draft.url.as_ref().map_or(0, |it| it.by);
        let scheme = url.split_once("://").map(|it| it.0.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            let message = "left out: the url must begin with `http://` or `https://`";
            return Err(self.told(by, &["url"], message));
        }
        if url.contains(|it: char| it.is_whitespace() || it.is_control()) {
            let message = "left out: there is white space in the url";
            return Err(self.told(by, &["url"], message));
        }
        if let Some((_, variable)) = self.draft.env.first_key_value() {
            let message = "`env` needs a `command`; it is ignored";
            let problem = self.problem(variable.by, &["env"], message);
            self.problems.push(problem);
        }
        let headers = self.expand_all(&self.draft.headers, "headers")?;
        if let Some((name, _)) = headers.iter().find(|(name, value)| !is_header(name, value)) {
            let message = "left out: this is not a valid HTTP header";
            return Err(self.told(self.draft.headers[name].by, &["headers", name], message));
        }
        let ca = match &self.draft.ca {
            Some(ca) => {
                let path = self.expand(&ca.value, ca.by, &["ca"])?;
                let path = PathBuf::from(path);
                if path.is_relative() && !self.sources[ca.by].kind.is_workspace() {
                    let message = "left out: the path of a `ca` file must be absolute, since a relative one would mean \
                                   another file in each workspace; write `${userHome}/…`";
                    return Err(self.told(ca.by, &["ca"], message));
                }
                Some(self.context.root.join(path))
            }
            None => None,
        };
        let oauth = self.oauth()?;
        Ok(Endpoint::Http {
            url,
            headers,
            ca,
            oauth,
        })
    }

    fn oauth(&mut self) -> Result<OAuth, Told> {
        let draft = &self.draft.oauth;
        let mut text = |said: &Option<Said<String>>, key: &str| match said {
            Some(said) => self.expand(&said.value, said.by, &["oauth", key]).map(Some),
            None => Ok(None),
        };
        let oauth = OAuth {
            client_id: text(&draft.client_id, "client_id")?,
            client_secret: text(&draft.client_secret, "client_secret")?,
            client_metadata_url: text(&draft.client_metadata_url, "client_metadata_url")?,
            scopes: draft.scopes.clone().unwrap_or_default(),
            redirect_port: draft.redirect_port,
        };
        if let (Some(_), None, Some(secret)) =
            (&oauth.client_secret, &oauth.client_id, &draft.client_secret)
        {
            let message = "left out: a `client_secret` belongs to a `client_id`";
            return Err(self.told(secret.by, &["oauth", "client_secret"], message));
        }
        if let (Some(url), Some(said)) = (&oauth.client_metadata_url, &draft.client_metadata_url)
            && !url.starts_with("https://")
        {
            let message = "left out: a `client_metadata_url` must begin with `https://`";
            return Err(self.told(said.by, &["oauth", "client_metadata_url"], message));
        }
        Ok(oauth)
    }

    /// The program of a command. A relative path that the user wrote would start a file of whichever workspace is open; one
    /// that the (trusted) workspace brings is meant from its root.
    fn program(&mut self, command: &Said<Vec<String>>) -> Result<String, Told> {
        let by = command.by;
        let Some(program) = command.value.first().filter(|it| !it.is_empty()) else {
            let message = "left out: the command is empty; write the program and its arguments";
            return Err(self.told(by, &["command"], message));
        };
        let program = self.expand(program, by, &["command"])?;
        let path = Path::new(&program);
        let is_name = path.components().count() == 1 && path.file_name() == Some(path.as_os_str());
        if is_name || path.is_absolute() {
            return Ok(program);
        }
        if !self.sources[by].kind.is_workspace() {
            let message = "left out: the path of a program must be absolute, since a relative one would mean \
                           another file in each workspace; write `${userHome}/…` or `${workspaceFolder}/…`";
            return Err(self.told(by, &["command"], message));
        }
        let path: PathBuf = self.context.root.join(path).components().collect();
        path.to_str().map(str::to_owned).ok_or_else(|| {
            let message = "left out: the path of the workspace is not Unicode";
            self.told(by, &["command"], message)
        })
    }

    fn operations(&mut self, preset: Option<&Preset>) -> BTreeMap<Operation, OperationSpec> {
        let mut operations = BTreeMap::new();
        for (operation, word) in OPERATIONS {
            let base = preset.and_then(|it| it.operation(operation));
            let draft = self.draft.operations.get(&operation);
            let Some(spec) = laid_over(base, draft) else {
                if let Some(draft) = draft {
                    let message = format!(
                        "`{word}` of agent {:?} is left out: name the `tool` to call",
                        self.name
                    );
                    let problem = self.problem(draft.by, &[word], &message);
                    self.problems.push(problem);
                }
                continue;
            };
            match template::check(&spec.arguments) {
                Ok(()) => {
                    operations.insert(operation, spec);
                }
                Err(error) => {
                    let by = draft.map_or(self.last_source(), |it| it.by);
                    let message = format!("`{word}` of agent {:?} is left out: {error}", self.name);
                    let problem = self.problem(by, &[word, "arguments"], &message);
                    self.problems.push(problem);
                }
            }
        }
        operations
    }

    fn limits(&self, preset: Option<&Preset>) -> Limits {
        let or = |said: Option<Period>, preset: Option<&String>, default: Duration| {
            // A test reads all embedded presets, so that none of their durations is malformed.
            let preset = || preset?.parse::<Period>().ok();
            said.or_else(preset).map_or(default, |it| it.0)
        };
        let draft = self.draft;
        let default = Limits::default();
        Limits {
            start: or(
                draft.start,
                preset.and_then(|it| it.start.as_ref()),
                default.start,
            ),
            idle: or(
                draft.idle,
                preset.and_then(|it| it.idle.as_ref()),
                default.idle,
            ),
            call: or(
                draft.timeout,
                preset.and_then(|it| it.timeout.as_ref()),
                default.call,
            ),
            concurrency: draft
                .concurrency
                .or(preset.and_then(|it| it.concurrency))
                .unwrap_or(default.concurrency),
            message: default.message,
        }
    }

    /// Where it was configured, for people; the machine only if nobody configured it.
    fn source(&self) -> String {
        let mut shown: Vec<&str> = Vec::new();
        let sources = self.draft.sources.iter().map(|it| self.sources[*it]);
        let configured = sources.clone().any(|it| it.kind != Kind::Machine);
        for source in sources.filter(|it| it.kind != Kind::Machine || !configured) {
            if !shown.contains(&source.shown.as_str()) {
                shown.push(&source.shown);
            }
        }
        shown.join(", ")
    }

    fn expand_all(
        &mut self,
        values: &BTreeMap<String, Said<String>>,
        table: &str,
    ) -> Result<BTreeMap<String, String>, Told> {
        let expanded = values.iter().map(|(name, said)| {
            let value = self.expand(&said.value, said.by, &[table, name])?;
            Ok((name.clone(), value))
        });
        expanded.collect()
    }

    fn expand(&mut self, text: &str, by: usize, keys: &[&str]) -> Result<String, Told> {
        match expand(text, self.sources[by].syntax, self.context) {
            Ok(value) if value.contains('\0') => {
                Err(self.told(by, keys, "left out: there is a null character in the value"))
            }
            Ok(value) => Ok(value),
            Err(error) => Err(self.told(by, keys, &format!("left out: {error}"))),
        }
    }

    fn last_source(&self) -> usize {
        self.draft.sources.last().copied().unwrap_or_default()
    }

    fn problem(&self, by: usize, keys: &[&str], message: &str) -> Problem {
        self.sources[by].agent_problem(self.name, keys, message)
    }

    fn told(&mut self, by: usize, keys: &[&str], message: &str) -> Told {
        let message = format!("agent {:?} is {message}", self.name);
        let problem = self.problem(by, keys, &message);
        self.problems.push(problem);
        Told
    }
}

/// What tells two commands apart: not whether a package runner asks, nor which version it takes.
fn essence(command: &[String]) -> Vec<&str> {
    let arguments = command.iter().map(String::as_str);
    arguments
        .filter(|it| !matches!(*it, "-y" | "--yes"))
        .map(|it| it.strip_suffix("@latest").unwrap_or(it))
        .collect()
}

fn is_header(name: &str, value: &str) -> bool {
    let token = |it: char| it.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(it);
    !name.is_empty() && name.chars().all(token) && !value.contains(|it: char| it.is_control())
}

/// An operation as the preset and the configuration together say; `None` when no tool is named.
fn laid_over(
    base: Option<&PresetOperation>,
    draft: Option<&OperationDraft>,
) -> Option<OperationSpec> {
    let nothing = OperationDraft::default();
    let draft = draft.unwrap_or(&nothing);
    // Arguments and answer belong to a tool.
    let base = base.filter(|it| draft.tool.as_ref().is_none_or(|tool| *tool == it.tool));
    let mut arguments = base.map(|it| it.arguments.clone()).unwrap_or_default();
    arguments.extend(draft.arguments.clone());
    Some(OperationSpec {
        tool: draft.tool.clone().or(base.map(|it| it.tool.clone()))?,
        arguments: arguments.into(),
        answer: draft
            .answer
            .or(base.map(|it| it.answer))
            .unwrap_or_default(),
        reads: draft.reads.or(base.map(|it| it.reads)).unwrap_or_default(),
    })
}
