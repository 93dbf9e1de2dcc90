//! What an agent may do without asking, as it is listed.

use engine::approve::Approve;
use serde_json::{Value, json};

/// Most patterns named; the rest is counted.
const MAX_PATTERNS: usize = 10;

/// As in a configuration file.
pub(crate) fn value(approve: &Approve) -> Value {
    match approve {
        Approve::Never => json!("never"),
        Approve::Ask => json!("ask"),
        Approve::Patterns(patterns) => {
            json!(patterns.iter().map(ToString::to_string).collect::<Vec<_>>())
        }
    }
}

/// In words, where it is not what holds by default.
pub(crate) fn words(approve: &Approve) -> Option<String> {
    match approve {
        Approve::Never => Some("is denied whatever needs approval".to_owned()),
        Approve::Patterns(patterns) if !patterns.is_empty() => {
            let shown = patterns.iter().take(MAX_PATTERNS);
            let shown: Vec<String> = shown.map(|it| format!("`{it}`")).collect();
            let more = match patterns.len() - shown.len() {
                0 => String::new(),
                rest => format!(" and {rest} more"),
            };
            let shown = shown.join(", ");
            Some(format!("may do without asking: {shown}{more}"))
        }
        Approve::Ask | Approve::Patterns(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn patterns(count: usize) -> Approve {
        Approve::Patterns(
            (0..count)
                .map(|it| format!("make {it}").parse().unwrap())
                .collect(),
        )
    }

    #[test]
    fn only_what_differs_is_said() {
        assert_eq!(words(&Approve::Ask), None);
        assert_eq!(words(&patterns(0)), None);
        assert!(words(&Approve::Never).unwrap().contains("denied"));
        assert_eq!(
            words(&patterns(1)).unwrap(),
            "may do without asking: `make 0`"
        );
        assert!(
            words(&patterns(12))
                .unwrap()
                .ends_with("`make 9` and 2 more")
        );
    }

    #[test]
    fn programs_read_what_the_configuration_says() {
        assert_eq!(value(&Approve::Ask), json!("ask"));
        assert_eq!(value(&Approve::Never), json!("never"));
        assert_eq!(value(&patterns(1)), json!(["make 0"]));
    }
}
