//! Who agrees on a finding, in words for a person.

use super::to::{and, fenced, hover_body, title};
use domain::check::Outcome;
use domain::finding::{Finding, Severity};
use domain::merge::{Cluster, Standing};
use std::fmt::Write;

/// Most quotes of one check that a hover shows.
const MAX_QUOTES: usize = 5;

/// `(2/3 agents)`: of the providers that looked, how many say so. Nothing where only one looked.
pub(super) fn votes(cluster: &Cluster) -> Option<String> {
    let (said, asked) = cluster.votes()?;
    Some(format!("({said}/{asked} agents)"))
}

/// One line for a diagnostic, where another agent checked it.
pub(super) fn outcome(cluster: &Cluster) -> Option<String> {
    let of = |outcome: Outcome| -> Vec<&str> {
        let checks = cluster.checks.iter().filter(|it| it.outcome == outcome);
        checks.map(|it| it.agent.as_str()).collect()
    };
    match cluster.standing {
        Standing::Confirmed => Some(format!("Confirmed by {}.", and(&of(Outcome::Confirmed)))),
        Standing::Refuted => Some(format!("Refuted by {}.", and(&of(Outcome::Refuted)))),
        Standing::Unsure => {
            let all: Vec<&str> = cluster.checks.iter().map(|it| it.agent.as_str()).collect();
            Some(format!("Checked by {}, and still unsure.", and(&all)))
        }
        Standing::Lone | Standing::Rule | Standing::Agreed => None,
    }
}

/// What a hover says below the agents' own words: who agrees, how severe it is and why so, what checks brought.
pub(super) fn explanation(cluster: &Cluster) -> String {
    let mut out = String::new();
    let said = cluster.agents();
    let asked = cluster.asked.iter().map(String::as_str);
    let silent: Vec<&str> = asked.filter(|it| !said.contains(it)).collect();
    match (cluster.standing, said.len(), silent.is_empty()) {
        (Standing::Rule, _, _) => {}
        (_, 1, true) => {}
        (_, _, true) => _ = write!(out, "{} say so", and(&said)),
        (_, 1, false) => _ = write!(out, "Only {} says so; not {}", said[0], and(&silent)),
        (_, _, false) => _ = write!(out, "{} say so; not {}", and(&said), and(&silent)),
    }
    if !out.is_empty() {
        let _ = write!(out, " · {:.0} % likely", cluster.confidence * 100.0);
    }
    let mut say = |sentence: String| {
        let gap = if out.is_empty() { "" } else { "\n\n" };
        let _ = write!(out, "{gap}{sentence}");
    };
    if cluster.is_disputed {
        say(format!(
            "They disagree on how bad it is; {} is in the middle.",
            severity(cluster.severity)
        ));
    } else if cluster.claimed > cluster.severity {
        say(format!(
            "Shown as {}, not {}, until another agent says so, too.",
            severity(cluster.severity),
            severity(cluster.claimed)
        ));
    }
    for check in &cluster.checks {
        let what = match check.outcome {
            Outcome::Confirmed => "confirms it",
            Outcome::Refuted => "refutes it",
            Outcome::Unsure => "checked it and is unsure",
        };
        let caveat = check.caveat.as_ref();
        let caveat = caveat.map_or(String::new(), |it| format!(" ({})", title(it)));
        let why = if check.why.is_empty() {
            ".".to_owned()
        } else {
            format!(": {}", hover_body(&check.why))
        };
        say(format!("**{}** {what}{caveat}{why}", check.agent));
        if let Some(input) = &check.failing_input {
            say(format!("It goes wrong with: {}", hover_body(input)));
        }
        for it in check.evidence.iter().take(MAX_QUOTES) {
            let path = title(it.path.as_str());
            say(format!("{path}:\n\n{}", fenced("", &it.quote)));
        }
        if let more @ 1.. = check.evidence.len().saturating_sub(MAX_QUOTES) {
            say(format!("It quotes {more} more."));
        }
    }
    out
}

/// Who said one finding, and how sure they are.
pub(super) fn byline(finding: &Finding) -> String {
    let mut out = format!(
        "{} · {} · {}",
        finding.agent,
        severity(finding.severity),
        super::to::category(&finding.category)
    );
    if let Some(code) = &finding.code {
        let _ = write!(out, " · `{}`", code.replace('`', ""));
    }
    if let Some(confidence) = finding.confidence {
        let _ = write!(out, " · {:.0} % sure", confidence * 100.0);
    }
    out
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "information",
        Severity::Hint => "hint",
    }
}
