//! `[verify]` and `verify` of `[review]`: the layers laid over each other.

use super::choice::{self, Candidates, Task};
use super::file::VerifyName;
use super::layers::Layers;
use super::problems::Problem;
use super::{AfterReview, VerifyConfig};

impl Default for VerifyConfig {
    fn default() -> Self {
        Self {
            after_review: AfterReview::Off,
            agents: Vec::new(),
            limit: 10,
        }
    }
}

/// `[verify]` of all layers.
pub(super) fn verify(
    layers: &Layers,
    candidates: &Candidates<'_>,
    problems: &mut Vec<Problem>,
) -> VerifyConfig {
    let mut verify = VerifyConfig::default();
    for layer in layers.last_first().into_iter().rev() {
        let content = &layer.content;
        verify.after_review = content.review.verify.map_or(verify.after_review, meant);
        let limit = content.verify.limit.map(|it| it.get() as usize);
        verify.limit = limit.unwrap_or(verify.limit);
    }
    verify.agents = choice::named(Task::Verify, layers, candidates, problems).unwrap_or_default();
    verify
}

fn meant(name: VerifyName) -> AfterReview {
    match name {
        VerifyName::Off => AfterReview::Off,
        VerifyName::Lone => AfterReview::Lone,
        VerifyName::All => AfterReview::All,
    }
}
