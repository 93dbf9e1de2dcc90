//! Printing findings: for people, as JSON, as SARIF.

pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod style;
pub(crate) mod text;

use std::io::Write;

/// Writes one JSON document and a line end to standard output.
pub(crate) fn document(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}
