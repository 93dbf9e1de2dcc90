//! The tool `edit`: writes every correction that is certain into the files under the root.

use super::source::Source;
use super::spelling::{self, Misspelling};
use crate::contract::{EditAnswer, EditRequest};
use crate::files::{Content, Job, Jobs};
use crate::server::{CallError, Progress};
use similar::TextDiff;
use std::fmt::Write as _;
use std::fs;

/// Longest patch answered, in bytes; the files under the root hold all of the change anyway.
const MAX_PATCH: usize = 8 * 1024 * 1024;

/// Corrects what the request names.
pub(crate) async fn edit(
    mut request: EditRequest,
    mut progress: Progress,
) -> Result<EditAnswer, CallError> {
    for target in &mut request.targets {
        // The files under the root are current, whatever text came along.
        target.text = None;
    }
    let Jobs { jobs, skipped } = Jobs::find(&request.root, &request.targets);
    if let ([], [first, ..]) = (jobs.as_slice(), skipped.as_slice()) {
        return Err(CallError::Failed(format!(
            "nothing could be edited: `{}`: {}",
            first.path, first.reason
        )));
    }
    let mut change = Change {
        unread: skipped.len(),
        ..Change::default()
    };
    for (done, job) in jobs.iter().enumerate() {
        change.make(job)?;
        progress.tell(done + 1, Some(jobs.len()), &job.path).await;
        tokio::task::yield_now().await;
    }
    Ok(change.answer())
}

/// What was changed so far.
#[derive(Default)]
struct Change {
    files: usize,
    words: usize,
    unread: usize,
    patch: String,
    uncertain: usize,
    is_patch_cut: bool,
}

impl Change {
    fn make(&mut self, job: &Job<'_>) -> Result<(), CallError> {
        let Content::OnDisk { file, .. } = &job.content else {
            return Ok(());
        };
        let Ok(Some(text)) = job.content.text() else {
            self.unread += 1;
            return Ok(());
        };
        let misspellings = spelling::misspellings(&Source::new(&job.path, &text, job.ranges));
        let (corrected, words) = correct(&text, &misspellings);
        self.uncertain += misspellings.len() - words;
        if words == 0 {
            return Ok(());
        }
        fs::write(file, &corrected).map_err(|error| {
            CallError::Failed(format!("`{}` could not be written: {error}", job.path))
        })?;
        self.files += 1;
        self.words += words;
        self.add_patch(&job.path, &text, &corrected);
        Ok(())
    }

    fn add_patch(&mut self, path: &str, before: &str, after: &str) {
        let diff = TextDiff::from_lines(before, after);
        let patch = diff
            .unified_diff()
            .header(&format!("a/{path}"), &format!("b/{path}"))
            .to_string();
        if self.is_patch_cut || self.patch.len() + patch.len() > MAX_PATCH {
            self.is_patch_cut = true;
        } else {
            self.patch += &patch;
        }
    }

    fn answer(self) -> EditAnswer {
        let plural = |number: usize, word: &str| {
            format!("{number} {word}{}", if number == 1 { "" } else { "s" })
        };
        let mut summary = format!(
            "{} corrected in {}.",
            plural(self.words, "word"),
            plural(self.files, "file")
        );
        // Writing to a string cannot fail.
        if self.uncertain > 0 {
            let _ = write!(
                summary,
                " {} left alone, because several words could be meant.",
                plural(self.uncertain, "word")
            );
        }
        if self.unread > 0 {
            let _ = write!(
                summary,
                " {} could not be read.",
                plural(self.unread, "file")
            );
        }
        if self.is_patch_cut {
            let _ = write!(
                summary,
                " The patch would have more than {MAX_PATCH} bytes and was left out."
            );
        }
        let patch = (!self.is_patch_cut && !self.patch.is_empty()).then_some(self.patch);
        EditAnswer {
            summary,
            patch,
            usage: None,
            session: None,
        }
    }
}

/// The text with every certain correction, and how many there were.
fn correct(text: &str, misspellings: &[Misspelling<'_>]) -> (String, usize) {
    let (mut corrected, mut copied, mut words) = (String::with_capacity(text.len()), 0, 0);
    for misspelling in misspellings {
        if let Some(correction) = misspelling.correction() {
            corrected += &text[copied..misspelling.range.start];
            corrected += correction;
            copied = misspelling.range.end;
            words += 1;
        }
    }
    corrected += &text[copied..];
    (corrected, words)
}
