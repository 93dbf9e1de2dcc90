//! What the user reads of a run, in the words of its kind.

use super::{What, count};
use crate::findings::NotShown;
use domain::check::Outcome;
use domain::sanitize;
use engine::{AgentOutcome, AgentReport, Report, Skipped};
use std::collections::BTreeMap;
use std::fmt::Write;
use tower_lsp::gen_lsp_types::MessageType;

/// Most skipped files named in a message.
const MAX_NAMED: usize = 3;
/// Longest answer of an agent that changed nothing, in characters: some editors stop until a longer message was read. The
/// log has all of it.
const MAX_ANSWER: usize = 300;

/// The kind of a run as it is named in data.
pub(super) fn kind(what: &What) -> &'static str {
    match what {
        What::Review(_) => "review",
        What::Fix { .. } => "fix",
        What::Verify { .. } => "verify",
        What::Ask { .. } => "ask",
    }
}

/// How messages about a run begin: `Review of src/main.rs`.
pub(super) fn label(what: &What, subject: &str) -> String {
    match what {
        What::Review(_) => format!("Review of {subject}"),
        What::Fix { .. } => format!("Fix of {subject}"),
        What::Verify { .. } => format!("Verification of {subject}"),
        What::Ask { .. } => subject.to_owned(),
    }
}

/// What a run does: `reviewing src/main.rs`.
pub(super) fn doing(what: &What, subject: &str) -> String {
    match what {
        What::Review(_) => format!("reviewing {subject}"),
        What::Fix { .. } => format!("fixing {subject}"),
        What::Verify { .. } => format!("verifying {subject}"),
        What::Ask { .. } => format!("working on {subject}"),
    }
}

/// The same once it is clear who does it and with how many files.
pub(super) fn started(doing: &str, agents: &[String], files: usize) -> String {
    let agents = if agents.is_empty() {
        String::new()
    } else {
        format!(" with {}", agents.join(", "))
    };
    let files = if files == 0 {
        String::new()
    } else {
        format!(" ({})", count(files, "file"))
    };
    format!("{doing}{files}{agents}")
}

/// One line: `3 findings by builtin, codex; claude failed: it crashed`. `not_shown` is of the root.
pub(super) fn summary(what: &What, report: &Report, not_shown: NotShown) -> String {
    if let Some(error) = &report.error {
        return error.clone();
    }
    let is_review = matches!(what, What::Review(_));
    // In a review, others may only have checked what was found.
    let only_checked = |it: &AgentReport| is_review && it.checks > 0 && it.findings == 0;
    let spoke = report.agents.iter().filter(|it| has_spoken(it));
    let spoke = spoke.filter(|it| !only_checked(it) && !it.wrote_it_all());
    let spoke: Vec<&AgentReport> = spoke.collect();
    let so_far = match what {
        What::Review(_) => {
            let findings = spoke.iter().map(|it| it.findings).sum();
            let known: usize = spoke.iter().map(|it| it.known).sum();
            let known = match known {
                0 => String::new(),
                known if known == findings => " (none new)".to_owned(),
                known => format!(" ({} new)", findings - known.min(findings)),
            };
            format!(
                "{}{known} by {}",
                count(findings, "finding"),
                names(spoke.iter())
            )
        }
        What::Verify { .. } => {
            let checks = spoke.iter().map(|it| it.checks).sum();
            format!(
                "{} checked by {}",
                count(checks, "finding"),
                names(spoke.iter())
            )
        }
        What::Fix { .. } | What::Ask { .. } => changes(&spoke),
    };
    let mut out = match (report.cancelled, spoke.is_empty()) {
        (false, false) => so_far,
        (true, false) => format!("cancelled; {so_far}"),
        (true, true) => "cancelled".to_owned(),
        (false, true) if is_review => "not reviewed".to_owned(),
        (false, true) if is_verification(what) => "nothing was verified".to_owned(),
        (false, true) => "nothing was proposed".to_owned(),
    };
    let NotShown { more, hidden } = not_shown;
    if is_review && more > 0 {
        let _ = write!(
            out,
            "; {more} of the workspace's are not shown, `crosscheck.findings` with `all` shows them"
        );
    }
    if (is_review || is_verification(what)) && hidden > 0 {
        let _ = write!(out, "; {hidden} hidden, listed by `crosscheck.hidden`");
    }
    let problems: usize = spoke.iter().map(|it| it.problems.len()).sum();
    if problems > 0 {
        let _ = write!(out, "; {}, see the log", count(problems, "problem"));
    }
    // Of a cancelled run it is no news that its agents were cancelled.
    for agent in report.agents.iter().filter(|it| is_trouble(&it.outcome)) {
        let _ = write!(out, "; {}", outcome(what, agent));
    }
    let skipped = report.skipped.iter().filter(|it| it.asked_for).count();
    if skipped > 0 {
        let _ = write!(out, "; {} {}", count(skipped, noun(what)), left_out(what));
    }
    out
}

fn is_verification(what: &What) -> bool {
    matches!(what, What::Verify { .. })
}

/// A summary with what came of checks: `…; 1 confirmed, 2 refuted`.
pub(super) fn with_outcomes(summary: String, outcomes: &BTreeMap<Outcome, usize>) -> String {
    let parts = outcomes.iter();
    let parts: Vec<String> = parts
        .map(|(outcome, count)| format!("{count} {}", outcome.as_str()))
        .collect();
    if parts.is_empty() {
        return summary;
    }
    format!("{summary}; {}", parts.join(", "))
}

/// What a person must know beyond what was found or proposed.
pub(super) fn trouble(what: &What, report: &Report) -> Option<(MessageType, String)> {
    if report.cancelled {
        return None;
    }
    if let Some(error) = &report.error {
        return Some((MessageType::Error, error.clone()));
    }
    let broken: Vec<&AgentReport> = report
        .agents
        .iter()
        .filter(|it| is_trouble(&it.outcome))
        .collect();
    let asked: Vec<&Skipped> = report.skipped.iter().filter(|it| it.asked_for).collect();
    if broken.is_empty() && asked.is_empty() {
        return None;
    }
    let left_out = left_out(what);
    let mut parts: Vec<String> = broken.iter().map(|it| outcome(what, it)).collect();
    let named = asked.iter().take(MAX_NAMED);
    parts.extend(named.map(|it| format!("{} was {left_out}: {}", it.path, it.reason)));
    if asked.len() > MAX_NAMED {
        let more = count(asked.len() - MAX_NAMED, noun(what));
        parts.push(format!("{more} more were {left_out}"));
    }
    let nothing_came = report
        .agents
        .iter()
        .all(|it| matches!(it.outcome, AgentOutcome::Failed(_)));
    let kind = if nothing_came {
        MessageType::Error
    } else {
        MessageType::Warning
    };
    Some((kind, parts.join("; ")))
}

/// What agents say that were asked for a change and made none: it is their answer to the user.
pub(super) fn answers(what: &What, report: &Report) -> Vec<String> {
    let is_meant = |it: &&AgentReport| changes_code(what) && it.changes == 0 && has_spoken(it);
    let silent = report.agents.iter().filter(is_meant);
    let said = silent.filter_map(|it| {
        let words = sanitize::line(it.summary.as_deref()?, MAX_ANSWER);
        let more = if words.ends_with('…') {
            " (the log has all of it)"
        } else {
            ""
        };
        (!words.is_empty()).then(|| format!("{} changed nothing: {words}{more}", it.agent))
    });
    said.collect()
}

/// How an agent's part of a run ended.
pub(super) fn outcome(what: &What, agent: &AgentReport) -> String {
    let name = &agent.agent;
    match (&agent.outcome, what) {
        (AgentOutcome::Answered, What::Review(_)) if agent.wrote_it_all() => {
            format!("{name} was not asked: what is reviewed is of its own provider")
        }
        (AgentOutcome::Answered, What::Review(_)) => {
            format!("{name}: {}", count(agent.findings, "finding"))
        }
        (AgentOutcome::Answered, What::Verify { .. }) => {
            format!("{name}: {} checked", count(agent.checks, "finding"))
        }
        (AgentOutcome::Answered, _) if agent.changes == 0 => format!("{name} changed nothing"),
        (AgentOutcome::Answered, _) => format!("{name}: {}", count(agent.changes, "change")),
        (AgentOutcome::TakenOver { by, calls, why }, _) => {
            format!("{name} was {why}; {by} took over {}", count(*calls, "call"))
        }
        (AgentOutcome::Partial(reason), What::Review(_)) => {
            format!("{name} did not review everything: {reason}")
        }
        (AgentOutcome::Partial(reason), _) => format!("{name} did not do everything: {reason}"),
        (AgentOutcome::Failed(reason), _) => format!("{name} failed: {reason}"),
        (AgentOutcome::Cancelled, _) => format!("{name} was cancelled"),
    }
}

/// Whether an agent's end is no good one.
pub(super) fn is_trouble(outcome: &AgentOutcome) -> bool {
    matches!(outcome, AgentOutcome::Partial(_) | AgentOutcome::Failed(_))
}

/// `3 changes by codex; claude changed nothing`.
fn changes(spoke: &[&AgentReport]) -> String {
    let (silent, active): (Vec<&AgentReport>, Vec<&AgentReport>) =
        spoke.iter().partition(|it| it.changes == 0);
    let changes = active.iter().map(|it| it.changes).sum();
    let changes = format!("{} by {}", count(changes, "change"), names(active.iter()));
    let silence = format!("{} changed nothing", names(silent.iter()));
    match (active.is_empty(), silent.is_empty()) {
        (false, true) => changes,
        (false, false) => format!("{changes}; {silence}"),
        (true, _) => silence,
    }
}

fn names<'a>(agents: impl Iterator<Item = &'a &'a AgentReport>) -> String {
    let names: Vec<&str> = agents.map(|it| it.agent.as_str()).collect();
    names.join(", ")
}

fn has_spoken(agent: &AgentReport) -> bool {
    matches!(
        agent.outcome,
        AgentOutcome::Answered | AgentOutcome::TakenOver { .. } | AgentOutcome::Partial(_)
    )
}

fn changes_code(what: &What) -> bool {
    matches!(what, What::Fix { .. } | What::Ask { .. })
}

/// What a run leaves out.
fn noun(what: &What) -> &'static str {
    if is_verification(what) {
        "finding"
    } else {
        "file"
    }
}

fn left_out(what: &What) -> &'static str {
    match what {
        What::Review(_) => "not reviewed",
        What::Verify { .. } => "not verified",
        What::Fix { .. } | What::Ask { .. } => "left out",
    }
}

/// What goes to the log only.
pub(super) fn details(report: &Report) -> Vec<String> {
    let skipped = report
        .skipped
        .iter()
        .map(|it| format!("skipped {}: {}", it.path, it.reason));
    let agents = report.agents.iter().flat_map(|it| {
        let name = &it.agent;
        let problems = it
            .problems
            .iter()
            .map(move |problem| format!("{name}: {problem}"));
        let summary = it
            .summary
            .iter()
            .map(move |summary| format!("{name}: {summary}"));
        let unlocated = (it.unlocated > 0)
            .then(|| format!("{name}: {} without a place", count(it.unlocated, "finding")));
        let left_out = [
            (it.dismissed, "dismissed before"),
            (
                it.left_out.kind,
                "of kinds that were dismissed several times",
            ),
            (it.left_out.baseline, "in the baseline"),
            (it.left_out.comments, "left out by comments in the code"),
        ];
        let left_out = left_out.into_iter().filter(|it| it.0 > 0);
        let dismissed = left_out
            .map(move |(number, why)| format!("{name}: {} {why}", count(number, "finding")));
        let spent = (!it.spent.is_nothing()).then(|| format!("{name}: {}", it.spent));
        let memory = &it.memory;
        let remembered = (memory.remembered > 0).then(|| {
            let hunks = count(memory.hunks, "hunk");
            format!("{name}: {} of {hunks} from memory", memory.remembered)
        });
        let rest = unlocated.into_iter().chain(dismissed).chain(remembered);
        summary.chain(problems).chain(rest).chain(spent)
    });
    report
        .notes
        .iter()
        .cloned()
        .chain(skipped)
        .chain(agents)
        .collect()
}
