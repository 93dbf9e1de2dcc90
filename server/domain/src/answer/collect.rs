//! Gathers findings and problems and keeps their limits.

use super::{Format, MAX_FINDINGS, MAX_SKIPPED, Parsed, Skipped};
use crate::finding::{RawFinding, RawPlace};

/// Most problems told one by one; the rest is counted.
const MAX_PROBLEMS: usize = 100;
/// Longest path, symbol or code, in bytes.
const MAX_WORD: usize = 4096;
/// Longest reason for a skipped file, in characters.
const MAX_REASON: usize = 300;
/// Longest title, in bytes.
const MAX_TITLE: usize = 1000;
/// Longest body or summary, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// Longest quote or replacement, in bytes. A longer one is dropped, since part of it would mean something else.
const MAX_CODE: usize = 256 * 1024;

/// What has been read so far.
#[derive(Default)]
pub(super) struct Collector {
    parsed: Parsed,
    /// The shape that was asked for.
    pub(super) expected: Format,
    /// Findings seen, good and bad.
    seen: usize,
    /// Good findings above the limit.
    above_limit: usize,
    cut_fields: usize,
    untold_problems: usize,
    said_nothing_found: bool,
    /// Something in the answer could not be read, so silence does not mean that it is clean.
    not_clean: bool,
}

impl Collector {
    pub(super) fn new(expected: Format) -> Self {
        Self {
            expected,
            ..Self::default()
        }
    }

    /// Notes the shape of what is read next; the first one names the answer's.
    pub(super) fn format(&mut self, found: Format) {
        if self.parsed.format == Format::Auto {
            self.parsed.format = found;
            if !self.expected.covers(found) {
                self.problem(&format!(
                    "expected {}, found {}",
                    self.expected.title(),
                    found.title()
                ));
            }
        }
    }

    /// Number of the finding that is read next, from 1.
    pub(super) fn next_number(&self) -> usize {
        self.seen + 1
    }

    /// Takes a finding; one that says nothing is a problem.
    pub(super) fn finding(&mut self, mut finding: RawFinding) {
        if finding.title.trim().is_empty() {
            finding.title = headline(&finding.body).to_owned();
        }
        if finding.title.trim().is_empty() {
            return self.broken("it has no title and no text");
        }
        if finding.title.len() > MAX_TITLE && finding.body.is_empty() {
            finding.body.clone_from(&finding.title);
        }
        self.seen += 1;
        if self.parsed.findings.len() >= MAX_FINDINGS {
            self.above_limit += 1;
            return;
        }
        self.limit(&mut finding);
        self.parsed.findings.push(finding);
    }

    /// Notes that the next finding cannot be read.
    pub(super) fn broken(&mut self, why: &str) {
        let number = self.next_number();
        self.seen += 1;
        self.not_clean = true;
        self.problem(&format!("finding {number}: {why}"));
    }

    /// Notes something about the next finding, which is read nevertheless.
    pub(super) fn note(&mut self, what: &str) {
        let number = self.next_number();
        self.problem(&format!("finding {number}: {what}"));
    }

    /// Notes that part of the answer is lost.
    pub(super) fn lost(&mut self, what: &str) {
        self.not_clean = true;
        self.parsed.incomplete = true;
        self.problem(what);
    }

    /// Notes that the agent did not review a file.
    pub(super) fn skipped(&mut self, path: &str, reason: &str) {
        if self.parsed.skipped.len() < MAX_SKIPPED {
            let path = self.cut(path.trim().to_owned(), MAX_WORD);
            let reason = crate::sanitize::line(reason, MAX_REASON);
            self.parsed.skipped.push(Skipped { path, reason });
        } else if !self.parsed.incomplete {
            self.lost(&format!("more than {MAX_SKIPPED} files were skipped"));
        }
    }

    pub(super) fn problem(&mut self, what: &str) {
        if self.parsed.problems.len() < MAX_PROBLEMS {
            self.parsed.problems.push(crate::sanitize::line(what, 300));
        } else {
            self.untold_problems += 1;
        }
    }

    /// Notes that the answer says that there is nothing to say.
    pub(super) fn nothing_found(&mut self) {
        self.said_nothing_found = true;
    }

    pub(super) fn summary(&mut self, text: &str) {
        let text = text.trim();
        if self.parsed.summary.is_none() && !text.is_empty() {
            self.parsed.summary = Some(self.cut(text.to_owned(), MAX_BODY));
        }
    }

    pub(super) fn session(&mut self, text: &str) {
        if self.parsed.session.is_none() && !text.is_empty() && text.len() <= MAX_WORD {
            self.parsed.session = Some(text.to_owned());
        }
    }

    pub(super) fn usage(&mut self) -> &mut super::Usage {
        self.parsed.usage.get_or_insert_default()
    }

    pub(super) fn finish(mut self) -> Parsed {
        if self.above_limit > 0 {
            let count = self.above_limit;
            self.parsed.problems.push(format!(
                "{count} more findings left out; the limit is {MAX_FINDINGS}"
            ));
        }
        if self.cut_fields > 0 {
            let count = self.cut_fields;
            self.parsed
                .problems
                .push(format!("{count} overlong fields cut"));
        }
        if self.untold_problems > 0 {
            let count = self.untold_problems;
            self.parsed.problems.push(format!("{count} more problems"));
        }
        self.parsed.clean =
            self.parsed.findings.is_empty() && self.said_nothing_found && !self.not_clean;
        self.parsed
    }

    fn limit(&mut self, it: &mut RawFinding) {
        it.title = self.cut(std::mem::take(&mut it.title), MAX_TITLE);
        it.body = self.cut(std::mem::take(&mut it.body), MAX_BODY);
        for word in [&mut it.path, &mut it.code, &mut it.place.symbol] {
            *word = word.take().map(|text| self.cut(text, MAX_WORD));
        }
        let too_long = |text: &Option<String>| text.as_ref().is_some_and(|it| it.len() > MAX_CODE);
        let quote_too_long = too_long(&it.place.quote);
        if quote_too_long || too_long(&it.replacement) {
            it.replacement = None;
            it.replacement_place = None::<RawPlace>;
            if quote_too_long {
                it.place.quote = None;
            }
            self.parsed.problems.push(format!(
                "finding {}: its quote or replacement is too long and was dropped",
                self.seen
            ));
        }
    }

    fn cut(&mut self, mut text: String, max: usize) -> String {
        if text.len() > max {
            text.truncate(text.floor_char_boundary(max));
            self.cut_fields += 1;
        }
        text
    }
}

/// Longest first sentence that makes a title, in bytes.
const MAX_HEADLINE: usize = 160;

/// The first sentence of a text, or its first line.
pub(super) fn headline(text: &str) -> &str {
    let line = text.trim().lines().next().unwrap_or_default().trim_end();
    let sentence = line
        .match_indices(['.', '!', '?'])
        .map(|(at, _)| at + 1)
        .find(|end| {
            line[*end..].starts_with(char::is_whitespace)
                && !line[..*end].ends_with("e.g.")
                && !line[..*end].ends_with("i.e.")
        });
    match sentence {
        Some(end) if line.len() > MAX_HEADLINE => &line[..end],
        _ => line,
    }
}

/// Title and body of a text that is both: the first line and the others, or the first sentence of a long
/// line and all of it.
pub(super) fn split_text(text: &str) -> (String, String) {
    let text = text.trim();
    let title = headline(text);
    let rest = &text[title.len()..];
    let body = if rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n') {
        rest.trim()
    } else {
        text
    };
    (
        title.to_owned(),
        if rest.is_empty() { "" } else { body }.to_owned(),
    )
}

impl Format {
    /// The name a person knows it by.
    fn title(self) -> &'static str {
        match self {
            Format::Auto => "any format",
            Format::Findings => "findings JSON",
            Format::CodexReview => "a Codex review",
            Format::ReportFindings => "ReportFindings JSON",
            Format::Sarif => "SARIF",
            Format::Rdjson => "rdjson",
            Format::Rdjsonl => "rdjsonl",
            Format::Checkstyle => "checkstyle XML",
            Format::Lsp => "LSP diagnostics",
            Format::Eslint => "ESLint results",
            Format::Semgrep => "Semgrep results",
            Format::Text => "plain text",
        }
    }

    /// True when `found` is no surprise where `self` was expected.
    fn covers(self, found: Format) -> bool {
        use Format::{Auto, CodexReview, Findings, Rdjson, Rdjsonl, ReportFindings, Text};
        self == found
            || match self {
                Auto => true,
                Findings => matches!(found, CodexReview | ReportFindings),
                Rdjson => found == Rdjsonl,
                Rdjsonl => found == Rdjson,
                Text => found == CodexReview,
                _ => false,
            }
    }
}
