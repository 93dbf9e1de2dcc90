//! The configuration: layers of files and settings, read into one value plus the problems met.

use crate::paths::Paths;
use crate::trust::{Trust, Untrusted};
use agents::AgentSpec;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The configuration of one root, complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// All agents by name that may be used: configured, imported, found on the machine, `builtin`.
    pub agents: BTreeMap<String, AgentSpec>,
    /// `[review]`.
    pub review: ReviewConfig,
    /// `[limits]`.
    pub limits: LimitsConfig,
}

/// `[review]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewConfig {
    /// Agents asked when none is named; `["builtin"]` where nothing is configured.
    pub agents: Vec<String>,
    /// What the plain review command looks at.
    pub scope: DefaultScope,
    /// Review a file when it is saved.
    pub on_save: bool,
    /// Files (globs, gitignore syntax) never sent to agents, beside the ignore files.
    pub exclude: Vec<String>,
    /// Tell agents about guideline files such as AGENTS.md.
    pub guidelines: bool,
    /// Extra instructions for every review.
    pub instructions: Option<String>,
}

/// What the plain review command looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultScope {
    /// Uncommitted changes.
    Changes,
    /// The current file.
    File,
}

/// `[limits]`: what is too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Largest file reviewed, in bytes.
    pub file_bytes: u64,
    /// Most files in one run.
    pub files: usize,
    /// Largest prompt, in bytes; a larger scope is split into several calls.
    pub prompt_bytes: usize,
    /// Longest run.
    pub run: Duration,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { file_bytes: 1024 * 1024, files: 2000, prompt_bytes: 200 * 1024, run: Duration::from_secs(30 * 60) }
    }
}

/// A configuration as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The root it is for.
    pub root: PathBuf,
    /// What holds. Parts with problems fall back to the lower layers.
    pub config: Config,
    /// What is wrong, most important first.
    pub problems: Vec<Problem>,
    /// What the workspace brings and nobody trusted yet; it is not part of `config`.
    pub untrusted: Option<Untrusted>,
    /// The files that were read or looked for; watch these.
    pub files: Vec<PathBuf>,
}

/// Something wrong with a configuration file or setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file; `None` for the editor's settings.
    pub file: Option<PathBuf>,
    /// 1-based line, where known.
    pub line: Option<usize>,
    /// Dotted key, where known: `agents.codex.timeout`.
    pub key: Option<String>,
    /// What is wrong and what to do, a sentence.
    pub message: String,
    /// True when it is only a warning (an unknown key).
    pub warning: bool,
}

/// Reads the configuration of `root`: user file, project file, editor's settings; later wins, key by key.
/// Never fails: a bad file is a problem, and the rest holds.
pub fn load(paths: &Paths, root: &Path, settings: &serde_json::Value, trust: &Trust) -> Loaded {
    let _ = (paths, root, settings, trust);
    unimplemented!()
}

/// JSON Schema of the configuration file, for editors' completion.
pub fn schema() -> serde_json::Value {
    unimplemented!()
}
