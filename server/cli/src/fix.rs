//! `crosscheck fix`: changes for findings, ready ones as they are, the others by an agent.

use crate::args::FixArgs;
use crate::findings::{Findings, FoundFile};
use crate::output;
use crate::proposed::{self, Asked, Proposed};
use crate::recall;
use crate::watch;
use crate::workspace::{Workspace, block_on};
use anyhow::bail;
use domain::edit::{self, TextEdit};
use domain::finding::Finding;
use domain::locate::Tier;
use domain::merge::{Cluster, Standing};
use domain::path::RelPath;
use domain::proposal::{FileChange, Proposal};
use domain::text::{Text, TextRange};
use engine::{Edit, EditTarget, Remark};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Has findings fixed, and prints what is proposed.
pub(crate) fn run(args: &FixArgs) -> anyhow::Result<u8> {
    block_on(fix(args))
}

async fn fix(args: &FixArgs) -> anyhow::Result<u8> {
    let mut workspace = Workspace::open(args.edit.root.root.as_deref()).await?;
    let quiet = args.edit.quiet;
    if !quiet {
        workspace.print_config_remarks();
    }
    let chosen = if args.all {
        all(&mut workspace, quiet).await?
    } else {
        named(&mut workspace, &args.findings).await?
    };
    if chosen.is_empty() {
        output::text::note(
            quiet,
            "there are no open findings; `crosscheck review` looks for some",
        );
        return proposed::finish(&mut workspace, &args.edit, Asked::Fix, Proposed::default()).await;
    }
    let (ready, rest) = if args.edit.agents.is_empty() && args.instructions.is_none() {
        split(chosen)
    } else {
        (Vec::new(), chosen)
    };
    let mut proposed = Proposed::default();
    for proposal in ready_proposals(ready) {
        let proposal = Arc::new(proposal);
        workspace
            .engine
            .keep_proposal(&workspace.root, proposal.clone());
        proposed.proposals.push(proposal);
    }
    if !rest.is_empty() {
        proposed::one_agent_or_no_writing(&args.edit)?;
        watch::prepare(&workspace);
        let run = workspace.engine.edit(request(&workspace, args, &rest));
        proposed.watch(&mut workspace, run, quiet).await?;
    }
    proposed::finish(&mut workspace, &args.edit, Asked::Fix, proposed).await
}

/// A remark that is remembered, and the text that it is in.
pub(crate) struct Chosen {
    path: RelPath,
    pub(crate) text: Text,
    pub(crate) cluster: Cluster,
}

/// All remarks that are remembered and that nobody refuted.
async fn all(workspace: &mut Workspace, quiet: bool) -> anyhow::Result<Vec<Chosen>> {
    let recalled = recall::findings(workspace, "").await?;
    if recalled.left_out > 0 {
        let more = recalled.left_out;
        let text = format!("{more} findings more are remembered; fix these first");
        output::text::note(quiet, &text);
    }
    let mut all = gather(workspace, recalled);
    let before = all.len();
    all.retain(|it| it.cluster.standing != Standing::Refuted);
    if all.len() < before {
        let refuted = output::plural(before - all.len(), "refuted finding");
        output::text::note(
            quiet,
            &format!("{refuted} left out; name it to have it fixed"),
        );
    }
    Ok(all)
}

/// The remarks with these names, or the beginnings of them.
///
/// # Errors
/// When there is none of a name, or several.
pub(crate) async fn named(
    workspace: &mut Workspace,
    names: &[String],
) -> anyhow::Result<Vec<Chosen>> {
    let recalled = recall::findings(workspace, "").await?;
    let left_out = recalled.left_out;
    let mut all = gather(workspace, recalled);
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    for said in names {
        let said = said.to_ascii_lowercase();
        if left_out > 0 && !all.iter().any(|it| it.is_called(&said)) {
            let recalled = recall::findings(workspace, &said).await?;
            all.extend(gather(workspace, recalled));
        }
        let mut named = (0..all.len()).filter(|it| all[*it].is_called(&said));
        match (named.next(), named.next()) {
            (Some(one), None) => _ = chosen.insert(one),
            (None, _) => bail!(
                "there is no open finding `{said}`; `crosscheck review` prints the names of what it finds"
            ),
            (Some(_), Some(_)) => {
                let names = all.iter().filter(|it| it.is_called(&said));
                bail!(
                    "`{said}` may be {}",
                    recall::either(names.map(|it| it.cluster.id.0.as_str()))
                );
            }
        }
    }
    let all = all.into_iter().enumerate();
    Ok(all
        .filter(|(index, _)| chosen.contains(index))
        .map(|it| it.1)
        .collect())
}

/// What several agents say of one thing is settled once.
fn gather(workspace: &Workspace, recalled: recall::Recalled) -> Vec<Chosen> {
    let mut findings = Findings::new(workspace.loaded.config.panel(&[]));
    findings.weigh_with(recalled.records);
    for file in recalled.files {
        findings.recall(file);
    }
    for checked in recalled.checks {
        findings.check(checked);
    }
    let mut all = Vec::new();
    for FoundFile {
        path,
        text,
        clusters,
    } in findings.into_files()
    {
        let of_file = clusters.into_iter().map(|cluster| Chosen {
            path: path.clone(),
            text: text.clone(),
            cluster,
        });
        all.extend(of_file);
    }
    all
}

impl Chosen {
    fn is_called(&self, said: &str) -> bool {
        !said.is_empty()
            && self
                .cluster
                .findings
                .iter()
                .any(|it| it.id.0.starts_with(said))
    }
    /// The finding of it that has a ready fix.
    fn ready(&self) -> Option<(&Finding, &TextEdit)> {
        let mut findings = self.cluster.findings.iter();
        findings.find_map(|it| Some((it, it.fix.as_ref()?)))
    }
}

/// Those with a ready fix, and the others.
fn split(chosen: Vec<Chosen>) -> (Vec<Chosen>, Vec<Chosen>) {
    chosen.into_iter().partition(|it| it.ready().is_some())
}

/// One proposal per agent. Of fixes that touch each other, the first is taken, and the others are told.
fn ready_proposals(ready: Vec<Chosen>) -> Vec<Proposal> {
    let mut by_agent: BTreeMap<String, Ready> = BTreeMap::new();
    let mut taken: BTreeMap<RelPath, Vec<TextRange>> = BTreeMap::new();
    for chosen in ready {
        let Some((finding, fix)) = chosen.ready() else {
            continue;
        };
        let of_agent = by_agent
            .entry(finding.agent.clone())
            .or_insert_with(|| Ready::new(finding));
        let taken = taken.entry(chosen.path.clone()).or_default();
        if taken.iter().any(|it| it.intersects(fix.range)) {
            of_agent.problems.push(format!(
                "the fix of “{}” (finding {}) touches another one and is left out; run the command again after applying",
                finding.title, finding.id.0
            ));
            continue;
        }
        taken.push(fix.range);
        of_agent.findings.push(finding.clone());
        let file = of_agent
            .files
            .entry(chosen.path.clone())
            .or_insert_with(|| (chosen.text.clone(), Vec::new()));
        file.1.push(fix.clone());
    }
    by_agent.into_values().filter_map(Ready::proposal).collect()
}

/// The ready fixes of one agent.
struct Ready {
    agent: String,
    provider: String,
    findings: Vec<Finding>,
    files: BTreeMap<RelPath, (Text, Vec<TextEdit>)>,
    problems: Vec<String>,
}

impl Ready {
    fn new(finding: &Finding) -> Self {
        Self {
            agent: finding.agent.clone(),
            provider: finding.provider.clone(),
            findings: Vec::new(),
            files: BTreeMap::new(),
            problems: Vec::new(),
        }
    }
    fn proposal(self) -> Option<Proposal> {
        let files: Vec<FileChange> = self
            .files
            .into_iter()
            .filter_map(|(path, (text, edits))| {
                let new = edit::apply(&text, &edits).ok()?;
                FileChange::edit(path, text, &new)
            })
            .collect();
        let findings: Vec<&Finding> = self.findings.iter().collect();
        (!files.is_empty()).then(|| Proposal {
            id: engine::new_proposal_id(),
            agent: self.agent,
            provider: self.provider,
            title: title(&findings),
            summary: String::new(),
            findings: self.findings.iter().map(|it| it.id.clone()).collect(),
            files,
            check: None,
            problems: self.problems,
            usage: None,
        })
    }
}

/// What an agent is asked.
fn request(workspace: &Workspace, args: &FixArgs, chosen: &[Chosen]) -> Edit {
    let primary: Vec<&Finding> = chosen.iter().map(|it| it.cluster.primary()).collect();
    let findings = chosen.iter().flat_map(|it| &it.cluster.findings);
    // Where nobody knows the place, it is about the whole file.
    let targets = findings
        .clone()
        .filter(|it| it.tier == Tier::File)
        .map(|it| EditTarget {
            path: it.path.clone(),
            range: None,
        });
    Edit {
        root: workspace.root.clone(),
        title: title(&primary),
        instructions: args.instructions.clone().unwrap_or_default(),
        targets: targets.collect(),
        remarks: findings.map(remark).collect(),
        agents: args.edit.agents.clone(),
        open: Default::default(),
    }
}

fn remark(finding: &Finding) -> Remark {
    let message = if finding.body.is_empty() {
        finding.title.clone()
    } else {
        format!("{}\n\n{}", finding.title, finding.body)
    };
    Remark {
        path: finding.path.clone(),
        range: finding.range,
        severity: finding.severity,
        source: finding.agent.clone(),
        code: finding.code.clone(),
        message,
        finding: Some(finding.id.clone()),
    }
}

fn title(findings: &[&Finding]) -> String {
    let files: BTreeSet<&RelPath> = findings.iter().map(|it| &it.path).collect();
    match (findings, files.len()) {
        ([one], _) => format!("Fix: {}", one.title),
        (several, 1) => format!("Fix {} findings in {}", several.len(), several[0].path),
        (several, files) => format!("Fix {} findings in {files} files", several.len()),
    }
}
