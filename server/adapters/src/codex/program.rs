//! Finding Codex and starting its app-server.
//!
//! `npm install` puts a Node script in `PATH` whose only work is to start the native program of a platform package.
//! We start that one ourselves: it is ready sooner, and nothing stands between it and our signals.

use super::app_server::Launched;
use super::failure::Failure;
use crate::program::absolute;
use process::{Child, Environment, SpawnError, Spec, which};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Settings that are ours for the child only. Each is one less thing that waits or phones home because of us; what the
/// user has configured stays in force otherwise.
const OVERRIDES: [&str; 4] = [
    // Looks up github.com and chatgpt.com at each start.
    "features.plugins=false",
    // A refused connection is retried for ever.
    "features.unbounded_connection_retries=false",
    "check_for_update_on_startup=false",
    "analytics.enabled=false",
];

/// Starts `codex app-server`.
pub(super) fn launch(program: &OsStr) -> Result<Launched, Failure> {
    let environment = Environment::inherited();
    let found = program
        .to_str()
        .and_then(|program| which::which(program, &environment));
    let program = match &found {
        Some(found) => native(found).unwrap_or_else(|| found.clone()).into(),
        None => absolute(program),
    };
    let overrides = OVERRIDES.iter().flat_map(|setting| ["-c", setting]);
    let spec = Spec {
        program,
        args: ["app-server"]
            .into_iter()
            .chain(overrides)
            .map(Into::into)
            .collect(),
        cwd: neutral_directory(),
        environment,
    };
    let mut child = Child::spawn(&spec).map_err(|error| match error {
        SpawnError::NotFound { .. } => Failure::NotInstalled(error.to_string()),
        SpawnError::NoDirectory(_) | SpawnError::Other { .. } => {
            Failure::NotStarted(error.to_string())
        }
    })?;
    let (Some(read), Some(write)) = (child.take_stdout(), child.take_stdin()) else {
        return Err(Failure::NotStarted(
            "Codex was started without its pipes".to_owned(),
        ));
    };
    Ok(Launched {
        read: Box::new(read),
        write: Box::new(write),
        child: Some(child),
    })
}

/// A directory that brings no project configuration with it: each thread names its own.
fn neutral_directory() -> PathBuf {
    let current = std::env::current_dir().unwrap_or_default();
    let top = current.ancestors().last().filter(|top| top.is_absolute());
    top.map_or_else(std::env::temp_dir, Path::to_path_buf)
}

/// The native program behind the npm wrapper `found`, if that is what it is.
fn native(found: &Path) -> Option<PathBuf> {
    let (package, triple) = platform()?;
    let root = package_root(found)?;
    let name = format!("codex{}", std::env::consts::EXE_SUFFIX);
    let nested = root.join("node_modules/@openai").join(package);
    // Next to the package that depends on it, or in any directory above that Node would look in.
    let hoisted = root
        .ancestors()
        .map(|above| above.join("node_modules/@openai").join(package));
    let beside = root.parent().map(|scope| scope.join(package));
    let packages = [nested]
        .into_iter()
        .chain(beside)
        .chain(hoisted)
        // Older versions bring all platforms in one package.
        .chain([root.clone()]);
    packages
        .map(|package| package.join("vendor").join(triple))
        .flat_map(|vendor| ["bin", "codex"].map(|directory| vendor.join(directory).join(&name)))
        .find(|native| native.is_file())
}

/// The npm package whose wrapper `found` is: a link to its `bin/codex.js`, or on Windows a script beside
/// `node_modules`.
fn package_root(found: &Path) -> Option<PathBuf> {
    let target = found.canonicalize().ok()?;
    if target.ends_with("bin/codex.js") {
        return target.ancestors().nth(2).map(Path::to_path_buf);
    }
    let root = target.parent()?.join("node_modules/@openai/codex");
    let is_script = target
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("cmd"));
    (is_script && root.is_dir()).then_some(root)
}

/// The platform package of this machine, and the target triple in it.
fn platform() -> Option<(&'static str, &'static str)> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux" | "android", "x86_64") => Some(("codex-linux-x64", "x86_64-unknown-linux-musl")),
        ("linux" | "android", "aarch64") => {
            Some(("codex-linux-arm64", "aarch64-unknown-linux-musl"))
        }
        ("macos", "x86_64") => Some(("codex-darwin-x64", "x86_64-apple-darwin")),
        ("macos", "aarch64") => Some(("codex-darwin-arm64", "aarch64-apple-darwin")),
        ("windows", "x86_64") => Some(("codex-win32-x64", "x86_64-pc-windows-msvc")),
        ("windows", "aarch64") => Some(("codex-win32-arm64", "aarch64-pc-windows-msvc")),
        _ => None,
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::fs;

    /// Where the native program lies, below the directory of the wrapper's package or above it.
    #[test]
    fn the_native_program_is_found_behind_the_wrapper() {
        let (package, triple) = platform().unwrap();
        let layouts = [
            format!("lib/node_modules/@openai/{package}/vendor/{triple}/bin/codex"),
            format!(
                "lib/node_modules/@openai/codex/node_modules/@openai/{package}/vendor/{triple}/bin/codex"
            ),
            format!("node_modules/@openai/{package}/vendor/{triple}/bin/codex"),
            format!("lib/node_modules/@openai/codex/vendor/{triple}/codex/codex"),
        ];
        for layout in layouts {
            let home = tempfile::tempdir().unwrap();
            let home = home.path().canonicalize().unwrap();
            let write = |path: &str| {
                fs::create_dir_all(home.join(path).parent().unwrap()).unwrap();
                fs::write(home.join(path), "").unwrap();
            };
            write("lib/node_modules/@openai/codex/bin/codex.js");
            fs::create_dir(home.join("bin")).unwrap();
            let link = home.join("bin/codex");
            let wrapper = "../lib/node_modules/@openai/codex/bin/codex.js";
            std::os::unix::fs::symlink(wrapper, &link).unwrap();
            assert_eq!(native(&link), None, "not there yet");
            write(&layout);
            assert_eq!(native(&link), Some(home.join(&layout)));
            assert_eq!(native(&home.join(&layout)), None, "that is no wrapper");
        }
    }

    #[test]
    fn what_is_not_there_is_to_be_installed() {
        let failure = launch(OsStr::new("no-such-codex-here")).err().unwrap();
        let message = failure.to_string();
        assert!(
            message
                .starts_with("Codex is not installed: `no-such-codex-here` was not found in PATH"),
            "{message}"
        );
        assert!(message.ends_with(
            "`npm install -g @openai/codex@latest`, or name the program with `--program`"
        ));
    }
}
