//! What a proposal would change: the files as they would be, against the files as they are.

use super::changes::Work;
use super::files::{self, stop_if_cancelled};
use super::{Gathered, Place, ScopeError, skipped};
use crate::disk::{self, Onto, Selection, Standing};
use crate::read;
use domain::edit::{self, TextEdit};
use domain::path::RelPath;
use domain::proposal::{FileAction, FileChange, Proposal};
use domain::text::Text;

/// What it is compared with, in words.
const BASE: &str = "the files as they are, to which they are proposed";

/// All parts that can be applied, as if they were, but for those that were `applied`. What cannot be is told. Blocks.
pub(super) fn gather(
    place: &Place,
    proposal: &Proposal,
    applied: &[usize],
) -> Result<Gathered, ScopeError> {
    let mut gathered = Gathered {
        base: Some(BASE.to_owned()),
        ..Gathered::default()
    };
    let mut standings = disk::standings(&place.root, &place.exclude, &proposal.files);
    for number in applied {
        if let Some(part) = number.checked_sub(1).and_then(|it| standings.get_mut(it)) {
            *part = Standing::Applied;
        }
    }
    let open = (1..).zip(&standings).filter(|it| *it.1 == Standing::Open);
    let open: Vec<usize> = open.map(|it| it.0).collect();
    let mut is_applied = false;
    for (part, standing) in proposal.parts().zip(&standings) {
        match standing {
            Standing::Open => {}
            Standing::Applied => is_applied = true,
            Standing::Conflict(why) => {
                let reason = format!("part {} cannot be applied: it {why}", part.number);
                gathered
                    .skipped
                    .push(skipped(&part.file.path, reason, true));
            }
        }
    }
    if open.is_empty() {
        let left = match (is_applied, gathered.skipped.is_empty()) {
            (true, true) => "all of it is applied already",
            _ => "nothing of it can be applied",
        };
        gathered
            .notes
            .push(format!("proposal {}: {left}", proposal.id.0));
        return Ok(gathered);
    }
    let (root, exclude) = (&place.root, &place.exclude);
    let selection = Selection::Parts(open);
    let written = disk::rehearse(root, exclude, &proposal.files, &selection, Onto::Now);
    let changes = written
        .map_err(|it| ScopeError::Proposal(it.to_string()))?
        .changes;
    let mut work = Work::of(place.clone(), gathered);
    for change in changes {
        stop_if_cancelled(place)?;
        add(&mut work, change);
    }
    Ok(work.end())
}

fn add(work: &mut Work, change: FileChange) {
    let path = change.path.clone();
    let (new_path, old, new) = match change.action {
        FileAction::Edit {
            base,
            hunks,
            rename,
            ..
        } => {
            let edits: Vec<TextEdit> = hunks.into_iter().flat_map(|it| it.edits).collect();
            match edit::apply(&base, &edits) {
                Ok(new) => (rename.unwrap_or_else(|| path.clone()), Some(base), new),
                Err(_) => return work.skip(&path, "cannot be told as it would be", true),
            }
        }
        FileAction::Create { text, .. } => (path.clone(), None, text),
        FileAction::Delete { .. } => return work.gathered.deleted.push(path),
    };
    if let Err(reason) = check(work, &new_path, &new) {
        return work.skip(&new_path, reason, true);
    }
    work.add_changed(files::plain(&new_path, new), old.map(|it| (path, it)));
}

/// What keeps a file from agents keeps what it would be from them.
fn check(work: &mut Work, path: &RelPath, text: &Text) -> Result<(), String> {
    files::check_name(&mut work.ignored, path.as_str(), true)?;
    if work.gathered.targets.len() >= work.place.files {
        return Err(format!(
            "is beyond the limit of {} files for one review",
            work.place.files
        ));
    }
    read::check(text, work.place.file_bytes)
}
