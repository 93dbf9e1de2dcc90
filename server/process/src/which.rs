//! Finding a program in `PATH` without starting it.

use crate::{Environment, SpawnError, Spec};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Longest `PATH` shown in an error, in characters.
const SHOWN: usize = 300;

/// Absolute path of `program`, looked up in the `PATH` of `environment` if it is a bare name; `None` when there is no such
/// executable file. Relative entries of `PATH` are not searched: what they mean depends on the directory, and
/// that may be a stranger's repository.
pub fn which(program: &str, environment: &Environment) -> Option<PathBuf> {
    if is_bare(OsStr::new(program)) {
        return search(OsStr::new(program), environment);
    }
    let path = std::path::absolute(program).ok()?;
    candidates(&path, environment)
        .into_iter()
        .find(|path| is_executable(path))
}

/// Absolute path of the program of `spec`; a relative path is meant from its working directory.
pub(crate) fn resolve(spec: &Spec) -> Result<PathBuf, SpawnError> {
    let not_found = |searched| SpawnError::NotFound {
        program: spec.program.to_string_lossy().into_owned(),
        searched,
    };
    if is_bare(&spec.program) {
        return search(&spec.program, &spec.environment)
            .ok_or_else(|| not_found(searched(&spec.environment)));
    }
    // A file that is there but cannot be executed is left to the system to explain.
    let path = spec.cwd.join(&spec.program);
    let found = candidates(&path, &spec.environment)
        .into_iter()
        .find(|path| path.is_file());
    found.ok_or_else(|| not_found(String::new()))
}

fn is_bare(program: &OsStr) -> bool {
    let mut parts = Path::new(program).components();
    matches!((parts.next(), parts.next()), (Some(std::path::Component::Normal(only)), None) if only == program)
}

fn search(program: &OsStr, environment: &Environment) -> Option<PathBuf> {
    std::env::split_paths(environment.get("PATH")?)
        .filter(|directory| directory.is_absolute())
        .flat_map(|directory| candidates(&directory.join(program), environment))
        .find(|path| is_executable(path))
}

fn searched(environment: &Environment) -> String {
    let Some(path) = environment.get("PATH").map(OsStr::to_string_lossy) else {
        return " (there is no PATH)".to_owned();
    };
    let shown: String = path.chars().take(SHOWN).collect();
    let cut = if shown.len() < path.len() { "…" } else { "" };
    format!(" in PATH ({shown}{cut})")
}

#[cfg(unix)]
fn candidates(path: &Path, _: &Environment) -> Vec<PathBuf> {
    vec![path.to_owned()]
}

/// On Windows a program may be named without its extension.
#[cfg(windows)]
fn candidates(path: &Path, environment: &Environment) -> Vec<PathBuf> {
    if path.extension().is_some() {
        return vec![path.to_owned()];
    }
    let extensions = environment
        .get("PATHEXT")
        .unwrap_or(OsStr::new(".COM;.EXE;.BAT;.CMD"));
    let extensions = extensions.to_string_lossy().into_owned();
    extensions
        .split(';')
        .filter_map(|extension| extension.strip_prefix('.'))
        .map(|extension| path.with_extension(extension))
        .collect()
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(windows)]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn programs_are_found_by_name_and_by_path() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (name, mode) in [("tool", 0o755), ("data", 0o644)] {
            std::fs::write(at(name), "").unwrap();
            std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        std::fs::create_dir(at("folder")).unwrap();
        let path =
            std::env::join_paths(["relative".as_ref(), directory.path(), "/bin".as_ref()]).unwrap();
        let environment = Environment::empty().with("PATH", path);

        assert_eq!(which("tool", &environment), Some(at("tool")));
        assert_eq!(which("sh", &environment), Some("/bin/sh".into()));
        assert_eq!(
            which(at("tool").to_str().unwrap(), &environment),
            Some(at("tool"))
        );
        for absent in [
            "data",
            "folder",
            "no-such-tool",
            "",
            ".",
            "..",
            "/no/such/tool",
        ] {
            assert_eq!(which(absent, &environment), None, "{absent}");
        }
        assert_eq!(which("sh", &Environment::empty()), None);
    }

    #[test]
    fn relative_entries_of_path_are_not_searched() {
        let environment = Environment::empty().with("PATH", ":.:src");
        let existing = std::env::current_dir().unwrap();
        assert!(existing.join("Cargo.toml").is_file());
        assert_eq!(which("Cargo.toml", &environment), None);
    }
}
