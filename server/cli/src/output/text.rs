//! Findings for people: a source excerpt each, and one line that sums up.

use crate::findings::FoundFile;
use crate::output::{plural, report, style};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Patch, Renderer, Snippet};
use domain::edit::TextEdit;
use domain::finding::Severity;
use domain::locate::Tier;
use domain::merge::{Cluster, Standing, Withheld};
use domain::text::{Text, TextRange};
use engine::Report;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::ops::Range;

/// Lines of code shown before and after the place.
const CONTEXT: usize = 1;
/// Most lines of one place shown; the rest of a longer one is cut.
const MAX_LINES: usize = 12;

/// Prints findings to standard output, but for those that are withheld. `are_named`: with the names by which they can be spoken of.
///
/// # Errors
/// When it cannot be written, for example because nobody reads it any more.
pub(crate) fn findings(
    files: &[FoundFile],
    withheld: &Withheld,
    are_named: bool,
) -> std::io::Result<()> {
    let renderer = Renderer::styled().decor_style(DecorStyle::Unicode);
    let mut out = super::out();
    for file in files {
        let shown = file.clusters.iter();
        for cluster in shown.filter(|it| !withheld.has(&file.path, &it.id)) {
            let finding = render(&renderer, file, cluster);
            match are_named {
                true => writeln!(out, "{}\n", named(&finding, cluster))?,
                false => writeln!(out, "{finding}\n")?,
            }
        }
    }
    out.flush()
}

/// Letters of a finding's name that are shown; enough to tell it from others.
pub(crate) const SHORT_NAME: usize = 8;

/// Puts the beginning of its name behind the first line of a finding, for `crosscheck fix`.
fn named(finding: &str, cluster: &Cluster) -> String {
    let name = &cluster.id.0;
    let name = style::dim(name.get(..SHORT_NAME).unwrap_or(name));
    match finding.split_once('\n') {
        Some((title, rest)) => format!("{title}  {name}\n{rest}"),
        None => format!("{finding}  {name}"),
    }
}

/// One finding as text, with escape sequences where the renderer styles.
pub(crate) fn render(renderer: &Renderer, file: &FoundFile, cluster: &Cluster) -> String {
    let primary = cluster.primary();
    let excerpt = Excerpt::around(&file.text, cluster.range);
    let path = file.path.as_str();
    let title = level(cluster.severity)
        .primary_title(title(cluster))
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

/// The title, and how many of those that looked say so.
fn title(cluster: &Cluster) -> String {
    let title = &cluster.primary().title;
    match cluster.votes() {
        Some((said, asked)) => format!("{title} ({said}/{asked} agents)"),
        None => title.clone(),
    }
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
    let mut out = cluster.agents().join(", ");
    for check in &cluster.checks {
        let _ = write!(out, "; {} by {}", check.outcome.as_str(), check.agent);
    }
    out
}

/// What is not shown, and how to see it.
pub(crate) fn left_out(withheld: &Withheld) -> Option<String> {
    let (more, refuted) = (withheld.count_more(), withheld.count_refuted());
    let more = (more > 0).then(|| format!("{more} more: `--all`"));
    let refuted = (refuted > 0)
        .then(|| format!("{refuted} refuted by another agent: `--format json` has them"));
    let parts: Vec<String> = more.into_iter().chain(refuted).collect();
    (!parts.is_empty()).then(|| style::dim(&parts.join(", ")))
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

/// Prints how the run went to standard error. `are_named`: the findings can be spoken of by name.
pub(crate) fn summary(files: &[FoundFile], report: &Report, are_named: bool) {
    if !report::print(report, &report::REVIEW, &[]) {
        return;
    }
    let count = files
        .iter()
        .flat_map(|it| &it.clusters)
        .filter(|it| it.standing != Standing::Refuted)
        .count();
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
    let seconds = report.elapsed.as_secs_f32();
    anstream::eprintln!("{verdict}{place} · {seconds:.1} s{}", report::cost(report));
    report::print_cancelled(report, &report::REVIEW);
    if count > 0 && are_named && std::io::stderr().is_terminal() {
        let next = "`crosscheck fix` with the name at the end of a finding's first line has it fixed, `crosscheck fix --all` all of them";
        anstream::eprintln!("{}", style::dim(next));
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

fn count_by_severity(files: &[FoundFile]) -> String {
    let of = |severity| {
        files
            .iter()
            .flat_map(|it| &it.clusters)
            .filter(|it| it.severity == severity && it.standing != Standing::Refuted)
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

/// A remark for whoever waits.
pub(crate) fn note(quiet: bool, text: &str) {
    if !quiet {
        anstream::eprintln!("{}: {text}", style::note("note"));
    }
}
