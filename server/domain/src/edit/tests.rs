//! Tests of applying edits: a table, and a model on plain strings.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;

fn edit(start: usize, end: usize, new_text: &str) -> TextEdit {
    TextEdit {
        range: TextRange { start, end },
        new_text: new_text.to_owned(),
    }
}

#[test]
fn all_edits_refer_to_the_text_before() {
    let cases: [(&[TextEdit], &str); 7] = [
        (&[], "abcdef"),
        (&[edit(4, 5, "E"), edit(0, 1, "")], "bcdEf"),
        (&[edit(6, 6, "!"), edit(0, 0, ">")], ">abcdef!"),
        (&[edit(2, 2, "1"), edit(2, 2, "2")], "ab12cdef"),
        (&[edit(2, 4, "X"), edit(2, 2, "1")], "ab1Xef"),
        (&[edit(0, 2, "x"), edit(2, 4, "y")], "xyef"),
        (&[edit(0, 6, "")], ""),
    ];
    for (edits, expected) in cases {
        let result = apply(&Text::new("abcdef"), edits).unwrap();
        assert_eq!(result.to_string(), expected, "{edits:?}");
    }
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let text = Text::new("aé");
    let cases = [
        (
            vec![edit(0, 1, "x"), edit(2, 3, "")],
            "an edit of bytes 2 to 3 does not fit the text",
        ),
        (
            vec![edit(0, 9, "")],
            "an edit of bytes 0 to 9 does not fit the text",
        ),
        (
            vec![edit(1, 0, "")],
            "an edit of bytes 1 to 0 does not fit the text",
        ),
        (
            vec![edit(1, 3, ""), edit(0, 3, "")],
            "two edits overlap: bytes 0 to 3 and bytes 1 to 3",
        ),
        (
            vec![edit(0, 1, "x"), edit(0, 1, "x")],
            "two edits overlap: bytes 0 to 1 and bytes 0 to 1",
        ),
    ];
    for (edits, expected) in cases {
        let error = apply(&text, &edits).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

proptest! {
    /// Cuts a text into pieces, replaces some of them, and expects the pieces put together again.
    #[test]
    fn applying_agrees_with_joining_pieces(
        pieces in prop::collection::vec(("[aé😀\r\n]{0,6}", prop::option::of("[xñ\n]{0,4}")), 0..20),
        rotation in 0usize..20,
    ) {
        let (mut before, mut after, mut edits) = (String::new(), String::new(), Vec::new());
        for (old, new) in &pieces {
            if let Some(new) = new {
                edits.push(edit(before.len(), before.len() + old.len(), new));
            }
            before.push_str(old);
            after.push_str(new.as_ref().unwrap_or(old));
        }
        // Edits with one start keep their order, so only whole turns between different starts are allowed.
        let distinct = edits.windows(2).all(|pair| pair[0].range.start != pair[1].range.start);
        if distinct && !edits.is_empty() {
            let turn = rotation % edits.len();
            edits.rotate_left(turn);
        }
        let text = Text::new(&before);
        prop_assert_eq!(apply(&text, &edits).unwrap().to_string(), after);
    }

    #[test]
    fn any_list_of_edits_is_applied_or_refused(
        text in "[aé😀\n]{0,20}",
        edits in prop::collection::vec((0usize..30, 0usize..30, "[xé]{0,3}"), 0..6),
    ) {
        let edits: Vec<_> = edits.iter().map(|(a, b, new)| edit(*a, *b, new)).collect();
        let text = Text::new(&text);
        if let Ok(result) = apply(&text, &edits) {
            let removed: usize = edits.iter().map(|edit| edit.range.len()).sum();
            let added: usize = edits.iter().map(|edit| edit.new_text.len()).sum();
            prop_assert_eq!(result.len() + removed, text.len() + added);
        }
    }
}
