//! Reading what fits of a value: what does not fit is taken out and told, the rest holds.

use super::problems::nearest;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

/// Most faults of one file; a file with more is left out.
const MAX_FAULTS: usize = 100;

/// Something that does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The key that was taken out; empty for the whole.
    pub path: Vec<String>,
    /// What is wrong and what happens now, a sentence.
    pub message: String,
    /// An unknown key.
    pub unknown: bool,
}

/// Reads `value` key by key. A list with a wrong element is wrong as a whole, but the tables of a list of tables are read
/// key by key, too. Null means: not set.
pub(super) fn read<T: DeserializeOwned + Default>(mut value: Value) -> (T, Vec<Fault>) {
    remove_nulls(&mut value);
    let mut faults = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) => return (read, faults),
            Err(error) => error,
        };
        let path = keys(&error);
        let removed = remove(&mut value, &path);
        faults.push(fault(path, &error.into_inner().to_string()));
        if !removed {
            return (T::default(), faults);
        }
        if faults.len() >= MAX_FAULTS {
            let message =
                format!("there are more than {MAX_FAULTS} problems; the file is left out");
            faults.push(Fault {
                path: Vec::new(),
                message,
                unknown: false,
            });
            return (T::default(), faults);
        }
    }
}

/// The path of an error up to its last key. The tables of a list are numbered from 0.
fn keys<E>(error: &serde_path_to_error::Error<E>) -> Vec<String> {
    let segments: Vec<&Segment> = error.path().iter().collect();
    let is_key = |it: &&Segment| matches!(it, Segment::Map { .. });
    let end = segments.iter().rposition(is_key).map_or(0, |last| last + 1);
    let keys = segments[..end].iter().map_while(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        _ => None,
    });
    keys.collect()
}

fn remove(value: &mut Value, path: &[String]) -> bool {
    let Some((last, tables)) = path.split_last() else {
        return false;
    };
    let mut table = value;
    for key in tables {
        let inner = match table {
            Value::Array(list) => key.parse().ok().and_then(|it: usize| list.get_mut(it)),
            table => table.get_mut(key),
        };
        match inner {
            Some(inner) => table = inner,
            None => return false,
        }
    }
    table
        .as_object_mut()
        .is_some_and(|it| it.remove(last).is_some())
}

fn remove_nulls(value: &mut Value) {
    if let Value::Object(table) = value {
        table.retain(|_, it| !it.is_null());
        for (_, inner) in table.iter_mut() {
            remove_nulls(inner);
        }
    }
}

fn fault(path: Vec<String>, error: &str) -> Fault {
    if let Some(list) = error.strip_prefix("unknown field ") {
        // serde's list of the keys that there are: unknown field `a`, expected one of `b`, `c`
        let key = path.last().map_or("", String::as_str);
        let known = list.split('`').skip(3).step_by(2);
        let message = match nearest(key, known) {
            Some(meant) => format!("unknown key, ignored; did you mean `{meant}`?"),
            None => "unknown key, ignored".to_owned(),
        };
        return Fault {
            path,
            message,
            unknown: true,
        };
    }
    let message = format!("{}; the key is ignored", in_words(error));
    Fault {
        path,
        message,
        unknown: false,
    }
}

/// serde's error in the words of configuration files.
fn in_words(error: &str) -> String {
    if let Some((word, rest)) = error
        .strip_prefix("unknown variant ")
        .and_then(|it| it.split_once(", "))
    {
        return format!("{word} is not known, {rest}");
    }
    let wrong = error
        .strip_prefix("invalid type: ")
        .or_else(|| error.strip_prefix("invalid value: "));
    let Some((found, expected)) = wrong.and_then(|it| it.rsplit_once(", expected ")) else {
        return error.to_owned();
    };
    let found = match found {
        "sequence" => "a list",
        "map" => "a table",
        it => it,
    };
    let expected = match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        "a boolean" => "`true` or `false`",
        it if it.starts_with("struct ") => "a table",
        "a nonzero u8" => "a whole number from 1 to 255",
        "a nonzero u32" => "a whole number above zero",
        it => it,
    };
    format!("expected {expected}, found {found}")
}
