//! Changes that the editor was asked to make. What it answers is not believed: some say that they applied what they did
//! not, and some apply it after they said so. What counts is what stands in the files.

use super::file::{State as PartState, is_same};
use super::plan::Plan;
use super::{Held, undone, words};
use crate::client::Asked;
use crate::content;
use crate::documents::Documents;
use crate::proto::edit;
use crate::runs::count;
use crate::state::State;
use domain::proposal::ProposalId;
use engine::Applied;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tower_lsp::gen_lsp_types::MessageType;

/// How long an editor may take to answer: it may show the change to the user first.
const ANSWER: Duration = Duration::from_secs(600);
/// How long after its answer an editor may take to do it: those that tell of changes when the user pauses need half a
/// second.
const DEED: Duration = Duration::from_secs(2);
/// How often files that are not open are looked at meanwhile.
const LOOK: Duration = Duration::from_millis(100);
/// Most places named in a message.
const MAX_NAMED: usize = 3;

/// What a change is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To apply a proposal.
    Apply,
    /// To take back what was applied, by the name of the application.
    Revert(i64),
}

/// A change that the editor was asked to make.
#[derive(Debug)]
pub(crate) struct InFlight {
    /// The change, held against the files by itself.
    pub(super) held: Held,
    purpose: Purpose,
    plan: Plan,
    /// The parts that the editor is to apply.
    parts: Vec<usize>,
    /// Those that were seen to be applied at some time; the user may be typing there already.
    seen: BTreeSet<usize>,
    /// Whether the user is asked, and may say no.
    is_question: bool,
    /// Our request.
    request: i64,
    /// Whether it was answered with yes.
    is_answered: bool,
    /// Whether the user was told that this is missing; it is still noticed when the editor does it after all.
    is_late: bool,
    /// When we stop to wait.
    deadline: Instant,
    next_look: Instant,
}

impl InFlight {
    /// Whether the editor is busy with a proposal.
    pub(super) fn is_busy_with(&self, id: &ProposalId) -> bool {
        self.is_about(id) && !self.is_late
    }

    fn is_about(&self, id: &ProposalId) -> bool {
        self.held.proposal.id == *id
    }

    /// When to look again.
    pub(super) fn due(&self) -> Instant {
        if self.is_answered && !self.is_late {
            self.deadline.min(self.next_look)
        } else {
            self.deadline
        }
    }

    /// Looks which parts are applied; in files that are not open only if the disk is to be looked at, too.
    fn look(&mut self, documents: &Documents, with_disk: bool) {
        if with_disk {
            self.held.doubt();
        }
        if self.held.look(documents).is_empty() && !with_disk {
            return;
        }
        let applied = self.held.numbers(PartState::Applied);
        let applied = applied.into_iter().filter(|it| self.parts.contains(it));
        self.seen.extend(applied);
        // An editor may have made the line ends of what it inserted like those of the file.
        for (file, plan) in self.held.files().filter_map(|(file, change)| {
            let mut plans = self.plan.files.iter();
            Some((file, plans.find(|it| it.name() == change.path.as_str())?))
        }) {
            let hunks: Vec<usize> = plan.hunks().collect();
            let is_open = documents.at_path(file.place()).is_some();
            if hunks.iter().all(|it| self.seen.contains(it)) || !(is_open || with_disk) {
                continue;
            }
            let now = content::now(documents, file.place()).0.text();
            if let (Some(now), Ok(Some(after))) = (now, plan.after(&hunks))
                && is_same(&now, &after)
            {
                self.seen.extend(hunks);
            }
        }
    }

    fn is_done(&self) -> bool {
        self.parts.iter().all(|it| self.seen.contains(it))
    }
}

/// Asks the editor to make a change. Returns what it is about for the answer to a command.
///
/// # Errors
/// A sentence for the user when nothing is sent.
pub(crate) fn send(
    state: &mut State,
    mut held: Held,
    purpose: Purpose,
    wanted: Option<&[usize]>,
) -> Result<Value, String> {
    let id = held.proposal.id.clone();
    let agent = held.proposal.agent.clone();
    if state.proposals.is_busy(&id) {
        return Err(format!(
            "The editor is still busy with {agent}'s change; try again when it is through."
        ));
    }
    held.doubt();
    held.look(&state.documents);
    let plan = Plan::new(&held, wanted, &state.documents, &state.capabilities)?;
    let steps = plan.steps(|it| state.uri_of(it));
    let title = words::short(&held.proposal);
    let label = match purpose {
        Purpose::Apply => format!("{agent}: {title}"),
        Purpose::Revert(_) => format!("Take back {agent}'s change: {title}"),
    };
    let is_question = is_confirmed(state, &held);
    let question = is_question.then_some(label.as_str());
    let edit = edit::of_steps(&steps, question, &state.capabilities);
    let params = json!({"label": label, "edit": edit});
    let request = state
        .client
        .request("workspace/applyEdit", Some(params), Asked::Change);
    let parts = plan.parts();
    let about = json!({
        "id": id, "applying": parts, "conflicts": plan.conflicts,
        "left": plan.undoable.iter().map(|it| it.0).collect::<Vec<_>>(),
    });
    let now = Instant::now();
    state.proposals.in_flight.retain(|it| !it.is_about(&id));
    state.proposals.in_flight.push(InFlight {
        held,
        purpose,
        plan,
        parts,
        seen: BTreeSet::new(),
        is_question,
        request,
        is_answered: false,
        is_late: false,
        deadline: now + ANSWER,
        next_look: now,
    });
    Ok(about)
}

/// Whether the user wants to be asked about each change.
fn is_confirmed(state: &State, held: &Held) -> bool {
    let root = state.roots.get(&held.root);
    let loaded = root.and_then(|it| it.loaded.as_ref());
    loaded.is_some_and(|it| it.config.fix.confirm)
}

/// The editor answered.
pub(crate) fn answered(state: &mut State, request: i64, result: Result<Value, String>) {
    let in_flight = &mut state.proposals.in_flight;
    let Some(index) = in_flight.iter().position(|it| it.request == request) else {
        return;
    };
    let refusal = match result {
        Ok(value) if value.get("applied").and_then(Value::as_bool) == Some(false) => {
            let reason = value.get("failureReason").and_then(Value::as_str);
            Some(
                reason
                    .filter(|it| !it.trim().is_empty())
                    .map_or_else(|| "the editor gave no reason".to_owned(), str::to_owned),
            )
        }
        Ok(_) => None,
        Err(error) => Some(error),
    };
    let Some(refusal) = refusal else {
        let now = Instant::now();
        let it = &mut in_flight[index];
        it.is_answered = true;
        it.deadline = now + DEED;
        it.next_look = now;
        return;
    };
    // Some refuse what they have done in part.
    let mut it = state.proposals.landed(index);
    it.look(&state.documents, true);
    let what = what(&it);
    let stays = stays(&it.purpose);
    if it.seen.is_empty() {
        let text = format!("{what} was not applied: {refusal}. {stays}");
        state.client.show(MessageType::Warning, &text);
    } else {
        let missing = missing(&it);
        let text = format!("{what} was applied in part only: {refusal}. {missing} {stays}");
        state.client.show(MessageType::Warning, &text);
        note(state, &it);
    }
}

/// Looks at what the editor is doing: at the end of each turn, and when something is due.
pub(crate) fn check(state: &mut State, now: Instant) {
    let mut index = 0;
    while let Some(it) = state.proposals.in_flight.get_mut(index) {
        let with_disk = it.is_answered && it.due() <= now;
        if with_disk {
            it.next_look = now + LOOK;
        }
        it.look(&state.documents, with_disk);
        if it.is_done() {
            let it = state.proposals.landed(index);
            succeeded(state, &it);
        } else if it.deadline <= now {
            let it = state.proposals.landed(index);
            if !it.is_late {
                failed(state, it, now);
            }
        } else {
            index += 1;
        }
    }
}

fn succeeded(state: &mut State, it: &InFlight) {
    note(state, it);
    let mut files: Vec<&str> = it.plan.files.iter().map(|it| it.name()).collect();
    files.dedup();
    let changes = count(it.parts.len(), "change");
    let agent = &it.held.proposal.agent;
    let text = match it.purpose {
        Purpose::Apply => format!(
            "{changes} of {agent} applied in {}",
            count(files.len(), "file")
        ),
        Purpose::Revert(_) => format!("{changes} of {agent} taken back"),
    };
    if it.is_late {
        state.client.log(MessageType::Info, &text);
        return;
    }
    let left = left(it, &state.documents);
    let is_whole = it.plan.conflicts.is_empty() && it.plan.undoable.is_empty();
    if left.is_empty() && files.len() == 1 {
        state.client.log(MessageType::Info, &text);
    } else {
        let kind = if is_whole {
            MessageType::Info
        } else {
            MessageType::Warning
        };
        state.client.show(kind, &format!("{text}.{left}"));
    }
}

fn failed(state: &mut State, mut it: InFlight, now: Instant) {
    let what = what(&it);
    let stays = stays(&it.purpose);
    let is_refused = it.is_question && it.is_answered && it.seen.is_empty();
    let text = if !it.is_answered {
        format!("The editor has not answered whether it applied it. {what} was given up. {stays}")
    } else if is_refused {
        format!("{what} was not applied. {stays}")
    } else if it.seen.is_empty() {
        format!("The editor said that it applied it, but {what} is not in the files. {stays}")
    } else {
        let missing = missing(&it);
        format!("{what} was applied in part only. {missing} {stays}")
    };
    state.client.show(MessageType::Warning, &text);
    if !it.seen.is_empty() {
        note(state, &it);
    }
    if !is_refused {
        // Editors that tell of changes only when the user pauses may still have it.
        it.parts.retain(|part| !it.seen.contains(part));
        it.seen.clear();
        it.is_late = true;
        it.deadline = now + ANSWER;
        state.proposals.in_flight.push(it);
    }
}

/// Keeps what was applied or taken back.
fn note(state: &mut State, it: &InFlight) {
    let root = Arc::clone(&it.held.root);
    let seen: Vec<usize> = it.seen.iter().copied().collect();
    match it.purpose {
        Purpose::Apply => {
            let id = &it.held.proposal.id;
            state.proposals.note_applied(id, seen.iter().copied());
            state.proposals.doubt();
            state.proposals.look(&state.documents);
            let held = state.proposals.get(id);
            let done = held.is_some_and(Held::is_settled);
            state.proposals.note_done(id, done);
            let applied = Applied {
                proposal: Arc::clone(&it.held.proposal),
                inverse: it.plan.inverse(&root, &seen, &state.documents),
                parts: seen,
                done,
            };
            if let Some(engine) = state.engine() {
                engine.proposal_applied(&root, applied);
                engine.recall_applications(&root);
            }
            if done {
                settle(state, &it.held);
            }
        }
        Purpose::Revert(id) => {
            state.proposals.doubt();
            let all = state.proposals.applications(&root).iter();
            let application = all.clone().find(|it| it.id == id).cloned();
            if it.is_done()
                && let Some(application) = application
            {
                undone::reverted(state, &root, &application);
            }
        }
    }
}

/// The findings that a proposal was to settle are settled once all of it is applied.
pub(super) fn settle(state: &mut State, held: &Held) {
    let ids = &held.proposal.findings;
    let mut settled = Vec::new();
    let documents = &state.documents;
    for root in state.roots.iter_mut() {
        let path = Arc::clone(&root.path);
        let text = |file: &domain::path::RelPath| documents.at(&path, file).map(|it| &it.text);
        let gone = root.findings.settle_by_change(ids, text);
        if !gone.is_empty() {
            state.proposals.note_settled(&held.proposal.id, &gone);
            settled.push((Arc::clone(&root.path), gone));
        }
    }
    if let Some(engine) = state.engine() {
        for (root, ids) in settled {
            engine.resolve(&root, ids);
        }
    }
}

/// What is left to say after a success, each sentence with a space before it.
fn left(it: &InFlight, documents: &Documents) -> String {
    let mut out = String::new();
    if !it.plan.conflicts.is_empty() {
        let changes = changes(it, &it.plan.conflicts);
        out.push_str(&format!(" Left, as you edited the same lines: {changes}."));
    }
    for (_, deed) in &it.plan.undoable {
        out.push_str(&format!(" Left, as no editor can {deed}"));
        match it.purpose {
            Purpose::Apply => {
                let instead = words::in_terminal(&it.held.proposal);
                out.push_str(&format!(": {instead} does it."));
            }
            Purpose::Revert(_) => out.push('.'),
        }
    }
    for path in it.plan.executables() {
        out.push_str(&format!(
            " `chmod +x {path}` makes the new file executable."
        ));
    }
    let unsaved = it.plan.unopened();
    let unsaved = unsaved.filter(|it| documents.at_path(it).is_some()).count();
    if unsaved > 0 {
        let files = count(unsaved, "file");
        out.push_str(&format!(
            " The editor opened {files} for it; save to keep the changes."
        ));
    }
    out
}

/// The parts that the editor did not apply: a sentence.
fn missing(it: &InFlight) -> String {
    let missing = it.parts.iter().filter(|part| !it.seen.contains(part));
    let missing: Vec<usize> = missing.copied().collect();
    format!("Not there: {}.", changes(it, &missing))
}

/// `change 2 (src/a.rs)`: as many as can be read at once.
fn changes(it: &InFlight, parts: &[usize]) -> String {
    let all = it.held.proposal.parts();
    let named = all.filter(|it| parts.contains(&it.number));
    let mut named: Vec<String> = named
        .take(MAX_NAMED)
        .map(|it| format!("{} ({})", it.number, it.file.path))
        .collect();
    if parts.len() > MAX_NAMED {
        named.push(format!("{} more", parts.len() - MAX_NAMED));
    }
    let noun = if parts.len() == 1 {
        "change"
    } else {
        "changes"
    };
    format!("{noun} {}", named.join(", "))
}

fn what(it: &InFlight) -> String {
    let agent = &it.held.proposal.agent;
    let title = words::short(&it.held.proposal);
    match it.purpose {
        Purpose::Apply => format!("{agent}'s change “{title}”"),
        Purpose::Revert(_) => format!("What takes back {agent}'s change “{title}”"),
    }
}

fn stays(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Apply => "The proposal stays.",
        Purpose::Revert(_) => "It can be tried again.",
    }
}
