//! The editor's settings: the last layer of the configuration, put together from the ways they come in.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The section of the editor's settings that is ours.
pub(crate) const SECTION: &str = "crosscheck";

/// The editor's settings, and what was said about the configuration so far.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// `initializationOptions`.
    initial: Value,
    /// What `workspace/configuration` or `workspace/didChangeConfiguration` brought last.
    current: Value,
    /// The problem of each root that the user was shown last.
    pub(crate) shown_problems: BTreeMap<Arc<Path>, String>,
    /// The contents (root, hash) whose trust the user was asked for.
    pub(crate) asked_trust: BTreeSet<(PathBuf, String)>,
    /// The configuration files being watched, and the number of the registration.
    pub(crate) watched: BTreeSet<PathBuf>,
    /// Number of the last registration of watchers; 0 for none.
    pub(crate) registration: u32,
}

impl Settings {
    /// Takes `initializationOptions`: the settings themselves, or an object that has them in our section.
    pub(crate) fn set_initial(&mut self, value: Option<Value>) {
        self.initial = unwrap_section(value.unwrap_or_default());
    }

    /// Takes newer settings; true when that changes anything.
    pub(crate) fn set_current(&mut self, value: Value) -> bool {
        let value = unwrap_section(value);
        let is_new = value.is_object() && value != self.current;
        if is_new {
            self.current = value;
        }
        is_new
    }

    /// All settings, the newer ones winning key by key; `None` when there are none.
    pub(crate) fn merged(&self) -> Option<Value> {
        let mut merged = self.initial.clone();
        merge(&mut merged, &self.current);
        merged
            .as_object()
            .is_some_and(|it| !it.is_empty())
            .then_some(merged)
    }
}

fn unwrap_section(mut value: Value) -> Value {
    match value.get_mut(SECTION) {
        Some(section) if section.is_object() => section.take(),
        Some(Value::Null) => Value::Object(serde_json::Map::new()),
        _ => value,
    }
}

fn merge(base: &mut Value, newer: &Value) {
    match (base, newer) {
        (_, Value::Null) => {}
        (Value::Object(base), Value::Object(newer)) => {
            for (key, value) in newer {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, newer) => *base = newer.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn newer_settings_win_key_by_key() {
        let mut settings = Settings::default();
        assert_eq!(settings.merged(), None);
        settings.set_initial(Some(json!({"review": {"agents": ["a"], "on_save": true}})));
        assert!(!settings.set_current(Value::Null));
        assert!(
            settings
                .set_current(json!({"crosscheck": {"review": {"agents": ["b"]}, "limits": {}}}))
        );
        assert!(
            !settings.set_current(json!({"review": {"agents": ["b"]}, "limits": {}})),
            "the same again"
        );
        let expected = json!({"review": {"agents": ["b"], "on_save": true}, "limits": {}});
        assert_eq!(settings.merged(), Some(expected));
    }
}
