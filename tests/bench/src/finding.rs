//! A finding, as the sections make thousands of them.

use domain::anchor::Anchor;
use domain::finding::{Category, Finding, FindingId, Severity};
use domain::locate::Tier;
use domain::path::RelPath;
use domain::text::TextRange;

/// A finding of `agent`, which is a provider of its own, at exactly this place. It has no name, no explanation and no anchor.
pub(crate) fn finding(agent: &str, path: &RelPath, range: TextRange, title: String) -> Finding {
    Finding {
        id: FindingId(String::new()),
        agent: agent.to_owned(),
        provider: agent.to_owned(),
        path: path.clone(),
        range,
        tier: Tier::Exact,
        severity: Severity::Warning,
        category: Category::Correctness,
        code: None,
        title,
        body: String::new(),
        confidence: None,
        fix: None,
        anchor: Anchor::default(),
    }
}
