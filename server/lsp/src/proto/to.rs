//! From our shapes to LSP's.

use super::agreement;
use crate::capabilities::Capabilities;
use domain::finding::{Category, Finding, Severity};
use domain::locate::Tier;
use domain::merge::Cluster;
use domain::sanitize;
use domain::text::{Encoding, Text, TextRange};
use engine::config::Problem;
use std::borrow::Cow;
use std::fmt::Write;
use tower_lsp::gen_lsp_types as lsp;

#[cfg(test)]
mod tests;

/// How the source of every diagnostic of ours begins.
pub(crate) const SOURCE: &str = "crosscheck";
/// Longest explanation in a diagnostic, in bytes; the hover shows more.
const MAX_DIAGNOSTIC_BODY: usize = 2 << 10;
/// Longest explanation in a hover, in bytes.
const MAX_HOVER_BODY: usize = 16 << 10;
/// Longest title, in bytes.
const MAX_TITLE: usize = 1 << 10;
/// Longest text of somebody else's remark beside a diagnostic, in characters.
const MAX_RELATED: usize = 300;

/// Where and how something is to be shown.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// The document's URI.
    pub(crate) uri: &'a str,
    /// Its text now.
    pub(crate) text: &'a Text,
    /// What the client can show.
    pub(crate) client: &'a Capabilities,
}

impl View<'_> {
    /// A range of the text.
    pub(crate) fn range(&self, range: TextRange) -> lsp::Range {
        self::range(range, self.text, self.client.encoding)
    }
}

/// A range of a text.
pub(crate) fn range(range: TextRange, text: &Text, encoding: Encoding) -> lsp::Range {
    let (start, end) = text.positions_of(range, encoding);
    let position = |it: domain::text::Position| lsp::Position {
        line: it.line,
        character: it.character,
    };
    lsp::Range {
        start: position(start),
        end: position(end),
    }
}

/// What the editor shows of a cluster.
pub(crate) fn diagnostic(cluster: &Cluster, view: View<'_>) -> lsp::Diagnostic {
    let message = message(cluster, view.client.markdown_diagnostics);
    let related = view
        .client
        .related_information
        .then(|| related(cluster, view))
        .filter(|it| !it.is_empty());
    lsp::Diagnostic {
        range: view.range(cluster.range),
        severity: Some(severity(cluster.severity)),
        code: Some(lsp::Code::String(category(&cluster.category).into_owned())),
        source: Some(format!("{SOURCE} ({})", cluster.agents().join(" + "))),
        message: if view.client.markdown_diagnostics {
            lsp::Message::MarkupContent(lsp::MarkupContent {
                kind: lsp::MarkupKind::Markdown,
                value: message,
            })
        } else {
            lsp::Message::String(message)
        },
        related_information: related,
        data: Some(cluster.id.0.clone().into()),
        ..Default::default()
    }
}

/// What the editor shows of a problem in a configuration file.
pub(crate) fn problem(problem: &Problem, text: &Text, encoding: Encoding) -> lsp::Diagnostic {
    let line = problem.line.unwrap_or(1).saturating_sub(1);
    let place = text.line_range(line).unwrap_or_default();
    lsp::Diagnostic {
        range: range(place, text, encoding),
        severity: Some(if problem.warning {
            lsp::DiagnosticSeverity::Warning
        } else {
            lsp::DiagnosticSeverity::Error
        }),
        code: Some(lsp::Code::String("configuration".to_owned())),
        source: Some(SOURCE.to_owned()),
        message: lsp::Message::String(problem_text(problem)),
        ..Default::default()
    }
}

/// A problem of the configuration without its file and line.
pub(crate) fn problem_text(problem: &Problem) -> String {
    match &problem.key {
        Some(key) if !problem.message.contains(key.as_str()) => {
            format!("{key}: {}", problem.message)
        }
        _ => problem.message.clone(),
    }
}

/// The full explanation of a cluster, markdown.
pub(crate) fn explanation(cluster: &Cluster) -> String {
    let mut out = String::new();
    for (index, finding) in cluster.findings.iter().enumerate() {
        if index > 0 {
            out.push_str("\n\n");
        }
        let _ = write!(out, "**{}**", title(&finding.title));
        if !finding.body.is_empty() {
            let _ = write!(out, "\n\n{}", hover_body(&finding.body));
        }
        let _ = write!(out, "\n\n— {}", agreement::byline(finding));
    }
    let agreement = agreement::explanation(cluster);
    if !agreement.is_empty() {
        let _ = write!(out, "\n\n{agreement}");
    }
    if let Some(note) = approximate(cluster.primary()) {
        let _ = write!(out, "\n\n_{note}_");
    }
    out
}

/// One line of plain text as markdown.
pub(crate) fn title(title: &str) -> String {
    sanitize::markdown(title, MAX_TITLE)
}

/// Markdown that is safe already, as long as a hover may be.
pub(crate) fn hover_body(body: &str) -> Cow<'_, str> {
    bounded(body, MAX_HOVER_BODY)
}

/// Text as a block of code in a hover.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    let longest = text
        .split(|it| it != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = match longest {
        0..3 => "```".to_owned(),
        3..19 => "`".repeat(longest + 1),
        _ => "~".repeat(20),
    };
    let end = if text.ends_with('\n') { "" } else { "\n" };
    sanitize::markdown(
        &format!("{fence}{language}\n{text}{end}{fence}"),
        MAX_HOVER_BODY,
    )
}

/// The category as it is named in diagnostics.
pub(crate) fn category(category: &Category) -> Cow<'_, str> {
    Cow::Borrowed(match category {
        Category::Correctness => "correctness",
        Category::Security => "security",
        Category::Concurrency => "concurrency",
        Category::Performance => "performance",
        Category::Api => "api",
        Category::Tests => "tests",
        Category::Docs => "docs",
        Category::Style => "style",
        Category::Spelling => "spelling",
        Category::Other(word) => word,
    })
}

fn severity(severity: Severity) -> lsp::DiagnosticSeverity {
    match severity {
        Severity::Error => lsp::DiagnosticSeverity::Error,
        Severity::Warning => lsp::DiagnosticSeverity::Warning,
        Severity::Info => lsp::DiagnosticSeverity::Information,
        Severity::Hint => lsp::DiagnosticSeverity::Hint,
    }
}

/// Title, rule, how many agree, explanation, what a check brought, and whether the place is sure.
fn message(cluster: &Cluster, is_markdown: bool) -> String {
    let primary = cluster.primary();
    let body = bounded(&primary.body, MAX_DIAGNOSTIC_BODY);
    let mut out = if is_markdown {
        sanitize::markdown(&primary.title, MAX_TITLE)
    } else {
        primary.title.clone()
    };
    if let Some(code) = &primary.code {
        let _ = write!(out, " [{code}]");
    }
    if let Some(votes) = agreement::votes(cluster) {
        let _ = write!(out, " {votes}");
    }
    if !body.is_empty() {
        out.push('\n');
        out.push_str(&if is_markdown {
            body
        } else {
            plain(&body).into()
        });
    }
    if let Some(outcome) = agreement::outcome(cluster) {
        let _ = write!(out, "\n{outcome}");
    }
    if let Some(note) = approximate(primary) {
        let _ = write!(out, "\n{note}");
    }
    out
}

/// An explanation cut to a length. It is safe markdown already; only what is cut has to be made so anew.
fn bounded(body: &str, max: usize) -> Cow<'_, str> {
    if body.len() <= max {
        Cow::Borrowed(body)
    } else {
        Cow::Owned(sanitize::markdown(body, max))
    }
}

/// Markdown as it reads best where nothing renders it: without the marks that only keep it safe.
pub(crate) fn plain(markdown: &str) -> String {
    let mut is_code = false;
    let lines = markdown.split('\n').map(|line| {
        let is_fence = line.starts_with("```") || line.starts_with("~~~");
        is_code ^= is_fence;
        if is_code || is_fence {
            Cow::Borrowed(line)
        } else {
            Cow::Owned(unescape(line))
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn unescape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(it) = chars.next() {
        match it {
            '\\' => out.push(chars.next_if(char::is_ascii_punctuation).unwrap_or(it)),
            it => out.push(it),
        }
    }
    out.replace("&lt;", "<")
}

/// What must be said of a place that is not sure.
fn approximate(finding: &Finding) -> Option<&'static str> {
    match finding.tier {
        Tier::File => Some("The agent named no place in this file."),
        tier if tier.is_approximate() => Some("The place is approximate."),
        _ => None,
    }
}

fn related(cluster: &Cluster, view: View<'_>) -> Vec<lsp::DiagnosticRelatedInformation> {
    let others = cluster.others().iter();
    let related = others.map(|it| lsp::DiagnosticRelatedInformation {
        location: lsp::Location {
            uri: view.uri.into(),
            range: view.range(it.range),
        },
        message: sanitize::line(&format!("{}: {}", it.agent, it.title), MAX_RELATED),
    });
    related.collect()
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
