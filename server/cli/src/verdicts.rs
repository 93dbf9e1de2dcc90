//! `crosscheck dismiss`, `accept`, `dismissed` and `baseline`: what people decide about findings.

use crate::args::{AcceptArgs, BaselineArgs, DismissArgs, DismissedArgs, ListFormat};
use crate::findings::Findings;
use crate::output::{self, plural, style};
use crate::recall;
use crate::workspace::{Workspace, block_on};
use anyhow::bail;
use domain::finding::{Finding, FindingId};
use domain::merge::Panel;
use domain::sanitize;
use domain::text::Text;
use engine::request::{Dismissal, Reach};
use engine::{BASELINE_FILE, Decided, FileFindings, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;

/// Longest title in a list, in characters.
const MAX_TITLE: usize = 100;

/// Dismisses findings.
pub(crate) fn dismiss(args: &DismissArgs) -> anyhow::Result<u8> {
    block_on(async {
        let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
        let reach = Reach::from(args.reach);
        let mut titles = Vec::new();
        for meant in meant(&mut workspace, &args.findings).await? {
            titles.push(meant.title());
            let dismissal = meant.decision(reach, args.reason.clone());
            workspace.engine.dismiss(&workspace.root, dismissal);
        }
        // The ledger answers in order: what it is told before is kept by then.
        recall::verdicts(&mut workspace).await?;
        for title in titles {
            anstream::eprintln!(
                "dismissed {}: {title}; `crosscheck dismissed` lists and takes back",
                reach.in_words()
            );
        }
        Ok(crate::CLEAN)
    })
}

/// Accepts findings.
pub(crate) fn accept(args: &AcceptArgs) -> anyhow::Result<u8> {
    block_on(async {
        let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
        let mut titles = Vec::new();
        for meant in meant(&mut workspace, &args.findings).await? {
            titles.push(meant.title());
            let acceptance = meant.decision(args.reach.into(), None);
            workspace.engine.accept(&workspace.root, acceptance);
        }
        recall::verdicts(&mut workspace).await?;
        for title in titles {
            anstream::eprintln!("accepted: {title}");
        }
        Ok(crate::CLEAN)
    })
}

/// A remark that is decided about: what several agents say of one thing.
struct Meant {
    findings: Vec<Finding>,
    text: Text,
}

impl Meant {
    fn title(&self) -> String {
        let title = self.findings.first().map_or("", |it| it.title.as_str());
        sanitize::line(title, MAX_TITLE)
    }
    fn is_called(&self, said: &str) -> bool {
        !said.is_empty() && self.findings.iter().any(|it| it.id.0.starts_with(said))
    }
    fn decision(self, reach: Reach, reason: Option<String>) -> Dismissal {
        let path = self.findings.first().map(|it| it.path.clone());
        Dismissal {
            findings: self.findings,
            texts: path.map(|it| (it, self.text)).into_iter().collect(),
            reach,
            reason,
        }
    }
}

/// The findings with these names, shown or hidden.
async fn meant(workspace: &mut Workspace, said: &[String]) -> anyhow::Result<Vec<Meant>> {
    let mut chosen: Vec<Meant> = Vec::new();
    for said in said {
        let said = said.to_ascii_lowercase();
        // Others of the cluster have other names, so all are needed; beyond the most that are told, at least this one.
        let recall::Recalled {
            mut files,
            left_out,
            ..
        } = recall::findings(workspace, "").await?;
        if left_out > 0 {
            files.extend(recall::findings(workspace, &said).await?.files);
        }
        let mut named: Vec<Meant> = clusters(files)
            .into_iter()
            .filter(|it| it.is_called(&said))
            .collect();
        match named.len() {
            0 => bail!(
                "there is no finding `{said}`; `crosscheck review` prints the names of what it finds, and `crosscheck dismissed` of \
                 what is hidden"
            ),
            1 => chosen.append(&mut named),
            _ => {
                let names = named.iter().flat_map(|it| &it.findings);
                let names = names
                    .map(|it| it.id.0.as_str())
                    .filter(|it| it.starts_with(&said));
                bail!("`{said}` may be {}", recall::either(names));
            }
        }
    }
    Ok(chosen)
}

/// What is remembered, merged over the agents; hidden findings are merged among themselves.
fn clusters(files: Vec<FileFindings>) -> Vec<Meant> {
    let none = || Findings::new(Panel::default());
    let (mut shown, mut hidden) = (none(), none());
    for file in files {
        let of_hidden = file.hidden.iter().map(|it| it.finding.clone());
        hidden.recall(FileFindings {
            findings: of_hidden.collect(),
            hidden: Vec::new(),
            ..file.clone()
        });
        shown.recall(file);
    }
    let files = shown.into_files().into_iter().chain(hidden.into_files());
    files
        .flat_map(|file| {
            let text = file.text;
            file.clusters.into_iter().map(move |cluster| Meant {
                findings: cluster.findings,
                text: text.clone(),
            })
        })
        .collect()
}

/// Lists what was decided and what is hidden, or takes decisions back.
pub(crate) fn dismissed(args: &DismissedArgs) -> anyhow::Result<u8> {
    block_on(async {
        let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
        let (verdicts, left_out) = recall::verdicts(&mut workspace).await?;
        if !args.undo.is_empty() {
            return undo(&workspace, &verdicts, &args.undo);
        }
        let files = recall::findings(&mut workspace, "").await?.files;
        match args.format {
            ListFormat::Json => output::document(&document(&verdicts, &files, left_out))?,
            ListFormat::Text
                if verdicts.is_empty() && files.iter().all(|it| it.hidden.is_empty()) =>
            {
                anstream::eprintln!("nothing is dismissed or hidden");
            }
            ListFormat::Text => {
                let mut out = output::out();
                for verdict in &verdicts {
                    writeln!(out, "{}", in_list(verdict))?;
                }
                for file in &files {
                    for it in &file.hidden {
                        let title = sanitize::line(&it.finding.title, MAX_TITLE);
                        let line = it.finding.anchor.line + 1;
                        writeln!(
                            out,
                            "hidden {} {}:{line} {title} ({}): {}",
                            it.finding.id.0, file.path, file.agent, it.why
                        )?;
                    }
                }
                out.flush()?;
                if left_out > 0 {
                    anstream::eprintln!(
                        "{}",
                        style::dim(&format!("{left_out} more are not shown"))
                    );
                }
            }
        }
        Ok(crate::CLEAN)
    })
}

fn undo(workspace: &Workspace, verdicts: &[Decided], wanted: &[i64]) -> anyhow::Result<u8> {
    let known: BTreeSet<i64> = verdicts.iter().map(|it| it.id).collect();
    if let Some(missing) = wanted.iter().find(|it| !known.contains(it)) {
        bail!("there is no decision {missing}; `crosscheck dismissed` lists them");
    }
    workspace.engine.undo_verdicts(&workspace.root, wanted);
    for verdict in verdicts.iter().filter(|it| wanted.contains(&it.id)) {
        anstream::eprintln!("taken back: {}", in_list(verdict));
    }
    Ok(crate::CLEAN)
}

fn word(verdict: &Decided) -> &'static str {
    match verdict.verdict {
        Verdict::Dismissed => "dismissed",
        Verdict::Accepted => "accepted",
    }
}

fn in_list(verdict: &Decided) -> String {
    let about = verdict.about.first();
    let what = about.map_or_else(String::new, |it| {
        let title = sanitize::line(&it.title, MAX_TITLE);
        format!("{} [{}] {title}", it.path, it.category.as_str())
    });
    let reason = verdict.reason.as_ref();
    let reason = reason.map_or_else(String::new, |it| format!(" ({it})"));
    let (id, word, reach) = (verdict.id, word(verdict), verdict.reach.in_words());
    format!("{id} {word} {reach}: {what}{reason}")
}

fn document(verdicts: &[Decided], files: &[FileFindings], left_out: usize) -> Value {
    let verdicts = verdicts.iter().map(|it| {
        let about = it.about.iter().map(|it| {
            json!({
                "finding": it.finding, "agent": it.agent, "path": it.path,
                "category": it.category, "title": it.title,
            })
        });
        let since = it
            .created
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        json!({
            "id": it.id, "verdict": word(it), "reach": it.reach, "reason": it.reason,
            "created_ms": since.as_millis(), "about": about.collect::<Vec<_>>(),
        })
    });
    let hidden = files.iter().flat_map(|file| {
        file.hidden.iter().map(|it| {
            json!({
                "finding": it.finding.id, "agent": file.agent, "path": file.path,
                "line": it.finding.anchor.line + 1, "category": it.finding.category,
                "title": it.finding.title, "why": it.why.to_string(),
            })
        })
    });
    json!({
        "verdicts": verdicts.collect::<Vec<_>>(),
        "hidden": hidden.collect::<Vec<_>>(),
        "left_out": left_out,
    })
}

/// Brings the team's baseline up to date.
pub(crate) fn baseline(args: &BaselineArgs) -> anyhow::Result<u8> {
    block_on(async {
        let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
        let mut names: Vec<FindingId> = Vec::new();
        for meant in meant(&mut workspace, &args.findings).await? {
            names.extend(meant.findings.into_iter().map(|it| it.id));
        }
        let change = recall::baseline(&mut workspace, names, args.prune).await?;
        anstream::eprintln!(
            "{BASELINE_FILE}: {} added, {} removed, {} in it",
            plural(change.added, "finding"),
            change.removed,
            change.total
        );
        Ok(crate::CLEAN)
    })
}
