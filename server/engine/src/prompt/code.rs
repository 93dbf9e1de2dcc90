//! Code as agents see it: with line numbers, inside of fences that it cannot close.

use domain::text::Text;
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

/// Longest part of a line that is shown in a prompt, in bytes.
pub(super) const MAX_LINE: usize = 2000;
/// Bytes of a numbered line beside its number and content.
const DECORATION: usize = " | \n".len();
/// Most bytes of what is said where a line is cut.
const CUT_REMARK: usize = 48;

/// Number of lines without the empty one after the last line end.
pub(super) fn line_count(text: &Text) -> usize {
    let lines = text.line_count();
    if lines > 1 && text.line(lines - 1).is_empty() {
        lines - 1
    } else {
        lines
    }
}

/// Writes some lines (0-based) with their numbers (`  12 | let x = 1;`), and `…` where lines are left out.
pub(super) fn write_numbered(out: &mut String, text: &Text, spans: &[Range<usize>]) {
    let width = width(text);
    for (index, span) in spans.iter().enumerate() {
        if index > 0 {
            let _ = writeln!(out, "{:>width$} |", "…");
        }
        for line in span.clone() {
            let content = text.line(line);
            let shown = &content[..content.floor_char_boundary(MAX_LINE)];
            let number = line + 1;
            // A blank line has no space at its end.
            let gap = if shown.is_empty() { "" } else { " " };
            let _ = write!(out, "{number:>width$} |{gap}{shown}");
            if shown.len() < content.len() {
                let _ = write!(
                    out,
                    "… ({} more bytes in this line)",
                    content.len() - shown.len()
                );
            }
            out.push('\n');
        }
    }
}

/// Bytes that each line takes at most when it is written.
pub(super) fn numbered_lens(text: &Text) -> Vec<usize> {
    let around = width(text) + DECORATION;
    let len = |line: Cow<'_, str>| {
        let cut = if line.len() > MAX_LINE { CUT_REMARK } else { 0 };
        around + line.len().min(MAX_LINE) + cut
    };
    text.lines().map(len).collect()
}

fn width(text: &Text) -> usize {
    line_count(text).to_string().len().max(4)
}

/// Writes `content` between fences that are longer than any run of backticks in it.
pub(super) fn write_fenced(out: &mut String, language: &str, content: &str) {
    let fence = "`".repeat((longest_run(content) + 1).max(3));
    let end = if content.is_empty() || content.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let _ = writeln!(out, "{fence}{language}\n{content}{end}{fence}");
}

fn longest_run(content: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for byte in content.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
