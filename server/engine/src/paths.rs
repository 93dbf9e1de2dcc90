//! Where Crosscheck keeps its own files, and the few facts about this process that the engine needs.

use std::collections::BTreeMap;
use std::path::PathBuf;

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
        unimplemented!()
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
}
