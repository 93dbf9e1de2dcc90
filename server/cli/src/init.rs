//! `crosscheck init`: a configuration file to start from.

use crate::args::InitArgs;
use crate::workspace::find_root;
use anyhow::{Context, bail};
use engine::paths::Paths;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

/// What a project's file starts as.
const PROJECT: &str = include_str!("init/project.toml");
/// What the user's file starts as.
const USER: &str = include_str!("init/user.toml");

/// Writes the file; never over an existing one.
pub(crate) fn run(args: &InitArgs) -> anyhow::Result<u8> {
    let (file, text) = if args.user {
        (Paths::from_environment()?.user_config(), USER)
    } else {
        (
            find_root(args.root.root.as_deref())?.join("crosscheck.toml"),
            PROJECT,
        )
    };
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("{} cannot be made", directory.display()))?;
    }
    match OpenOptions::new().write(true).create_new(true).open(&file) {
        Ok(mut open) => open
            .write_all(text.as_bytes())
            .with_context(|| format!("{} cannot be written", file.display()))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!(
                "{} exists already and is left as it is; edit it, or move it away first",
                file.display()
            )
        }
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be written", file.display()));
        }
    }
    anstream::println!("wrote {}", file.display());
    anstream::println!("`crosscheck agents` lists the agents, `crosscheck doctor` examines them.");
    Ok(crate::CLEAN)
}
