//! Whether file changes that were read from the database are what the engine makes: a row that is damaged must not
//! lead to a wrong edit, nor to a panic.

use super::proposals::is_id;
use domain::path::RelPath;
use domain::proposal::{FileAction, FileChange, Hunk, Proposal};
use domain::text::{Text, TextRange};
use std::collections::BTreeSet;

/// True for a proposal that could have been made.
pub(super) fn is_sound(proposal: &Proposal) -> bool {
    is_id(&proposal.id.0) && are_sound(&proposal.files)
}

/// True when each file is there once, before and after, and all places are in their texts.
pub(super) fn are_sound(files: &[FileChange]) -> bool {
    let mut paths: BTreeSet<&RelPath> = BTreeSet::new();
    let before = files.iter().all(|it| paths.insert(&it.path));
    let mut renames = files.iter().filter_map(|it| match &it.action {
        FileAction::Edit { rename, .. } => rename.as_ref(),
        FileAction::Create { .. } | FileAction::Delete { .. } => None,
    });
    before && renames.all(|it| paths.insert(it)) && files.iter().all(is_sound_file)
}

fn is_sound_file(file: &FileChange) -> bool {
    let FileAction::Edit { base, hunks, .. } = &file.action else {
        return true;
    };
    let in_order = hunks
        .windows(2)
        .all(|it| it[0].range.end <= it[1].range.start);
    in_order && !file.parts().is_empty() && hunks.iter().all(|it| is_sound_hunk(it, base))
}

fn is_sound_hunk(hunk: &Hunk, base: &Text) -> bool {
    let mut from = hunk.range.start;
    let edits = hunk.edits.iter().all(|edit| {
        let fits = is_in(edit.range, base) && from <= edit.range.start;
        from = edit.range.end;
        fits
    });
    is_in(hunk.range, base) && edits && from <= hunk.range.end && !hunk.edits.is_empty()
}

fn is_in(range: TextRange, text: &Text) -> bool {
    range.start <= range.end
        && text.char_boundary(range.start) == range.start
        && text.char_boundary(range.end) == range.end
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use domain::edit::{self, TextEdit};
    use proptest::prelude::*;

    /// Two hunks, the first with two edits, with these ends of their ranges.
    fn hunks(ends: &[usize; 10]) -> Vec<Hunk> {
        let range = |start, end| TextRange { start, end };
        let edit = |start, end| TextEdit {
            range: range(start, end),
            new_text: "new".to_owned(),
        };
        let [a, b, c, d, e, f, g, h, i, j] = *ends;
        let first = Hunk {
            range: range(a, f),
            edits: vec![edit(b, c), edit(d, e)],
        };
        let second = Hunk {
            range: range(g, j),
            edits: vec![edit(h, i)],
        };
        vec![first, second]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn what_is_sound_can_be_applied_and_shown(
            base in "[aé\n]{8,16}",
            mut ends in prop::array::uniform10(0_usize..20),
            place in 0_usize..10,
            wrong in 0_usize..20,
        ) {
            let base = Text::new(&base);
            ends.sort_unstable();
            let in_text = ends.iter().all(|it| base.char_boundary(*it) == *it);
            prop_assert_eq!(hunks(&ends).iter().all(|it| is_sound_hunk(it, &base)), in_text);
            ends[place] = wrong;
            let hunks = hunks(&ends);
            let path = RelPath::try_from("f".to_owned()).unwrap();
            let action = FileAction::Edit { base: base.clone(), hunks: hunks.clone(), rename: None, executable: None };
            if are_sound(&[FileChange { path, action }]) {
                let edits: Vec<TextEdit> = hunks.iter().flat_map(|it| it.edits.clone()).collect();
                prop_assert!(edit::apply(&base, &edits).is_ok());
                for hunk in &hunks {
                    let whole = edit::apply(&base, &hunk.edits).unwrap();
                    let end = whole.len() - (base.len() - hunk.range.end);
                    let result = whole.slice(TextRange::new(hunk.range.start, end)).into_owned();
                    prop_assert_eq!(hunk.result(&base), result);
                }
            }
        }
    }
}
