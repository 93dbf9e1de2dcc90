//! Properties of locating, on random texts and quotes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::carry::{self, Carried};
use crate::finding::{RawColumn, RawOffsets};
use crate::text::Encoding;
use proptest::prelude::*;

/// Lines of code with few different words, so that much of it is repeated.
fn code() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "",
        "}",
        "    return x;",
        "\treturn x;",
        "let x = a + b;",
        "foo(a,  b)  ",
        "if (x) {",
        "é = “ü”",
        "fn f() {",
        "x",
    ]);
    let end = prop::sample::select(vec!["\n", "\r\n", "\r", "\n", "\n"]);
    prop::collection::vec((line, end), 0..25)
        .prop_map(|lines| lines.iter().flat_map(|(line, end)| [*line, *end]).collect())
}

fn anything() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "\\PC{0,6}",
        2 => prop::sample::select(vec!["\n", "\r\n", "\r", " ", "\t", "```", "12 | ", "+", "-", "`", "\u{301}", "…", "\u{200b}"])
            .prop_map(str::to_owned),
        2 => code(),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn numbers() -> impl Strategy<Value = RawPlace> {
    let small = || prop::option::of(prop_oneof![4 => 0u32..30, 1 => any::<u32>()]);
    let unit = || prop::sample::select(vec![Encoding::Utf8, Encoding::Utf16, Encoding::Utf32]);
    let column = move || prop::option::of((prop_oneof![4 => 0u32..30, 1 => any::<u32>()], unit()));
    let offsets = prop::option::of((
        0u64..300,
        prop_oneof![4 => 0u64..300, 1 => any::<u64>()],
        unit(),
    ));
    (small(), small(), column(), column(), offsets, any::<bool>()).prop_map(
        |(start_line, end_line, start_column, end_column, offsets, maybe_zero_based)| RawPlace {
            start_line,
            end_line,
            start_column: start_column.map(|(value, unit)| RawColumn { value, unit }),
            end_column: end_column.map(|(value, unit)| RawColumn { value, unit }),
            offsets: offsets.map(|(start, end, unit)| RawOffsets { start, end, unit }),
            maybe_zero_based,
            ..RawPlace::default()
        },
    )
}

proptest! {
    #[test]
    fn never_panics_and_stays_inside(
        text in anything(),
        quote in prop::option::of(anything()),
        symbol in prop::option::of(anything()),
        place in numbers(),
        message in anything(),
    ) {
        let text = Text::new(&text);
        let place = RawPlace { quote, symbol, ..place };
        let ranges = match locate(&text, &place, &message) {
            Located::At { range, .. } => vec![range],
            Located::Ambiguous { candidates, .. } => {
                prop_assert!((2..=MAX_CANDIDATES).contains(&candidates.len()));
                prop_assert!(candidates.is_sorted());
                candidates
            }
            Located::Nowhere => Vec::new(),
        };
        for range in ranges {
            prop_assert!(range.start <= range.end);
            prop_assert_eq!(text.clamp(range), range, "inside the text, on characters");
        }
    }

    #[test]
    fn an_exact_place_has_the_text_of_the_quote(text in code(), quote in code(), place in numbers()) {
        let place = RawPlace { quote: Some(quote.clone()), ..place };
        let text = Text::new(&text);
        if let Located::At { range, tier: Tier::Exact } = locate(&text, &place, "") {
            let found = text.slice(range).into_owned();
            prop_assert!(quote.contains(&found));
            prop_assert_eq!(found.trim(), quote.trim());
        }
    }

    /// A unique quote is found wherever the text around it goes, whatever the numbers say.
    #[test]
    fn a_unique_quote_is_found_after_edits_elsewhere(
        text in code(),
        start in 0usize..200,
        len in 1usize..60,
        edits in prop::collection::vec((0usize..300, 0usize..10, code()), 0..4),
        place in numbers(),
    ) {
        let mut text = Text::new(&text);
        let start = start % (text.len() + 1);
        let range = text.clamp(TextRange::new(start, start + len));
        let quote = text.slice(range).into_owned();
        let mut place_now = range;
        for (at, removed, new) in edits {
            let at = at.min(text.len());
            let edit = text.clamp(TextRange::new(at, (at + removed).min(text.len())));
            let new: String = new.chars().take(20).collect();
            let mut edited = text.clone();
            let change = edited.replace(edit, &new);
            if let Carried::Same(range) = carry::over(place_now, change) {
                (text, place_now) = (edited, range);
            }
        }
        let whole = text.to_string();
        // Blank lines around a quote do not count, so a quote that has some is another one.
        let same = quote::readings(&quote).plain.first().is_some_and(|reading| reading.text == quote);
        let unique = matches::occurrences(&whole, &quote, 0..whole.len()).len() == 1;
        if !same || !unique {
            return Ok(());
        }
        let place = RawPlace { quote: Some(quote), ..place };
        prop_assert_eq!(locate(&text, &place, ""), Located::At { range: place_now, tier: Tier::Exact });
    }

    /// What an agent does to a quote while copying it: other indentation, line ends, wrapping.
    #[test]
    fn a_copied_quote_is_found_in_its_tier(
        before in code(),
        after in code(),
        indent in "[ \t]{1,6}",
        trailing in "[ \t]{1,3}",
    ) {
        let quote = "unique_call(one);\n    another_one = \"two\";\nlast();";
        let indented: String = quote.lines().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n");
        let trailed: String = quote.lines().map(|line| format!("{line}{trailing}")).collect::<Vec<_>>().join("\n");
        let cases = [
            (quote.to_owned(), Tier::Exact),
            (format!("```\n{quote}\n```"), Tier::Exact),
            (trailed, Tier::TrailingSpace),
            (quote.replace('\n', "\r\n"), Tier::TrailingSpace),
            (indented, Tier::Trimmed),
            (quote.replace('"', "”"), Tier::Unicode),
            (quote.replace('\n', ""), Tier::WhitespaceFree),
            (format!("{quote}\ninvented();"), Tier::DroppedEdge),
            (quote.replace("another", "anotr"), Tier::Fuzzy),
        ];
        let text = Text::new(&format!("{before}\n{quote}\n{after}"));
        let range = TextRange::new(before.len() + 1, before.len() + 1 + quote.len());
        for (quote, tier) in cases {
            let place = RawPlace { quote: Some(quote), ..RawPlace::default() };
            prop_assert_eq!(locate(&text, &place, ""), Located::At { range, tier }, "{:?}", place);
        }
    }
}
