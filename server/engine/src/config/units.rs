//! Durations (`1h30m`) and sizes (`200KB`) as they are written in the configuration.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Longest duration; more is surely a mistake.
const MAX_PERIOD: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Most dollars; more is surely a mistake.
const MAX_DOLLARS: f64 = 1_000_000.0;
/// Bytes of a gigabyte.
const GB: u64 = 1024 * 1024 * 1024;
/// Longest part of a wrong value that an error repeats, in characters.
const MAX_SHOWN: usize = 40;

/// A duration: whole numbers with the units `ms`, `s`, `m`, `h`, above zero, at most seven days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Period(pub(super) Duration);

/// A number of bytes: a whole number with an optional unit, powers of 1024, above zero, at most so many gigabytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SizeUpTo<const MAX_GB: u64>(pub(super) u64);

/// The size of something that is held in memory.
pub(super) type Size = SizeUpTo<1>;
/// The size of something on disk.
pub(super) type DiskSize = SizeUpTo<1024>;

/// An amount of US dollars: not negative, and at most a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(super) struct Dollars(pub(super) f64);

impl FromStr for Period {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}` is not a duration; write numbers with units, like `500ms`, `90s`, `10m` or `1h30m`",
                shown(text)
            )
        };
        let mut rest = text.trim();
        let mut total = Duration::ZERO;
        while !rest.is_empty() {
            let (number, after) = split_number(rest).ok_or_else(wrong)?;
            let end = after
                .find(|it: char| !it.is_ascii_alphabetic())
                .unwrap_or(after.len());
            let milliseconds: u64 = match &after[..end] {
                "ms" => 1,
                "s" => 1000,
                "m" | "min" => 60 * 1000,
                "h" => 60 * 60 * 1000,
                _ => return Err(wrong()),
            };
            let part = Duration::from_millis(number.saturating_mul(milliseconds));
            total = total.saturating_add(part);
            rest = after[end..].trim_start();
        }
        match total {
            Duration::ZERO if text.trim().is_empty() => Err(wrong()),
            Duration::ZERO => Err("a duration must be above zero".to_owned()),
            _ if total > MAX_PERIOD => Err(format!(
                "`{}` is too long; seven days (`168h`) is the most",
                shown(text)
            )),
            _ => Ok(Self(total)),
        }
    }
}

impl<const MAX_GB: u64> FromStr for SizeUpTo<MAX_GB> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}` is not a size; write a number with a unit, like `512B`, `200KB` or `1MB`",
                shown(text)
            )
        };
        let (number, unit) = split_number(text.trim()).ok_or_else(wrong)?;
        let bytes: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" | "kib" => 1024,
            "m" | "mb" | "mib" => 1024 * 1024,
            "g" | "gb" | "gib" => GB,
            _ => return Err(wrong()),
        };
        Self::checked(number.saturating_mul(bytes))
    }
}

impl<const MAX_GB: u64> SizeUpTo<MAX_GB> {
    fn checked(bytes: u64) -> Result<Self, String> {
        match bytes {
            0 => Err("a size must be above zero".to_owned()),
            _ if bytes <= MAX_GB * GB => Ok(Self(bytes)),
            _ => Err(format!("the size is too large; {MAX_GB}GB is the most")),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        let (hours, minutes) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60);
        let (seconds, rest) = (milliseconds / 1000 % 60, milliseconds % 1000);
        for (number, unit) in [(hours, "h"), (minutes, "m"), (seconds, "s"), (rest, "ms")] {
            if number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        Ok(())
    }
}

impl<const MAX_GB: u64> fmt::Display for SizeUpTo<MAX_GB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            it if it % GB == 0 => write!(f, "{}GB", it / GB),
            it if it % (1024 * 1024) == 0 => write!(f, "{}MB", it / (1024 * 1024)),
            it if it % 1024 == 0 => write!(f, "{}KB", it / 1024),
            it => write!(f, "{it}B"),
        }
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<const MAX_GB: u64> Serialize for SizeUpTo<MAX_GB> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PeriodVisitor;
        impl Visitor<'_> for PeriodVisitor {
            type Value = Period;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with a unit, like \"90s\" or \"10m\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Period, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(PeriodVisitor)
    }
}

impl<'de, const MAX_GB: u64> Deserialize<'de> for SizeUpTo<MAX_GB> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor<const MAX_GB: u64>;
        impl<const MAX_GB: u64> Visitor<'_> for SizeVisitor<MAX_GB> {
            type Value = SizeUpTo<MAX_GB>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size like \"200KB\" or a number of bytes")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Self::Value, E> {
                SizeUpTo::checked(bytes).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(SizeVisitor)
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amount = f64::deserialize(deserializer)?;
        if (0.0..=MAX_DOLLARS).contains(&amount) {
            Ok(Self(amount))
        } else {
            Err(de::Error::custom(format!(
                "an amount of dollars is between 0 and {MAX_DOLLARS}"
            )))
        }
    }
}

impl JsonSchema for Dollars {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Dollars".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": MAX_DOLLARS })
    }
}

impl JsonSchema for Period {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^\\s*([0-9]+(ms|s|m|min|h)\\s*)+$" })
    }
}

impl<const MAX_GB: u64> JsonSchema for SizeUpTo<MAX_GB> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "pattern": "^\\s*[0-9]+\\s*([bB]|[kKmMgG]([iI]?[bB])?)?\\s*$",
            "minimum": 1,
        })
    }
}

/// The whole number at the start of `text`, and what follows it.
fn split_number(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|it: char| !it.is_ascii_digit())
        .unwrap_or(text.len());
    let number = text[..end].parse().ok()?;
    Some((number, text[end..].trim_start()))
}

fn shown(text: &str) -> String {
    domain::sanitize::line(text, MAX_SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("500ms", Ok(500)),
            ("90s", Ok(90_000)),
            ("10m", Ok(600_000)),
            ("2 min", Ok(120_000)),
            ("1h30m", Ok(5_400_000)),
            (" 1h 30m ", Ok(5_400_000)),
            ("168h", Ok(604_800_000)),
            ("169h", Err("too long")),
            ("99999999999999999h", Err("too long")),
            ("99999999999999999999999h", Err("not a duration")),
            ("0s", Err("above zero")),
            ("", Err("not a duration")),
            ("10", Err("not a duration")),
            ("1.5h", Err("not a duration")),
            ("-1s", Err("not a duration")),
            ("ten minutes", Err("not a duration")),
            ("10parsec", Err("not a duration")),
        ] {
            match (text.parse::<Period>(), expected) {
                (Ok(period), Ok(milliseconds)) => {
                    assert_eq!(period.0, Duration::from_millis(milliseconds), "{text}");
                    assert_eq!(
                        period.to_string().parse(),
                        Ok(period),
                        "{text} is written back"
                    );
                }
                (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
                (period, expected) => panic!("{text}: {period:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("1", Ok(1)),
            ("512B", Ok(512)),
            ("200KB", Ok(200 * 1024)),
            ("1 MiB", Ok(1024 * 1024)),
            ("1m", Ok(1024 * 1024)),
            ("1GB", Ok(GB)),
            ("2GB", Err("too large")),
            ("99999999999999999GB", Err("too large")),
            ("0MB", Err("above zero")),
            ("", Err("not a size")),
            ("MB", Err("not a size")),
            ("1.5MB", Err("not a size")),
            ("1TB", Err("not a size")),
        ] {
            match (text.parse::<Size>(), expected) {
                (Ok(size), Ok(bytes)) => {
                    assert_eq!(size.0, bytes, "{text}");
                    assert_eq!(size.to_string().parse(), Ok(size), "{text} is written back");
                }
                (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
                (size, expected) => panic!("{text}: {size:?}, expected {expected:?}"),
            }
        }
        let on_disk = "4GB".parse::<DiskSize>();
        assert_eq!(on_disk.map(|it| it.to_string()), Ok("4GB".to_owned()));
        assert!("1025GB".parse::<DiskSize>().is_err());
    }
}
