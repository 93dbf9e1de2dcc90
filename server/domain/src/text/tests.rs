//! Tests of positions against a naive model that follows the LSP text word by word.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;

const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

fn at(line: u32, character: u32) -> Position {
    Position { line, character }
}

/// Starts and ends (before the line end) of all lines, found byte by byte.
fn model_lines(text: &str) -> Vec<TextRange> {
    let bytes = text.as_bytes();
    let (mut lines, mut start, mut i) = (Vec::new(), 0, 0);
    while i < bytes.len() {
        let end_len = match bytes[i] {
            b'\r' if bytes.get(i + 1) == Some(&b'\n') => 2,
            b'\r' | b'\n' => 1,
            _ => 0,
        };
        if end_len > 0 {
            lines.push(TextRange::new(start, i));
            start = i + end_len;
        }
        i += end_len.max(1);
    }
    lines.push(TextRange::new(start, bytes.len()));
    lines
}

fn model_offset(text: &str, position: Position, encoding: Encoding) -> usize {
    let lines = model_lines(text);
    let Some(line) = lines.get(position.line as usize) else {
        return text.len();
    };
    let mut units = 0;
    for (i, c) in text[line.as_range()].char_indices() {
        units += width(c, encoding);
        if units > position.character as usize {
            return line.start + i;
        }
    }
    line.end
}

#[test]
fn positions_by_the_rules_of_lsp() {
    // 😀 has 4 bytes, 2 UTF-16 units, 1 scalar value; é has 2, 1, 1.
    let text = Text::new("aé😀b\r\ncd\re\n\nlast");
    let cases = [
        (at(0, 0), [0, 0, 0], "the start"),
        (at(0, 2), [1, 3, 3], "inside é in UTF-8"),
        (at(0, 3), [3, 3, 7], "inside the surrogate pair in UTF-16"),
        (at(0, 4), [3, 7, 8], "inside the emoji in UTF-8"),
        (at(0, 99), [8, 8, 8], "past the end: before the line end"),
        (at(0, u32::MAX), [8, 8, 8], "far past the end"),
        (at(1, 2), [12, 12, 12], "before a lone CR"),
        (at(1, 3), [12, 12, 12], "a lone CR is a line end"),
        (at(2, 0), [13, 13, 13], "after a lone CR"),
        (at(3, 5), [15, 15, 15], "an empty line"),
        (at(4, 4), [20, 20, 20], "the end of the text"),
        (at(5, 0), [20, 20, 20], "past the last line"),
        (
            at(u32::MAX, u32::MAX),
            [20, 20, 20],
            "far past the last line",
        ),
    ];
    for (position, expected, what) in cases {
        let offsets = ENCODINGS.map(|encoding| text.offset(position, encoding));
        assert_eq!(offsets, expected, "{what}");
    }
}

#[test]
fn only_the_three_line_ends_of_lsp_end_lines() {
    let text = Text::new("a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f");
    assert_eq!(text.line_count(), 1);
    let text = Text::new("a\nb\r\nc\rd\n");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines, ["a", "b", "c", "d", ""]);
    assert_eq!(text.line(1), "b");
    assert_eq!(text.line(5), "");
    assert_eq!(text.line_range(5), None);
    assert_eq!(Text::new("").line_range(0), Some(TextRange::new(0, 0)));
}

#[test]
fn the_middle_of_a_line_end_is_the_end_of_its_line() {
    let text = Text::new("ab\r\nc");
    assert_eq!(text.position(2, Encoding::Utf16), at(0, 2));
    assert_eq!(text.position(3, Encoding::Utf16), at(0, 2));
    assert_eq!(text.position(4, Encoding::Utf16), at(1, 0));
    assert_eq!(text.position(99, Encoding::Utf16), at(1, 1));
}

#[test]
fn a_reversed_range_is_swapped() {
    let text = Text::new("one\ntwo");
    let range = text.range_of(at(1, 1), at(0, 1), Encoding::Utf16);
    assert_eq!(range, TextRange::new(1, 5));
    let positions = text.positions_of(range, Encoding::Utf16);
    assert_eq!(positions, (at(0, 1), at(1, 1)));
}

#[test]
fn replacing_clamps_to_the_text_and_to_characters() {
    let mut text = Text::new("é😀");
    let change = text.replace(TextRange::new(3, 99), "x");
    assert_eq!(text.to_string(), "éx");
    assert_eq!(
        change,
        Change {
            range: TextRange::new(2, 6),
            new_len: 1
        }
    );
    // Typing between CR and LF makes two line ends of one.
    let mut text = Text::new("a\r\nb");
    text.replace(TextRange::new(2, 2), "-");
    assert_eq!(text.line_count(), 3);
}

#[test]
fn offsets_in_units_of_the_whole_text() {
    let text = Text::new("é😀b");
    assert_eq!(text.offset_of_units(2, Encoding::Utf16), Some(2));
    assert_eq!(text.offset_of_units(3, Encoding::Utf16), Some(6));
    assert_eq!(text.offset_of_units(4, Encoding::Utf16), Some(7));
    assert_eq!(text.offset_of_units(5, Encoding::Utf16), None);
    assert_eq!(text.offset_of_units(2, Encoding::Utf32), Some(6));
    assert_eq!(text.offset_of_units(3, Encoding::Utf8), Some(2));
}

/// Text of awkward characters, long enough now and then for the rope to have several chunks.
fn awkward() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "\r",
        "\n",
        "\r\n",
        "a",
        "bc",
        "é",
        "😀",
        "\u{2028}",
        "\u{301}",
        "\t",
        "漢字",
        "longer words here ",
    ]);
    let short = prop::collection::vec(piece.clone(), 0..40);
    let long = prop::collection::vec(piece, 800..1500);
    prop_oneof![4 => short, 1 => long].prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn offsets_agree_with_the_model(text in awkward(), line in 0u32..60, character in 0u32..80) {
        let rope = Text::new(&text);
        for encoding in ENCODINGS {
            let position = at(line, character);
            prop_assert_eq!(rope.offset(position, encoding), model_offset(&text, position, encoding));
        }
    }

    #[test]
    fn lines_agree_with_the_model(text in awkward()) {
        let rope = Text::new(&text);
        let model = model_lines(&text);
        prop_assert_eq!(rope.line_count(), model.len());
        prop_assert_eq!(rope.lines().count(), model.len());
        for (i, line) in model.iter().enumerate() {
            prop_assert_eq!(rope.line_range(i), Some(*line));
            prop_assert_eq!(rope.line(i), &text[line.as_range()]);
            prop_assert_eq!(rope.line_of(line.start), i);
            prop_assert_eq!(rope.line_of(line.end), i);
        }
    }

    /// A text in many small pieces of memory, with line ends at their borders.
    #[test]
    fn lines_in_many_pieces_agree_with_the_model(pieces in prop::collection::vec((awkward(), 0usize..4000), 1..60)) {
        let mut rope = Text::new("");
        let mut text = String::new();
        for (piece, at) in &pieces {
            let at = text.floor_char_boundary(*at);
            rope.replace(TextRange::new(at, at), piece);
            text.insert_str(at, piece);
        }
        let lines: Vec<_> = rope.lines().collect();
        let model: Vec<_> = model_lines(&text).into_iter().map(|it| &text[it.as_range()]).collect();
        prop_assert_eq!(lines, model);
    }

    #[test]
    fn positions_and_offsets_are_inverse(text in awkward(), offset in 0usize..400) {
        let rope = Text::new(&text);
        let floor = text.floor_char_boundary(offset);
        prop_assert_eq!(rope.char_boundary(offset), floor);
        let inside_line_end = text[..floor].ends_with('\r') && text[floor..].starts_with('\n');
        for encoding in ENCODINGS {
            let back = rope.offset(rope.position(offset, encoding), encoding);
            prop_assert_eq!(back, floor - usize::from(inside_line_end));
        }
    }

    #[test]
    fn replacing_agrees_with_strings(text in awkward(), new in awkward(), a in 0usize..500, b in 0usize..500) {
        let (start, end) = (a.min(b), a.max(b));
        let mut rope = Text::new(&text);
        let before = rope.clone();
        let change = rope.replace(TextRange::new(start, end), &new);
        let mut model = text.clone();
        model.replace_range(text.floor_char_boundary(start)..text.floor_char_boundary(end), &new);
        prop_assert_eq!(rope.to_string(), model.as_str());
        prop_assert_eq!(&rope, &Text::new(&model));
        prop_assert_eq!(change.new_len + text.len() - change.range.len(), model.len());
        prop_assert_eq!(before.to_string(), text);
    }
}
