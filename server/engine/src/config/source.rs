//! A place that configuration came from: a file, the editor's settings, this machine.

use super::document::Lines;
use super::interpolate::Syntax;
use super::problems::{Problem, dotted};
use std::path::{Path, PathBuf};

/// A place that configuration came from.
#[derive(Debug)]
pub(super) struct Source {
    /// For people: `~/.config/crosscheck/config.toml`, `editor settings`, `found on PATH`.
    pub shown: String,
    /// The file, if it is one.
    pub file: Option<PathBuf>,
    /// Lines of its keys.
    pub lines: Lines,
    /// The references that its values may hold.
    pub syntax: Syntax,
    /// The table of its agents: `agents`, `mcpServers`, ….
    pub table: Vec<String>,
    /// What kind of place it is.
    pub kind: Kind,
}

/// What kind of place a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Embedded presets and programs found on this machine.
    Machine,
    /// The MCP server list of another tool.
    List {
        /// It lies in the workspace.
        workspace: bool,
    },
    /// The user's file.
    User,
    /// The project file.
    Project,
    /// The editor's settings.
    Settings,
}

impl Kind {
    /// Brought by the workspace, so that nothing of it runs without trust.
    pub(super) fn is_workspace(self) -> bool {
        matches!(self, Self::Project | Self::List { workspace: true })
    }
}

impl Source {
    /// A problem at a key of this place.
    pub(super) fn problem<S: AsRef<str>>(&self, path: &[S], message: &str) -> Problem {
        Problem {
            file: self.file.clone(),
            line: self.lines.of(path),
            key: (!path.is_empty()).then(|| dotted(path)),
            // Lists are written for other tools; what we cannot use of them is no mistake.
            warning: matches!(self.kind, Kind::List { .. }),
            ..Problem::new(message)
        }
    }
    /// A problem at a key of an agent.
    pub(super) fn agent_problem(&self, agent: &str, keys: &[&str], message: &str) -> Problem {
        let table = self.table.iter().map(String::as_str);
        let path: Vec<&str> = table.chain([agent]).chain(keys.iter().copied()).collect();
        self.problem(&path, message)
    }
}

/// A path for people: relative to the root, else to the home directory.
pub(super) fn shown(path: &Path, root: &Path, home: &Path) -> String {
    let relative = |base: &Path| {
        let rest = path.strip_prefix(base).ok()?;
        (rest != Path::new("")).then(|| rest.display().to_string())
    };
    relative(root)
        .or_else(|| relative(home).map(|it| format!("~/{it}")))
        .unwrap_or_else(|| path.display().to_string())
}
