//! Where Crosscheck keeps its own files, and the few facts about this process that the engine needs.

use etcetera::BaseStrategy;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Name of our directory inside the platform's places.
const DIRECTORY: &str = "crosscheck";
/// Overrides [`Paths::config_dir`].
const CONFIG_DIR: &str = "CROSSCHECK_CONFIG_DIR";
/// Overrides [`Paths::state_dir`].
const STATE_DIR: &str = "CROSSCHECK_STATE_DIR";

/// The places and facts taken from the environment once, at start; tests make their own.
#[derive(Clone, Debug)]
pub struct Paths {
    /// `$XDG_CONFIG_HOME/crosscheck` or the platform's equal; holds `config.toml`.
    pub config_dir: PathBuf,
    /// `$XDG_STATE_HOME/crosscheck` or the platform's equal; holds the ledger and the trust file.
    pub state_dir: PathBuf,
    /// The user's home directory.
    pub home: PathBuf,
    /// The `crosscheck` binary, to start embedded agents.
    pub program: PathBuf,
    /// The environment, for `${env:NAME}` and `PATH`.
    pub environment: BTreeMap<String, String>,
}

/// The platform's places cannot be determined.
#[derive(Debug, thiserror::Error)]
#[error("the home directory cannot be determined; set HOME")]
pub struct NoHome;

impl Paths {
    /// From the environment of this process. `CROSSCHECK_CONFIG_DIR` and `CROSSCHECK_STATE_DIR` override the places.
    ///
    /// # Errors
    /// When there is no home directory.
    pub fn from_environment() -> Result<Self, NoHome> {
        let platform = etcetera::choose_base_strategy().map_err(|_| NoHome)?;
        let environment = environment();
        // Windows has no place for state; the cache directory is its place for data that stays on the machine.
        let state = platform.state_dir().unwrap_or_else(|| platform.cache_dir());
        let config = platform.config_dir();
        Ok(Self {
            config_dir: overridden(&environment, CONFIG_DIR)
                .unwrap_or_else(|| config.join(DIRECTORY)),
            state_dir: overridden(&environment, STATE_DIR).unwrap_or_else(|| state.join(DIRECTORY)),
            home: platform.home_dir().to_owned(),
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from(DIRECTORY)),
            environment,
        })
    }
    /// The user's configuration file.
    pub fn user_config(&self) -> PathBuf {
        self.config_dir.join("config.toml")
    }
    /// The ledger.
    pub fn ledger(&self) -> PathBuf {
        self.state_dir.join("ledger.sqlite")
    }
    /// The trust file.
    pub fn trust(&self) -> PathBuf {
        self.state_dir.join("trust.toml")
    }
    /// Where disposable copies of workspaces are kept.
    pub fn worktrees(&self) -> PathBuf {
        self.state_dir.join("worktrees")
    }
    /// A variable of the environment; an empty one counts as not set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        set(&self.environment, name)
    }
}

/// The variables that are Unicode; the others cannot be named in a configuration file anyway.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn overridden(environment: &BTreeMap<String, String>, name: &str) -> Option<PathBuf> {
    std::path::absolute(set(environment, name)?).ok()
}

fn set<'a>(environment: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    let value = environment.get(name).map(String::as_str);
    value.filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_override_is_made_absolute_and_an_empty_one_is_none() {
        let environment = BTreeMap::from([
            (CONFIG_DIR.to_owned(), "relative".to_owned()),
            (STATE_DIR.to_owned(), String::new()),
        ]);
        assert!(overridden(&environment, CONFIG_DIR).unwrap().is_absolute());
        assert_eq!(overridden(&environment, STATE_DIR), None);
    }

    #[test]
    fn the_places_are_ours_and_absolute() {
        let paths = Paths::from_environment().unwrap();
        for path in [paths.user_config(), paths.ledger(), paths.trust()] {
            assert!(path.is_absolute(), "{}", path.display());
        }
    }
}
