//! Reading a file into a JSON value, with the lines of its keys. Files may be a stranger's: sizes are limited
//! and only regular files are opened.

use super::problems::dotted;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use toml::de::{DeArray, DeTable, DeValue};

/// Largest configuration file, in bytes.
pub(super) const MAX_FILE: u64 = 1024 * 1024;
/// Largest file of another tool's in the user's own places, in bytes; `~/.claude.json` keeps a history and grows.
pub(super) const MAX_OWN_LIST: u64 = 16 * 1024 * 1024;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Its content.
    pub value: Value,
    /// Lines of the keys.
    pub lines: Lines,
}

/// 1-based lines of keys by their dotted path.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// The line of a key, or of the nearest table around it that has one.
    pub(super) fn of<S: AsRef<str>>(&self, path: &[S]) -> Option<usize> {
        (1..=path.len())
            .rev()
            .find_map(|length| self.0.get(&dotted(&path[..length])).copied())
    }
}

/// Why a file could not be understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// 1-based line, where known.
    pub line: Option<usize>,
    /// What is wrong, the middle of a sentence.
    pub what: String,
}

/// The text of a file; `None` when there is none.
///
/// # Errors
/// When it is there and cannot be read, is no regular file, is too large or is not UTF-8.
pub(super) fn read(path: &Path, max: u64) -> Result<Option<String>, Malformed> {
    match read_bytes(path, max) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(match text.strip_prefix('\u{feff}') {
                Some(text) => text.to_owned(),
                None => text,
            })),
            Err(error) => {
                let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                Err(Malformed {
                    line: Some(before.iter().filter(|it| **it == b'\n').count() + 1),
                    what: "it is not UTF-8".to_owned(),
                })
            }
        },
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(Malformed {
            line: None,
            what: error.to_string(),
        }),
    }
}

fn read_bytes(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let bytes = crate::read::open(path)?.start(max + 1)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::other(format!("it is larger than {max} bytes")));
    }
    Ok(bytes)
}

/// Reads TOML. Dates become strings.
///
/// # Errors
/// When it is malformed.
pub(super) fn toml(text: &str) -> Result<Document, Malformed> {
    let starts = line_starts(text);
    let line_at = |offset: usize| starts.partition_point(|it| *it <= offset);
    let table = DeTable::parse(text).map_err(|error| Malformed {
        line: error.span().map(|span| line_at(span.start)),
        what: error.message().to_owned(),
    })?;
    let mut lines = BTreeMap::new();
    let mut path = Vec::new();
    let value = from_table(table.get_ref(), &mut path, &mut |path, offset| {
        lines.insert(dotted(path), line_at(offset));
    });
    Ok(Document {
        value,
        lines: Lines(lines),
    })
}

/// Reads the value at `path` of JSON with comments and trailing commas, passing over all else.
///
/// # Errors
/// When it is malformed.
pub(super) fn json_at(text: &str, path: &[String]) -> Result<Option<Value>, Malformed> {
    let text = plain_json(text);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let value = Follow(path).deserialize(&mut deserializer);
    value
        .and_then(|it| deserializer.end().map(|()| it))
        .map_err(|error| Malformed {
            line: (error.line() > 0).then(|| error.line()),
            what: error.to_string(),
        })
}

/// Follows a path of keys through JSON.
struct Follow<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Follow<'_> {
    type Value = Option<Value>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            return Value::deserialize(deserializer).map(Some);
        }
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Follow<'_> {
    type Value = Option<Value>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match self.0 {
                [first, rest @ ..] if *first == key => {
                    found = map.next_value_seed(Follow(rest))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

type Note<'a> = dyn FnMut(&[String], usize) + 'a;

fn from_table(table: &DeTable<'_>, path: &mut Vec<String>, note: &mut Note<'_>) -> Value {
    let mut out = Map::new();
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        note(path, key.span().start);
        out.insert(
            key.get_ref().to_string(),
            from_value(value.get_ref(), path, note),
        );
        path.pop();
    }
    Value::Object(out)
}

fn from_value(value: &DeValue<'_>, path: &mut Vec<String>, note: &mut Note<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(number.to_string()),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(float) if float.is_finite() => Value::from(float),
            _ => Value::from(number.to_string()),
        },
        DeValue::Boolean(it) => Value::from(*it),
        DeValue::Datetime(it) => Value::from(it.to_string()),
        DeValue::Array(items) => from_list(items, path, note),
        DeValue::Table(table) => from_table(table, path, note),
    }
}

/// The tables of a list are numbered from 0.
fn from_list(items: &DeArray<'_>, path: &mut Vec<String>, note: &mut Note<'_>) -> Value {
    let items = items.iter().enumerate().map(|(index, item)| {
        if !item.get_ref().is_table() {
            return from_value(item.get_ref(), path, &mut |_, _| {});
        }
        path.push(index.to_string());
        note(path, item.span().start);
        let value = from_value(item.get_ref(), path, note);
        path.pop();
        value
    });
    items.collect()
}

fn line_starts(text: &str) -> Vec<usize> {
    let after = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after).collect()
}

/// Comments and trailing commas replaced by spaces, so that lines stay.
fn plain_json(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let mut at = 0;
    let mut comma = None;
    while at < out.len() {
        let end = match (out[at], out.get(at + 1)) {
            (b'"', _) => string_end(&out, at),
            (b'/', Some(b'/')) => blank(&mut out, at, find(text, at, "\n")),
            (b'/', Some(b'*')) => {
                let end = (find(text, at + 2, "*/") + 2).min(text.len());
                blank(&mut out, at, end)
            }
            _ => at + 1,
        };
        match out[at] {
            b',' => comma = Some(at),
            b'}' | b']' => {
                if let Some(comma) = comma.take() {
                    out[comma] = b' ';
                }
            }
            it if it.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at = end;
    }
    // Only whole characters were replaced, by spaces.
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

fn find(text: &str, from: usize, what: &str) -> usize {
    let bytes = text.as_bytes().get(from..).unwrap_or_default();
    let found = bytes
        .windows(what.len())
        .position(|it| it == what.as_bytes());
    found.map_or(text.len(), |at| from + at)
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn blank(bytes: &mut [u8], from: usize, to: usize) -> usize {
    for byte in &mut bytes[from..to] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
    to
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn json_with_comments_and_trailing_commas() {
        for (text, expected) in [
            ("{\"a\": [1, 2,], // c\n}", r#"{"a":[1,2]}"#),
            (
                "/* é */ {\"a\": \"// , ] \\\" /*\", /* x */ }",
                r#"{"a":"// , ] \" /*"}"#,
            ),
            ("[1, /* , */ 2, // ,\n]", "[1,2]"),
            ("[\"é\",]//", "[\"é\"]"),
        ] {
            let value = json_at(text, &[]).unwrap().unwrap();
            assert_eq!(value.to_string(), expected, "{text}");
        }
        for text in [
            "", "{", "\"", "\"\\", "/*", "/* /", "//", ",", "[,]", "[1,,]",
        ] {
            // `[,]` is read as an empty list, which hurts nobody.
            let _ = json_at(text, &[]);
        }
        assert_eq!(json_at("{\n/*\n*/ x", &[]).unwrap_err().line, Some(3));
    }

    #[test]
    fn a_value_inside_of_json() {
        let path = ["a".to_owned(), "b".to_owned()];
        for (text, expected) in [
            (
                "{\"x\": [{}], \"a\": {\"x\": 1, \"b\": [2]}, \"y\": 3}",
                Some("[2]"),
            ),
            ("{\"a\": {\"c\": 1}}", Some("")),
            ("{}", Some("")),
            ("{\"a\": 1}", None),
            ("{} x", None),
        ] {
            let found = json_at(text, &path).ok();
            let found = found.map(|it| it.map(|it| it.to_string()).unwrap_or_default());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn lines_of_keys() {
        let document = toml("a = 1\n[b.'c d']\n\ne = [\n{f = 1}]\n").unwrap();
        assert_eq!(document.lines.of(&["a"]), Some(1));
        assert_eq!(document.lines.of(&["b", "c d", "e"]), Some(4));
        assert_eq!(document.lines.of(&["b", "c d", "none", "x"]), Some(2));
        assert_eq!(document.lines.of(&["none"]), None);
        assert_eq!(document.lines.of(&["b", "c d", "e", "0", "f"]), Some(5));
        let document = toml("[[a]]\nb = 1\n[[a]]\n# x\nb = 2\n").unwrap();
        assert_eq!(document.lines.of(&["a", "1"]), Some(3));
        assert_eq!(document.lines.of(&["a", "1", "b"]), Some(5));
        assert_eq!(toml("a = 1\nb = \n").unwrap_err().line, Some(2));
    }

    #[test]
    fn only_readable_regular_files_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        assert_eq!(read(&file, 8), Ok(None));
        assert!(read(directory.path(), 8).is_err());
        std::fs::write(&file, b"a\n\xff").unwrap();
        assert_eq!(read(&file, 8).unwrap_err().line, Some(2));
        assert_eq!(read(&file.join("below a file"), 8), Ok(None));
        std::fs::write(&file, "\u{feff}text").unwrap();
        assert_eq!(read(&file, 8), Ok(Some("text".to_owned())));
        std::fs::write(&file, "nine byte").unwrap();
        assert!(read(&file, 8).unwrap_err().what.contains("larger than 8"));
    }
}
