//! The doctor: starts each agent, checks its tools, makes one real call, and says what to do about each failure.

mod sample;
mod tools;

use crate::approve::Approve;
use crate::budget::gate::{Gate, Wanted};
use crate::config::Config;
use crate::engine::{Engine, Root};
use crate::event::RunId;
use crate::run::calling;
use crate::version::{Ask, Version, outside};
use agents::{AgentSpec, Answer, Call, CallError, Endpoint, Operation};
use domain::answer::{Format, Parsed, parse};
use domain::sanitize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// What was seen of one agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkup {
    /// Name.
    pub agent: String,
    /// Where it was configured.
    pub source: String,
    /// The version of the program behind it; `None` where nothing says how to ask for it.
    pub version: Option<Version>,
    /// What it may do without asking.
    pub approve: Approve,
    /// The steps taken, in order; the last one is the failed one if any.
    pub steps: Vec<Step>,
}

/// One step of a checkup.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// `start`, `tools`, `review`.
    pub name: &'static str,
    /// What was seen: `eslint 0.3.13, MCP 2025-11-25, in 0.3 s`.
    pub result: Result<String, Failure>,
    /// How long it took.
    pub elapsed: Duration,
}

/// A failed step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// Examines the agents of `root` (those named, or all), all at once, calling `seen` for each one in turn.
pub async fn examine(
    engine: &Engine,
    root: &Path,
    agents: &[String],
    mut seen: impl FnMut(Checkup),
) {
    let (Some((root, _)), Some(handle)) = (engine.root(root), engine.handle()) else {
        return;
    };
    let waiting = root.clone();
    let Ok(Some(loaded)) = handle.spawn(async move { waiting.fresh().await }).await else {
        return;
    };
    let known: Vec<String> = loaded.config.agents.keys().cloned().collect();
    let wanted = if agents.is_empty() { &known } else { agents };
    let budget = loaded.config.budget.clone();
    let gate = Gate::new(engine.budgets(), RunId(0), &root.path, budget);
    let mut checkups = Vec::new();
    for name in wanted {
        let Some(spec) = loaded.config.agents.get(name).cloned() else {
            checkups.push(Err(unknown(name, &known)));
            continue;
        };
        let (root, loaded, gate) = (root.clone(), loaded.clone(), gate.clone());
        let ask = Ask::of(&spec, outside(&engine.paths().state_dir, &root.path));
        let task = async move { checkup(&root, &loaded.config, &gate, &spec, ask).await };
        checkups.push(Ok((name, handle.spawn(task))));
    }
    for checkup in checkups {
        match checkup {
            Ok((name, task)) => seen(match task.await {
                Ok(checkup) => checkup,
                Err(error) => broken(name, &error.to_string()),
            }),
            Err(checkup) => seen(checkup),
        }
    }
}

fn unknown(name: &str, known: &[String]) -> Checkup {
    let what = format!("no agent named `{name}` is configured");
    let advice = match known {
        [] => "configure one in `[agents]`".to_owned(),
        known => format!("there are `{}`", known.join("`, `")),
    };
    not_started(name, Failure { what, advice })
}

fn broken(name: &str, error: &str) -> Checkup {
    let what = format!("the examination failed because of a fault in crosscheck: {error}");
    let advice = "please report it".to_owned();
    not_started(name, Failure { what, advice })
}

/// The checkup of an agent that could not even be started.
fn not_started(name: &str, failure: Failure) -> Checkup {
    let step = Step {
        name: "start",
        result: Err(failure),
        elapsed: Duration::ZERO,
    };
    Checkup {
        agent: name.to_owned(),
        source: String::new(),
        version: None,
        approve: Approve::default(),
        steps: vec![step],
    }
}

async fn checkup(
    root: &Root,
    config: &Config,
    gate: &Arc<Gate>,
    spec: &AgentSpec,
    ask: Option<Ask>,
) -> Checkup {
    let mut steps = Vec::new();
    let version = async {
        match ask {
            Some(ask) => Some(ask.answer().await),
            None => None,
        }
    };
    let (version, ()) = tokio::join!(version, take_steps(root, config, gate, spec, &mut steps));
    let approve = config.approve.get(&spec.name).cloned();
    Checkup {
        agent: spec.name.clone(),
        source: spec.source.clone(),
        version,
        approve: approve.unwrap_or_default(),
        steps,
    }
}

/// Takes one step after the other until one fails.
async fn take_steps(
    root: &Root,
    config: &Config,
    gate: &Arc<Gate>,
    spec: &AgentSpec,
    steps: &mut Vec<Step>,
) {
    let started = Instant::now();
    let inspection = match root.pool.inspect(&spec.name, &root.path).await {
        Ok(inspection) => inspection,
        Err(error) => return steps.push(step("start", started, Err(failure(spec, &error)))),
    };
    let server = &inspection.server;
    let greeting = format!(
        "{} {}, MCP {}, in {:.1} s",
        sanitize::line(&server.name, 60),
        sanitize::line(&server.version, 40),
        sanitize::line(&server.protocol, 40),
        started.elapsed().as_secs_f32()
    );
    steps.push(step("start", started, Ok(greeting)));

    let started = Instant::now();
    let tools = tools::check(spec, &inspection.tools);
    let well = tools.is_ok();
    steps.push(step("tools", started, tools));
    if well && tools::has(spec, Operation::Review, &inspection.tools) {
        let started = Instant::now();
        let review = review(root, config, gate, spec).await;
        steps.push(step("review", started, review));
    }
}

fn step(name: &'static str, started: Instant, result: Result<String, Failure>) -> Step {
    Step {
        name,
        result,
        elapsed: started.elapsed(),
    }
}

/// One real call on something small.
async fn review(
    root: &Root,
    config: &Config,
    gate: &Arc<Gate>,
    spec: &AgentSpec,
) -> Result<String, Failure> {
    let Some(sample) = sample::choose(root, config, spec).await else {
        return Ok(
            "not tried: it reads files on disk, and there is no small text file here to show it"
                .to_owned(),
        );
    };
    let wanted = Wanted {
        spec,
        operation: Operation::Review,
        bytes: calling::bytes_of(spec, Operation::Review, &sample.variables),
        place: None,
    };
    let mut ticket = gate.admit(wanted).await.map_err(|reason| Failure {
        what: format!("it was not called: {reason}"),
        advice: "examine it when there is budget again".to_owned(),
    })?;
    ticket.sent();
    let (progress, _news) = tokio::sync::mpsc::unbounded_channel();
    let answer = root.pool.call(Call {
        agent: spec.name.clone(),
        operation: Operation::Review,
        root: root.path.clone(),
        run: 0,
        variables: sample.variables,
        cancel: CancellationToken::new(),
        progress,
    });
    match answer.await {
        Ok(answer) => {
            ticket.received(calling::size(&answer));
            let parsed = parse(answer.structured.as_ref(), &answer.texts, answer.format);
            ticket.settle(parsed.usage.as_ref());
            understood(spec, &sample.name, &answer, &parsed)
        }
        Err(error) => {
            if error.shortage().is_some() {
                ticket.refused();
            }
            Err(failure(spec, &error))
        }
    }
}

fn understood(
    spec: &AgentSpec,
    sample: &str,
    answer: &Answer,
    parsed: &Parsed,
) -> Result<String, Failure> {
    let count = parsed.findings.len();
    if count == 0 && !parsed.clean {
        let said = answer
            .texts
            .first()
            .map(|it| format!(": {}", sanitize::line(it, 200)))
            .unwrap_or_default();
        return Err(Failure {
            what: format!(
                "its answer about {sample} has neither findings nor says that there are none{said}"
            ),
            advice: format!(
                "set `answer` in `[agents.{}.review]` to the format it answers in, or ask for another form in its \
                 `arguments`",
                spec.name
            ),
        });
    }
    if let Some(skipped) = parsed.skipped.first() {
        return Err(Failure {
            what: format!("it did not review {sample}: {}", skipped.reason),
            advice: "see in its own settings which files it takes".to_owned(),
        });
    }
    let findings = match count {
        0 => "no findings".to_owned(),
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    let format = if parsed.format == Format::Auto {
        String::new()
    } else {
        format!(" ({})", format_name(parsed.format))
    };
    Ok(format!("answered about {sample} with {findings}{format}"))
}

fn format_name(format: Format) -> String {
    let name = serde_json::to_value(format).ok();
    name.as_ref()
        .and_then(serde_json::Value::as_str)
        .unwrap_or("unknown format")
        .to_owned()
}

/// A failed call with what to do about it.
fn failure(spec: &AgentSpec, error: &CallError) -> Failure {
    Failure {
        what: error.to_string(),
        advice: advice(spec, error),
    }
}

fn advice(spec: &AgentSpec, error: &CallError) -> String {
    let name = &spec.name;
    let preset = agents::preset::embedded().get(name.as_str());
    let help = preset.and_then(|it| it.help.clone());
    match error {
        CallError::Start { reason, .. } if reason.contains("was not found") => help.unwrap_or_else(|| {
            format!("install it, or put the full path of the program in `command` of `[agents.{name}]`")
        }),
        CallError::Start { reason, .. } if reason.contains("handshake within") => format!(
            "check that it speaks MCP on standard input and output ({}); if it is only slow, raise `start` in \
             `[agents.{name}]`",
            how_to_run(spec)
        ),
        CallError::Start { .. } | CallError::Gone { .. } => {
            help.unwrap_or_else(|| format!("run it by hand and see what it says: {}", how_to_run(spec)))
        }
        CallError::Unauthorized { .. } => {
            "review once from an editor or a terminal, which asks you to log in; or set its `headers`".to_owned()
        }
        CallError::Down { .. } => "restart it once the cause is mended".to_owned(),
        CallError::Timeout { .. } => format!("raise `timeout` or `idle` in `[agents.{name}]`, or see what keeps it busy"),
        CallError::Template { .. } | CallError::Unsupported { .. } => {
            format!("mend `arguments` in `[agents.{name}.review]`")
        }
        CallError::Refused { .. } => {
            help.unwrap_or_else(|| "do what it asks for; often it is a key, a sign-in or a setting of its own".to_owned())
        }
        CallError::Unusable { .. } => "its maker should know: this is no answer that MCP allows, or it is too large".to_owned(),
        CallError::Unknown(_) | CallError::Cancelled(_) => "try again".to_owned(),
    }
}

fn how_to_run(spec: &AgentSpec) -> String {
    match &spec.endpoint {
        Endpoint::Stdio { command, .. } => format!("`{}`", command.join(" ")),
        Endpoint::Http { url, .. } => format!("`{url}`"),
    }
}
