//! Something small to review, for seeing whether an agent answers.

use crate::config::Config;
use crate::engine::Root;
use crate::prompt;
use crate::request::{OpenBuffers, Scope};
use crate::run::manner::Manner;
use crate::scope::{self, Gathered, Target};
use agents::spec::Reads;
use agents::{AgentSpec, Operation};
use domain::path::RelPath;
use domain::text::Text;
use tokio_util::sync::CancellationToken;

/// A text with a misspelt word and a wrong name.
const CODE: &str = "\
def average(values):
    # Adds teh values, then divides.
    total = sum(values)
    return total / len(value)
";
/// Its path, which does not exist.
const PATH: &str = "crosscheck_sample.py";
/// Most files looked at for a small one.
const MAX_FILES: usize = 200;
/// What is small, in bytes.
const MAX_SIZE: usize = 20_000;

/// A sample to show an agent.
pub(super) struct Sample {
    /// For people.
    pub(super) name: String,
    /// Values for the argument templates.
    pub(super) variables: serde_json::Value,
}

/// A made-up text for agents that are given texts; a small file of the workspace for those that read the disk.
pub(super) async fn choose(root: &Root, config: &Config, spec: &AgentSpec) -> Option<Sample> {
    let Manner {
        reads,
        mask_secrets,
        needs_prompt,
        ..
    } = Manner::of(spec, Operation::Review);
    let target = match reads {
        Reads::Text => made_up()?,
        Reads::Disk => small_file(root, config).await?,
    };
    let name = match reads {
        Reads::Text => "a small sample".to_owned(),
        Reads::Disk => target.path.to_string(),
    };
    let gathered = Gathered {
        targets: vec![target],
        ..Gathered::default()
    };
    let batches = prompt::review(&prompt::Input {
        root: &root.path,
        gathered: &gathered,
        guidelines: &[],
        instructions: &[],
        reads,
        max_bytes: config.limits.prompt_bytes,
        mask_secrets,
        needs_prompt,
        known: &[],
    });
    let variables = batches.into_iter().next()?.variables;
    Some(Sample { name, variables })
}

fn made_up() -> Option<Target> {
    let path = RelPath::try_from(PATH.to_owned()).ok()?;
    Some(Target {
        path,
        text: Text::new(CODE),
        version: None,
        ranges: None,
        disk: None,
        diff: None,
    })
}

/// The smallest of the first files, by the same rules as any review.
async fn small_file(root: &Root, config: &Config) -> Option<Target> {
    let mut config = config.clone();
    config.limits.files = MAX_FILES;
    config.limits.file_bytes = MAX_SIZE as u64;
    let everything = Scope::Files(vec![root.path.clone()]);
    let (nothing_open, cancel) = (OpenBuffers::new(), CancellationToken::new());
    let gathered = scope::gather(&root.path, &everything, &nothing_open, &config, &cancel)
        .await
        .ok()?;
    gathered
        .targets
        .into_iter()
        .filter(|it| !it.text.is_empty())
        .min_by_key(|it| it.text.len())
}
