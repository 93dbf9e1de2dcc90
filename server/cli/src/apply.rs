//! `crosscheck apply`, `discard` and `revert`: what becomes of proposals.

use crate::args::{ApplyArgs, DiscardArgs, RevertArgs};
use crate::output::proposal::Shown;
use crate::output::{self, style};
use crate::proposals;
use crate::recall;
use crate::workspace::{Workspace, block_on};
use anyhow::{Context, bail};
use domain::finding::FindingId;
use domain::proposal::{FileAction, FileChange, ProposalId};
use domain::text::TextRange;
use engine::disk::{self, DiskError, Onto, Selection, Standing, Written};
use engine::{Application, Applied, FileFindings, ProposalState, Which};
use std::collections::BTreeSet;

/// Applies a proposal.
pub(crate) fn apply(args: &ApplyArgs) -> anyhow::Result<u8> {
    block_on(async {
        let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
        workspace.print_config_remarks();
        let kept = recall::proposal(&mut workspace, &args.id).await?;
        let id = kept.proposal.id.0.clone();
        if kept.state == ProposalState::Discarded {
            bail!("proposal {id} was discarded");
        }
        let shown = proposals::shown(&workspace, vec![kept]).await?;
        let [shown] = shown.as_slice() else {
            bail!("proposal {id} cannot be looked at");
        };
        let selection = selection(shown, &args.parts);
        if args.dry_run {
            return rehearse(&workspace, shown, selection).await;
        }
        match write(&mut workspace, shown, selection, Onto::Now).await? {
            Ok(written) => {
                print_written(shown, &written);
                Ok(crate::CLEAN)
            }
            Err(error) => {
                anstream::eprintln!("{}: {error}", style::error("error"));
                print_open(shown);
                Ok(crate::FAILED)
            }
        }
    })
}

/// The parts named, else all but those that were taken before.
fn selection(shown: &Shown, named: &[usize]) -> Selection {
    if !named.is_empty() {
        return Selection::Parts(named.to_vec());
    }
    let parts = (1..).zip(&shown.parts);
    let wanted = parts.filter(|it| *it.1 != Standing::Applied);
    Selection::Parts(wanted.map(|it| it.0).collect())
}

async fn rehearse(
    workspace: &Workspace,
    shown: &Shown,
    selection: Selection,
) -> anyhow::Result<u8> {
    let place = Place::of(workspace);
    let files = shown.proposal.files.clone();
    let rehearsed = tokio::task::spawn_blocking(move || {
        disk::rehearse(&place.root, &place.exclude, &files, &selection, Onto::Now)
    });
    match rehearsed.await? {
        Ok(written) => {
            output::diff::print(&written.changes, &[])?;
            if written.parts.is_empty() {
                print_written(shown, &written);
            }
            Ok(crate::CLEAN)
        }
        Err(error) => {
            anstream::eprintln!("{}: {error}", style::error("error"));
            Ok(crate::FAILED)
        }
    }
}

/// What is needed to look at files from another thread.
struct Place {
    root: std::path::PathBuf,
    exclude: Vec<String>,
}

impl Place {
    fn of(workspace: &Workspace) -> Self {
        Self {
            root: workspace.root.clone(),
            exclude: workspace.loaded.config.review.exclude.clone(),
        }
    }
}

/// Writes parts of a proposal, and has the ledger know. What the system or the files refuse is the inner error.
pub(crate) async fn write(
    workspace: &mut Workspace,
    shown: &Shown,
    selection: Selection,
    onto: Onto,
) -> anyhow::Result<Result<Written, DiskError>> {
    // Without the ledger nothing is known to be settled by it.
    let findings = recall::findings(workspace, "")
        .await
        .unwrap_or_default()
        .files;
    let place = Place::of(workspace);
    let files = shown.proposal.files.clone();
    let written =
        uninterrupted(move || disk::apply(&place.root, &place.exclude, &files, &selection, onto))
            .await?;
    let Ok(written) = written else {
        return Ok(written);
    };
    let is_done = (1..).zip(&shown.parts).all(|(number, standing)| {
        *standing == Standing::Applied
            || written.parts.contains(&number)
            || written.already.contains(&number)
    });
    if !written.parts.is_empty() || is_done {
        let applied = Applied {
            proposal: shown.proposal.clone(),
            parts: written.parts.clone(),
            inverse: written.inverse.clone(),
            done: is_done,
        };
        workspace.engine.proposal_applied(&workspace.root, applied);
    }
    let settled = settled(&findings, &written.changes, &shown.proposal.findings);
    if !settled.is_empty() {
        workspace.engine.resolve(&workspace.root, settled);
    }
    Ok(Ok(written))
}

/// The findings whose text is gone or was worked on for them.
fn settled(
    findings: &[FileFindings],
    changes: &[FileChange],
    meant: &[FindingId],
) -> Vec<FindingId> {
    let mut settled = Vec::new();
    for file in findings {
        let Some(change) = changes.iter().find(|it| it.path == file.path) else {
            continue;
        };
        for finding in &file.findings {
            let is_gone = match &change.action {
                FileAction::Delete { .. } => true,
                FileAction::Create { .. } => false,
                FileAction::Edit { hunks, .. } => {
                    let edits = hunks.iter().flat_map(|it| &it.edits);
                    let mut touching = edits.filter(|it| touches(it.range, finding.range));
                    touching.any(|it| {
                        meant.contains(&finding.id) || !it.new_text.contains(&finding.anchor.quote)
                    })
                }
            };
            if is_gone {
                settled.push(finding.id.clone());
            }
        }
    }
    settled
}

fn touches(edit: TextRange, finding: TextRange) -> bool {
    !edit.is_empty() && edit.intersects(finding)
}

/// Does what must not be left half done: until it is through, no signal ends this process.
async fn uninterrupted<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // The handlers stay, and nobody awaits them: by then the command is over anyway.
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ] {
            let _stays = signal(kind).context("the handlers of signals cannot be set")?;
        }
    }
    Ok(tokio::task::spawn_blocking(work).await?)
}

/// Says what was written.
pub(crate) fn print_written(shown: &Shown, written: &Written) {
    let id = &shown.proposal.id.0;
    if written.parts.is_empty() {
        anstream::eprintln!("proposal {id} is applied already; nothing had to be written");
        return;
    }
    let all = shown.parts.len();
    let what = match written.parts.len() {
        count if count == all => format!("proposal {id}"),
        count => format!("{count} of {all} parts of proposal {id}"),
    };
    let files: BTreeSet<&str> = written.changes.iter().map(|it| it.path.as_str()).collect();
    anstream::eprintln!(
        "{} {what}: {} ({})",
        style::good("applied"),
        output::plural(files.len(), "file"),
        output::some(files.into_iter())
    );
    for remark in &written.remarks {
        anstream::eprintln!("{}: {remark}", style::warning("warning"));
    }
    let next = format!("`crosscheck revert {id}` takes it back");
    anstream::eprintln!("{}", style::dim(&next));
}

/// Says which parts fit, where not all do.
pub(crate) fn print_open(shown: &Shown) {
    let open = shown.open();
    if open.is_empty() || open.len() == shown.parts.len() {
        return;
    }
    let parts: Vec<String> = open.iter().map(ToString::to_string).collect();
    let next = format!(
        "the other parts fit: `crosscheck apply {} --part {}`",
        shown.proposal.id.0,
        parts.join(",")
    );
    anstream::eprintln!("{}", style::dim(&next));
}

/// Discards proposals.
pub(crate) fn discard(args: &DiscardArgs) -> anyhow::Result<u8> {
    block_on(async {
        let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
        let mut ids: Vec<ProposalId> = Vec::new();
        if args.all {
            let (open, _) = recall::proposals(&mut workspace, Which::Open).await?;
            ids.extend(open.into_iter().map(|it| it.proposal.id.clone()));
        }
        for said in &args.ids {
            let kept = recall::proposal(&mut workspace, said).await?;
            let id = kept.proposal.id.clone();
            match kept.state {
                ProposalState::Open => ids.push(id),
                ProposalState::Applied => {
                    bail!(
                        "proposal {} is applied; `crosscheck revert {}` takes it back",
                        id.0,
                        id.0
                    )
                }
                ProposalState::Discarded => {}
            }
        }
        ids.dedup();
        let names: Vec<&str> = ids.iter().map(|it| it.0.as_str()).collect();
        match names.as_slice() {
            [] => anstream::eprintln!("there is nothing to discard"),
            names => anstream::eprintln!("discarded {}", names.join(", ")),
        }
        workspace.engine.discard_proposals(&workspace.root, ids);
        Ok(crate::CLEAN)
    })
}

/// Takes back what was applied.
pub(crate) fn revert(args: &RevertArgs) -> anyhow::Result<u8> {
    block_on(async {
        let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
        workspace.print_config_remarks();
        let applications = recall::applications(&mut workspace).await?;
        let application = newest(applications, args.id.as_deref())?;
        let id = application.proposal.0.clone();
        let Some(inverse) = application.inverse else {
            bail!(
                "what was applied of proposal {id} was too large to be kept; it cannot be taken back here"
            );
        };
        let place = Place::of(&workspace);
        let reverted =
            uninterrupted(move || disk::revert(&place.root, &place.exclude, &inverse)).await?;
        match reverted {
            Ok(written) => {
                let named = Which::Named(id.clone());
                let (kept, _) = recall::proposals(&mut workspace, named).await?;
                let findings = kept.iter().flat_map(|it| it.proposal.findings.clone());
                workspace.engine.reopen(&workspace.root, findings.collect());
                workspace.engine.application_reverted(
                    &workspace.root,
                    application.proposal,
                    application.id,
                );
                let files = written.changes.iter().map(|it| it.path.as_str());
                anstream::eprintln!(
                    "{} proposal {id} ({}): {}",
                    style::good("took back"),
                    application.title,
                    output::some(files)
                );
                for remark in &written.remarks {
                    anstream::eprintln!("{}: {remark}", style::warning("warning"));
                }
                Ok(crate::CLEAN)
            }
            Err(error) => {
                anstream::eprintln!("{}: {error}", style::error("error"));
                Ok(crate::FAILED)
            }
        }
    })
}

/// What was written last, of a proposal whose name begins so.
fn newest(applications: Vec<Application>, said: Option<&str>) -> anyhow::Result<Application> {
    // Where everything was so already, nothing was written.
    let written = |it: &Application| !it.reverted && !it.parts.is_empty();
    let mut open: Vec<Application> = applications.into_iter().filter(written).collect();
    let Some(said) = said else {
        return open
            .into_iter()
            .next()
            .context("nothing is applied in this workspace");
    };
    open.retain(|it| it.proposal.0.starts_with(said));
    let names: BTreeSet<&str> = open.iter().map(|it| it.proposal.0.as_str()).collect();
    if names.len() > 1 {
        bail!("`{said}` may be {}", recall::either(names.into_iter()));
    }
    open.into_iter()
        .next()
        .with_context(|| format!("nothing of a proposal `{said}` is applied"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use domain::anchor::Anchor;
    use domain::board::Reviewed;
    use domain::finding::{Category, Finding, Severity};
    use domain::locate::Tier;
    use domain::path::RelPath;
    use domain::text::Text;

    const TEXT: &str = "let a = old();\nlet b = 2;\nlet c = 3;\n";

    fn finding(id: &str, quote: &str) -> FileFindings {
        let text = Text::new(TEXT);
        let start = TEXT.find(quote).unwrap();
        let range = TextRange::new(start, start + quote.len());
        let path = RelPath::try_from("a.rs".to_owned()).unwrap();
        let finding = Finding {
            id: FindingId(id.to_owned()),
            agent: "a".to_owned(),
            provider: "a".to_owned(),
            path: path.clone(),
            range,
            tier: Tier::Exact,
            severity: Severity::Error,
            category: Category::Style,
            code: None,
            title: String::new(),
            body: String::new(),
            confidence: None,
            fix: None,
            anchor: Anchor::of(&text, range, None),
        };
        FileFindings {
            path,
            agent: "a".to_owned(),
            reviewed: Reviewed::Whole,
            findings: vec![finding],
            hidden: Vec::new(),
            text,
            version: None,
        }
    }

    #[test]
    fn findings_are_settled_when_their_text_is_gone_or_was_worked_on_for_them() {
        let new = TEXT
            .replace("old()", "new()")
            .replace("let c = 3;\n", "let c = 3; // three\n");
        let path = RelPath::try_from("a.rs".to_owned()).unwrap();
        let change = FileChange::edit(path.clone(), Text::new(TEXT), &Text::new(&new)).unwrap();
        let gone = FileChange {
            path,
            action: FileAction::Delete {
                base: Text::new(TEXT),
            },
        };
        let findings = [
            finding("gone", "old()"),
            finding("stays", "let b = 2;"),
            finding("still there", "let c = 3;"),
        ];
        let names = |changes: &[FileChange], meant: &[&str]| -> Vec<String> {
            let meant: Vec<FindingId> =
                meant.iter().map(|it| FindingId((*it).to_owned())).collect();
            let settled = settled(&findings, changes, &meant).into_iter();
            settled.map(|it| it.0).collect()
        };
        let edited = std::slice::from_ref(&change);
        assert_eq!(names(edited, &[]), ["gone"]);
        assert_eq!(
            names(edited, &["still there", "stays"]),
            ["gone", "still there"]
        );
        assert_eq!(names(&[gone], &[]).len(), 3);
        assert_eq!(names(&[], &["gone"]), Vec::<String>::new());
    }
}
