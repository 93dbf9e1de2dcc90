//! `crosscheck stats`: what became of each agent's findings, and what an accepted one costs.

use crate::args::{ListFormat, StatsArgs};
use crate::output::{self, style};
use crate::usage;
use crate::workspace::{Workspace, block_on};
use crate::{output::plural, recall};
use engine::AgentStats;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::time::UNIX_EPOCH;

/// Width of the longest bar, in columns, and what is left of the line for words.
const MAX_BAR: usize = 40;
const MIN_BAR: usize = 10;
const WORDS: usize = 30;
/// Columns of a terminal that tells none.
const COLUMNS: usize = 80;

/// Prints what became of findings.
pub(crate) fn run(args: &StatsArgs) -> anyhow::Result<u8> {
    block_on(async {
        let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
        let root = (!args.everywhere).then(|| workspace.root.clone());
        let since = usage::since(args.days);
        let agents = recall::stats(&mut workspace, root.as_deref(), since).await?;
        match args.format {
            ListFormat::Json => {
                let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
                output::document(&json!({
                    "root": root,
                    "since": since.as_secs(),
                    "agents": agents.iter().map(document).collect::<Vec<_>>(),
                }))?;
            }
            ListFormat::Text if agents.is_empty() => {
                anstream::eprintln!("no findings and no calls")
            }
            ListFormat::Text => print(&agents, bar_width())?,
        }
        Ok(crate::CLEAN)
    })
}

/// Columns that a bar may have; none where nobody sees it.
fn bar_width() -> Option<usize> {
    let is_terminal = std::io::stdout().is_terminal();
    is_terminal.then(|| columns().saturating_sub(WORDS).clamp(MIN_BAR, MAX_BAR))
}

#[cfg(unix)]
fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    let columns = size.map(|it| usize::from(it.ws_col));
    columns.filter(|it| *it > 0).unwrap_or(COLUMNS)
}

#[cfg(not(unix))]
fn columns() -> usize {
    COLUMNS
}

fn print(agents: &[AgentStats], bar: Option<usize>) -> std::io::Result<()> {
    let most = agents.iter().map(|it| Shares::of(it).all()).max();
    let mut out = anstream::stdout().lock();
    for it in agents {
        writeln!(out, "{} {}", style::strong(&it.agent), found(it))?;
        if let Some(width) = bar {
            let bar = Shares::of(it).bar(most.unwrap_or_default(), width);
            if !bar.is_empty() {
                writeln!(out, "  {bar}")?;
            }
        }
        for line in lines(it) {
            writeln!(out, "  {line}")?;
        }
    }
    if bar.is_some() && most.is_some_and(|it| it > 0) {
        let legend = [
            style::good("█ accepted"),
            style::note("▓ open"),
            style::warning("░ dismissed"),
        ];
        writeln!(out, "{}", legend.join("  "))?;
    }
    Ok(())
}

fn found(it: &AgentStats) -> String {
    format!("found {}", plural(it.found as usize, "finding"))
}

/// What is not nothing, in words.
fn lines(it: &AgentStats) -> Vec<String> {
    let mut lines = Vec::new();
    let checked = [
        (it.confirmed, "confirmed"),
        (it.refuted, "refuted"),
        (it.unsure, "unsure"),
    ];
    let checked = words(checked.into_iter());
    if !checked.is_empty() {
        lines.push(format!("verified: {checked}"));
    }
    let dismissed = it.dismissed.values().sum();
    let judged = words([(it.accepted, "accepted"), (dismissed, "dismissed")].into_iter());
    if !judged.is_empty() {
        let reasons = it.dismissed.iter();
        let reasons = words(reasons.map(|(reason, count)| (*count, reason_word(reason))));
        let reasons = if reasons.is_empty() {
            reasons
        } else {
            format!(" ({reasons})")
        };
        lines.push(format!("{judged}{reasons}"));
    }
    if it.repeated > 0 {
        lines.push(format!("{} said again after dismissal", it.repeated));
    }
    if !it.spent.is_nothing() {
        lines.push(format!("{}: {}", it.spent, price(it)));
    }
    lines
}

fn words<'w>(counts: impl Iterator<Item = (u32, &'w str)>) -> String {
    let counts = counts.filter(|it| it.0 > 0);
    let words: Vec<String> = counts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    words.join(", ")
}

fn reason_word(reason: &str) -> &str {
    match reason {
        "" => "without a reason",
        "other" => "for other reasons",
        reason => reason,
    }
}

/// Dollars for each finding that was accepted.
fn price(it: &AgentStats) -> String {
    match (it.accepted, per_accepted(it)) {
        (0, _) => "nothing accepted yet".to_owned(),
        (_, None) => "cost of an accepted finding unknown".to_owned(),
        (_, Some(usd)) => {
            let about = if it.spent.usd_estimated { "~" } else { "" };
            // What is less than a cent has more places.
            let places = if usd > 0.0 && usd < 0.01 { 4 } else { 2 };
            format!("{about}${usd:.places$} for each accepted finding")
        }
    }
}

/// Known only where the cost of all calls is.
fn per_accepted(it: &AgentStats) -> Option<f64> {
    let is_known = it.accepted > 0 && it.spent.unpriced == 0;
    is_known.then(|| it.spent.usd / f64::from(it.accepted))
}

/// An agent's findings, as a bar has them.
#[derive(Clone, Copy)]
struct Shares {
    accepted: u32,
    open: u32,
    dismissed: u32,
}

impl Shares {
    fn of(it: &AgentStats) -> Self {
        let dismissed = it.dismissed.values().sum();
        // What was decided may have been found earlier.
        let open = it.found.saturating_sub(it.accepted + dismissed);
        Self {
            accepted: it.accepted,
            open,
            dismissed,
        }
    }
    fn all(self) -> u32 {
        self.accepted + self.open + self.dismissed
    }
    /// The bar, of which `most` would have all `width` columns. What there is has at least one column.
    fn bar(self, most: u32, width: usize) -> String {
        let columns = |it: u32| {
            let share = it as usize * width / most.max(1) as usize;
            share.max(usize::from(it > 0))
        };
        let part = |count, block: &str, paint: fn(&str) -> String| match columns(count) {
            0 => String::new(),
            columns => paint(&block.repeat(columns)),
        };
        [
            part(self.accepted, "█", style::good),
            part(self.open, "▓", style::note),
            part(self.dismissed, "░", style::warning),
        ]
        .concat()
    }
}

fn document(it: &AgentStats) -> Value {
    let dismissed: u32 = it.dismissed.values().sum();
    let reasons = it.dismissed.iter().map(|(reason, count)| {
        let reason = if reason.is_empty() {
            "none"
        } else {
            reason.as_str()
        };
        (reason.to_owned(), json!(count))
    });
    json!({
        "name": it.agent, "provider": it.provider, "found": it.found,
        "confirmed": it.confirmed, "refuted": it.refuted, "unsure": it.unsure,
        "accepted": it.accepted, "dismissed": dismissed, "dismissed_by_reason": reasons.collect::<serde_json::Map<_, _>>(),
        "repeated": it.repeated, "spent": output::json::spent(&it.spent), "usd_per_accepted": per_accepted(it),
    })
}
