//! Questions and what became of them, in words.

use crate::event::Ask;
use agents::question::Question as Asked;
use domain::sanitize;
use std::time::Duration;

/// Longest command, page or message that a remark repeats, in characters.
const MAX_SHOWN: usize = 120;
/// Most files named in a remark; the rest is counted.
const MAX_FILES: usize = 3;

/// The remark about a question that nobody answered.
pub(super) fn unanswered(asked: &Asked, time: &str) -> String {
    let Asked { agent, .. } = asked;
    let wanted = wanted(asked);
    format!("agent `{agent}` asked {wanted} and got no answer within {time}; it was denied")
}

/// The remark about a question that was denied without being shown.
pub(super) fn denied(asked: &Asked, why: &str) -> String {
    let Asked { agent, .. } = asked;
    let wanted = wanted(asked);
    format!("agent `{agent}` asked {wanted} and was denied: {why}")
}

/// The same where nobody is there to answer, with what to do about it.
pub(super) fn unattended(asked: &Asked, why: &str, suggestion: Option<&str>) -> String {
    let denied = denied(asked, why);
    let agent = &asked.agent;
    match suggestion {
        Some(suggestion) => {
            format!(
                "{denied}; `approve = {suggestion}` in `[agents.{agent}]` of your configuration allows it"
            )
        }
        None => format!(
            "{denied}; no pattern of `approve` can allow it, so run this where you can be asked"
        ),
    }
}

/// The remark and the reason for an agent that is never allowed anything.
pub(super) fn never(agent: &str) -> (String, &'static str) {
    let remark = format!(
        "agent `{agent}` asked for approval and was denied: `approve` is \"never\" in its configuration"
    );
    (
        remark,
        "the configuration denies everything that needs approval",
    )
}

/// `2 minutes`, `90 seconds`.
pub(super) fn time(time: Duration) -> String {
    let (seconds, rest) = (time.as_secs(), time.subsec_millis());
    let count = |it: u64| usize::try_from(it).unwrap_or(usize::MAX);
    match (seconds, rest) {
        (0, rest) => plural(rest as usize, "millisecond"),
        (_, 0) if seconds % 60 == 0 => plural(count(seconds / 60), "minute"),
        _ => plural(count(seconds), "second"),
    }
}

/// `1 time`, `2 times`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// What it asked for: `to run `npm test``.
fn wanted(asked: &Asked) -> String {
    let shown = |text: &str| sanitize::line(text, MAX_SHOWN);
    match &asked.ask {
        Ask::Approval(approval) => {
            if let Some(command) = &approval.command {
                return format!("to run `{}`", shown(command));
            }
            if !approval.files.is_empty() {
                let names = approval.files.iter().take(MAX_FILES);
                let names: Vec<String> = names.map(|it| format!("`{}`", shown(it))).collect();
                let rest = (approval.files.len() - names.len()).saturating_add(approval.more_files);
                let more = if rest > 0 {
                    format!(" and {}", plural(rest, "more file"))
                } else {
                    String::new()
                };
                return format!("to change {}{more}", names.join(", "));
            }
            match &approval.tool {
                Some(tool) => format!("to use the tool `{}`", shown(tool)),
                None => format!("for approval (\"{}\")", shown(&asked.message)),
            }
        }
        Ask::Form(_) => format!("for a choice (\"{}\")", shown(&asked.message)),
        Ask::Url(url) => format!("to open {}", shown(url)),
    }
}
