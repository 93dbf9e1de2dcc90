//! SARIF's regions: lines and columns, or offsets in characters or bytes.

use super::super::fields::count;
use crate::finding::{RawColumn, RawOffsets, RawPlace};
use crate::text::Encoding;
use serde_json::Value;

/// Reads a region; columns count `unit`.
pub(super) fn read(region: &Value, unit: Encoding) -> RawPlace {
    let number = |name| region.get(name).and_then(count);
    let column = |name| number(name).map(|value| RawColumn { value, unit });
    let start_line = number("startLine");
    let end_column = column("endColumn");
    // Without an end line the region ends on the line it starts on.
    let end_line = number("endLine")
        .filter(|it| Some(*it) >= start_line)
        .or(start_line.filter(|_| end_column.is_some()));
    let quote = region
        .pointer("/snippet/text")
        .and_then(Value::as_str)
        .filter(|it| !it.trim().is_empty());
    RawPlace {
        quote: quote.map(|it| it.strip_suffix('\n').unwrap_or(it).to_owned()),
        start_line,
        end_line,
        start_column: column("startColumn"),
        end_column,
        offsets: offsets(region, "charOffset", "charLength", unit)
            .or_else(|| offsets(region, "byteOffset", "byteLength", Encoding::Utf8)),
        ..RawPlace::default()
    }
}

fn offsets(region: &Value, offset: &str, length: &str, unit: Encoding) -> Option<RawOffsets> {
    let start = region.get(offset)?.as_u64()?;
    let length = region.get(length).and_then(Value::as_u64).unwrap_or(0);
    Some(RawOffsets {
        start,
        end: start.saturating_add(length),
        unit,
    })
}
