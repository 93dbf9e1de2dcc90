//! Looking into JSON objects whose keys have many spellings and whose values come as words or numbers.

use rustc_hash::FxHashMap;
use serde_json::Value;

/// The fields of an object by their names in lower case without `_`, `-` and spaces.
pub(crate) struct Fields<'a>(FxHashMap<String, &'a Value>);

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        let mut fields = FxHashMap::default();
        for (key, value) in value.as_object()? {
            if !value.is_null() {
                fields.entry(normalise(key)).or_insert(value);
            }
        }
        Some(Self(fields))
    }

    /// The first of `names` (already normalised) that is there.
    pub(crate) fn get(&self, names: &[&str]) -> Option<&'a Value> {
        names.iter().find_map(|name| self.0.get(*name).copied())
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.get(names).is_some()
    }

    /// The first of `names` that holds text which is not blank.
    pub(crate) fn text(&self, names: &[&str]) -> Option<&'a str> {
        names
            .iter()
            .find_map(|name| self.0.get(*name).and_then(|it| text(it)))
    }

    /// Text, or a number as text.
    pub(super) fn word(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| match self.0.get(*name)? {
            Value::Number(it) => Some(it.to_string()),
            it => text(it).map(str::to_owned),
        })
    }

    pub(crate) fn list(&self, names: &[&str]) -> Option<&'a Vec<Value>> {
        names.iter().find_map(|name| self.0.get(*name)?.as_array())
    }

    pub(super) fn object(&self, names: &[&str]) -> Option<Fields<'a>> {
        names.iter().find_map(|name| Fields::of(self.0.get(*name)?))
    }

    pub(super) fn number(&self, names: &[&str]) -> Option<f64> {
        names.iter().find_map(|name| number(self.0.get(*name)?))
    }
}

/// Text that is not blank.
fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|it| !it.trim().is_empty())
}

/// A number, also one in a string.
pub(super) fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
        .filter(|it: &f64| it.is_finite())
}

/// A 1-based line or column; zero, negative and absurd ones are none.
pub(crate) fn count(value: &Value) -> Option<u32> {
    let number = number(value)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be within the range"
    )]
    (number >= 1.0 && number <= f64::from(u32::MAX - 1)).then_some(number as u32)
}

/// A 0-based number of a format that counts from 0, as the 1-based one.
pub(super) fn count_from_zero(value: &Value) -> Option<u32> {
    let number = number(value)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be within the range"
    )]
    (number >= 0.0 && number < f64::from(u32::MAX - 1)).then_some(number as u32 + 1)
}

pub(super) fn normalise(key: &str) -> String {
    key.chars()
        .filter(|it| !matches!(it, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}
