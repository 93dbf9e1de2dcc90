//! Answers of every shape, and what is read from them.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::needless_pass_by_value)] // `expect![[…]]` reads best as an argument by value.

use super::*;
use crate::finding::{RawColumn, RawPlace};
use crate::text::Encoding;
use expect_test::Expect;
use std::fmt::Write;

mod detecting;
mod formats;
mod json_like;
mod limits;
mod prose;

/// Reads one text without knowing its shape.
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&render(&parse(None, &[text.to_owned()], Format::Auto)));
}

fn check_as(format: Format, texts: &[&str], expected: Expect) {
    let texts: Vec<String> = texts.iter().map(|it| (*it).to_owned()).collect();
    expected.assert_eq(&render(&parse(None, &texts, format)));
}

fn check_structured(json: &str, expected: Expect) {
    let value = serde_json::from_str(json).unwrap();
    expected.assert_eq(&render(&parse(Some(&value), &[], Format::Auto)));
}

fn render(parsed: &Parsed) -> String {
    let mut out = format!(
        "{:?}{}\n",
        parsed.format,
        if parsed.clean { ", clean" } else { "" }
    );
    for it in &parsed.findings {
        let path = it.path.as_deref().unwrap_or("?");
        let severity = it
            .severity
            .map_or_else(|| "-".to_owned(), |it| format!("{it:?}").to_lowercase());
        write!(out, "{path}{} {severity}", place(&it.place)).unwrap();
        if let Some(category) = &it.category {
            write!(out, " {}", category.as_str()).unwrap();
        }
        if let Some(code) = &it.code {
            write!(out, " [{code}]").unwrap();
        }
        if let Some(confidence) = it.confidence {
            write!(out, " {confidence}").unwrap();
        }
        writeln!(out, ": {}", it.title).unwrap();
        if !it.body.is_empty() {
            writeln!(out, "  body {:?}", it.body).unwrap();
        }
        if let Some(symbol) = &it.place.symbol {
            writeln!(out, "  in {symbol}").unwrap();
        }
        if let Some(quote) = &it.place.quote {
            writeln!(out, "  quote {quote:?}").unwrap();
        }
        if let Some(text) = &it.replacement {
            let at = it
                .replacement_place
                .as_ref()
                .map(|it| format!(" at{}", place(it)))
                .unwrap_or_default();
            writeln!(out, "  replace{at} {text:?}").unwrap();
        }
    }
    for it in &parsed.skipped {
        writeln!(out, "- {}: {}", it.path, it.reason).unwrap();
    }
    if parsed.incomplete {
        writeln!(out, "! incomplete").unwrap();
    }
    for problem in &parsed.problems {
        writeln!(out, "! {problem}").unwrap();
    }
    if let Some(summary) = &parsed.summary {
        writeln!(out, "= {summary}").unwrap();
    }
    if let Some(usage) = &parsed.usage {
        writeln!(
            out,
            "= {:?} in, {:?} out, {:?} USD, {:?}",
            usage.input_tokens, usage.output_tokens, usage.cost_usd, usage.model
        )
        .unwrap();
    }
    if let Some(session) = &parsed.session {
        writeln!(out, "= session {session}").unwrap();
    }
    out
}

/// `:12:5u-14:2u`, where the letter tells what the columns count.
fn place(place: &RawPlace) -> String {
    let column = |it: Option<RawColumn>| {
        it.map(|it| format!(":{}{}", it.value, unit(it.unit)))
            .unwrap_or_default()
    };
    let mut out = String::new();
    if let Some(line) = place.start_line {
        write!(out, ":{line}{}", column(place.start_column)).unwrap();
    }
    if let Some(line) = place.end_line {
        write!(out, "-{line}{}", column(place.end_column)).unwrap();
    }
    if let Some(it) = place.offsets {
        write!(out, "@{}..{}{}", it.start, it.end, unit(it.unit)).unwrap();
    }
    if place.maybe_zero_based {
        out.push('?');
    }
    out
}

fn unit(unit: Encoding) -> &'static str {
    match unit {
        Encoding::Utf8 => "b",
        Encoding::Utf16 => "u",
        Encoding::Utf32 => "c",
    }
}
