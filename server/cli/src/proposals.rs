//! `crosscheck proposals`: what is proposed, and what has become of it.

use crate::args::{ListFormat, ProposalsArgs};
use crate::output::proposal::Shown;
use crate::output::{self, side_by_side};
use crate::recall;
use crate::workspace::{Workspace, block_on};
use domain::finding::FindingId;
use engine::disk::{self, Standing};
use engine::{Kept, Which};
use std::collections::BTreeMap;
use std::io::Write;

/// Lists proposals, or shows some in full.
pub(crate) fn run(args: &ProposalsArgs) -> anyhow::Result<u8> {
    block_on(async {
        let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
        workspace.print_config_remarks();
        let mut left_out = 0;
        let kept = if args.ids.is_empty() {
            let (open, more) = recall::proposals(&mut workspace, Which::Open).await?;
            left_out = more;
            open
        } else {
            let mut named: Vec<Kept> = Vec::new();
            for said in &args.ids {
                let kept = recall::proposal(&mut workspace, said).await?;
                if named.iter().all(|it| it.proposal.id != kept.proposal.id) {
                    named.push(kept);
                }
            }
            named
        };
        let shown = shown(&workspace, kept).await?;
        match args.format {
            ListFormat::Json => {
                let document = output::json::proposal::list(&workspace.root, &shown, left_out);
                output::document(&document)?;
            }
            ListFormat::Text if args.ids.is_empty() => list(&shown, left_out)?,
            ListFormat::Text => full(&shown)?,
        }
        Ok(crate::CLEAN)
    })
}

/// Holds proposals against the files as they are now. What the ledger says was applied is applied, whatever became of it.
pub(crate) async fn shown(workspace: &Workspace, kept: Vec<Kept>) -> anyhow::Result<Vec<Shown>> {
    let root = workspace.root.clone();
    let exclude = workspace.loaded.config.review.exclude.clone();
    let holding = tokio::task::spawn_blocking(move || {
        let shown = kept.into_iter().map(|kept| {
            let mut parts = disk::standings(&root, &exclude, &kept.proposal.files);
            for number in &kept.applied {
                if let Some(part) = number.checked_sub(1).and_then(|it| parts.get_mut(it)) {
                    *part = Standing::Applied;
                }
            }
            Shown {
                proposal: kept.proposal,
                parts,
                kept: Some((kept.state, kept.created)),
            }
        });
        shown.collect()
    });
    Ok(holding.await?)
}

fn list(proposals: &[Shown], left_out: usize) -> anyhow::Result<()> {
    if proposals.is_empty() && left_out == 0 {
        anstream::eprintln!(
            "nothing is proposed; `crosscheck fix` and `crosscheck ask` have changes proposed"
        );
        return Ok(());
    }
    let mut out = anstream::stdout().lock();
    for shown in proposals {
        writeln!(out, "{}", shown.in_list())?;
    }
    for attempts in attempts(proposals) {
        writeln!(
            out,
            "\n{}",
            output::style::strong(&attempts[0].proposal.title)
        )?;
        write!(out, "{}", side_by_side::table(&attempts))?;
    }
    if left_out > 0 {
        output::text::note(false, &format!("{left_out} more are not listed"));
    }
    Ok(())
}

/// Those that several agents made for the same, oldest first.
fn attempts(proposals: &[Shown]) -> Vec<Vec<&Shown>> {
    let mut by_wish: BTreeMap<(&str, &[FindingId]), Vec<&Shown>> = BTreeMap::new();
    for shown in proposals.iter().rev() {
        let wish = (
            shown.proposal.title.as_str(),
            shown.proposal.findings.as_slice(),
        );
        by_wish.entry(wish).or_default().push(shown);
    }
    let groups = by_wish.into_values();
    groups
        .filter(|it| {
            it.iter()
                .any(|one| one.proposal.agent != it[0].proposal.agent)
        })
        .collect()
}

fn full(proposals: &[Shown]) -> anyhow::Result<()> {
    for shown in proposals {
        shown.print(false)?;
        if let Some(state) = shown.state() {
            let line = format!("proposal {}: {state}", shown.proposal.id.0);
            anstream::eprintln!("{}", output::style::dim(&line));
        }
        if shown.is_open() {
            shown.print_next();
        }
    }
    if proposals.len() > 1 {
        let all: Vec<&Shown> = proposals.iter().collect();
        anstream::eprint!("\n{}", side_by_side::table(&all));
    }
    Ok(())
}
