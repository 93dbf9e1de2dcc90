//! Reviews written as markdown or plain paragraphs: headings per file, lists, tables, titled paragraphs.
//!
//! Only what has the form of a finding is one: a place together with a mark such as a bullet, a dash or a
//! priority. A sentence that mentions a file is none.

use super::contract::suggestion_block;
use super::json::fence_mark;
use super::place::{Spot, regex, spot, undecorated};
use super::plain::{self, MAX_LINE};
use crate::finding::{Category, RawFinding, Severity};
use regex::Regex;
use std::sync::LazyLock;

mod item;
mod table;

/// Reads all findings of a text.
pub(super) fn read(text: &str) -> Vec<RawFinding> {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line.trim_end());
        if reader.findings.len() > super::MAX_FINDINGS * 2 {
            break;
        }
    }
    reader.end_item();
    reader.findings
}

#[derive(Default)]
struct Reader<'a> {
    findings: Vec<RawFinding>,
    open: Option<Open>,
    /// The mark of the code block that is open.
    fence: Option<&'a str>,
    /// The file that the last heading names, and the heading's level.
    file: Option<(usize, Spot)>,
    /// The severity that the last heading names.
    severity: Option<Severity>,
    /// A heading that may be the title of a finding whose place follows.
    heading: Option<String>,
    /// The section tells what is good or what was done.
    skipped: Option<usize>,
    table: Option<table::Columns>,
}

/// A finding whose text may go on.
struct Open {
    finding: RawFinding,
    body: Vec<String>,
    /// Column of its text; what stands further left ends a list item.
    indent: Option<usize>,
    blank: bool,
}

static HEADING: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?P<marks>#{1,6})\s+(?P<text>\S.*?)\s*#*$"));
static BULLET: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?P<indent>\s*)(?P<mark>[-*+•]|[0-9]{1,4}[.)])\s+(?P<text>\S.*)$"));
static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^\s*(?:[-*+]\s+)?\**(?i:(?P<name>file|path|location|where|lines?|severity|priority|category|type|confidence))(?:\s*\**\s*:\s*\**)\s*(?P<value>\S.*)$",
    )
});

impl<'a> Reader<'a> {
    fn line(&mut self, line: &'a str) {
        if self.in_fence(line) {
            return;
        }
        if line.trim().is_empty() {
            self.table = None;
            if let Some(open) = &mut self.open {
                open.blank = true;
                open.body.push(String::new());
            }
            return;
        }
        if line.len() > MAX_LINE {
            return self.text(line);
        }
        if let Some(found) = HEADING.captures(line) {
            let level = found["marks"].len();
            return self.heading(level, &found["text"]);
        }
        if self.skipped.is_some() {
            return;
        }
        if line.trim_start().starts_with('|') {
            return self.table_row(line.trim());
        }
        let bullet = BULLET.captures(line);
        let nested = match (&bullet, self.open.as_ref().and_then(|it| it.indent)) {
            (Some(bullet), Some(indent)) => bullet["indent"].len() >= indent,
            _ => false,
        };
        if let Some(found) = FIELD.captures(line)
            && self.field(&found["name"], found["value"].trim())
        {
            return;
        }
        if nested {
            return self.text(line);
        }
        match bullet {
            Some(found) => {
                let indent = found.name("text").map_or(0, |it| it.start());
                let item = item::bullet(&found["text"], self.path());
                match item {
                    Some(finding) => self.start(finding, Some(indent)),
                    // A list in the text below a titled paragraph is part of that text.
                    None if self.open.as_ref().is_some_and(|it| it.indent.is_none()) => {
                        self.text(line)
                    }
                    None => self.end_item(),
                }
            }
            None if self.continues(line) => self.text(line),
            None => self.paragraph(line),
        }
    }

    /// Handles code blocks, whose lines are text of the open finding and nothing else.
    fn in_fence(&mut self, line: &'a str) -> bool {
        let trimmed = line.trim();
        match self.fence {
            Some(mark) => {
                if trimmed.starts_with(mark) && trimmed.chars().all(|it| mark.starts_with(it)) {
                    self.fence = None;
                }
            }
            None => match fence_mark(trimmed) {
                Some(mark) => self.fence = Some(mark),
                None => return false,
            },
        }
        self.text(line);
        true
    }

    fn heading(&mut self, level: usize, text: &str) {
        self.end_item();
        self.table = None;
        self.heading = None;
        if self.skipped.is_some_and(|it| level <= it) {
            self.skipped = None;
        }
        if self.file.as_ref().is_some_and(|(it, _)| level <= *it) {
            self.file = None;
        }
        if self.skipped.is_some() {
            return;
        }
        let name = undecorated(strip_file_word(text));
        if let Some(spot) = spot(name).filter(|it| it.path.is_some()) {
            self.file = Some((level, spot));
            return;
        }
        if item::tells_no_findings(text) {
            self.skipped = Some(level);
            return;
        }
        if let Some(finding) = item::bullet(text, self.path()) {
            self.start(finding, None);
            return;
        }
        let word = text.split([' ', ':']).find_map(Severity::parse);
        if level <= 3 && word.is_some() && text.split_whitespace().count() <= 4 {
            self.severity = word;
        } else {
            self.heading = Some(text.to_owned());
        }
    }

    /// `**File:** src/a.rs:12` and the like, below a heading or a title.
    fn field(&mut self, name: &str, value: &str) -> bool {
        let name = name.to_lowercase();
        if self
            .open
            .as_ref()
            .is_some_and(|it| it.finding.place.start_line.is_some())
            && self.file_line(&name, value)
        {
            return true;
        }
        if self.open.is_none() {
            let Some(title) = &self.heading else {
                return self.file_line(&name, value);
            };
            let Some(place) = spot(value).filter(|_| {
                !matches!(
                    name.as_str(),
                    "severity" | "priority" | "category" | "type" | "confidence"
                )
            }) else {
                return false;
            };
            let message = item::title(title);
            let mut finding = RawFinding {
                title: message.text,
                severity: message.severity,
                ..RawFinding::default()
            };
            finding.path = place.path.or_else(|| self.path().map(str::to_owned));
            finding.place = place.place;
            if finding.path.is_some() {
                self.start(finding, None);
                return true;
            }
            return false;
        }
        let Some(open) = &mut self.open else {
            return false;
        };
        let finding = &mut open.finding;
        match name.as_str() {
            "severity" | "priority" => finding.severity = plain_word(value).or(finding.severity),
            "category" | "type" => {
                finding.category = Category::parse(undecorated(value)).or(finding.category.take())
            }
            "confidence" => {
                finding.confidence = super::contract::confidence_of(&undecorated(value).into())
            }
            _ => match spot(value).or_else(|| spot(&format!("line {value}"))) {
                Some(place) if finding.place.start_line.is_none() => {
                    finding.path = place.path.or(finding.path.take());
                    finding.place = place.place;
                }
                _ => return false,
            },
        }
        true
    }

    /// `File: src/a.rs` alone on a line names the file of what follows.
    fn file_line(&mut self, name: &str, value: &str) -> bool {
        let file = spot(value).filter(|it| it.path.is_some() && matches!(name, "file" | "path"));
        let found = file.is_some();
        if let Some(spot) = file {
            self.end_item();
            self.file = Some((6, spot));
        }
        found
    }

    fn table_row(&mut self, line: &str) {
        let cells = table::cells(line);
        match &self.table {
            Some(columns) => {
                let path = self.path().map(str::to_owned);
                if let Some(finding) = columns.finding(&cells, path.as_deref()) {
                    self.start(finding, None);
                    self.end_item();
                }
            }
            None => {
                self.end_item();
                self.table = Some(table::Columns::of(&cells));
            }
        }
    }

    fn paragraph(&mut self, line: &str) {
        // `**src/a.rs**` or `src/a.rs:` alone on a line is a heading.
        if let Some(spot) = spot(line).filter(|it| it.path.is_some() && is_titled(line)) {
            self.end_item();
            self.file = Some((6, spot));
            return;
        }
        if let Some(finding) = item::paragraph(line, self.path()) {
            return self.start(finding, None);
        }
        if let Some(finding) = plain::line(line) {
            self.start(finding, None);
            return self.end_item();
        }
        match &self.open {
            Some(open) if open.indent.is_none() => self.text(line),
            _ => self.end_item(),
        }
    }

    /// True when a line without a mark belongs to the open list item.
    fn continues(&self, line: &str) -> bool {
        let indent = line.len() - line.trim_start().len();
        match &self.open {
            Some(Open {
                indent: Some(column),
                blank,
                ..
            }) => {
                indent >= (*column).min(2)
                    || (!blank
                        && plain::line(line).is_none()
                        && item::paragraph(line, None).is_none())
            }
            _ => false,
        }
    }

    fn start(&mut self, mut finding: RawFinding, indent: Option<usize>) {
        self.end_item();
        if finding.path.is_none() {
            finding.path = self.path().map(str::to_owned);
        }
        if let (None, Some((_, spot))) = (finding.place.start_line, &self.file)
            && spot.path == finding.path
        {
            finding.place = spot.place.clone();
        }
        finding.severity = finding.severity.or(self.severity);
        self.open = Some(Open {
            finding,
            body: Vec::new(),
            indent,
            blank: false,
        });
    }

    /// Adds a line to the text of the open finding.
    fn text(&mut self, line: &str) {
        if let Some(open) = &mut self.open {
            let column = open.indent.unwrap_or(0);
            let spaces = line.len() - line.trim_start_matches([' ', '\t']).len();
            open.body.push(line[spaces.min(column)..].to_owned());
            open.blank = false;
        }
    }

    fn end_item(&mut self) {
        let Some(open) = self.open.take() else { return };
        let mut finding = open.finding;
        let body = open.body.join("\n");
        let body = body.trim_matches('\n');
        if !body.trim().is_empty() {
            if !finding.body.is_empty() {
                finding.body.push_str("\n\n");
            }
            finding.body.push_str(body);
        }
        finding.replacement = suggestion_block(&finding.body);
        self.findings.push(finding);
    }

    fn path(&self) -> Option<&str> {
        self.file.as_ref().and_then(|(_, it)| it.path.as_deref())
    }
}

/// True for a line that is nothing but a marked name.
fn is_titled(line: &str) -> bool {
    let line = line.trim();
    line.ends_with(':')
        || (line.starts_with("**") && line.ends_with("**"))
        || (line.starts_with('`') && line.ends_with('`'))
}

fn strip_file_word(text: &str) -> &str {
    let text = text.trim_start_matches(['*', ' ']);
    let rest = text
        .strip_prefix("File:")
        .or_else(|| text.strip_prefix("File "));
    rest.unwrap_or(text)
}

fn plain_word(value: &str) -> Option<Severity> {
    let value = value.trim_start_matches(|it: char| !it.is_alphanumeric());
    Severity::parse(value).or_else(|| {
        value
            .split([' ', '(', ',', '/', '*'])
            .next()
            .and_then(Severity::parse)
    })
}
