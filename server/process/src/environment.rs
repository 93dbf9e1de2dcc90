//! The environment a program gets: chosen, not inherited.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

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
    /// for us (`CROSSCHECK_*`, `GIT_DIR` and its kin, `LD_PRELOAD`-like ones stay: they are the user's).
    pub fn inherited() -> Self {
        unimplemented!()
    }
    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }
    /// Removes a variable.
    #[must_use]
    pub fn without(mut self, name: impl AsRef<OsStr>) -> Self {
        self.vars.remove(name.as_ref());
        self
    }
    /// Value of a variable.
    pub fn get(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        self.vars.get(name.as_ref()).map(OsString::as_os_str)
    }
    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.vars.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}
