//! Finding out which shape an answer has, and reading it.

use super::collect::Collector;
use super::json::{self, Found};
use super::{
    Format, MAX_BYTES, checkstyle, codex, contract, envelope, eslint, lsp, markdown, plain, rdjson,
    report_findings, sarif, semgrep,
};
use serde_json::Value;
use std::borrow::Cow;

/// A JSON shape: how to know and to read it.
struct Shape {
    format: Format,
    fits: fn(&Value) -> bool,
    read: fn(&Value, &mut Collector),
}

/// The particular shapes before the general ones.
const SHAPES: &[Shape] = &[
    Shape {
        format: Format::Sarif,
        fits: sarif::fits,
        read: sarif::read,
    },
    Shape {
        format: Format::Eslint,
        fits: eslint::fits,
        read: eslint::read,
    },
    Shape {
        format: Format::Semgrep,
        fits: semgrep::fits,
        read: semgrep::read,
    },
    Shape {
        format: Format::Rdjson,
        fits: rdjson::fits,
        read: rdjson::read,
    },
    Shape {
        format: Format::Rdjsonl,
        fits: rdjson::fits_line,
        read: rdjson::read_line,
    },
    Shape {
        format: Format::Lsp,
        fits: lsp::fits,
        read: lsp::read,
    },
    Shape {
        format: Format::CodexReview,
        fits: codex::fits,
        read: codex::read,
    },
    Shape {
        format: Format::ReportFindings,
        fits: report_findings::fits,
        read: report_findings::read,
    },
    Shape {
        format: Format::Findings,
        fits: contract::fits,
        read: contract::read,
    },
];

/// Reads JSON of a known shape, the expected one first; false when it has none.
pub(super) fn read_value(value: &Value, out: &mut Collector) -> bool {
    let expected = SHAPES.iter().filter(|it| it.format == out.expected);
    let Some(shape) = expected.chain(SHAPES).find(|it| (it.fits)(value)) else {
        return false;
    };
    (shape.read)(value, out);
    true
}

/// Reads the text parts of an answer.
pub(super) fn read_texts(texts: &[String], out: &mut Collector) {
    let parts = within_limit(texts, out);
    if parts.iter().all(|it| it.trim().is_empty()) {
        return out.lost("the answer is empty");
    }
    let joined = match parts.as_slice() {
        [one] => Cow::Borrowed(*one),
        many => Cow::Owned(many.join("\n")),
    };
    if out.expected == Format::Text && read_prose(&joined, out) {
        return;
    }
    // Where one part is data, what is said around it is not.
    let mut any = false;
    for part in &parts {
        any |= read_data(part, 0, out);
    }
    if any || (parts.len() > 1 && read_data(&joined, 0, out)) {
        return;
    }
    if out.expected == Format::Text || !read_prose(&joined, out) {
        let start = crate::sanitize::line(&joined, 80);
        out.lost(&format!(
            "no findings could be read from the answer, which starts: {start}"
        ));
    }
}

/// Reads one text in a wrapper, data or prose.
pub(super) fn read_text(text: &str, depth: usize, out: &mut Collector) -> bool {
    let text = &text[..text.floor_char_boundary(MAX_BYTES)];
    depth < envelope::MAX_DEPTH && (read_data(text, depth, out) || read_prose(text, out))
}

/// The parts, cut where they exceed the limit together.
fn within_limit<'a>(texts: &'a [String], out: &mut Collector) -> Vec<&'a str> {
    let mut room = MAX_BYTES;
    let mut cut = 0;
    let mut parts = Vec::new();
    for text in texts {
        let part = &text[..text.floor_char_boundary(room)];
        cut += text.len() - part.len();
        room -= part.len();
        parts.push(part);
    }
    if cut > 0 {
        out.lost(&format!(
            "the answer is too long; its last {cut} bytes were not read"
        ));
    }
    parts
}

/// Reads JSON and XML in a text, also inside of prose; false when there is none of a known shape.
fn read_data(text: &str, depth: usize, out: &mut Collector) -> bool {
    if checkstyle::fits(text) {
        checkstyle::read(text, out);
        return true;
    }
    if let Some(found) = json::whole(text) {
        return found
            .values
            .iter()
            .fold(false, |any, it| envelope::read_at(it, depth, out) | any);
    }
    let fences = json::fences(text);
    if let Some(xml) = fences.iter().find(|it| checkstyle::fits(it)) {
        checkstyle::read(xml, out);
        return true;
    }
    if read_all(&json::fenced(text), out) {
        return true;
    }
    let Found { values, error, .. } = json::scattered(text);
    let read = read_all(&values, out);
    if let (true, Some(error)) = (read, error) {
        out.lost(&format!("part of the answer is no valid JSON ({error})"));
    }
    read
}

/// Values among prose count only when they have a known shape themselves.
fn read_all(values: &[Value], out: &mut Collector) -> bool {
    values
        .iter()
        .fold(false, |any, it| read_value(it, out) | any)
}

/// Reads plain lines and markdown; false when there is no finding in them and they do not say so.
fn read_prose(text: &str, out: &mut Collector) -> bool {
    let (summary, comments) = codex::split_text(text).unwrap_or(("", text));
    let findings = markdown::read(comments);
    if findings.is_empty() && !plain::says_nothing_found(text) {
        return false;
    }
    out.format(if codex::is_text(text) {
        Format::CodexReview
    } else {
        Format::Text
    });
    out.summary(summary);
    if findings.is_empty() {
        out.nothing_found();
    }
    for finding in findings {
        out.finding(finding);
    }
    true
}
