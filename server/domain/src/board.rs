//! What is known about the files of a workspace right now: each agent owns its share of the findings of each file.

use crate::edit::Change;
use crate::finding::{Finding, FindingId};
use crate::merge::Cluster;
use crate::path::RelPath;
use crate::text::{Text, TextRange};
use std::collections::{BTreeMap, BTreeSet};

/// The findings of a workspace, by file and agent. A producer replaces only its own share, and only of what it
/// reviewed. Doors read clusters from it and ask [`Board::take_changed`] which files to show anew.
#[derive(Clone, Debug, Default)]
pub struct Board {
    #[expect(dead_code, reason = "skeleton")]
    files: BTreeMap<RelPath, ()>,
}

/// The part of a file that an agent looked at, so that its older findings there are superseded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reviewed {
    /// All of it.
    Whole,
    /// These bytes of the current text.
    Ranges(Vec<TextRange>),
}

impl Board {
    /// Replaces what `agent` said about the reviewed part of `path`. Ranges are bytes of the current text.
    pub fn set(&mut self, agent: &str, path: &RelPath, reviewed: &Reviewed, findings: Vec<Finding>) {
        let _ = (agent, path, reviewed, findings);
        unimplemented!()
    }
    /// Carries all findings of `path` over changes of its text. A finding whose text is gone is dropped, one
    /// whose text was edited loses its fix.
    pub fn change(&mut self, path: &RelPath, changes: &[Change]) {
        let _ = (path, changes);
        unimplemented!()
    }
    /// Puts the findings of `path` at their anchors in a new text (`didOpen`, a file changed on disk). Those
    /// not found are dropped.
    pub fn relocate(&mut self, path: &RelPath, text: &Text) {
        let _ = (path, text);
        unimplemented!()
    }
    /// Takes a whole cluster away (dismissed, fixed); returns its findings.
    pub fn remove(&mut self, id: &FindingId) -> Vec<Finding> {
        let _ = id;
        unimplemented!()
    }
    /// Takes away everything of `path`.
    pub fn forget(&mut self, path: &RelPath) {
        let _ = path;
        unimplemented!()
    }
    /// The clusters of `path`, sorted by place. Merged at most once per change.
    pub fn clusters(&mut self, path: &RelPath) -> &[Cluster] {
        let _ = path;
        unimplemented!()
    }
    /// The cluster that holds finding `id`.
    pub fn cluster(&mut self, id: &FindingId) -> Option<(RelPath, Cluster)> {
        let _ = id;
        unimplemented!()
    }
    /// All files with findings.
    pub fn paths(&self) -> Vec<RelPath> {
        unimplemented!()
    }
    /// The files whose findings or their places changed since the last call.
    pub fn take_changed(&mut self) -> BTreeSet<RelPath> {
        unimplemented!()
    }
}
