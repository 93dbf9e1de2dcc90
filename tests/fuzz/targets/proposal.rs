//! Hunks between two texts, held against what a user makes of the first one: the old text, the new text, and edits as
//! triples of numbers (place, length, what comes), one part each.
#![no_main]

use domain::edit::{TextEdit, apply};
use domain::path::RelPath;
use domain::proposal::{FileAction, FileChange, Follower, Standing, rebase};
use domain::text::{Text, TextRange};
use libfuzzer_sys::fuzz_target;

/// What a user types, by number.
const TYPED: [&str; 6] = ["", "a", "\n", "a\n", "é", "\r\n"];

fuzz_target!(|data: &[u8]| {
    let [old, new, numbers] = fuzz::parts(data);
    let base = Text::new(&old);
    let path = RelPath::try_from("file".to_owned()).expect("a path");
    let Some(change) = FileChange::edit(path, base.clone(), &Text::new(&new)) else {
        assert_eq!(old, new);
        return;
    };
    let FileAction::Edit { hunks, .. } = &change.action else {
        panic!("{change:?}");
    };
    let all: Vec<TextEdit> = hunks.iter().flat_map(|it| it.edits.clone()).collect();
    assert_eq!(apply(&base, &all).expect("hunks fit").to_string(), new);

    let mut follower = Follower::new(&base, hunks);
    let mut now = base.clone();
    for edit in fuzz::numbers(&numbers).chunks_exact(3).take(20) {
        let start = now.char_boundary(edit[0] as usize % (now.len() + 1));
        let end = now.char_boundary(start + edit[1] as usize % 12);
        let range = TextRange::new(start, end.max(start));
        follower.follow(now.replace(range, TYPED[edit[2] as usize % TYPED.len()]));
    }
    for follower in [&follower, &rebase(&base, hunks, &now)] {
        let standings = follower.standings(&now);
        assert_eq!(standings.len(), hunks.len());
        let mut open = Vec::new();
        for (standing, hunk) in standings.iter().zip(hunks) {
            if let Standing::Open(edits) = standing {
                // What an open hunk replaces stands there letter by letter.
                for (edit, of_base) in edits.iter().zip(&hunk.edits) {
                    assert_eq!(now.slice(edit.range), base.slice(of_base.range));
                    assert_eq!(edit.new_text, of_base.new_text);
                }
                open.extend(edits.clone());
            }
        }
        apply(&now, &open).expect("open hunks can be applied together");
    }
});
