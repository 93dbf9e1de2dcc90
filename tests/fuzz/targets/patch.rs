//! Changes in the words of agents, damaged in any way: an answer, and the text of the file that it is about, one part each.
#![no_main]

use domain::edit::{apply, in_order};
use domain::patch::{MAX_FILES, MAX_PROBLEMS, Outcome, Patch, place, read};
use domain::text::Text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [answer, text] = fuzz::parts(data);
    let text = Text::new(&text);
    // In a text and as structured content, where it is JSON.
    check(&read(None, &[&answer]), &answer, &text);
    if let Ok(value) = serde_json::from_str(&answer) {
        check(&read(Some(&value), &[&answer]), &answer, &text);
    }
});

fn check(patch: &Patch, answer: &str, text: &Text) {
    assert!(patch.files.len() <= MAX_FILES);
    assert!(patch.problems.len() <= MAX_PROBLEMS + 2);
    assert!(patch.prose.len() <= 2 * answer.len());
    for file in &patch.files {
        for known in [Some(text), None] {
            let placed = place(&file.path, &file.action, known);
            match (placed.outcome, known) {
                (Outcome::Edits(edits), Some(text)) => {
                    assert!(!edits.is_empty());
                    let sorted = in_order(text, &edits).expect("the edits fit together");
                    assert!(sorted.iter().zip(&edits).all(|(a, b)| **a == *b), "{edits:?}");
                    let result = apply(text, &edits).expect("the edits can be applied");
                    let gone: usize = edits.iter().map(|it| it.range.len()).sum();
                    let come: usize = edits.iter().map(|it| it.new_text.len()).sum();
                    assert_eq!(result.len(), text.len() - gone + come);
                }
                (Outcome::Edits(edits), None) => panic!("edits of nothing: {edits:?}"),
                (Outcome::Created(_), Some(_)) => panic!("a file that is there was made anew"),
                (Outcome::Deleted, None) => panic!("nothing was deleted"),
                _ => {}
            }
        }
    }
}
