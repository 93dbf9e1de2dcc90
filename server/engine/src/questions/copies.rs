//! Questions from inside of a disposable copy: to the user, what lies in the copy has its name in the workspace.

use super::{Ask, RunId};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The copies in which the agents of runs work.
#[derive(Default)]
pub(super) struct Copies {
    of_runs: BTreeMap<RunId, Vec<PathBuf>>,
}

impl Copies {
    /// An agent of this run works in `copy`, which stands for the root.
    pub(super) fn add(&mut self, run: RunId, copy: PathBuf) {
        self.of_runs.entry(run).or_default().push(copy);
    }

    /// The run is over.
    pub(super) fn remove(&mut self, run: RunId) {
        self.of_runs.remove(&run);
    }

    /// The copy that a question is about, if it is about one.
    pub(super) fn of(&self, run: Option<RunId>, ask: &Ask) -> Option<PathBuf> {
        let Ask::Approval(approval) = ask else {
            return None;
        };
        let copies = self.of_runs.get(&run?)?;
        let named = approval.directory.iter().chain(&approval.files);
        let mut named = named.map(Path::new);
        named.find_map(|path| copies.iter().find(|it| path.starts_with(it)).cloned())
    }
}

/// The same question with the paths of the workspace in place of those of the copy.
pub(super) fn in_words_of(root: &Path, copy: &Path, ask: Ask) -> Ask {
    let Ask::Approval(mut approval) = ask else {
        return ask;
    };
    let moved = |path: &mut String| {
        if let Ok(inside) = Path::new(path.as_str()).strip_prefix(copy) {
            *path = root.join(inside).to_string_lossy().into_owned();
        }
    };
    approval.directory.iter_mut().for_each(moved);
    approval.files.iter_mut().for_each(moved);
    Ask::Approval(approval)
}

#[cfg(test)]
mod tests {
    use super::*;
    use agents::question::Approval;

    fn asks(directory: &str, files: &[&str]) -> Ask {
        Ask::Approval(Approval {
            command: Some("make".to_owned()),
            directory: Some(directory.to_owned()),
            files: files.iter().map(|it| (*it).to_owned()).collect(),
            more_files: 0,
            tool: None,
            reason: None,
        })
    }

    #[test]
    fn a_question_from_a_copy_is_told_as_one_of_the_workspace() {
        let mut copies = Copies::default();
        copies.add(RunId(1), "/state/a/tree".into());
        copies.add(RunId(1), "/state/b/tree".into());
        let ask = asks(
            "/state/b/tree/src",
            &["/state/b/tree/x", "/etc/passwd", "y"],
        );
        let copy = copies.of(Some(RunId(1)), &ask);
        assert_eq!(copy.as_deref(), Some(Path::new("/state/b/tree")));
        assert_eq!(
            in_words_of(
                Path::new("/home/p"),
                Path::new("/state/b/tree"),
                ask.clone()
            ),
            asks("/home/p/src", &["/home/p/x", "/etc/passwd", "y"])
        );
        assert_eq!(copies.of(Some(RunId(2)), &ask), None);
        assert_eq!(copies.of(Some(RunId(1)), &asks("/home/p", &[])), None);
        copies.remove(RunId(1));
        assert_eq!(copies.of(Some(RunId(1)), &ask), None);
    }
}
