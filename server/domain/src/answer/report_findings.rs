//! Claude Code's `ReportFindings`: `{findings: [{file, line, summary, failure_scenario, …}]}`, or the bare list.

use super::collect::Collector;
use super::{Format, contract};
use crate::finding::Severity;
use serde_json::Value;

/// True when the findings are told in this tool's words.
pub(super) fn fits(value: &Value) -> bool {
    let items = value
        .as_array()
        .or_else(|| value.get("findings")?.as_array());
    items.is_some_and(|items| {
        items
            .iter()
            .take(20)
            .any(|it| it.get("failure_scenario").is_some())
    })
}

/// Reads JSON for which [`fits`] is true.
pub(super) fn read(value: &Value, out: &mut Collector) {
    out.format(Format::ReportFindings);
    contract::read(value, out);
}

/// Its own words: `important` is a bug to be fixed before merging, `pre_existing` was there before.
pub(super) fn severity(word: &str) -> Option<Severity> {
    match word {
        "important" => Some(Severity::Warning),
        "nit" => Some(Severity::Hint),
        "pre_existing" => Some(Severity::Info),
        _ => None,
    }
}
