//! Starting runs: the same thing is not done twice at the same time.

use crate::roots::{Root, Roots};
use crate::runs::{NewRun, Task, What};
use crate::state::State;
use domain::finding::{Finding, FindingId};
use domain::path::RelPath;
use engine::request::{Buffer, Scope};
use engine::{Edit, OpenBuffers, Review, RunId, Verify};
use std::path::Path;

/// A run that is wanted.
pub(super) struct Wanted {
    /// What is to be done.
    pub(super) task: Task,
    /// The same in words.
    pub(super) subject: String,
    /// Whether a person asked for it.
    pub(super) is_explicit: bool,
}

/// Starts a run, or names the one that does the same already. One of an older text is cancelled for it. `None` when
/// the server is ending.
pub(super) fn start(state: &mut State, wanted: Wanted) -> Option<RunId> {
    let Wanted {
        task,
        subject,
        is_explicit,
    } = wanted;
    let open = open_buffers(state, &task.root);
    let revisions: Vec<i32> = open
        .iter()
        .filter(|it| concerns(&task.what, it.0))
        .map(|it| it.1.version)
        .collect();
    let older = match state.runs.find(&task, &revisions) {
        Some((run, true)) => return Some(run),
        Some((run, false)) => Some(run),
        None => None,
    };
    let clusters = match &task.what {
        What::Verify { ids } => {
            let root = state.roots.get_mut(&task.root);
            root.map(|it| clusters(it, ids)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let engine = state.engine()?;
    if let Some(run) = older {
        engine.cancel(run);
    }
    let run = match &task.what {
        What::Review(scope) => engine.review(Review {
            root: task.root.to_path_buf(),
            scope: scope.clone(),
            agents: task.agents.clone(),
            open,
            instructions: task.instructions.clone(),
            author: task.author.clone(),
            occasion: task.occasion,
            verify: None,
        }),
        What::Fix {
            title,
            remarks,
            targets,
        } => engine.edit(Edit {
            remarks: remarks.clone(),
            ..edit(&task, title, targets.clone(), open)
        }),
        What::Verify { .. } => engine.verify(Verify {
            root: task.root.to_path_buf(),
            clusters,
            agents: task.agents.clone(),
            author: None,
            open,
        }),
        What::Ask { title, targets } => engine.edit(edit(&task, title, targets.clone(), open)),
    };
    let can_show = state.capabilities.progress;
    let new = NewRun {
        task,
        subject,
        revisions,
        is_explicit,
    };
    state.runs.start(run, new, &mut state.client, can_show);
    Some(run)
}

/// What is known of some findings.
fn clusters(root: &mut Root, ids: &[FindingId]) -> Vec<Vec<Finding>> {
    let clusters = ids.iter().filter_map(|it| root.findings.cluster(it));
    clusters.map(|it| it.1.findings).collect()
}

fn edit(task: &Task, title: &str, targets: Vec<engine::EditTarget>, open: OpenBuffers) -> Edit {
    Edit {
        root: task.root.to_path_buf(),
        title: title.to_owned(),
        instructions: task.instructions.clone().unwrap_or_default(),
        remarks: Vec::new(),
        targets,
        agents: task.agents.clone(),
        open,
    }
}

fn open_buffers(state: &State, root: &Path) -> OpenBuffers {
    let open = state.documents.iter().filter_map(|it| {
        let path = Roots::path_in(root, it.place.as_ref().ok()?)?;
        Some((
            path,
            Buffer {
                text: it.text.clone(),
                version: it.revision,
            },
        ))
    });
    open.collect()
}

/// Whether an edit of this document makes it worth doing this again.
fn concerns(what: &What, path: &RelPath) -> bool {
    match what {
        What::Review(Scope::Changes { .. }) => true,
        What::Review(Scope::Files(files)) => files
            .iter()
            .any(|it| it == Path::new(path.as_str()) || it.is_absolute()),
        What::Review(Scope::Selection { path: selected, .. }) => selected == path,
        What::Review(Scope::Proposal { proposal, .. }) => {
            proposal.files.iter().any(|it| it.path == *path)
        }
        What::Fix {
            remarks, targets, ..
        } => remarks.iter().any(|it| it.path == *path) || targets.iter().any(|it| it.path == *path),
        What::Verify { .. } => true,
        What::Ask { targets, .. } => {
            targets.is_empty() || targets.iter().any(|it| it.path == *path)
        }
    }
}
