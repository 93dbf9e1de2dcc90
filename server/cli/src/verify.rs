//! `crosscheck verify`: has findings refuted by an agent of another provider, if it can.

use crate::args::{ListFormat, VerifyArgs};
use crate::fix::{self, Chosen};
use crate::output;
use crate::watch;
use crate::workspace::{Workspace, block_on};
use domain::check::Outcome;
use engine::{Checked, Report, RunEvent, Verify};

/// Has findings verified, and prints what came of it.
pub(crate) fn run(args: &VerifyArgs) -> anyhow::Result<u8> {
    block_on(verify(args))
}

async fn verify(args: &VerifyArgs) -> anyhow::Result<u8> {
    let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
    if !args.quiet {
        workspace.print_config_remarks();
    }
    let chosen = fix::named(&mut workspace, &args.findings).await?;
    watch::prepare(&workspace);
    let run = workspace.engine.verify(Verify {
        root: workspace.root.clone(),
        clusters: chosen
            .iter()
            .map(|it| it.cluster.findings.clone())
            .collect(),
        agents: args.agents.clone(),
        author: args.author.clone(),
        open: Default::default(),
    });
    let mut checks: Vec<Checked> = Vec::new();
    let report = watch::watch(&mut workspace, run, args.quiet, |event| {
        if let RunEvent::Verified(checked) = event {
            checks.push(checked);
        }
    })
    .await?;
    let verified = pair(&chosen, checks);
    match args.format {
        ListFormat::Text => output::check::print(&verified)?,
        ListFormat::Json => {
            let document = output::json::verification(&workspace.root, &verified, &report);
            output::document(&document)?;
        }
    }
    sum_up(args, &verified, &report);
    Ok(exit_code(&verified, &report))
}

/// What was checked, and what was said of it.
pub(crate) type Verified<'c> = (&'c Chosen, Checked);

/// The checks in the order of the findings.
fn pair(chosen: &[Chosen], checks: Vec<Checked>) -> Vec<Verified<'_>> {
    let mut checks: Vec<Option<Checked>> = checks.into_iter().map(Some).collect();
    let mut verified = Vec::new();
    for it in chosen {
        let is_its = |check: &&mut Option<Checked>| {
            let id = check.as_ref().map(|it| &it.finding);
            it.cluster.findings.iter().any(|it| Some(&it.id) == id)
        };
        let check = checks.iter_mut().find(is_its).and_then(Option::take);
        verified.extend(check.map(|check| (it, check)));
    }
    verified
}

fn sum_up(args: &VerifyArgs, verified: &[Verified<'_>], report: &Report) {
    let words = &output::report::VERIFY;
    if args.quiet || args.format == ListFormat::Json {
        // The exit code needs a reason, also where nobody wants to read a summary.
        if let Some(reason) = output::report::shortfall(report, words) {
            anstream::eprintln!("{}: {reason}", output::style::error("error"));
        }
        return;
    }
    if !output::report::print(report, words, &[]) {
        return;
    }
    let count = |outcome: Outcome| {
        let of_it = verified.iter().filter(|it| it.1.check.outcome == outcome);
        (of_it.count(), outcome.as_str())
    };
    let parts = [Outcome::Confirmed, Outcome::Refuted, Outcome::Unsure].map(count);
    let parts = parts.iter().filter(|it| it.0 > 0);
    let parts: Vec<String> = parts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let summary = if parts.is_empty() {
        "nothing was verified".to_owned()
    } else {
        parts.join(", ")
    };
    anstream::eprintln!(
        "{} · {:.1} s",
        output::style::strong(&summary),
        report.elapsed.as_secs_f32()
    );
    output::report::print_cancelled(report, words);
}

/// What was asked for and not verified outweighs what was.
fn exit_code(verified: &[Verified<'_>], report: &Report) -> u8 {
    let is_refuted = |it: &Verified<'_>| it.1.check.outcome == Outcome::Refuted;
    if !report.is_complete() {
        crate::FAILED
    } else if verified.iter().all(is_refuted) {
        crate::CLEAN
    } else {
        crate::FOUND
    }
}
