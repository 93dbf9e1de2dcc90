//! What a review puts into its prompt: the texts of the request, and those of the files that it only names.

use crate::contract::{ReviewRequest, Skipped, Target};
use crate::files::{Content, Jobs};

/// Most bytes read from disk for one prompt. More is more than a model takes in at once.
pub(super) const MAX_READ: usize = 1024 * 1024;

/// Most files that are told one by one as skipped; the rest is counted.
const MAX_TOLD: usize = 100;

/// A request whose targets all have their text.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) request: ReviewRequest,
    /// What could not be put into the prompt.
    pub(super) skipped: Vec<Skipped>,
}

/// Reads what the request only names.
///
/// # Errors
/// In words, why there is nothing to review.
pub(super) fn gather(mut request: ReviewRequest) -> Result<Material, String> {
    // A change says by itself what it is about; else no target means everything.
    if request.targets.is_empty() && request.diff.is_some() {
        return Ok(Material {
            request,
            skipped: Vec::new(),
        });
    }
    let found = Jobs::find(&request.root, &request.targets);
    let (mut targets, mut skipped, mut room) = (Vec::new(), found.skipped, MAX_READ);
    for job in found.jobs {
        let path = job.path.clone().into_owned();
        match text(&job.content, &mut room) {
            Ok(Some(text)) => targets.push(Target {
                path,
                ranges: job.ranges.map(<[_]>::to_vec),
                text: Some(text),
            }),
            Ok(None) => {}
            Err(reason) => skipped.push(Skipped { path, reason }),
        }
    }
    if targets.is_empty() && request.diff.is_none() {
        return Err(match skipped.first() {
            Some(Skipped { path, reason }) => {
                format!("there is nothing to review: {path}: {reason}")
            }
            None => format!(
                "there is nothing to review: no text file under {}",
                request.root
            ),
        });
    }
    request.targets = targets;
    let skipped = shortened(skipped);
    Ok(Material { request, skipped })
}

/// The text of one file, if it may go to the model and there is room for it.
fn text(content: &Content<'_>, room: &mut usize) -> Result<Option<String>, String> {
    let Some(text) = content.text()? else {
        return Ok(None);
    };
    if matches!(content, Content::OnDisk { .. }) {
        if text.len() > *room {
            return Err(format!(
                "there is no room for it: at most {MAX_READ} bytes are read for one prompt"
            ));
        }
        // What the client sends it has chosen to send; what is only named may hold more than it knows.
        if let Some(secret) = domain::secrets::scan(&text).first() {
            return Err(format!("it holds a secret ({})", secret.kind));
        }
        *room -= text.len();
    }
    Ok(Some(text.into_owned()))
}

fn shortened(mut skipped: Vec<Skipped>) -> Vec<Skipped> {
    let more = skipped.len().saturating_sub(MAX_TOLD);
    if more > 0 {
        skipped.truncate(MAX_TOLD);
        skipped.push(Skipped {
            path: ".".to_owned(),
            reason: format!("{more} more files were left out"),
        });
    }
    skipped
}
