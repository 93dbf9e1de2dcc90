//! Positions and edits in three encodings, against a plain string.
#![no_main]

use domain::text::{Encoding, Position, Text, TextRange};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];
/// Long enough for the rope to have several chunks.
const MAX_LEN: usize = 20_000;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    edits: Vec<Edit<'a>>,
    repeated: u8,
    text: &'a str,
}

#[derive(Arbitrary, Debug)]
struct Edit<'a> {
    from: (u16, u16),
    to: (u16, u16),
    encoding: u8,
    new: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let repeated = usize::from(input.repeated).min(MAX_LEN / input.text.len().max(1));
    let mut model = input.text.repeat(repeated.max(1));
    let mut text = Text::new(&model);
    for edit in input.edits.iter().take(20) {
        let encoding = ENCODINGS[usize::from(edit.encoding) % 3];
        let range = text.range_of(position(edit.from), position(edit.to), encoding);
        let ends = [edit.from, edit.to].map(|it| model_offset(&model, position(it), encoding));
        assert_eq!(
            range,
            TextRange::new(ends[0].min(ends[1]), ends[0].max(ends[1]))
        );
        check_position(&text, &model, range.start);
        text.replace(range, edit.new);
        model.replace_range(range.as_range(), edit.new);
        assert_eq!(text.len(), model.len());
    }
    assert_eq!(text.to_string(), model);
    let lines = model_lines(&model);
    assert_eq!(text.line_count(), lines.len());
    assert!(
        text.lines()
            .eq(lines.iter().map(|it| &model[it.as_range()]))
    );
    for (number, line) in lines.iter().enumerate().take(100) {
        assert_eq!(text.line_range(number), Some(*line));
        assert_eq!(text.line(number), &model[line.as_range()]);
    }
});

fn position((line, character): (u16, u16)) -> Position {
    Position {
        line: line.into(),
        character: character.into(),
    }
}

/// There and back again is the same place.
fn check_position(text: &Text, model: &str, offset: usize) {
    for encoding in ENCODINGS {
        let position = text.position(offset, encoding);
        assert_eq!(model_offset(model, position, encoding), offset);
        assert_eq!(text.offset(position, encoding), offset);
    }
}

fn model_lines(text: &str) -> Vec<TextRange> {
    let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(end) = text[at..].find(['\r', '\n']).map(|it| at + it) {
        lines.push(TextRange::new(start, end));
        at = end
            + if text[end..].starts_with("\r\n") {
                2
            } else {
                1
            };
        start = at;
    }
    lines.push(TextRange::new(start, text.len()));
    lines
}

fn model_offset(text: &str, position: Position, encoding: Encoding) -> usize {
    let lines = model_lines(text);
    let Some(line) = lines.get(position.line as usize) else {
        return text.len();
    };
    let mut units = 0;
    for (at, it) in text[line.as_range()].char_indices() {
        units += match encoding {
            Encoding::Utf8 => it.len_utf8(),
            Encoding::Utf16 => it.len_utf16(),
            Encoding::Utf32 => 1,
        };
        if units > position.character as usize {
            return line.start + at;
        }
    }
    line.end
}
