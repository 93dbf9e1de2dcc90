//! checkstyle's XML, which many linters write.

use super::Format;
use super::collect::{Collector, split_text};
use super::fields::count;
use crate::finding::{RawColumn, RawFinding, RawPlace, Severity};
use crate::text::Encoding;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use rustc_hash::FxHashMap;
use serde_json::Value;

/// Longest XML prolog looked through for the root element, in bytes.
const MAX_PROLOG: usize = 4096;

/// True for text that is such a document.
pub(super) fn fits(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let head = &text[..text.floor_char_boundary(MAX_PROLOG)];
    text.starts_with('<') && head.contains("<checkstyle")
}

/// Reads text for which [`fits`] is true. Entities other than the five of XML itself stay as they are.
pub(super) fn read(text: &str, out: &mut Collector) {
    out.format(Format::Checkstyle);
    let mut reader = Reader::from_str(text.trim());
    let mut file: Option<String> = None;
    let mut closed = false;
    loop {
        match reader.read_event() {
            Ok(Event::Empty(tag)) if tag.local_name().as_ref() == "checkstyle" => closed = true,
            Ok(Event::Start(tag) | Event::Empty(tag)) => match tag.local_name().as_ref() {
                "file" => file = attributes(&tag).remove("name"),
                "error" => error(&attributes(&tag), file.clone(), out),
                "exception" => out.lost("the tool says that it failed on a file"),
                _ => {}
            },
            Ok(Event::End(tag)) => closed |= tag.local_name().as_ref() == "checkstyle",
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                let at = reader.error_position();
                return out.lost(&format!("the XML is broken at byte {at}: {error}"));
            }
        }
    }
    if closed {
        out.nothing_found();
    } else {
        out.lost("the XML ends in the middle");
    }
}

fn attributes(tag: &BytesStart<'_>) -> FxHashMap<String, String> {
    tag.attributes()
        .with_checks(false)
        .flatten()
        .map(|it| {
            let raw = it.value.as_ref();
            let value = quick_xml::escape::unescape(raw)
                .map_or_else(|_| raw.to_owned(), |it| it.into_owned());
            (it.key.local_name().as_ref().to_owned(), value)
        })
        .collect()
}

fn error(attributes: &FxHashMap<String, String>, path: Option<String>, out: &mut Collector) {
    let get = |name: &str| {
        attributes
            .get(name)
            .map(|it| it.trim())
            .filter(|it| !it.is_empty())
    };
    let severity = get("severity");
    if severity == Some("ignore") {
        return;
    }
    let number = |name| get(name).and_then(|it| count(&Value::from(it)));
    let (title, body) = split_text(get("message").unwrap_or_default());
    let line = number("line");
    let place = RawPlace {
        start_line: line,
        start_column: line.and_then(|_| number("column")).map(|value| RawColumn {
            value,
            unit: Encoding::Utf32,
        }),
        ..RawPlace::default()
    };
    if let Some(word) = severity.filter(|it| Severity::parse(it).is_none()) {
        out.note(&format!("unknown severity {word}"));
    }
    out.finding(RawFinding {
        path,
        place,
        severity: severity.and_then(Severity::parse),
        code: get("source").map(str::to_owned),
        title,
        body,
        ..RawFinding::default()
    });
}
