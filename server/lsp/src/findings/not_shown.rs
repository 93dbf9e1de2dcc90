//! What the editor does not show of a root: counted, and on a board with what the ledger remembers of other files.

use super::Findings;
use domain::board::{Board, Reviewed};
use domain::path::RelPath;
use engine::FileFindings;

/// How many remarks are not shown, as far as that is known without asking the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NotShown {
    /// Beyond the caps.
    pub(crate) more: usize,
    /// Refuted, dismissed, in the baseline, or kept away by a comment.
    pub(crate) hidden: usize,
}

impl NotShown {
    /// True when everything is shown.
    pub(crate) fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl Findings {
    /// Notes how many findings of a file an agent said that are hidden.
    pub(crate) fn note_hidden(&mut self, path: &RelPath, agent: &str, count: usize) {
        let of = (path.clone(), agent.to_owned());
        if count == 0 {
            self.hidden.remove(&of);
        } else {
            self.hidden.insert(of, count);
        }
    }

    /// How much is not shown, as of the last time that anything was.
    pub(crate) fn not_shown(&self) -> NotShown {
        NotShown {
            more: self.withheld.count_more(),
            hidden: self.hidden.values().sum::<usize>() + self.withheld.count_refuted(),
        }
    }

    /// The board as it would be with the findings of files that are not open as they are on disk.
    pub(crate) fn board_with(&self, closed: &[&FileFindings]) -> Board {
        let mut board = self.board.clone();
        for file in closed {
            if self.files.contains_key(&file.path) {
                board.relocate(&file.path, &file.text);
            } else {
                let findings = file.findings.clone();
                let nothing = Reviewed::Ranges(Vec::new());
                board.set(&file.agent, &file.path, &nothing, findings);
            }
        }
        board
    }
}
