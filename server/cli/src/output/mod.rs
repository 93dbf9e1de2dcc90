//! Printing findings and proposals: for people, as JSON, as SARIF.

pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod json;
pub(crate) mod proposal;
pub(crate) mod report;
pub(crate) mod sarif;
pub(crate) mod side_by_side;
pub(crate) mod style;
pub(crate) mod text;

use domain::merge::Cluster;
use std::io::{BufWriter, StdoutLock, Write};

/// Standard output, with colours where it takes them. What is written arrives in large pieces: it is to be flushed before
/// anything else is said.
pub(crate) fn out() -> BufWriter<anstream::AutoStream<StdoutLock<'static>>> {
    BufWriter::with_capacity(PIECE, anstream::stdout().lock())
}

/// The same for programs: byte for byte what is written.
pub(crate) fn plain_out() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(PIECE, std::io::stdout().lock())
}

/// Bytes that are written at once.
const PIECE: usize = 64 * 1024;

/// Writes one JSON document and a line end to standard output.
pub(crate) fn document(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = plain_out();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Name of the rule behind a finding: its category, and the agent's own code where it has one.
fn rule(cluster: &Cluster) -> String {
    match &cluster.primary().code {
        Some(code) => format!("{}/{code}", cluster.category.as_str()),
        None => cluster.category.as_str().to_owned(),
    }
}

/// `1 file`, `3 files`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// Most names told of a list; the rest is counted.
const MAX_NAMES: usize = 10;

/// `a`, `b` and 3 more.
pub(crate) fn some<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = names.len().saturating_sub(MAX_NAMES);
    let names: Vec<String> = names.take(MAX_NAMES).map(|it| format!("`{it}`")).collect();
    let names = names.join(", ");
    if more > 0 {
        format!("{names} and {more} more")
    } else {
        names
    }
}
