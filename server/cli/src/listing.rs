//! `crosscheck findings`: what the ledger remembers, placed in the files as they are now.

use crate::args::{FindingsArgs, ListFormat};
use crate::findings::{Findings, FoundFile};
use crate::output::text::SHORT_NAME;
use crate::output::{self, json, plural, style};
use crate::recall;
use crate::workspace::{Workspace, block_on, root_for};
use anyhow::bail;
use domain::finding::{FindingId, Severity};
use domain::locate::Tier;
use domain::merge::{Caps, Cluster, Withheld};
use domain::path::RelPath;
use domain::sanitize;
use domain::text::Encoding;
use engine::{FileFindings, Hidden};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Longest title in the list, in characters.
const MAX_TITLE: usize = 100;

/// Lists findings.
pub(crate) fn run(args: &FindingsArgs) -> anyhow::Result<u8> {
    block_on(list(args))
}

async fn list(args: &FindingsArgs) -> anyhow::Result<u8> {
    let first = args.what.first().map(Path::new).filter(|it| it.exists());
    let root = root_for(args.root.root.as_deref(), first);
    let mut workspace = Workspace::open(root.as_deref()).await?;
    let recalled = recalled(&mut workspace, &args.what).await?;
    let left_out = recalled.left_out;
    let mut listed = Listed::of(&workspace, recalled);
    let wanted = Wanted::of(args, &workspace.root, &listed)?;
    listed.keep(&wanted, args.hidden);
    match args.format {
        ListFormat::Json => {
            output::document(&document(&workspace.root, &listed, left_out))?;
        }
        ListFormat::Text => {
            let caps = match args.all {
                true => Caps::NONE,
                false => workspace.loaded.config.review.caps,
            };
            print(&listed, caps, args.all, left_out)?;
        }
    }
    Ok(crate::CLEAN)
}

/// All findings, as far as they are told at once, and certainly those with these names.
async fn recalled(workspace: &mut Workspace, what: &[String]) -> anyhow::Result<recall::Recalled> {
    let mut all = recall::findings(workspace, "").await?;
    if all.left_out > 0 {
        for name in what.iter().filter_map(|it| name(it)) {
            let named = recall::findings(workspace, &name).await?;
            all.files.extend(named.files);
            all.checks.extend(named.checks);
        }
    }
    Ok(all)
}

/// What could be the beginning of a finding's name.
fn name(said: &str) -> Option<String> {
    let is_name = !said.is_empty() && said.bytes().all(|it| it.is_ascii_hexdigit());
    is_name.then(|| said.to_ascii_lowercase())
}

/// What is remembered, merged over the agents.
struct Listed {
    shown: Vec<FoundFile>,
    /// Merged among themselves.
    hidden: Vec<FoundFile>,
    /// Why they are hidden, by their names.
    why: BTreeMap<FindingId, String>,
}

impl Listed {
    fn of(workspace: &Workspace, recalled: recall::Recalled) -> Self {
        let none = || {
            let mut none = Findings::new(workspace.loaded.config.panel(&[]));
            none.weigh_with(recalled.records.clone());
            none
        };
        let (mut shown, mut hidden, mut why) = (none(), none(), BTreeMap::new());
        for file in recalled.files {
            let of_hidden = file.hidden.iter();
            let reason = |it: &Hidden| (it.finding.id.clone(), it.why.to_string());
            why.extend(of_hidden.clone().map(reason));
            hidden.recall(FileFindings {
                findings: of_hidden.map(|it| it.finding.clone()).collect(),
                hidden: Vec::new(),
                ..file.clone()
            });
            shown.recall(file);
        }
        for checked in recalled.checks {
            hidden.check(checked.clone());
            shown.check(checked);
        }
        Self {
            shown: shown.into_files(),
            hidden: hidden.into_files(),
            why,
        }
    }
    fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        let files = self.shown.iter().chain(&self.hidden);
        files.flat_map(|it| &it.clusters)
    }
    fn keep(&mut self, wanted: &Wanted, with_hidden: bool) {
        if !with_hidden {
            self.hidden.clear();
        }
        for file in self.shown.iter_mut().chain(&mut self.hidden) {
            file.clusters.retain(|it| wanted.has(it));
        }
    }
    fn why(&self, cluster: &Cluster) -> &str {
        let mut reasons = cluster
            .findings
            .iter()
            .filter_map(|it| self.why.get(&it.id));
        reasons.next().map_or("", String::as_str)
    }
}

/// What of it is wanted.
struct Wanted {
    /// Beginnings of names.
    names: Vec<String>,
    /// Files and directories; empty is the root.
    paths: Vec<String>,
    agents: Vec<String>,
    categories: Vec<String>,
    least: Severity,
}

impl Wanted {
    /// What is no name of a finding is meant as a path.
    fn of(args: &FindingsArgs, root: &Path, listed: &Listed) -> anyhow::Result<Self> {
        let (mut names, mut paths) = (Vec::new(), Vec::new());
        for said in &args.what {
            let called = name(said).filter(|it| listed.clusters().any(|of| is_called(of, it)));
            match called {
                Some(name) => names.push(name),
                None => paths.push(path(said, root, listed)?),
            }
        }
        let lower = |it: &String| it.to_ascii_lowercase();
        Ok(Self {
            names,
            paths,
            agents: args.agents.clone(),
            categories: args.categories.iter().map(lower).collect(),
            least: args.severity.map_or(Severity::Hint, Into::into),
        })
    }
    fn has(&self, cluster: &Cluster) -> bool {
        let is_named = self.names.iter().any(|it| is_called(cluster, it));
        let path = &cluster.primary().path;
        let is_there = self.paths.iter().any(|it| is_below(path, it));
        let said = cluster.agents();
        (is_named || is_there || (self.names.is_empty() && self.paths.is_empty()))
            && (self.agents.is_empty()
                || said.iter().any(|it| self.agents.iter().any(|of| of == it)))
            && (self.categories.is_empty()
                || self
                    .categories
                    .iter()
                    .any(|it| it == cluster.category.as_str()))
            && cluster.severity >= self.least
    }
}

fn is_called(cluster: &Cluster, name: &str) -> bool {
    cluster.findings.iter().any(|it| it.id.0.starts_with(name))
}

fn is_below(path: &RelPath, place: &str) -> bool {
    let rest = path.as_str().strip_prefix(place);
    place.is_empty() || rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
}

/// A file or directory, relative to the root, with `/` between its names.
fn path(said: &str, root: &Path, listed: &Listed) -> anyhow::Result<String> {
    let absolute = std::path::absolute(said)?;
    // What is gone has no other name than the one it was given.
    let real: PathBuf = std::fs::canonicalize(&absolute).unwrap_or(absolute);
    let Ok(inside) = real.strip_prefix(root) else {
        bail!(
            "there is no finding `{said}`, and as a path it is not in the workspace {}",
            root.display()
        );
    };
    let names = inside
        .components()
        .map(|it| it.as_os_str().to_string_lossy());
    let place = names.collect::<Vec<_>>().join("/");
    let has_findings = listed
        .clusters()
        .any(|it| is_below(&it.primary().path, &place));
    if !has_findings && !real.exists() {
        bail!(
            "there is no finding and no file `{said}`; `crosscheck findings` without it lists all"
        );
    }
    Ok(place)
}

fn document(root: &Path, listed: &Listed, left_out: usize) -> Value {
    let all = |files: &[FoundFile]| -> Vec<Value> {
        let clusters = files
            .iter()
            .flat_map(|file| file.clusters.iter().map(move |it| (file, it)));
        clusters
            .map(|(file, it)| json::cluster(&file.text, it))
            .collect()
    };
    let mut hidden = all(&listed.hidden);
    let clusters = listed.hidden.iter().flat_map(|it| &it.clusters);
    for (value, cluster) in hidden.iter_mut().zip(clusters) {
        value["why"] = json!(listed.why(cluster));
    }
    json!({
        "version": json::VERSION, "root": root, "findings": all(&listed.shown), "hidden": hidden,
        "left_out": left_out,
    })
}

/// Prints one line for each, and what is not shown.
fn print(listed: &Listed, caps: Caps, with_refuted: bool, left_out: usize) -> std::io::Result<()> {
    let clusters = listed.shown.iter().flat_map(|it| &it.clusters);
    let mut withheld = domain::merge::withheld(clusters, caps);
    if with_refuted {
        withheld.refuted.clear();
    }
    let mut lines = Vec::new();
    for file in &listed.shown {
        let shown = file.clusters.iter();
        let shown = shown.filter(|it| !withheld.has(&file.path, &it.id));
        lines.extend(shown.map(|it| Line::of(file, it, &standing(it))));
    }
    for file in &listed.hidden {
        let hidden = file.clusters.iter();
        lines.extend(hidden.map(|it| Line::of(file, it, &format!("hidden: {}", listed.why(it)))));
    }
    let width = |of: fn(&Line) -> &str| lines.iter().map(|it| of(it).chars().count()).max();
    let place = width(|it| &it.place).unwrap_or_default();
    let mut out = output::out();
    for it in &lines {
        let severity = severity(it.severity);
        writeln!(
            out,
            "{} {severity} {:place$}  {}  {}",
            it.name,
            it.place,
            it.title,
            style::dim(&it.standing)
        )?;
    }
    out.flush()?;
    if lines.is_empty() && withheld == Withheld::default() {
        anstream::eprintln!("no findings");
    }
    for line in not_shown(&withheld, left_out) {
        anstream::eprintln!("{}", style::dim(&line));
    }
    Ok(())
}

/// A finding as it is listed.
struct Line {
    name: String,
    severity: Severity,
    place: String,
    title: String,
    standing: String,
}

impl Line {
    fn of(file: &FoundFile, cluster: &Cluster, standing: &str) -> Self {
        let title = sanitize::line(&cluster.primary().title, MAX_TITLE);
        let votes = cluster.votes();
        let votes = votes.map_or(String::new(), |(said, asked)| format!(" ({said}/{asked})"));
        let name = &cluster.id.0;
        Self {
            name: name.get(..SHORT_NAME).unwrap_or(name).to_owned(),
            severity: cluster.severity,
            place: place(file, cluster),
            title: format!("{title}{votes}"),
            standing: format!("{} · {standing}", cluster.agents().join(", ")),
        }
    }
}

/// The file, and where the place is known, its line and column, counted from 1.
fn place(file: &FoundFile, cluster: &Cluster) -> String {
    if cluster.primary().tier == Tier::File {
        return file.path.as_str().to_owned();
    }
    let start = file.text.position(cluster.range.start, Encoding::Utf32);
    format!("{}:{}:{}", file.path, start.line + 1, start.character + 1)
}

/// What a finding rests on, and who checked it.
fn standing(cluster: &Cluster) -> String {
    let checks = cluster.checks.iter();
    let checks = checks.map(|it| format!(", {} by {}", it.outcome.as_str(), it.agent));
    format!(
        "{}{}",
        cluster.standing.as_str(),
        checks.collect::<String>()
    )
}

/// As wide as the longest of them.
fn severity(severity: Severity) -> String {
    match severity {
        Severity::Error => style::error("error  "),
        Severity::Warning => style::warning("warning"),
        Severity::Info => style::note("info   "),
        Severity::Hint => style::dim("hint   "),
    }
}

fn not_shown(withheld: &Withheld, left_out: usize) -> Vec<String> {
    let (more, refuted) = (withheld.count_more(), withheld.count_refuted());
    let parts = [
        (more > 0).then(|| format!("{more} more: `--all`")),
        (refuted > 0).then(|| format!("{refuted} refuted by another agent: `--all`")),
        (left_out > 0).then(|| {
            let older = plural(left_out, "older finding");
            format!("{older} not read: name them, or have these settled first")
        }),
    ];
    parts.into_iter().flatten().collect()
}
