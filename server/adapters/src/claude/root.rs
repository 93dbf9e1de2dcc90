//! The directory of a call, and whether a path is in it.

use std::path::{Component, Path, PathBuf};

/// The directory of a call.
#[derive(Clone, Debug)]
pub(super) struct Root {
    given: PathBuf,
    /// Without symbolic links.
    real: PathBuf,
}

impl Root {
    /// The directory at `path`, or why it cannot be used.
    pub(super) fn new(path: &str) -> Result<Self, String> {
        let given = PathBuf::from(path);
        if !given.is_absolute() {
            return Err(format!("the root `{path}` is not an absolute path"));
        }
        if !given.is_dir() {
            return Err(format!("the root `{path}` is not a directory"));
        }
        let real = given
            .canonicalize()
            .map_err(|error| format!("the root `{path}` cannot be used: {error}"))?;
        Ok(Self { given, real })
    }

    /// As it was given.
    pub(super) fn path(&self) -> &Path {
        &self.given
    }

    /// Whether writing to `path` changes the files of the project and nothing else: it is in the directory, also
    /// when all symbolic links are followed, and it is not git's, whose files say what programs git starts. `path`
    /// must be absolute and may not exist yet.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let Some(real) = real(path) else {
            return false;
        };
        let Ok(inside) = real.strip_prefix(&self.real) else {
            return false;
        };
        let is_gits = |part: Component| part.as_os_str().eq_ignore_ascii_case(".git");
        !inside.as_os_str().is_empty() && !inside.components().any(is_gits)
    }

    /// `path` for people: relative where it is in the directory.
    pub(super) fn shown<'a>(&self, path: &'a str) -> &'a str {
        let as_path = Path::new(path);
        let inside = as_path
            .strip_prefix(&self.given)
            .or_else(|_| as_path.strip_prefix(&self.real));
        match inside.ok().and_then(Path::to_str) {
            Some("") => ".",
            Some(inside) => inside,
            None => path,
        }
    }
}

/// Where `path` leads: what exists of it without symbolic links, then the rest.
fn real(path: &Path) -> Option<PathBuf> {
    if !path.is_absolute() || path.components().any(|it| it == Component::ParentDir) {
        return None;
    }
    // What is there but cannot be followed, such as a link to nothing, leads nowhere that we know.
    let there = path.ancestors().find(|it| it.symlink_metadata().is_ok())?;
    let rest = path.strip_prefix(there).ok()?;
    let there = there.canonicalize().ok()?;
    Some(if rest.as_os_str().is_empty() {
        there
    } else {
        there.join(rest)
    })
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_what_leads_into_the_root_is_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::create_dir_all(at("root/src")).unwrap();
        std::fs::create_dir_all(at("other")).unwrap();
        std::fs::write(at("root/src/a.rs"), "").unwrap();
        symlink(at("root"), at("link")).unwrap();
        symlink(at("other"), at("root/out")).unwrap();
        symlink(at("other/none"), at("root/dangling")).unwrap();
        symlink(at("root/src"), at("root/in")).unwrap();
        let root = Root::new(at("link").to_str().unwrap()).unwrap();
        let cases = [
            ("root/src/a.rs", true),
            ("root/src/new/b.rs", true),
            ("link/src/a.rs", true),
            ("root/in/a.rs", true),
            ("root/.gitignore", true),
            ("root", false),
            ("other/a.rs", false),
            ("root/out/a.rs", false),
            ("root/out", false),
            ("root/dangling", false),
            ("root/src/../../other/a.rs", false),
            ("root/.git", false),
            ("root/.git/hooks/pre-commit", false),
            ("root/src/.GIT/config", false),
            ("rootless/a.rs", false),
        ];
        for (path, expected) in cases {
            assert_eq!(root.holds(&at(path)), expected, "{path}");
        }
        assert!(!root.holds(Path::new("src/a.rs")), "relative to what?");
    }

    #[test]
    fn paths_are_shown_relative() {
        let directory = tempfile::tempdir().unwrap();
        let given = directory.path().to_str().unwrap();
        let root = Root::new(given).unwrap();
        assert_eq!(root.shown(&format!("{given}/src/a.rs")), "src/a.rs");
        assert_eq!(root.shown(given), ".");
        assert_eq!(root.shown("/etc/hosts"), "/etc/hosts");
        for (path, expected) in [
            ("src", "is not an absolute path"),
            ("/no/such", "is not a directory"),
        ] {
            let error = Root::new(path).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
