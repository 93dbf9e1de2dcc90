//! Building what an agent is asked: instructions, guidelines, numbered code, and the form of the answer.

mod anonymous;
mod code;
pub(crate) mod edit;
mod known;
mod pieces;
mod schema;
#[cfg(test)]
mod tests;
pub(crate) mod verify;
mod words;

pub(crate) use known::{Dismissed, Known, KnownRemark};
pub(crate) use pieces::hunks_in;
pub(crate) use schema::findings_schema;
pub(crate) use words::lines;

use crate::guidelines::Guideline;
use crate::scope::{Gathered, LineRange, Target, secrets};
use agents::spec::Reads;
use domain::text::Text;
use pieces::Piece;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

/// Least bytes of code in a call, whatever the instructions take of the largest prompt.
const MIN_CODE: usize = 4 * 1024;

/// One call's worth of a review.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// Indexes into [`Gathered::targets`] of the files in it.
    pub(crate) targets: Vec<usize>,
    /// Values for the argument templates, see [`agents::template::VARIABLES`].
    pub(crate) variables: Value,
}

/// What a prompt is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    /// The root.
    pub(crate) root: &'a Path,
    /// What to look at.
    pub(crate) gathered: &'a Gathered,
    /// The team's guidelines.
    pub(crate) guidelines: &'a [Guideline],
    /// The user's instructions, from the configuration and the command.
    pub(crate) instructions: &'a [&'a str],
    /// What the agent looks at.
    pub(crate) reads: Reads,
    /// Largest prompt, in bytes.
    pub(crate) max_bytes: usize,
    /// Hide secrets in everything that is sent: for every agent but the embedded one.
    pub(crate) mask_secrets: bool,
    /// The agent's templates use `prompt`. If not, it is none, and no file is split.
    pub(crate) needs_prompt: bool,
    /// What is known of the files.
    pub(crate) known: &'a [Known],
}

/// Splits a review into calls and builds each one's values. A file too large for one prompt is split by lines
/// with some overlap; each part then has its own `ranges`, which do not overlap.
pub(crate) fn review(input: &Input<'_>) -> Vec<Batch> {
    let files: Vec<File<'_>> = input
        .gathered
        .targets
        .iter()
        .map(|it| File::new(input, it))
        .collect();
    let fixed = words::fixed_len(input);
    let budget = if input.needs_prompt {
        input.max_bytes.saturating_sub(fixed).max(MIN_CODE)
    } else {
        input.max_bytes.max(MIN_CODE)
    };
    let mut batches: Vec<Vec<Piece>> = Vec::new();
    let mut room = 0;
    for (index, file) in files.iter().enumerate() {
        for piece in pieces::of(input, index, file, budget) {
            match batches.last_mut() {
                Some(batch) if piece.bytes <= room => {
                    room -= piece.bytes;
                    batch.push(piece);
                }
                _ => {
                    room = budget.saturating_sub(piece.bytes);
                    batches.push(vec![piece]);
                }
            }
        }
    }
    batches
        .iter()
        .map(|pieces| batch(input, &files, pieces))
        .collect()
}

/// All words that are the same in every prompt: when they change, the question does.
pub(crate) fn fixed_words() -> &'static str {
    static WORDS: LazyLock<String> = LazyLock::new(|| words::fixed() + schema::as_text());
    &WORDS
}

/// A target as this agent may see it.
struct File<'a> {
    target: &'a Target,
    text: Cow<'a, Text>,
    /// Its section of the diff.
    diff: Option<&'a str>,
}

impl<'a> File<'a> {
    fn new(input: &Input<'a>, target: &'a Target) -> Self {
        let masked = if input.mask_secrets {
            secrets::masked(&target.text)
        } else {
            None
        };
        let gathered = input.gathered;
        let masked_diff = gathered
            .masked_diff
            .as_deref()
            .filter(|_| input.mask_secrets);
        let diff = masked_diff.or(gathered.diff.as_deref());
        Self {
            target,
            text: masked.map_or(Cow::Borrowed(&target.text), Cow::Owned),
            diff: target.diff.and_then(|range| diff?.get(range.as_range())),
        }
    }

    fn path(&self) -> &str {
        self.target.path.as_str()
    }

    /// The lines to look at where the agent reads: on disk they may be others than in the editor.
    fn ranges_as_read(&self, reads: Reads, ranges: &[LineRange]) -> Vec<LineRange> {
        match (&self.target.disk, reads) {
            (Some(disk), Reads::Disk) => {
                crate::scope::diff::carry_ranges(&self.target.text, disk, ranges)
            }
            _ => ranges.to_vec(),
        }
    }
}

fn batch(input: &Input<'_>, files: &[File<'_>], pieces: &[Piece]) -> Batch {
    let absolute = |piece: &Piece| {
        input
            .root
            .join(files[piece.file].path())
            .display()
            .to_string()
    };
    let targets: Vec<Value> = pieces
        .iter()
        .map(|piece| {
            let file = &files[piece.file];
            let mut target = json!({ "path": file.path(), "absolute_path": absolute(piece) });
            if input.reads == Reads::Text {
                target["text"] = file.text.to_string().into();
            }
            if let Some(ranges) = &piece.ranges {
                target["ranges"] = json!(ranges);
            }
            target
        })
        .collect();
    let diff: String = pieces
        .iter()
        .filter_map(|piece| files[piece.file].diff.map(|diff| piece.diff_of(diff)))
        .collect();
    let variables = json!({
        "prompt": input.needs_prompt.then(|| words::prompt(input, files, pieces)),
        "instructions": words::instructions(input, files, pieces),
        "root": input.root.display().to_string(),
        "targets": targets,
        "paths": pieces.iter().map(absolute).collect::<Vec<_>>(),
        "files": pieces.iter().map(|it| files[it.file].path()).collect::<Vec<_>>(),
        "diff": (!diff.is_empty()).then_some(diff),
        "base": input.gathered.base,
        "schema": findings_schema(),
        "session": null,
    });
    Batch {
        targets: pieces.iter().map(|it| it.file).collect(),
        variables,
    }
}
