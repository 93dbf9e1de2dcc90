//! What is not shown, by whom and why: asked from the ledger, which knows of files that nobody opened, and shown as a text.

mod gather;
mod text;

use crate::client::Client;
use crate::documents::Place;
use crate::preview::{self, Subject};
use crate::state::State;
use domain::finding::{Finding, FindingId};
use domain::merge::Cluster;
use domain::path::RelPath;
use engine::{FileFindings, Why};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tower_lsp::gen_lsp_types::MessageType;

/// How long the ledger may take to answer; then what is known here is listed without it.
const DEADLINE: Duration = Duration::from_secs(10);

/// What was listed last, and what is being asked.
#[derive(Debug, Default)]
pub(crate) struct Hidden {
    asking: Option<Asking>,
    text: String,
    /// The findings on the list that are on no board, with their roots: they can be accepted by name.
    listed: BTreeMap<FindingId, (Arc<Path>, Finding)>,
}

/// A list that waits for the ledger.
#[derive(Debug)]
struct Asking {
    /// The roots that it has not told of.
    waits: BTreeSet<Arc<Path>>,
    /// The only file that is meant.
    only: Option<Place>,
    list: List,
    until: Instant,
}

/// All that is not shown.
#[derive(Debug, Default)]
struct List {
    entries: Vec<Entry>,
    /// How many more the ledger has, or cannot read.
    left_out: usize,
    /// Roots that the ledger told nothing of.
    untold: BTreeSet<Arc<Path>>,
}

/// A remark that is not shown.
#[derive(Debug)]
struct Entry {
    root: Arc<Path>,
    path: RelPath,
    /// Counted from 0.
    line: usize,
    cluster: Cluster,
    by: By,
}

/// Who hid a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
enum By {
    /// Another agent, which was told to refute it.
    Agent,
    /// A person, in one way or another.
    Person(Why),
    /// The limits on how much is shown.
    Caps,
}

impl Hidden {
    /// When the ledger is not waited for any longer.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.asking.as_ref().map(|it| it.until)
    }

    /// The text that was shown last.
    pub(crate) fn text(&self) -> &str {
        if self.text.is_empty() {
            "The command `crosscheck.hidden` lists what is hidden.\n"
        } else {
            &self.text
        }
    }

    /// A finding of the list that is on no board, and its root.
    pub(crate) fn listed(&self, id: &FindingId) -> Option<&(Arc<Path>, Finding)> {
        self.listed.get(id)
    }
}

/// Asks what is hidden in these roots; it is shown once that is known.
pub(crate) fn ask(state: &mut State, roots: Vec<Arc<Path>>, only: Option<Place>, now: Instant) {
    if let Some(engine) = state.engine() {
        roots.iter().for_each(|it| engine.recall_findings(it, ""));
    }
    state.hidden.asking = Some(Asking {
        waits: roots.into_iter().collect(),
        only,
        list: List::default(),
        until: now + DEADLINE,
    });
}

/// The ledger tells what it remembers of a root. `None` when it cannot.
pub(crate) fn told(
    state: &mut State,
    root: &Path,
    files: Option<&[FileFindings]>,
    left_out: usize,
) {
    let Some(mut asking) = state.hidden.asking.take() else {
        return;
    };
    if let Some(root) = asking.waits.take(root) {
        take_in(state, &mut asking, &root, files, left_out);
    }
    if asking.waits.is_empty() {
        finish(state, &asking.list);
    } else {
        state.hidden.asking = Some(asking);
    }
}

/// Lists what is known when the ledger does not answer in time.
pub(crate) fn check(state: &mut State, now: Instant) {
    if let Some(mut asking) = state.hidden.asking.take_if(|it| it.until <= now) {
        for root in std::mem::take(&mut asking.waits) {
            take_in(state, &mut asking, &root, None, 0);
        }
        finish(state, &asking.list);
    }
}

fn take_in(
    state: &mut State,
    asking: &mut Asking,
    root: &Arc<Path>,
    files: Option<&[FileFindings]>,
    left_out: usize,
) {
    let list = &mut asking.list;
    list.left_out += left_out;
    if files.is_none() {
        list.untold.insert(Arc::clone(root));
    }
    let mut entries = gather::of_root(state, root, files.unwrap_or_default());
    if let Some(only) = &asking.only {
        entries.retain(|it| *it.root == *only.root && it.path == only.path);
    }
    list.entries.append(&mut entries);
}

fn finish(state: &mut State, list: &List) {
    let on_no_board = list
        .entries
        .iter()
        .filter(|it| matches!(it.by, By::Person(_)));
    let listed = on_no_board.flat_map(|it| {
        let root = &it.root;
        let findings = it.cluster.findings.iter();
        findings.map(move |it| (it.id.clone(), (Arc::clone(root), it.clone())))
    });
    state.hidden.listed = listed.collect();
    if list.entries.is_empty() && list.left_out == 0 {
        state.hidden.text.clear();
        say_nothing_is_hidden(list, &mut state.client);
        preview::refresh(state);
        return;
    }
    state.hidden.text = text::of(list);
    preview::refresh(state);
    preview::show(state, Subject::Hidden);
}

fn say_nothing_is_hidden(list: &List, client: &mut Client) {
    if list.untold.is_empty() {
        client.show(MessageType::Info, "No finding is hidden.");
    } else {
        let text = "No finding is hidden here; what the ledger remembers of other files could not be read.";
        client.show(MessageType::Warning, text);
    }
}
