//! Places in the words of agents: text, quote, symbol, message and numbers, one part each.
#![no_main]

use domain::finding::{RawColumn, RawOffsets, RawPlace};
use domain::locate::{Located, MAX_CANDIDATES, Tier, locate};
use domain::text::{Encoding, Text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [text, quote, symbol, message, numbers] = fuzz::parts(data);
    let place = place(&quote, &symbol, &fuzz::numbers(&numbers));
    let rope = Text::new(&text);
    let ranges = match locate(&rope, &place, &message) {
        Located::At { range, tier } => {
            if tier == Tier::Exact {
                let found = &text[range.as_range()];
                assert!(
                    quote.contains(found),
                    "{found:?} is not in the quote {quote:?}"
                );
                assert!(!found.trim().is_empty());
            }
            vec![range]
        }
        Located::Ambiguous { candidates, .. } => {
            assert!((2..=MAX_CANDIDATES).contains(&candidates.len()));
            assert!(candidates.is_sorted());
            candidates
        }
        Located::Nowhere => Vec::new(),
    };
    for range in ranges {
        assert!(
            text.get(range.as_range()).is_some(),
            "{range:?} in {text:?}"
        );
    }
});

/// Lines, columns, offsets, and what they count; each as far as there are numbers.
fn place(quote: &str, symbol: &str, numbers: &[u32]) -> RawPlace {
    let number = |at: usize| numbers.get(at).copied();
    let unit = match number(6).unwrap_or_default() % 3 {
        0 => Encoding::Utf8,
        1 => Encoding::Utf16,
        _ => Encoding::Utf32,
    };
    let column = |at| number(at).map(|value| RawColumn { value, unit });
    let offsets = number(4).zip(number(5)).map(|(start, end)| RawOffsets {
        start: u64::from(start),
        end: u64::from(end),
        unit,
    });
    RawPlace {
        quote: (!quote.is_empty()).then(|| quote.to_owned()),
        symbol: (!symbol.is_empty()).then(|| symbol.to_owned()),
        start_line: number(0),
        end_line: number(1),
        start_column: column(2),
        end_column: column(3),
        offsets,
        maybe_zero_based: number(6).is_some_and(|it| it > 2),
    }
}
