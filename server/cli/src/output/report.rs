//! How a run went, for people: what was not done, and why.

use crate::output::{plural, style};
use engine::{AgentOutcome, AgentReport, Report, Spent};

/// Longest line that says why a run is not complete, in characters.
const MAX_SHORTFALL: usize = 2000;
/// Most skipped files named in the summary.
const MAX_SKIPPED: usize = 10;

/// How a kind of run speaks of itself.
pub(crate) struct Words {
    /// Of an agent that did only a part.
    part: &'static str,
    /// Of an agent that did nothing.
    nothing: &'static str,
    /// Of a file that was left out.
    skipped: &'static str,
    /// Of a run that was cancelled.
    cancelled: &'static str,
}

/// A review.
pub(crate) const REVIEW: Words = Words {
    part: "reviewed only a part",
    nothing: "reviewed nothing",
    skipped: "was not reviewed",
    cancelled: "the review was cancelled before it was complete",
};

/// A verification.
pub(crate) const VERIFY: Words = Words {
    part: "verified only a part",
    nothing: "verified nothing",
    skipped: "was not verified",
    cancelled: "the verification was cancelled before it was complete",
};

/// A question or a change.
pub(crate) const EDIT: Words = Words {
    part: "answered only in part",
    nothing: "gave no answer",
    skipped: "was left out",
    cancelled: "it was cancelled before all had answered",
};

/// Prints to standard error what a person should know of a run; what could not be read in an answer not for the agents in
/// `told`, whose problems are told elsewhere. False when nothing at all could be done.
pub(crate) fn print(report: &Report, words: &Words, told: &[&str]) -> bool {
    if let Some(error) = &report.error {
        anstream::eprintln!("{}: {error}", style::error("error"));
        return false;
    }
    for note in &report.notes {
        anstream::eprintln!("{}: {note}", style::note("note"));
    }
    skipped(report, words);
    for agent in &report.agents {
        agent_line(agent, words, told.contains(&agent.agent.as_str()));
    }
    true
}

/// What the calls of a run took: ` · 3 calls, ~41,200 tokens, ~$0.32`; nothing when they cost nothing.
pub(crate) fn cost(report: &Report) -> String {
    let mut total = Spent::default();
    for agent in &report.agents {
        total += &agent.spent;
    }
    if total.is_nothing() {
        String::new()
    } else {
        format!(" · {total}")
    }
}

/// Prints that a run was cancelled, if it was.
pub(crate) fn print_cancelled(report: &Report, words: &Words) {
    if report.cancelled {
        anstream::eprintln!("{}: {}", style::warning("warning"), words.cancelled);
    }
}

/// Why a run is not complete, in one line; `None` when it is.
pub(crate) fn shortfall(report: &Report, words: &Words) -> Option<String> {
    if report.is_complete() {
        return None;
    }
    let mut reasons: Vec<String> = report.error.iter().cloned().collect();
    if report.cancelled {
        reasons.push(words.cancelled.to_owned());
    }
    for agent in &report.agents {
        let name = &agent.agent;
        match &agent.outcome {
            AgentOutcome::Partial(why) => reasons.push(format!("{name} {}: {why}", words.part)),
            AgentOutcome::Failed(why) => reasons.push(format!("{name} {}: {why}", words.nothing)),
            AgentOutcome::Answered | AgentOutcome::TakenOver { .. } | AgentOutcome::Cancelled => {
                continue;
            }
        }
        // What it was denied may be why.
        let about = format!("agent `{name}` ");
        let notes = report.notes.iter().filter(|it| it.starts_with(&about));
        reasons.extend(notes.cloned());
    }
    let mut skipped = report.skipped.iter().filter(|it| it.asked_for);
    if let Some(first) = skipped.next() {
        let more = match skipped.count() {
            0 => String::new(),
            rest => format!(", and {} more", plural(rest, "file")),
        };
        reasons.push(format!(
            "{} {}: {}{more}",
            first.path, words.skipped, first.reason
        ));
    }
    Some(domain::sanitize::line(&reasons.join("; "), MAX_SHORTFALL))
}

fn skipped(report: &Report, words: &Words) {
    let (asked, found): (Vec<_>, Vec<_>) = report.skipped.iter().partition(|it| it.asked_for);
    for it in asked {
        anstream::eprintln!(
            "{}: {} {}: {}",
            style::error("error"),
            it.path,
            words.skipped,
            it.reason
        );
    }
    for it in found.iter().take(MAX_SKIPPED) {
        anstream::eprintln!(
            "{}",
            style::dim(&format!("skipped {}: {}", it.path, it.reason))
        );
    }
    if found.len() > MAX_SKIPPED {
        anstream::eprintln!(
            "{}",
            style::dim(&format!("skipped {} more", found.len() - MAX_SKIPPED))
        );
    }
}

fn agent_line(agent: &AgentReport, words: &Words, is_told: bool) {
    let name = style::strong(&agent.agent);
    let error = style::error("error");
    match &agent.outcome {
        AgentOutcome::Answered => {}
        AgentOutcome::TakenOver { by, calls, why } => anstream::eprintln!(
            "{}: {name} was {why}; {} took over {}",
            style::note("note"),
            style::strong(by),
            plural(*calls, "call")
        ),
        AgentOutcome::Partial(why) => anstream::eprintln!("{error}: {name} {}: {why}", words.part),
        AgentOutcome::Failed(why) => {
            anstream::eprintln!("{error}: {name} {}: {why}", words.nothing);
        }
        AgentOutcome::Cancelled => anstream::eprintln!("{name} was cancelled"),
    }
    for problem in agent.problems.iter().filter(|_| !is_told) {
        anstream::eprintln!(
            "{}: in the answer of {name}: {problem}",
            style::warning("warning")
        );
    }
    if agent.memory.remembered > 0 {
        let line = format!(
            "{}: {} of {} from memory, {} known before; `--fresh` asks anew",
            agent.agent,
            agent.memory.remembered,
            plural(agent.memory.hunks, "hunk"),
            plural(agent.known, "finding")
        );
        anstream::eprintln!("{}", style::dim(&line));
    }
    if let Some(line) = left_out(agent) {
        anstream::eprintln!("{}", style::dim(&line));
    }
}

/// What of an agent's findings is not shown, and why.
fn left_out(agent: &AgentReport) -> Option<String> {
    let parts = [
        (agent.dismissed, "dismissed"),
        (agent.left_out.kind, "of kinds dismissed several times"),
        (agent.left_out.baseline, "in the baseline"),
        (agent.left_out.comments, "by comments in the code"),
    ];
    let parts = parts.iter().filter(|it| it.0 > 0);
    let parts: Vec<String> = parts.map(|(count, why)| format!("{count} {why}")).collect();
    let all =
        agent.dismissed + agent.left_out.kind + agent.left_out.baseline + agent.left_out.comments;
    (all > 0).then(|| {
        let (name, all) = (&agent.agent, plural(all, "finding"));
        format!(
            "{name}: {all} left out: {} (`crosscheck dismissed` lists them)",
            parts.join(", ")
        )
    })
}
