//! Findings for people: a source excerpt each, and one line that sums up.

use crate::findings::FoundFile;
use crate::output::style;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Patch, Renderer, Snippet};
use domain::edit::TextEdit;
use domain::finding::Severity;
use domain::locate::Tier;
use domain::merge::Cluster;
use domain::text::{Text, TextRange};
use engine::{AgentOutcome, Report};
use std::io::Write;
use std::ops::Range;

/// Lines of code shown before and after the place.
const CONTEXT: usize = 1;
/// Most lines of one place shown; the rest of a longer one is cut.
const MAX_LINES: usize = 12;
/// Longest line that says why a review is not complete, in characters.
const MAX_SHORTFALL: usize = 2000;
/// Most skipped files named in the summary.
const MAX_SKIPPED: usize = 10;

/// Prints all findings to standard output.
///
/// # Errors
/// When it cannot be written, for example because nobody reads it any more.
pub(crate) fn findings(files: &[FoundFile]) -> std::io::Result<()> {
    let renderer = Renderer::styled().decor_style(DecorStyle::Unicode);
    let mut out = anstream::stdout().lock();
    for file in files {
        for cluster in &file.clusters {
            writeln!(out, "{}\n", render(&renderer, file, cluster))?;
        }
    }
    Ok(())
}

/// One finding as text, with escape sequences where the renderer styles.
pub(crate) fn render(renderer: &Renderer, file: &FoundFile, cluster: &Cluster) -> String {
    let primary = cluster.primary();
    let excerpt = Excerpt::around(&file.text, cluster.range);
    let path = file.path.as_str();
    let title = level(cluster.severity)
        .primary_title(primary.title.as_str())
        .id(super::rule(cluster));
    let mut group: Group<'_> = if primary.tier == Tier::File {
        title.element(annotate_snippets::Origin::path(path))
    } else {
        let annotation = AnnotationKind::Primary.span(excerpt.span.clone());
        let annotation = if primary.tier.is_approximate() {
            annotation.label("about here")
        } else {
            annotation
        };
        title.element(
            Snippet::source(excerpt.source.as_str())
                .line_start(excerpt.first_line)
                .path(path)
                .fold(false)
                .annotation(annotation),
        )
    };
    if !primary.body.is_empty() {
        group = group.element(Level::NOTE.no_name().message(primary.body.as_str()));
    }
    group = group.element(Element::from(
        Level::NOTE.with_name("by").message(said_by(cluster)),
    ));
    let mut groups = vec![group];
    let fix = primary
        .fix
        .as_ref()
        .map(|fix| (fix, Excerpt::around(&file.text, fix.range)));
    if let Some((fix, excerpt)) = &fix {
        groups.push(suggestion(fix, excerpt, path));
    }
    renderer.render(&groups)
}

fn suggestion<'a>(fix: &'a TextEdit, excerpt: &'a Excerpt, path: &'a str) -> Group<'a> {
    let title = if fix.new_text.is_empty() {
        "remove it"
    } else {
        "replace it"
    };
    Level::HELP.secondary_title(title).element(
        Snippet::source(excerpt.source.as_str())
            .line_start(excerpt.first_line)
            .path(path)
            .patch(Patch::new(excerpt.span.clone(), fix.new_text.as_str())),
    )
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
        Severity::Hint => Level::NOTE.with_name("hint"),
    }
}

fn said_by(cluster: &Cluster) -> String {
    cluster.agents().join(", ")
}

/// A few whole lines of a text around a place, and the place within them.
struct Excerpt {
    source: String,
    /// 1-based line of the first line shown.
    first_line: usize,
    /// Bytes of `source`.
    span: Range<usize>,
}

impl Excerpt {
    fn around(text: &Text, range: TextRange) -> Self {
        let first = text.line_of(range.start);
        let last = text.line_of(range.end).min(first + MAX_LINES - 1);
        let from = first.saturating_sub(CONTEXT);
        let to = (last + CONTEXT).min(text.line_count().saturating_sub(1));
        let start = text.line_range(from).map_or(0, |it| it.start);
        let end = text.line_range(to).map_or(text.len(), |it| it.end);
        let shown = TextRange::new(start, end.max(start));
        let span = range.start.clamp(shown.start, shown.end) - start
            ..range.end.clamp(shown.start, shown.end) - start;
        Self {
            source: text.slice(shown).into_owned(),
            first_line: from + 1,
            span,
        }
    }
}

/// Prints how the run went to standard error.
pub(crate) fn summary(files: &[FoundFile], report: &Report) {
    if let Some(error) = &report.error {
        anstream::eprintln!("{}: {error}", style::error("error"));
        return;
    }
    for note in &report.notes {
        anstream::eprintln!("{}: {note}", style::note("note"));
    }
    skipped(report);
    for agent in &report.agents {
        agent_line(agent);
    }
    let count: usize = files.iter().map(|it| it.clusters.len()).sum();
    let verdict = match (count, report.is_complete()) {
        (0, true) => style::good("nothing found"),
        (0, false) if report.files.is_empty() => style::warning("nothing was reviewed"),
        (0, false) => style::warning("nothing found in what was reviewed"),
        _ => style::strong(&count_by_severity(files)),
    };
    let place = match report.files.len() {
        0 => String::new(),
        files => format!(" in {}", plural(files, "file")),
    };
    anstream::eprintln!("{verdict}{place} · {:.1} s", report.elapsed.as_secs_f32());
    if report.cancelled {
        anstream::eprintln!(
            "{}: the review was cancelled before it was complete",
            style::warning("warning")
        );
    }
}

/// How to ask the agents that are there and were not asked; `None` when there are none.
pub(crate) fn offer(agents: &[String]) -> Option<String> {
    let options: Vec<String> = agents.iter().map(|it| format!("--agent {it}")).collect();
    let (them, are) = match agents {
        [] => return None,
        [_] => ("it", "is"),
        _ => ("them", "are"),
    };
    Some(format!(
        "{} {are} on this machine, too; `crosscheck review {}` asks {them}.",
        agents.join(" and "),
        options.join(" ")
    ))
}

/// Why a review is not complete, in one line; `None` when it is.
pub(crate) fn shortfall(report: &Report) -> Option<String> {
    if report.is_complete() {
        return None;
    }
    let mut reasons: Vec<String> = report.error.iter().cloned().collect();
    if report.cancelled {
        reasons.push("the review was cancelled before it was complete".to_owned());
    }
    for agent in &report.agents {
        let name = &agent.agent;
        match &agent.outcome {
            AgentOutcome::Partial(why) => {
                reasons.push(format!("{name} reviewed only a part: {why}"))
            }
            AgentOutcome::Failed(why) => reasons.push(format!("{name} reviewed nothing: {why}")),
            AgentOutcome::Answered | AgentOutcome::Cancelled => continue,
        }
        // What it was denied may be why.
        let about = format!("agent `{name}` ");
        let notes = report.notes.iter().filter(|it| it.starts_with(&about));
        reasons.extend(notes.cloned());
    }
    let mut skipped = report.skipped.iter().filter(|it| it.asked_for);
    if let Some(first) = skipped.next() {
        let more = match skipped.count() {
            0 => String::new(),
            rest => format!(", and {} more", plural(rest, "file")),
        };
        reasons.push(format!(
            "{} was not reviewed: {}{more}",
            first.path, first.reason
        ));
    }
    Some(domain::sanitize::line(&reasons.join("; "), MAX_SHORTFALL))
}

fn skipped(report: &Report) {
    let (asked, found): (Vec<_>, Vec<_>) = report.skipped.iter().partition(|it| it.asked_for);
    for it in asked {
        anstream::eprintln!(
            "{}: {} was not reviewed: {}",
            style::error("error"),
            it.path,
            it.reason
        );
    }
    for it in found.iter().take(MAX_SKIPPED) {
        anstream::eprintln!(
            "{}",
            style::dim(&format!("skipped {}: {}", it.path, it.reason))
        );
    }
    if found.len() > MAX_SKIPPED {
        anstream::eprintln!(
            "{}",
            style::dim(&format!("skipped {} more", found.len() - MAX_SKIPPED))
        );
    }
}

fn agent_line(agent: &engine::AgentReport) {
    let name = style::strong(&agent.agent);
    match &agent.outcome {
        AgentOutcome::Answered => {}
        AgentOutcome::Partial(reason) => {
            anstream::eprintln!(
                "{}: {name} reviewed only a part: {reason}",
                style::error("error")
            );
        }
        AgentOutcome::Failed(reason) => {
            anstream::eprintln!(
                "{}: {name} reviewed nothing: {reason}",
                style::error("error")
            );
        }
        AgentOutcome::Cancelled => anstream::eprintln!("{name} was cancelled"),
    }
    for problem in &agent.problems {
        anstream::eprintln!(
            "{}: in the answer of {name}: {problem}",
            style::warning("warning")
        );
    }
    if agent.dismissed > 0 {
        let line = format!(
            "{}: {} left out",
            agent.agent,
            plural(agent.dismissed, "dismissed finding")
        );
        anstream::eprintln!("{}", style::dim(&line));
    }
}

fn count_by_severity(files: &[FoundFile]) -> String {
    let of = |severity| {
        files
            .iter()
            .flat_map(|it| &it.clusters)
            .filter(|it| it.severity == severity)
            .count()
    };
    let parts: Vec<String> = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Info, "remark"),
        (Severity::Hint, "hint"),
    ]
    .into_iter()
    .map(|(severity, word)| (of(severity), word))
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| plural(count, word))
    .collect();
    parts.join(", ")
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
