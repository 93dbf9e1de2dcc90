//! Mending JSON as models write it: raw line ends in strings, half surrogates, trailing commas.

/// JSON with the usual slips mended; what is right stays as it is.
pub(super) fn repair(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(it) = rest.chars().next() {
        match it {
            '"' => rest = string(rest, &mut out),
            ',' if closes_next(&rest[1..]) => rest = &rest[1..],
            it => {
                out.push(it);
                rest = &rest[it.len_utf8()..];
            }
        }
    }
    out
}

fn closes_next(rest: &str) -> bool {
    rest.trim_start().starts_with(['}', ']'])
}

/// Copies the string that `text` starts with; returns what follows.
fn string<'a>(text: &'a str, out: &mut String) -> &'a str {
    out.push('"');
    let mut rest = &text[1..];
    while let Some(it) = rest.chars().next() {
        match it {
            '"' => {
                out.push('"');
                return &rest[1..];
            }
            '\\' => rest = escape(rest, out),
            it if u32::from(it) < 0x20 => {
                out.push_str(&format!("\\u{:04x}", u32::from(it)));
                rest = &rest[1..];
            }
            it => {
                out.push(it);
                rest = &rest[it.len_utf8()..];
            }
        }
    }
    rest
}

/// Copies the escape that `text` starts with, or what was meant by it.
fn escape<'a>(text: &'a str, out: &mut String) -> &'a str {
    match text[1..].chars().next() {
        Some('u') => match unit(text) {
            Some(0xD800..=0xDBFF)
                if matches!(text.get(6..).and_then(unit), Some(0xDC00..=0xDFFF)) =>
            {
                out.push_str(&text[..12]);
                &text[12..]
            }
            Some(0xD800..=0xDFFF) => {
                out.push_str("\\ufffd");
                &text[6..]
            }
            Some(_) => {
                out.push_str(&text[..6]);
                &text[6..]
            }
            None => {
                out.push_str("\\\\u");
                &text[2..]
            }
        },
        Some(next @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => {
            out.push('\\');
            out.push(next);
            &text[2..]
        }
        Some('\'') => {
            out.push('\'');
            &text[2..]
        }
        _ => {
            out.push_str("\\\\");
            &text[1..]
        }
    }
}

/// The code unit of a `\uXXXX` at the start of `text`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits
        .bytes()
        .all(|it| it.is_ascii_hexdigit())
        .then(|| u16::from_str_radix(digits, 16).ok())?
}
