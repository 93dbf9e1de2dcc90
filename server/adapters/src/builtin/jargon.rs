//! What looks misspelt and is not: words of the trade, other languages, and files that no person writes.

use super::source::Source;
use typos::tokens::Case;

/// Identifiers that are right as they are, whatever their words say.
const IDENTIFIERS: &[&str] = &[
    "EOFError",
    "HashiCorp",
    "O_WRONLY",
    "certifi",
    "dBA",
    "flate2",
    "ratatui",
];

/// Words that are right in code, in lower case.
const WORDS: &[&str] = &[
    "aout",
    "arange",
    "asend",
    "clen",
    "controllen",
    "countr",
    "egal",
    "encrypter",
    "encrypters",
    "exect",
    "flate",
    "helo",
    "leafs",
    "lits",
    "modul",
    "numer",
    "parms",
    "pathc",
    "referer",
    "rela",
    "sems",
    "servent",
    "stap",
    "strat",
    "styl",
    "varius",
    "welp",
    "windo",
];

/// Misspellings of three letters that are nothing else. All others are abbreviations as often as mistakes.
const SHORT: &[&str] = &[
    "adn", "hsa", "hte", "ofr", "oyu", "teh", "thn", "whn", "wih", "yuo",
];

/// Longest word in capitals that is taken for an abbreviation.
const ABBREVIATION: usize = 4;

/// True for identifiers that are right.
pub(crate) fn is_known_identifier(identifier: &str) -> bool {
    IDENTIFIERS.binary_search(&identifier).is_ok()
}

/// True for words that are right although the dictionary of misspellings lists them.
pub(crate) fn is_known_word(word: &str, case: Case) -> bool {
    let lower = word.to_ascii_lowercase();
    if word.len() <= ABBREVIATION && case == Case::Upper {
        return true;
    }
    if word.len() <= 3 {
        return SHORT.binary_search(&lower.as_str()).is_err();
    }
    WORDS.binary_search(&lower.as_str()).is_ok()
}

/// Common words of German, French, Spanish, Portuguese, Italian, Dutch and the Nordic languages that are no
/// English ones.
const FOREIGN: &[&str] = &[
    "aber", "als", "auf", "aux", "avec", "ce", "che", "como", "con", "da", "dans", "das", "de",
    "dei", "del", "della", "den", "der", "des", "det", "die", "dies", "du", "een", "ein", "eine",
    "el", "en", "entre", "es", "est", "et", "für", "gli", "het", "il", "ist", "jag", "kein", "la",
    "las", "le", "les", "los", "mais", "nicht", "nie", "niet", "och", "oder", "og", "ou", "para",
    "pas", "por", "que", "qui", "se", "sich", "sie", "sind", "som", "sont", "sur", "um", "una",
    "und", "une", "uno", "von", "voor", "wie", "wird", "y", "zu", "är", "è", "één",
];

/// Common English words.
const ENGLISH: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "for", "from", "has",
    "have", "if", "in", "is", "it", "not", "of", "on", "or", "so", "that", "the", "their", "they",
    "this", "to", "was", "we", "when", "which", "will", "with", "you",
];

/// True for a line in a language other than English: at least two common words of such, and more than English ones.
pub(crate) fn is_foreign(line: &str) -> bool {
    let (mut foreign, mut english) = (0, 0);
    for word in line
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
    {
        let word = word.to_lowercase();
        foreign += usize::from(FOREIGN.binary_search(&word.as_str()).is_ok());
        english += usize::from(ENGLISH.binary_search(&word.as_str()).is_ok());
    }
    foreign >= 2 && foreign > english
}

/// Names of files that programs write, besides those that end in `.lock`.
const LOCK_FILES: &[&str] = &[
    "bun.lockb",
    "cargo.lock",
    "go.sum",
    "go.work.sum",
    "gradle.lockfile",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "packages.lock.json",
    "pnpm-lock.yaml",
];

/// Ends of names of files whose words are not English, or not words.
const NO_PROSE: &[&str] = &[
    ".aff", ".asc", ".cer", ".crt", ".csr", ".csv", ".dic", ".ipynb", ".key", ".lock", ".map",
    ".min.css", ".min.js", ".min.mjs", ".pem", ".po", ".pub", ".snap", ".svg", ".tsv", ".xlf",
    ".xliff",
];

/// How the first lines of a generated file say so.
const GENERATED: &[&str] = &[
    "@generated",
    "DO NOT EDIT",
    "Do not edit",
    "do not edit",
    "automatically generated",
    "Automatically generated",
];

/// Lines in which a file may say that it is generated.
const HEADER_LINES: usize = 10;

/// False for lock files, minified and generated files and the like, whose words nobody will correct.
pub(crate) fn is_written_by_hand(source: &Source<'_>) -> bool {
    let name = source
        .path
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if LOCK_FILES.contains(&name.as_str()) || NO_PROSE.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    let header = (0..source.line_count().min(HEADER_LINES)).map(|line| source.line(line));
    !header
        .into_iter()
        .any(|line| GENERATED.iter().any(|mark| line.contains(mark)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn tables_are_sorted_for_the_search() {
        for table in [IDENTIFIERS, WORDS, SHORT, FOREIGN, ENGLISH] {
            assert!(table.is_sorted(), "{table:?}");
        }
    }
}
