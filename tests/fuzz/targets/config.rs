//! Configuration: the user's file, the project's file, a list of MCP servers and the editor's settings, one part each.
//!
//! Without trust, what a repository brings makes nothing more than there is without it.
#![no_main]

use engine::config::{Config, Loaded, load};
use engine::paths::Paths;
use engine::trust::Trust;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Most problems of one load: those of each file are limited, and there are four.
const MAX_PROBLEMS: usize = 2000;

static PLACE: LazyLock<Place> = LazyLock::new(Place::new);

fuzz_target!(|data: &[u8]| {
    let [user, project, list, settings] = fuzz::parts(data);
    let settings = serde_json::from_str(&settings).unwrap_or_default();
    PLACE.write("config/config.toml", &user);
    PLACE.write("root/crosscheck.toml", "");
    PLACE.write("root/.mcp.json", "");
    let alone = PLACE.load(&settings);
    PLACE.write("root/crosscheck.toml", &project);
    PLACE.write("root/.mcp.json", &list);
    let both = PLACE.load(&settings);
    assert_nothing_more(&alone.config, &both.config);
});

/// Agents are those that the user has, unchanged; limits only get smaller.
fn assert_nothing_more(alone: &Config, both: &Config) {
    for (name, agent) in &both.agents {
        let known = alone
            .agents
            .get(name)
            .expect("no agent comes from a repository");
        assert_eq!(agent.endpoint, known.endpoint);
        assert_eq!(agent.operations, known.operations);
        assert_eq!(agent.limits, known.limits);
        assert_eq!(agent.provider, known.provider);
    }
    assert!(
        both.limits.file_bytes <= alone.limits.file_bytes
            && both.limits.files <= alone.limits.files
    );
    assert!(
        both.limits.prompt_bytes <= alone.limits.prompt_bytes
            && both.limits.run <= alone.limits.run
    );
    assert!(alone.review.on_save || !both.review.on_save);
    assert!(alone.review.guidelines || !both.review.guidelines);
    assert_eq!(alone.review.instructions, both.review.instructions);
}

/// A home and a workspace in a directory that is used again and again.
struct Place {
    base: PathBuf,
    paths: Paths,
}

impl Place {
    fn new() -> Self {
        let base = tempfile::tempdir().expect("a directory").keep();
        for directory in ["config", "root"] {
            std::fs::create_dir(base.join(directory)).expect("a directory");
        }
        let environment = [("TOKEN", "value"), ("EMPTY", "")];
        let paths = Paths {
            config_dir: base.join("config"),
            state_dir: base.join("state"),
            home: base.join("home"),
            program: base.join("crosscheck"),
            environment: BTreeMap::from(
                environment.map(|(name, value)| (name.to_owned(), value.to_owned())),
            ),
        };
        Self { base, paths }
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.base.join(path), text).expect("a file");
    }

    fn load(&self, settings: &Value) -> Loaded {
        let trust = Trust::at(self.paths.trust());
        let root: &Path = &self.base.join("root");
        let loaded = load(&self.paths, root, settings, &trust);
        assert!(
            loaded.problems.len() <= MAX_PROBLEMS,
            "{} problems",
            loaded.problems.len()
        );
        loaded
    }
}
