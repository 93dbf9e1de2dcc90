//! Making text from agents safe to show: no control characters, no raw HTML, no command links, bounded length.

use std::borrow::Cow;

mod inline;
#[cfg(test)]
mod tests;

/// Stands where something was cut off.
const CUT: &str = "…";
/// Longest fence that is kept as long as it is, in characters.
const MAX_FENCE: usize = 20;

/// One line of plain text: control and bidirectional characters removed, white space folded, at most `max`
/// characters (cut with `…`).
pub fn line(text: &str, max: usize) -> String {
    let text = visible(text);
    let mut out = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        if count > 0 {
            out.push(' ');
            count += 1;
        }
        out.push_str(word);
        count += word.chars().count();
        if count > max {
            let kept = out
                .char_indices()
                .nth(max.saturating_sub(1))
                .map_or(0, |(at, _)| at);
            out.truncate(out[..kept].trim_end().len());
            out.push_str(if max > 0 { CUT } else { "" });
            break;
        }
    }
    out
}

/// Markdown that cannot do anything: control characters removed, raw HTML escaped, images turned into their
/// text, links kept only for `http:` and `https:` (shown with their target), at most `max` bytes.
///
/// Whatever is written after it starts outside of any code block. Code blocks are moved to the left margin
/// and what could be read in two ways (a lone backtick, a bracket) is escaped, so that every renderer sees the
/// same structure as this function.
pub fn markdown(text: &str, max: usize) -> String {
    // Nothing shrinks to less than a few times its length but what is dropped anyway.
    let text = visible(cut_at(text, max.saturating_mul(4)));
    let mut out = String::new();
    let mut fence: Option<Fence> = None;
    let mut lines = text.trim_end().split('\n').peekable();
    while let Some(source) = lines.next() {
        // Room for closing the block and telling that something was cut.
        let tail = fence.as_ref().map_or(0, |it| it.len + 1) + 2 * CUT.len() + 1;
        let used = out.len() + 1 + tail;
        if used > max && !out.is_empty() {
            push_within(&mut out, &format!("\n{CUT}"), max);
            break;
        }
        let room = max.saturating_sub(used);
        let (written, next) = match &fence {
            Some(open) => code_line(source, open),
            None => match Fence::open(source) {
                Some(open) if open.len + open.info.len() + open.len < room => {
                    (open.first_line(), Some(open))
                }
                Some(_) => (Written::Cut(String::new()), None),
                None => (inline::line(source, room), None),
            },
        };
        let (written, cut) = match written {
            Written::Whole(it) if it.len() <= room => (it, false),
            Written::Whole(it) | Written::Cut(it) => (cut_at(&it, room).to_owned(), true),
        };
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&written);
        if cut {
            push_within(&mut out, CUT, max);
            break;
        }
        fence = next;
        if lines.peek().is_none() {
            break;
        }
    }
    if let Some(open) = fence {
        let closing = format!("\n{}", open.marker());
        push_within(&mut out, &closing, max);
    }
    out
}

/// A line as it is to be shown.
enum Written {
    Whole(String),
    /// It would be longer than allowed.
    Cut(String),
}

/// An open code block.
#[derive(Clone)]
struct Fence {
    mark: char,
    len: usize,
    /// White space before it, in characters; taken off its lines.
    indent: usize,
    info: String,
}

impl Fence {
    /// Reads a line that opens a block, also one that is the first of a list item.
    fn open(line: &str) -> Option<Self> {
        let body = line.trim_start();
        let body = list_marker(body).map_or(body, |at| body[at..].trim_start());
        let mark = body.chars().next().filter(|it| matches!(it, '`' | '~'))?;
        let len = body.chars().take_while(|it| *it == mark).count();
        let info = &body[len..];
        if !(3..=MAX_FENCE).contains(&len) || (mark == '`' && info.contains('`')) {
            return None;
        }
        let info = info.split_whitespace().next().unwrap_or_default();
        let info = info
            .chars()
            .filter(|it| it.is_ascii_alphanumeric() || "+-_#.".contains(*it))
            .take(40)
            .collect();
        Some(Self {
            mark,
            len,
            indent: line.chars().count() - body.chars().count(),
            info,
        })
    }
    fn marker(&self) -> String {
        std::iter::repeat_n(self.mark, self.len).collect()
    }
    fn first_line(&self) -> Written {
        Written::Whole(format!("{}{}", self.marker(), self.info))
    }
    fn is_closed_by(&self, line: &str) -> bool {
        let body = line.trim();
        body.len() >= self.len && body.chars().all(|it| it == self.mark)
    }
}

/// A line inside of a block, and the block that is open after it.
fn code_line(source: &str, open: &Fence) -> (Written, Option<Fence>) {
    if open.is_closed_by(source) {
        return (Written::Whole(open.marker()), None);
    }
    let mut rest = source;
    for _ in 0..open.indent {
        rest = rest.strip_prefix([' ', '\t']).unwrap_or(rest);
    }
    (Written::Whole(rest.to_owned()), Some(open.clone()))
}

/// Where the text after a list marker starts.
fn list_marker(line: &str) -> Option<usize> {
    let after = line.trim_start_matches(|it: char| it.is_ascii_digit());
    let digits = line.len() - after.len();
    let marks: &[char] = if digits == 0 {
        &['-', '*', '+']
    } else {
        &['.', ')']
    };
    let after = after.strip_prefix(marks)?;
    (digits <= 9 && after.starts_with([' ', '\t'])).then_some(digits + 1)
}

/// The longest start of `text` that has at most `max` bytes.
fn cut_at(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

fn push_within(out: &mut String, text: &str, max: usize) {
    if out.len() + text.len() <= max {
        out.push_str(text);
    }
}

/// True for text with characters that hide, reorder or blot out what stands around them: what a person sees of it is not
/// what it says.
pub fn is_deceptive(text: &str) -> bool {
    text.chars().any(|it| it != '\r' && is_unwanted(it))
}

/// Text without terminal escapes, control characters, and characters that reorder or hide text. Line ends
/// become `\n`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unwanted) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(it) = chars.next() {
        match it {
            '\u{1b}' => skip_escape(&mut chars),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            it if is_unwanted(it) => {}
            it => out.push(it),
        }
    }
    Cow::Owned(out)
}

/// Skips the rest of a terminal escape sequence: `[…letter`, `]…BEL`, or one character.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            while chars.next_if(|it| matches!(it, ' '..='?')).is_some() {}
            chars.next_if(|it| matches!(it, '@'..='~'));
        }
        Some(']' | 'P' | '^' | '_') => {
            while let Some(it) = chars.next_if(|it| *it != '\n') {
                if it == '\u{7}'
                    || it == '\u{9c}'
                    || (it == '\u{1b}' && chars.next_if_eq(&'\\').is_some())
                {
                    break;
                }
            }
        }
        Some(' '..='~') => {
            chars.next();
        }
        _ => {}
    }
}

fn is_unwanted(it: char) -> bool {
    matches!(it,
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // Bidirectional marks, overrides and isolates.
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        // Line and paragraph separators, invisible characters, tags.
        | '\u{2028}' | '\u{2029}' | '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
