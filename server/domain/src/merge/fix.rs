//! What a fix really changes, so that two that do the same are told to be the same.

use crate::finding::Finding;

/// A change without what stays the same at its edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Fixed<'f> {
    /// First byte of the file that is another one afterwards.
    start: usize,
    /// After the last one.
    end: usize,
    /// What stands there then.
    new_text: &'f str,
}

/// What the fix of a finding changes; `None` when that is nothing. Where the old text is not known, the fix is taken as it is.
pub(super) fn fixed(finding: &Finding) -> Option<Fixed<'_>> {
    let fix = finding.fix.as_ref()?;
    let (start, end) = (fix.range.start, fix.range.end);
    let mut it = Fixed {
        start,
        end,
        new_text: &fix.new_text,
    };
    let from = start.checked_sub(finding.range.start);
    let old = from.and_then(|from| {
        let quote = &finding.anchor.quote;
        (quote.len() == finding.range.len())
            .then(|| quote.get(from..from + fix.range.len()))
            .flatten()
    });
    let Some(mut old) = old else {
        return (start != end || !it.new_text.is_empty()).then_some(it);
    };
    let common = common(old.chars(), it.new_text.chars());
    it.start += common;
    old = &old[common..];
    it.new_text = &it.new_text[common..];
    let common = self::common(old.chars().rev(), it.new_text.chars().rev());
    it.end -= common;
    it.new_text = &it.new_text[..it.new_text.len() - common];
    (it.start != it.end || !it.new_text.is_empty()).then_some(it)
}

/// Bytes of the characters that both begin with.
fn common(a: impl Iterator<Item = char>, b: impl Iterator<Item = char>) -> usize {
    let pairs = a.zip(b).take_while(|(a, b)| a == b);
    pairs.map(|(it, _)| it.len_utf8()).sum()
}
