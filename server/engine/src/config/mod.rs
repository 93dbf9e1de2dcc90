//! The configuration: layers of files and settings, read into one value plus the problems met.

mod actions;
mod approve;
mod assemble;
mod budget;
mod choice;
mod claims;
mod document;
mod draft;
mod file;
mod fix;
mod import;
mod interpolate;
mod layers;
mod lenient;
mod load;
mod problems;
mod review;
mod schema;
mod source;
mod split;
#[cfg(test)]
mod tests;
mod units;
mod verify;

pub use problems::Problem;

use crate::approve::Approve;
use crate::budget::BudgetConfig;
use crate::paths::Paths;
use crate::trust::{Trust, Untrusted};
use agents::AgentSpec;
use domain::merge::{Caps, Panel, Reviewer};
use domain::path::RelPath;
use interpolate::Context;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The configuration of one root, complete.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// All agents by name that may be used: configured, imported, found on the machine, `builtin`.
    pub agents: BTreeMap<String, AgentSpec>,
    /// What each of them may do without asking (`approve`).
    pub approve: BTreeMap<String, Approve>,
    /// `[review]`.
    pub review: ReviewConfig,
    /// `[fix]`.
    pub fix: FixConfig,
    /// `[verify]`, and `verify` of `[review]`.
    pub verify: VerifyConfig,
    /// `[[actions]]`: the user's own first, then the project's, then the editor's. No title is there twice.
    pub actions: Vec<ActionConfig>,
    /// `[limits]`.
    pub limits: LimitsConfig,
    /// `[budget]`, `[agents.NAME.budget]` and `[prices]`.
    pub budget: BudgetConfig,
    /// Who takes over the calls of an agent that is out of quota, by that agent's name. Following these never leads back to
    /// where it began, and each one is there and can review.
    pub fallbacks: BTreeMap<String, String>,
}

impl Config {
    /// Who the agents are, for weighing what they say. `asked` are those that review; those of `[review] agents` when empty.
    pub fn panel(&self, asked: &[String]) -> Panel {
        let reviewer = |it: &AgentSpec| Reviewer {
            provider: it.provider.clone(),
            by_rules: it.rules,
        };
        let asked = if asked.is_empty() {
            &self.review.agents
        } else {
            asked
        };
        let agents = self.agents.iter();
        Panel {
            reviewers: agents
                .map(|(name, it)| (name.clone(), reviewer(it)))
                .collect(),
            // One that cannot be asked agrees with nobody.
            asked: asked
                .iter()
                .filter(|it| self.agents.contains_key(*it))
                .cloned()
                .collect(),
        }
    }
}

impl Config {
    /// The agents that may be asked to refute a finding which these agents report, the preferred ones first: those of `[verify]
    /// agents`, else of `[review] agents`, that have a model, can be asked in words, and are of other providers.
    pub fn verifiers(&self, said: &[domain::finding::Finding]) -> Vec<&AgentSpec> {
        crate::run::verifiers(self, said)
    }
}

/// `[review]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewConfig {
    /// Agents asked when none is named; `["builtin"]` where nothing is configured. A name that is unknown, or left
    /// out of [`Config::agents`] for a problem, stays here, so that a review tells that this agent did not look.
    pub agents: Vec<String>,
    /// Agents found on this machine while nothing says who reviews: they are asked only by name.
    pub offered: Vec<String>,
    /// What the plain review command looks at.
    pub scope: DefaultScope,
    /// Review a file when it is saved.
    pub on_save: bool,
    /// How many remarks of models a door shows unasked.
    pub caps: Caps,
    /// Files (globs, gitignore syntax) never sent to agents, beside the ignore files. The project's patterns come
    /// first; a `!` pattern takes back only what stands before it in this list.
    pub exclude: Vec<String>,
    /// Markers of other tools in comments (`nosemgrep`, …) that keep findings away like ours.
    pub honour: Vec<String>,
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

/// `[fix]`: how agents change code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixConfig {
    /// Agents that fix. The first one is asked when none is named; of several that are named each makes a proposal of
    /// its own. Without any in the configuration: those with a table of ours that can edit or answer, other than
    /// `builtin`, and those that edit first; may be empty. A name that cannot be used stays here, as in
    /// [`ReviewConfig::agents`].
    pub agents: Vec<String>,
    /// Agents found on this machine while nothing says who fixes: they are asked only by name.
    pub offered: Vec<String>,
    /// Program and arguments of a command that says whether a result is good, run without a shell in the disposable
    /// copy. The program is absolute, a name to be found in `PATH`, or (from a trusted project) a relative path, meant
    /// in the copy.
    pub check: Option<Vec<String>>,
    /// Longest time of one run of `check`.
    pub check_timeout: Duration,
    /// Have the editor ask about each change before it is made, where it can.
    pub confirm: bool,
    /// Ignored files and directories that `check` and agents need: the copy has links to the user's own. None of these
    /// and of `copy` is the same as another or inside of it, and none is in `.git`.
    pub link: Vec<RelPath>,
    /// The same as copies.
    pub copy: Vec<RelPath>,
    /// Extra instructions for every fix.
    pub instructions: Option<String>,
}

/// How findings are checked by agents of other providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyConfig {
    /// What is checked at the end of a review.
    pub after_review: AfterReview,
    /// Agents that check, the preferred ones first; [`ReviewConfig::agents`] when empty. A name that cannot be used stays here.
    pub agents: Vec<String>,
    /// Most findings checked at the end of one review.
    pub limit: usize,
}

/// What is checked at the end of a review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterReview {
    /// Nothing.
    #[default]
    Off,
    /// What only one provider reports, of some weight.
    Lone,
    /// What several providers report, too.
    All,
}

/// One of `[[actions]]`: a code action of the user's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionConfig {
    /// What the menu shows: one line of plain text, and what an action is known by.
    pub title: String,
    /// What the agent is told to do with the selected code.
    pub prompt: String,
    /// Agents asked; [`FixConfig::agents`] when empty. A name that cannot be used stays here.
    pub agents: Vec<String>,
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
    /// How long an agent's question waits for the user; then it is denied.
    pub approval: Duration,
    /// Most disposable copies kept of one repository.
    pub worktrees: usize,
    /// Most bytes on disk that the disposable copies of one repository may take.
    pub worktree_bytes: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            file_bytes: 1024 * 1024,
            files: 2000,
            prompt_bytes: 200 * 1024,
            run: Duration::from_secs(30 * 60),
            approval: Duration::from_secs(2 * 60),
            worktrees: 8,
            worktree_bytes: 4 * 1024 * 1024 * 1024,
        }
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

/// Reads the configuration of `root`: user file, project file, editor's settings; later wins, key by key.
/// Never fails: a bad file is a problem, and the rest holds. Starts nothing.
pub fn load(paths: &Paths, root: &Path, settings: &serde_json::Value, trust: &Trust) -> Loaded {
    let place = Context { paths, root };
    load::load(place, settings, trust, agents::preset::embedded())
}

/// JSON Schema of the configuration file, for editors' completion.
pub fn schema() -> serde_json::Value {
    schema::schema()
}
