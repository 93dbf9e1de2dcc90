//! One line of markdown outside of code blocks, made harmless.

use super::Written;

/// How far a link's text and target may reach, in bytes.
const MAX_LINK: usize = 2000;

/// Rewrites a line; stops once it is longer than `room` bytes.
pub(super) fn line(source: &str, room: usize) -> Written {
    let runs = backtick_runs(source);
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while let Some(it) = source[at..].chars().next() {
        let before = out.len();
        let next = match it {
            '\\' => escape(source, at, &mut out),
            '`' => code_span(source, at, &runs, &mut out),
            '!' if source[at + 1..].starts_with('[') => image_or_link(source, at, &mut out),
            '[' => image_or_link(source, at, &mut out),
            // Three of them could open a code block; what does is not seen here.
            '~' if source[at..].starts_with("~~~") => {
                let len = source[at..].bytes().take_while(|it| *it == b'~').count();
                out.push_str(&"\\~".repeat(len));
                at + len
            }
            '<' => autolink(source, at, &mut out),
            it => {
                out.push(it);
                at + it.len_utf8()
            }
        };
        if out.len() > room {
            out.truncate(before);
            return Written::Cut(out);
        }
        at = next;
    }
    Written::Whole(out)
}

/// Start and length of every run of backticks that may open or close a code span.
fn backtick_runs(source: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in source.match_indices('`') {
        match runs.last_mut() {
            Some((start, len)) if *start + *len == at => *len += 1,
            _ => runs.push((at, 1)),
        }
    }
    runs
}

/// A backslash with what it escapes.
fn escape(source: &str, at: usize, out: &mut String) -> usize {
    match source[at + 1..].chars().next() {
        // What is live only here stays escaped; `\<` has no meaning to lose.
        Some('<') => {
            out.push_str("&lt;");
            at + 2
        }
        Some(next) if next.is_ascii_punctuation() => {
            out.push('\\');
            out.push(next);
            at + 2
        }
        _ => {
            out.push_str("\\\\");
            at + 1
        }
    }
}

/// A code span that ends on this line as it is; any other backtick is escaped so that no renderer takes it for
/// the start of one.
fn code_span(source: &str, at: usize, runs: &[(usize, usize)], out: &mut String) -> usize {
    let len = source[at..].bytes().take_while(|it| *it == b'`').count();
    let after = at + len;
    let first = runs.partition_point(|(start, _)| *start < after);
    let closing = runs[first..]
        .iter()
        .find(|(_, other)| *other == len)
        .map(|(start, _)| *start);
    match closing {
        // A table's cells are split before code spans are seen, which would let loose what is inside.
        Some(end)
            if !(source[after..end].contains('|') && source[after..end].contains(['<', '['])) =>
        {
            out.push_str(&source[at..end + len]);
            end + len
        }
        _ => {
            out.push_str(&"\\`".repeat(len));
            after
        }
    }
}

/// `![text](target)` becomes its text, `[text](target)` its text and target; any other bracket is escaped.
fn image_or_link(source: &str, at: usize, out: &mut String) -> usize {
    let image = source[at..].starts_with('!');
    let open = at + usize::from(image);
    let Some((text, target, end)) = link(source, open) else {
        out.push_str(if image { "!\\[" } else { "\\[" });
        return open + 1;
    };
    let Written::Whole(text) = line(text, MAX_LINK * 2) else {
        return end;
    };
    out.push_str(&text);
    if !image && is_web(target) && text != target {
        if !text.is_empty() {
            out.push(' ');
        }
        out.push_str(&format!("(<{target}>)"));
    }
    end
}

/// The text and target of the link whose `[` is at `open`, and where it ends.
fn link(source: &str, open: usize) -> Option<(&str, &str, usize)> {
    let close = matching(source, open, b'[', b']')?;
    if source.as_bytes().get(close + 1) != Some(&b'(') {
        return None;
    }
    let end = matching(source, close + 1, b'(', b')')?;
    let inside = source[close + 2..end].trim();
    // What follows the target is a title.
    let target = match inside.strip_prefix('<') {
        Some(rest) => rest.split('>').next(),
        None => inside.split_whitespace().next(),
    };
    Some((
        &source[open + 1..close],
        target.unwrap_or_default(),
        end + 1,
    ))
}

/// The bracket that closes the one at `open`; nested ones are skipped, escaped ones do not count.
fn matching(source: &str, open: usize, opening: u8, closing: u8) -> Option<usize> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, byte) in source.bytes().enumerate().skip(open).take(MAX_LINK) {
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == opening {
            depth += 1;
        } else if byte == closing {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// `<https://…>` stays a link; every other `<` is shown as what it is.
fn autolink(source: &str, at: usize, out: &mut String) -> usize {
    let rest = &source[at + 1..];
    if let Some((target, _)) = rest.split_once('>').filter(|(it, _)| is_web(it)) {
        out.push_str(&format!("<{target}>"));
        return at + target.len() + 2;
    }
    out.push_str("&lt;");
    at + 1
}

fn is_web(target: &str) -> bool {
    let scheme = target.split("://").next().unwrap_or_default();
    matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
        && target.len() > scheme.len() + 3
        && target.len() <= MAX_LINK
        && !target
            .contains(|it: char| it.is_whitespace() || it.is_control() || "<>[]\\`\"|".contains(it))
}
