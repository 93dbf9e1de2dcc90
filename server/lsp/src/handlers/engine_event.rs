//! What the engine tells: findings, proposals, progress, configuration, questions, notices.

use crate::configuration;
use crate::documents::{Document, Documents, Place};
use crate::proposals::{arrival, undone};
use crate::publish::Published;
use crate::roots::Root;
use crate::state::State;
use crate::{hidden, publish, questions};
use domain::board::Reviewed;
use domain::carry::Carried;
use domain::finding::Finding;
use domain::merge::Records;
use domain::path::RelPath;
use domain::text::TextRange;
use engine::{AgentEvent, Checked, Event, FileFindings, NotAsked, RunEvent, RunId};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tokio::time::Instant;
use tower_lsp::gen_lsp_types::MessageType;

pub(super) fn handle(state: &mut State, event: Event) {
    match event {
        Event::Run { run, event } => ran(state, run, event),
        Event::Recalled { root, file } => recalled(state, &root, file),
        Event::Proposals {
            root,
            proposals,
            left_out,
            ..
        } => arrival::recalled(state, &root, proposals, left_out),
        Event::Checks { root, checks } => {
            for checked in checks {
                checked_by(state, &root, checked);
            }
        }
        Event::Records(records) => weigh_with(state, &records),
        Event::Findings {
            root,
            files,
            left_out,
            unread,
        } => {
            // One that lives in memory still knows of this session.
            let is_told = unread.is_none() || !files.is_empty();
            let files = is_told.then_some(files.as_slice());
            hidden::told(state, &root, files, left_out);
        }
        // Nobody asks for these here.
        Event::Stats { .. } | Event::Verdicts { .. } | Event::Baseline { .. } => {}
        Event::Spent { agents, .. } => state.status.set_spent(&agents),
        Event::Applications {
            root, applications, ..
        } => undone::told(state, &root, applications),
        Event::Config(loaded) => configuration::loaded(state, *loaded),
        Event::Agent(AgentEvent::Status(status)) => {
            tracing::debug!("agent {} is {:?}", status.name, status.state);
        }
        Event::Agent(AgentEvent::Notice { agent, text }) => {
            let text = if text.contains(&agent) {
                text
            } else {
                format!("{agent}: {text}")
            };
            // A run tells of its agents' failures itself, once.
            if state.runs.tell_of(&agent) {
                state.client.log(MessageType::Warning, &text);
            } else {
                state.client.show(MessageType::Warning, &text);
            }
        }
        Event::Notice(text) => state.client.show(MessageType::Warning, &text),
        Event::Question(question) => questions::asked(state, question),
        Event::QuestionClosed { id, unanswered } => {
            questions::closed(state, id, unanswered.as_deref());
        }
    }
}

fn ran(state: &mut State, run: RunId, event: RunEvent) {
    if matches!(event, RunEvent::Ended(_)) {
        // Whoever is told that a run is over can see what it found.
        publish::flush(state, Instant::now());
    }
    if matches!(event, RunEvent::Started { .. } | RunEvent::Ended(_))
        && let Some(engine) = state.engine_if_made()
    {
        engine.spent_today();
    }
    let State {
        runs,
        client,
        roots,
        ..
    } = state;
    match event {
        RunEvent::Proposed { proposal, versions } => {
            arrival::proposed(state, run, proposal, &versions);
        }
        RunEvent::Verified(checked) => {
            runs.verified(run, checked.check.outcome);
            if let Some(root) = runs.root(run) {
                checked_by(state, &root, checked);
            }
        }
        RunEvent::Started { agents, files } => runs.started(run, &agents, files, client),
        RunEvent::Records(records) => weigh_with(state, &records),
        RunEvent::Estimated(estimate) => runs.estimated(run, &estimate, client),
        RunEvent::Progress { message, fraction } => runs.moved(run, message, fraction, client),
        RunEvent::Findings(file) => {
            runs.found(run, file.findings.len());
            if let Some(root) = runs.root(run) {
                found(state, &root, file);
            }
        }
        RunEvent::NotAsked(it) => {
            if let Some(root) = runs.root(run) {
                not_asked(state, &root, it);
            }
        }
        RunEvent::AgentEnded(agent) => runs.agent_ended(run, &agent, client),
        RunEvent::Ended(report) => {
            let root = runs.root(run).and_then(|it| roots.get(&it));
            let not_shown = root.map(|it| it.findings.not_shown());
            runs.ended(run, &report, not_shown.unwrap_or_default(), client);
        }
    }
}

/// What became of the agents' earlier findings is the same for all roots.
fn weigh_with(state: &mut State, records: &Records) {
    for root in state.roots.iter_mut() {
        root.findings.weigh_with(records.clone());
    }
}

/// An agent answered for a file.
fn found(state: &mut State, root: &Arc<Path>, mut file: FileFindings) {
    let State {
        documents,
        roots,
        published,
        ..
    } = state;
    let Place { root, path } = roots.home(root, &file.path);
    let Some(root) = roots.get_mut(&root) else {
        return;
    };
    for finding in &mut file.findings {
        finding.path = path.clone();
    }
    let agent = file.agent.clone();
    root.findings.note_hidden(&path, &agent, file.hidden.len());
    match documents.at(&root.path, &path) {
        Some(document) => {
            let (reviewed, findings) = carried(document, file);
            root.findings.show(&agent, &path, &reviewed, findings);
            root.findings.recheck(&path, &document.text);
        }
        None => {
            // What the agent read may not be on disk any more, or never was; the difference is made up for when
            // they are shown.
            root.findings
                .show(&agent, &path, &file.reviewed, file.findings);
            root.findings.placed(&path, Some(&file.text));
        }
    }
    // Even an answer without findings may clear older ones.
    published.touch(&root.path, &path);
    read_quoted(root, &path, documents, published);
}

/// What checks quote elsewhere is read again with the findings that they are about. In open files it is known at any time.
fn read_quoted(root: &Root, path: &RelPath, documents: &Documents, published: &mut Published) {
    for quoted in root.findings.quoted_of(path) {
        if documents.at(&root.path, &quoted).is_none() {
            published.touch(&root.path, &quoted);
        }
    }
}

/// An agent is not asked about a part of a file.
fn not_asked(state: &mut State, root: &Arc<Path>, it: NotAsked) {
    let State {
        documents, roots, ..
    } = state;
    let Place { root, path } = roots.home(root, &it.path);
    let Some(root) = roots.get_mut(&root) else {
        return;
    };
    let places = match documents.at(&root.path, &path) {
        Some(document) if it.text != document.text => {
            let carry = |range| document.carry(range, it.version?).and_then(Carried::range);
            it.places.into_iter().filter_map(carry).collect()
        }
        _ => it.places,
    };
    root.findings.excuse(&it.agent, &path, places);
}

/// Another agent was told to refute a finding.
fn checked_by(state: &mut State, root: &Path, checked: Checked) {
    let Checked {
        finding,
        path,
        text,
        check,
        ..
    } = checked;
    let State {
        documents,
        roots,
        published,
        ..
    } = state;
    // Of roots that lie in each other the inner one holds the finding.
    let Some(root) = roots.get(root).map(|it| Arc::clone(&it.path)) else {
        return;
    };
    let Place { root, path } = roots.home(&root, &path);
    let Some(root) = roots.get_mut(&root) else {
        return;
    };
    let quoted = check.evidence.iter().map(|it| it.path.clone());
    let paths: BTreeSet<RelPath> = quoted.chain([path.clone()]).collect();
    root.findings.check(&finding, check, text);
    // Meanwhile the user may have changed what it is about, or what it quotes.
    for path in &paths {
        if let Some(document) = documents.at(&root.path, path) {
            root.findings.recheck(path, &document.text);
        }
    }
    published.touch(&root.path, &path);
}

/// The ledger remembers findings of a file.
fn recalled(state: &mut State, root: &Path, file: FileFindings) {
    let State {
        documents,
        roots,
        published,
        ..
    } = state;
    let Some(root) = roots.get_mut(root) else {
        return;
    };
    let Some(document) = documents.at(&root.path, &file.path) else {
        return;
    };
    let (agent, path) = (file.agent.clone(), file.path.clone());
    root.findings.note_hidden(&path, &agent, file.hidden.len());
    let (_, findings) = carried(document, file);
    root.findings.recall(&agent, &path, findings);
    root.findings.recheck(&path, &document.text);
    published.touch(&root.path, &path);
    read_quoted(root, &path, documents, published);
}

/// What an agent said of some version of a document, in the document's text now. Findings whose text is gone
/// are left out, and so are those of a version that is out of reach, unless their text is found again.
fn carried(document: &Document, file: FileFindings) -> (Reviewed, Vec<Finding>) {
    let is_current = file.text == document.text;
    let carry = |range: TextRange| {
        if is_current {
            Some(Carried::Same(range))
        } else {
            document.carry(range, file.version?)
        }
    };
    let findings = file
        .findings
        .into_iter()
        .filter_map(|finding| match carry(finding.range) {
            Some(Carried::Same(range)) => Some(with_fix(finding, range, &carry)),
            Some(Carried::Edited(range)) => Some(Finding {
                range,
                fix: None,
                ..finding
            }),
            Some(Carried::Gone) => None,
            None => relocated(finding, document),
        });
    let findings = findings.collect();
    let reviewed = match file.reviewed {
        Reviewed::Whole => Reviewed::Whole,
        Reviewed::Ranges(ranges) => {
            let ranges = ranges
                .into_iter()
                .filter_map(|it| carry(it).and_then(Carried::range));
            Reviewed::Ranges(ranges.collect())
        }
    };
    (reviewed, findings)
}

fn with_fix(
    finding: Finding,
    range: TextRange,
    carry: &impl Fn(TextRange) -> Option<Carried>,
) -> Finding {
    let fix = finding
        .fix
        .clone()
        .and_then(|mut fix| match carry(fix.range) {
            Some(Carried::Same(range)) => {
                fix.range = range;
                Some(fix)
            }
            _ => None,
        });
    Finding {
        range,
        fix,
        ..finding
    }
}

fn relocated(finding: Finding, document: &Document) -> Option<Finding> {
    let (range, tier) = finding.anchor.find(&document.text)?;
    let fix = finding
        .fix
        .clone()
        .filter(|it| it.range == finding.range && tier.allows_edit())
        .map(|mut fix| {
            fix.range = range;
            fix
        });
    Some(Finding {
        range,
        tier: tier.max(finding.tier),
        fix,
        ..finding
    })
}
