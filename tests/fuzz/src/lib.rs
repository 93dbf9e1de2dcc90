//! What the targets share: inputs that people can read and write.

use domain::anchor::Anchor;
use domain::finding::{Category, Finding, FindingId, Severity};
use domain::locate::Tier;
use domain::path::RelPath;
use domain::text::TextRange;

/// Stands on a line of its own between the parts of an input.
const BETWEEN: &str = "\n====\n";

/// The parts of an input, as many as asked for; missing ones are empty. Bytes that are not UTF-8 are replaced.
pub fn parts<const N: usize>(data: &[u8]) -> [String; N] {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.splitn(N, BETWEEN);
    std::array::from_fn(|_| parts.next().unwrap_or_default().to_owned())
}

/// Whitespace-separated numbers; what is none is left out.
pub fn numbers(text: &str) -> Vec<u32> {
    text.split_whitespace()
        .filter_map(|it| it.parse().ok())
        .collect()
}

/// True for a character that must not reach a screen.
pub fn is_hostile(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}')
}

/// A finding of an agent at exactly this place, which nothing sets apart from others.
pub fn finding(range: TextRange, category: Category, title: &str) -> Finding {
    Finding {
        id: FindingId(String::new()),
        agent: "a".into(),
        provider: "p".into(),
        path: RelPath::try_from("a".to_owned()).expect("a path"),
        range,
        tier: Tier::Exact,
        severity: Severity::Warning,
        category,
        code: None,
        title: title.into(),
        body: String::new(),
        confidence: None,
        fix: None,
        anchor: Anchor::default(),
    }
}
