//! Checks for people: what was checked, by whom, why, and what it quotes.

use crate::output::style;
use crate::verify::Verified;
use domain::check::{Check, Outcome};
use std::fmt::Write as _;
use std::io::Write;

/// Prints checks to standard output.
///
/// # Errors
/// When it cannot be written, for example because nobody reads it any more.
pub(crate) fn print(verified: &[Verified<'_>]) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    for (chosen, checked) in verified {
        let primary = chosen.cluster.primary();
        let line = primary.anchor.line + 1;
        let place = style::dim(&format!("{}:{line}", primary.path));
        writeln!(
            out,
            "{} {place} {}",
            style::strong(&primary.title),
            style::dim(&primary.id.0)
        )?;
        writeln!(out, "{}\n", told(&checked.check))?;
    }
    Ok(())
}

/// A check in words: the outcome first, then the reasons, each line indented.
pub(crate) fn told(check: &Check) -> String {
    let outcome = match check.outcome {
        Outcome::Confirmed => style::warning("confirmed"),
        Outcome::Refuted => style::good("refuted"),
        Outcome::Unsure => style::note("unsure"),
    };
    let mut out = format!("  {outcome} by {}", check.agent);
    if let Some(caveat) = &check.caveat {
        let _ = write!(out, ": {caveat}");
    }
    let mut indented = |text: &str, margin: &str| {
        for line in text.lines() {
            let _ = write!(out, "\n{}", format!("{margin}{line}").trim_end());
        }
    };
    indented(&check.why, "  ");
    if let Some(input) = &check.failing_input {
        indented(&format!("It goes wrong with: {input}"), "  ");
    }
    for it in &check.evidence {
        indented(&style::dim(it.path.as_str()).to_string(), "  ");
        indented(&it.quote, "  │ ");
    }
    out
}
