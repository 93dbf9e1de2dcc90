//! The dictionary of misspellings, packed into a flat text when we are built.

mod bucket;

/// A line for each misspelling: the word and its corrections, with tabs between. Ordered by bucket.
static TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/misspellings.txt"));

/// Where each bucket starts in [`TEXT`], and where the last one ends: little-endian 32-bit numbers.
static STARTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/misspellings.starts"));

/// The corrections of a misspelt word, in lower case, likeliest first; there may be none. `None` for all other words.
pub(crate) fn corrections(word: &str) -> Option<impl Iterator<Item = &'static str> + use<>> {
    if word.is_ascii() {
        find(word)
    } else {
        find(&word.to_lowercase())
    }
}

fn find(word: &str) -> Option<impl Iterator<Item = &'static str> + use<>> {
    let bucket = bucket::of(word.as_bytes());
    let mut lines = TEXT.get(start(bucket)..start(bucket + 1))?.lines();
    lines.find_map(|line| {
        let (misspelling, corrections) = line.split_once('\t')?;
        let corrections = corrections
            .split('\t')
            .filter(|correction| !correction.is_empty());
        misspelling
            .eq_ignore_ascii_case(word)
            .then_some(corrections)
    })
}

fn start(bucket: usize) -> usize {
    let bytes = STARTS.get(bucket * 4..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_others_are_not() {
        let all = |word| corrections(word).map(|words| words.collect::<Vec<_>>());
        assert_eq!(all("teh"), Some(vec!["the"]));
        assert_eq!(all("ReCiEvE"), Some(vec!["receive"]));
        assert_eq!(all("wich"), Some(vec!["which", "witch"]));
        // The first letter is a Cyrillic one.
        assert_eq!(all("Сontains"), Some(vec!["contains"]));
        for word in ["the", "receive", "", "t", "te\nh", "teh\tthe", "\u{1F600}"] {
            assert_eq!(all(word), None, "{word}");
        }
    }

    #[test]
    fn every_line_is_found_by_its_word() {
        let mut count = 0;
        for line in TEXT.lines() {
            let (word, rest) = line.split_once('\t').unwrap();
            assert_eq!(
                corrections(word).unwrap().collect::<Vec<_>>().join("\t"),
                rest
            );
            count += 1;
        }
        assert!(count > 50_000, "{count}");
    }
}
