//! Places in text: `path:12-20`, `path#L12`, `path(12,5)`, `path (line 12)`, `lines 12-20`.

use super::fields::{self, Fields};
use crate::finding::{RawColumn, RawPlace};
use crate::text::Encoding;
use regex::{Captures, Regex};
use serde_json::Value;
use std::sync::LazyLock;

/// Compiles one of our constant patterns.
pub(super) fn regex(pattern: &str) -> Regex {
    #[expect(
        clippy::expect_used,
        reason = "the patterns are constants, and the tests compile every one"
    )]
    Regex::new(pattern).expect("a valid pattern")
}

const DASH: &str = r"\s?(?:-|–|—|to)\s?";

/// `path:12`, `path:12:5`, `path:12-20`, `path:12:5-14:2`.
static COLONS: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^(?P<path>(?:[A-Za-z]:)?[^:]+):L?(?P<line>[0-9]{{1,9}})(?::(?P<col>[0-9]{{1,9}}))?(?:{DASH}L?(?P<end>[0-9]{{1,9}})(?::(?P<endcol>[0-9]{{1,9}}))?)?$"
    ))
});
/// `path#L12`, `path#L12-L20`, `path#L12C5-L14C2`.
static HASH: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?P<path>[^#]+)#L?(?P<line>[0-9]{1,9})(?:C(?P<col>[0-9]{1,9}))?(?:-L?(?P<end>[0-9]{1,9})(?:C(?P<endcol>[0-9]{1,9}))?)?$",
    )
});
/// `path(12)`, `path(12,5)`, `path(12,5,14,2)`, `path(12-20)`.
static PARENS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?P<path>[^()]+)\((?P<line>[0-9]{1,9})(?:,\s?(?P<col>[0-9]{1,9}))?(?:[-,](?P<end>[0-9]{1,9})(?:,(?P<endcol>[0-9]{1,9}))?)?\)$",
    )
});
/// `path (line 12)`, `path, lines 12-20`, `path line 12`.
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^(?P<path>[^\s,()]+),?\s+\(?(?:(?:on|at|in)\s+)?(?i:lines?\s*:?\s*|L)(?P<line>[0-9]{{1,9}})(?:{DASH}L?(?P<end>[0-9]{{1,9}}))?\)?$"
    ))
});
/// `line 12`, `L12-L20`, `(lines 12 to 20)`.
static LINES: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^\(?(?i:lines?\s*:?\s*|L|#L)(?P<line>[0-9]{{1,9}})(?::(?P<col>[0-9]{{1,9}}))?(?:{DASH}L?(?P<end>[0-9]{{1,9}})(?::(?P<endcol>[0-9]{{1,9}}))?)?\)?$"
    ))
});
/// `12`, `12-20`, `12:5`: a value that is known to be lines.
static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^(?i:lines?\s*|L)?(?P<line>[0-9]{{1,9}})(?::(?P<col>[0-9]{{1,9}}))?(?:{DASH}L?(?P<end>[0-9]{{1,9}})(?::(?P<endcol>[0-9]{{1,9}}))?)?$"
    ))
});

/// A file and a place in it, as text names them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spot {
    pub(super) path: Option<String>,
    pub(super) place: RawPlace,
}

/// Reads text that is a place and nothing else; decoration around it is ignored.
pub(super) fn spot(text: &str) -> Option<Spot> {
    let text = undecorated(text);
    if text.len() > 1000 {
        return None;
    }
    for pattern in [&COLONS, &HASH, &PARENS, &WORDS] {
        if let Some(found) = pattern.captures(text) {
            let path = undecorated(&found["path"]);
            if is_path(path) {
                return Some(Spot {
                    path: Some(path.to_owned()),
                    place: place(&found),
                });
            }
        }
    }
    if let Some(found) = LINES.captures(text) {
        return Some(Spot {
            path: None,
            place: place(&found),
        });
    }
    is_path(text).then(|| Spot {
        path: Some(text.to_owned()),
        place: RawPlace::default(),
    })
}

/// Splits the lines off a path that carries them; any other text stays a path.
pub(super) fn split_path(text: &str) -> Spot {
    // Nearly all paths carry nothing, and patterns cost some time when they are first used.
    let patterns: &[&LazyLock<Regex>] = if text.contains([':', '#']) {
        &[&COLONS, &HASH]
    } else {
        &[]
    };
    for pattern in patterns {
        if let Some(found) = pattern.captures(text.trim()) {
            return Spot {
                path: Some(found["path"].to_owned()),
                place: place(&found),
            };
        }
    }
    Spot {
        path: Some(text.trim().to_owned()),
        place: RawPlace::default(),
    }
}

/// True for text that is the name of a file: it has a directory or an ending, and is no address.
pub(super) fn is_path(text: &str) -> bool {
    let known = [
        "Makefile",
        "Dockerfile",
        "Rakefile",
        "Gemfile",
        "Justfile",
        "Procfile",
        "Vagrantfile",
        "Jenkinsfile",
    ];
    let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
    if text.is_empty() || text.len() > 1000 || text.contains("://") && !text.starts_with("file://")
    {
        return false;
    }
    if text
        .contains(|it: char| it.is_whitespace() || it.is_control() || "<>|\"'`*?{}=,;".contains(it))
    {
        return false;
    }
    if known.contains(&name) {
        return true;
    }
    let dirs = text.contains(['/', '\\']);
    let Some((stem, ending)) = name.rsplit_once('.') else {
        // `and/or`, `client/server` look the same as a file without an ending.
        return dirs
            && text.starts_with(['/', '.'])
            && !name.is_empty()
            && text.matches('/').count() > 1;
    };
    let is_ending = (1..=12).contains(&ending.len())
        && ending.bytes().all(|it| it.is_ascii_alphanumeric())
        && ending.bytes().any(|it| it.is_ascii_alphabetic());
    let is_host = !dirs
        && matches!(
            ending,
            "com" | "org" | "net" | "io" | "dev" | "local" | "localhost" | "internal"
        );
    // `.gitignore` has no stem; `e.g` and `i.e` are no files, `foo()` no name.
    let is_abbreviation =
        stem.len() == 1 && ending.len() == 1 && !matches!(ending, "c" | "h" | "m" | "d" | "r");
    let is_no_name = is_host || is_abbreviation || text.contains(['(', ')']);
    is_ending && !is_no_name
}

/// Text without quotes, brackets, emphasis and final punctuation around it.
pub(super) fn undecorated(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let before = text.len();
        text = text.trim_matches(['`', '*', '"', '\'', ' ', '\t']);
        text = text.trim_end_matches([':', ',', '.', ';']);
        for (open, close) in [('[', ']'), ('(', ')'), ('<', '>')] {
            if let Some(inner) = text
                .strip_prefix(open)
                .and_then(|it| it.strip_suffix(close))
                && !inner.contains([open, close])
            {
                text = inner;
            }
        }
        if text.len() == before {
            return text;
        }
    }
}

fn place(found: &Captures<'_>) -> RawPlace {
    let number = |name| {
        found
            .name(name)
            .and_then(|it| it.as_str().parse::<u32>().ok())
            .filter(|it| *it > 0)
    };
    let column = |value| RawColumn {
        value,
        unit: Encoding::Utf32,
    };
    let (line, col, end, end_col) = (
        number("line"),
        number("col"),
        number("end"),
        number("endcol"),
    );
    // In `12:5-20` the last number is a column of the same line; the last column is named inclusively.
    let (end, end_col) = if col.is_some() && end_col.is_none() {
        (line.filter(|_| end.is_some()), end)
    } else {
        (end, end_col)
    };
    RawPlace {
        start_line: line,
        end_line: end.filter(|it| Some(*it) >= line),
        start_column: line.and(col).map(column),
        end_column: end_col
            .filter(|_| col.is_some())
            .map(|it| column(it.saturating_add(1))),
        ..RawPlace::default()
    }
}

/// Lines in a JSON value: `12`, `"12"`, `"12-20"`, `[12, 20]`, `{"start": 12, "end": 20}`.
pub(super) fn from_value(value: &Value) -> Option<RawPlace> {
    match value {
        Value::String(text) => NUMBERS.captures(text.trim()).map(|it| place(&it)),
        Value::Array(list) => {
            let first = from_value(list.first()?)?;
            let last = list.last().and_then(fields::count);
            Some(RawPlace {
                end_line: last.filter(|it| Some(*it) >= first.start_line),
                ..first
            })
        }
        Value::Object(_) => from_object(&Fields::of(value)?),
        _ => fields::count(value).map(|it| RawPlace {
            start_line: Some(it),
            ..RawPlace::default()
        }),
    }
}

const START: &[&str] = &[
    "startline",
    "linestart",
    "line",
    "lines",
    "linenumber",
    "lineno",
    "fromline",
    "beginline",
    "firstline",
    "start",
    "begin",
    "from",
    "linerange",
    "range",
];
const END: &[&str] = &["endline", "lineend", "toline", "lastline", "end", "to"];
const COLUMN: &[&str] = &[
    "column",
    "col",
    "startcolumn",
    "columnstart",
    "startcol",
    "colstart",
    "columnnumber",
];
const END_COLUMN: &[&str] = &["endcolumn", "columnend", "endcol", "colend"];

/// The lines and columns that the fields of an object name.
pub(super) fn from_object(fields: &Fields<'_>) -> Option<RawPlace> {
    let mut place = START
        .iter()
        .find_map(|name| from_value(fields.get(&[name])?))
        .unwrap_or_default();
    if let Some(end) = fields.get(END).and_then(from_value) {
        place.end_line = end.start_line.filter(|it| Some(*it) >= place.start_line);
        place.end_column = end.start_column;
    }
    let column = |names| {
        fields
            .get(names)
            .and_then(fields::count)
            .map(|value| RawColumn {
                value,
                unit: Encoding::Utf32,
            })
    };
    place.start_column = column(COLUMN).or(place.start_column);
    place.end_column = column(END_COLUMN).or(place.end_column);
    if place.start_line.is_none() {
        place.start_line = place.end_line;
    }
    // A column without a line says nothing; zero lines mean the whole file.
    place.start_line?;
    Some(place)
}
