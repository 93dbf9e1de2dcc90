//! Making text from agents safe to show: no control characters, no raw HTML, no command links, bounded length.

/// One line of plain text: control and bidirectional characters removed, white space folded, at most `max`
/// characters (cut with `…`).
pub fn line(text: &str, max: usize) -> String {
    let _ = (text, max);
    unimplemented!()
}

/// Markdown that cannot do anything: control characters removed, raw HTML escaped, images turned into their
/// text, links kept only for `http:` and `https:` (shown with their target), at most `max` bytes.
pub fn markdown(text: &str, max: usize) -> String {
    let _ = (text, max);
    unimplemented!()
}
