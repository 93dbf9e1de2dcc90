//! Printing findings: for people, as JSON, as SARIF.

pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod style;
pub(crate) mod text;

use domain::merge::Cluster;
use std::io::Write;

/// Writes one JSON document and a line end to standard output.
pub(crate) fn document(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Name of the rule behind a finding: its category, and the agent's own code where it has one.
fn rule(cluster: &Cluster) -> String {
    match &cluster.primary().code {
        Some(code) => format!("{}/{code}", cluster.category.as_str()),
        None => cluster.category.as_str().to_owned(),
    }
}
