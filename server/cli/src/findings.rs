//! Collecting the findings of a run as they arrive, for printing when it is over.

use domain::board::Board;
use domain::merge::{Cluster, Panel, Records};
use domain::path::RelPath;
use domain::text::Text;
use engine::{Checked, FileFindings, NotAsked};
use std::collections::BTreeMap;

/// Findings by file, with the text they were found in.
pub(crate) struct Findings {
    board: Board,
    texts: BTreeMap<RelPath, Text>,
}

/// A file with findings, ready to print.
pub(crate) struct FoundFile {
    pub(crate) path: RelPath,
    pub(crate) text: Text,
    pub(crate) clusters: Vec<Cluster>,
}

impl Findings {
    /// None yet, of these agents.
    pub(crate) fn new(panel: Panel) -> Self {
        let mut board = Board::default();
        board.set_panel(panel);
        Self {
            board,
            texts: BTreeMap::new(),
        }
    }

    /// What became of the agents' earlier findings.
    pub(crate) fn weigh_with(&mut self, records: Records) {
        self.board.set_records(records);
    }

    /// Adds what one agent found in a file that it has just looked at.
    pub(crate) fn add(&mut self, file: FileFindings) {
        self.board.looked(&file.agent, &file.path, &file.reviewed);
        self.recall(file);
    }

    /// Adds what is remembered of one agent in one file.
    pub(crate) fn recall(&mut self, file: FileFindings) {
        self.board
            .set(&file.agent, &file.path, &file.reviewed, file.findings);
        self.texts.entry(file.path).or_insert(file.text);
    }

    /// Notes what an agent is not asked about.
    pub(crate) fn excuse(&mut self, it: NotAsked) {
        self.board.excuse(&it.agent, &it.path, it.places);
    }

    /// Adds what another agent said of a finding.
    pub(crate) fn check(&mut self, checked: Checked) {
        self.board
            .check(&checked.finding, checked.check, checked.text);
    }

    /// All files with findings by path, merged over the agents.
    pub(crate) fn into_files(mut self) -> Vec<FoundFile> {
        let mut files = Vec::new();
        for (path, text) in &self.texts {
            self.board.recheck(path, text);
        }
        for (path, text) in self.texts {
            let clusters = self.board.clusters(&path).to_vec();
            if !clusters.is_empty() {
                files.push(FoundFile {
                    path,
                    text,
                    clusters,
                });
            }
        }
        files
    }
}
