//! The environment a program gets: chosen, not inherited.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Prefix of the variables that are orders to us.
const OWN: &str = "CROSSCHECK_";

/// Variables that point git at one repository, as `git rev-parse --local-env-vars` lists them. When we were
/// started from a git hook they would point a child at the hook's repository, wherever the child works.
const GIT_LOCAL: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Environment variables for a child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    vars: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Nothing at all.
    pub fn empty() -> Self {
        Self::default()
    }

    /// A copy of this process's environment, without variables that would make the child take orders meant
    /// for us (`CROSSCHECK_*`, `GIT_DIR` and its kin; `LD_PRELOAD`-like ones stay: they are the user's).
    pub fn inherited() -> Self {
        let vars = std::env::vars_os().map(|(name, value)| (key(&name), value));
        Self {
            vars: vars.filter(|(name, _)| !is_for_us(name)).collect(),
        }
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.vars.insert(key(&name.into()), value.into());
        self
    }

    /// Removes a variable.
    #[must_use]
    pub fn without(mut self, name: impl AsRef<OsStr>) -> Self {
        self.vars.remove(&key(name.as_ref()));
        self
    }

    /// Value of a variable.
    pub fn get(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        self.vars.get(&key(name.as_ref())).map(OsString::as_os_str)
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.vars
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

fn is_for_us(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        name.starts_with(OWN)
            || GIT_LOCAL.contains(&name)
            || name.starts_with("GIT_CONFIG_KEY_")
            || name.starts_with("GIT_CONFIG_VALUE_")
    })
}

/// Names differ by case, but not on Windows.
fn key(name: &OsStr) -> OsString {
    if cfg!(windows) {
        name.to_ascii_uppercase()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn orders_for_us_are_not_passed_on() {
        let cases = [
            ("CROSSCHECK_LOG", true),
            ("GIT_DIR", true),
            ("GIT_CONFIG_KEY_0", true),
            ("GIT_AUTHOR_NAME", false),
            ("GIT_SSH_COMMAND", false),
            ("LD_PRELOAD", false),
            ("PATH", false),
        ];
        for (name, ours) in cases {
            assert_eq!(is_for_us(OsStr::new(name)), ours, "{name}");
        }
        let inherited = Environment::inherited();
        assert_eq!(inherited.get("PATH"), std::env::var_os("PATH").as_deref());
        assert!(inherited.iter().all(|(name, _)| !is_for_us(name)));
    }

    #[test]
    fn the_last_word_counts() {
        let environment = Environment::empty()
            .with("A", "1")
            .with("B", "2")
            .with("A", "3")
            .without("B");
        let all: Vec<_> = environment.iter().collect();
        assert_eq!(all, [(OsStr::new("A"), OsStr::new("3"))]);
    }
}
