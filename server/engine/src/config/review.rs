//! `[review]` and `[limits]`: the layers laid over each other.

use super::choice::{self, Candidates, FALLBACK, Task};
use super::file::{LimitsTable, ReviewTable, ScopeName};
use super::layers::{Layer, Layers};
use super::problems::Problem;
use super::{DefaultScope, LimitsConfig, ReviewConfig};
use domain::merge::Caps;
use domain::suppression::foreign_names;
use ignore::gitignore::GitignoreBuilder;

/// Most patterns of one layer.
const MAX_EXCLUDES: usize = 1000;
/// Longest instructions, in bytes; they stand in every prompt.
pub(super) const MAX_INSTRUCTIONS: usize = 16 * 1024;

impl Default for ReviewConfig {
    fn default() -> Self {
        Self {
            agents: vec![FALLBACK.to_owned()],
            offered: Vec::new(),
            scope: DefaultScope::Changes,
            on_save: false,
            caps: Caps::default(),
            exclude: Vec::new(),
            honour: Vec::new(),
            guidelines: true,
            instructions: None,
        }
    }
}

impl LimitsConfig {
    /// Lays a table over it.
    pub(super) fn lay(&mut self, table: &LimitsTable) {
        if let Some(size) = table.file_size {
            self.file_bytes = size.0;
        }
        if let Some(files) = table.files {
            self.files = files.get() as usize;
        }
        if let Some(size) = table.prompt_size {
            self.prompt_bytes = usize::try_from(size.0).unwrap_or(usize::MAX);
        }
        if let Some(run) = table.run {
            self.run = run.0;
        }
        if let Some(approval) = table.approval {
            self.approval = approval.0;
        }
        if let Some(worktrees) = table.worktrees {
            self.worktrees = worktrees.get() as usize;
        }
        if let Some(size) = table.worktree_size {
            self.worktree_bytes = size.0;
        }
    }
}

/// `[review]` of all layers.
pub(super) fn review(
    layers: &Layers,
    candidates: &Candidates<'_>,
    problems: &mut Vec<Problem>,
) -> ReviewConfig {
    let last = |get: &dyn Fn(&ReviewTable) -> bool| {
        let mut layers = layers.last_first().into_iter();
        layers.find(|it| get(&it.content.review))
    };
    let mut review = ReviewConfig::default();
    let table = |layer: Option<&Layer>| layer.map(|it| it.content.review.clone());
    if let Some(scope) = table(last(&|it| it.scope.is_some())).and_then(|it| it.scope) {
        review.scope = match scope {
            ScopeName::Changes => DefaultScope::Changes,
            ScopeName::File => DefaultScope::File,
        };
    }
    if let Some(on_save) = table(last(&|it| it.on_save.is_some())).and_then(|it| it.on_save) {
        review.on_save = on_save;
    }
    let number = |it: Option<u32>, default| {
        it.map_or(default, |it| usize::try_from(it).unwrap_or(usize::MAX))
    };
    let per_file = table(last(&|it| it.max_per_file.is_some())).and_then(|it| it.max_per_file);
    let per_run = table(last(&|it| it.max_per_run.is_some())).and_then(|it| it.max_per_run);
    review.caps = Caps {
        per_file: number(per_file, review.caps.per_file),
        per_run: number(per_run, review.caps.per_run),
    };
    let guidelines = table(last(&|it| it.guidelines.is_some())).and_then(|it| it.guidelines);
    review.guidelines = guidelines.unwrap_or(review.guidelines);
    for layer in layers.last_first() {
        if review.instructions.is_none() {
            let said = layer.content.review.instructions.as_deref();
            review.instructions = instructions("review", said, layer, problems);
        }
    }
    // The project's patterns come first, so that none of them takes back what the user excludes.
    for layer in [&layers.project, &layers.user, &layers.settings] {
        exclude(layer, &mut review.exclude, problems);
    }
    if let Some(layer) = last(&|it| it.honour.is_some()) {
        review.honour = honour(layer, problems);
    }
    (review.agents, review.offered) =
        match choice::named(Task::Review, layers, candidates, problems) {
            Some(names) => (names, Vec::new()),
            None => choice::by_default(Task::Review, candidates),
        };
    review
}

/// The instructions that a layer gives in a table, if they are of use.
pub(super) fn instructions(
    table: &str,
    said: Option<&str>,
    layer: &Layer,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let text = said?.trim();
    if text.len() > MAX_INSTRUCTIONS {
        let message = format!(
            "the instructions are longer than {MAX_INSTRUCTIONS} bytes and are left out; put them in a guideline \
             file such as AGENTS.md"
        );
        problems.push(layer.source.problem(&[table, "instructions"], &message));
        return None;
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// The markers that a layer names, those that are known.
fn honour(layer: &Layer, problems: &mut Vec<Problem>) -> Vec<String> {
    let named = layer.content.review.honour.iter().flatten();
    let (known, unknown): (Vec<&String>, Vec<&String>) =
        named.partition(|name| foreign_names().any(|it| it == name.as_str()));
    for name in unknown {
        let all: Vec<&str> = foreign_names().collect();
        let message = format!(
            "the marker `{name}` is left out: it is not known; there are {}",
            all.join(", ")
        );
        problems.push(layer.source.problem(&["review", "honour"], &message));
    }
    known.into_iter().cloned().collect()
}

fn exclude(layer: &Layer, patterns: &mut Vec<String>, problems: &mut Vec<Problem>) {
    let list = layer.content.review.exclude.as_deref().unwrap_or_default();
    let key = ["review", "exclude"];
    let dropped = list.len().saturating_sub(MAX_EXCLUDES);
    if dropped > 0 {
        let message = format!("{dropped} patterns are left out: {MAX_EXCLUDES} is the most");
        problems.push(layer.source.problem(&key, &message));
    }
    for pattern in list.iter().take(MAX_EXCLUDES) {
        match GitignoreBuilder::new("").add_line(None, pattern) {
            Ok(_) => patterns.push(pattern.clone()),
            Err(error) => {
                let message = format!("the pattern `{pattern}` is left out: {error}");
                problems.push(layer.source.problem(&key, &message));
            }
        }
    }
}
