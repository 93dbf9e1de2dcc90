//! Names that a new file must not have: what some systems cannot have, or cannot tell from another one.

use super::path::{self, Path};
use std::collections::{HashMap, HashSet};

/// Names of devices on Windows, with or without an ending.
const DEVICES: &[&str] = &[
    "aux", "con", "conin$", "conout$", "nul", "prn", "com0", "com1", "com2", "com3", "com4",
    "com5", "com6", "com7", "com8", "com9", "com¹", "com²", "com³", "lpt0", "lpt1", "lpt2", "lpt3",
    "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "lpt¹", "lpt²", "lpt³",
];

/// Why no file on Windows can have this path, in words that follow it; `None` when one can.
pub(super) fn impossible(path: &str) -> Option<String> {
    path.split('/').find_map(|name| {
        let stem = name.split('.').next().unwrap_or(name).trim_end();
        if DEVICES.contains(&stem.to_lowercase().as_str()) {
            Some(format!("has the name of a device on Windows (`{stem}`)"))
        } else if name.ends_with(['.', ' ']) {
            Some("has a name that ends with a dot or a space, as no file on Windows can".to_owned())
        } else {
            let odd = name
                .chars()
                .find(|it| "<>:\"|?*\\".contains(*it) || it.is_control());
            odd.map(|it| {
                format!(
                    "has `{}` in its name, as no file on Windows can",
                    it.escape_default()
                )
            })
        }
    })
}

/// The paths of a working tree without regard to case.
pub(super) struct Spellings {
    known: HashMap<String, Path>,
    exact: HashSet<Path>,
}

impl Spellings {
    /// Of these paths and the directories that they are in.
    pub(super) fn of<'p>(paths: impl IntoIterator<Item = &'p [u8]>) -> Self {
        let mut spellings = Self {
            known: HashMap::new(),
            exact: HashSet::new(),
        };
        for path in paths {
            let all = std::iter::once(path).chain(path::directories(path));
            for path in all.take_while(|it| !it.is_empty()) {
                if !spellings.exact.insert(path.to_vec()) {
                    break;
                }
                spellings.known.insert(folded(path), path.to_vec());
            }
        }
        spellings
    }

    /// True when exactly this path is known.
    pub(super) fn has(&self, path: &[u8]) -> bool {
        self.exact.contains(path)
    }

    /// The other spelling of a path, or of a directory that it is in, which is there already.
    pub(super) fn other(&self, path: &[u8]) -> Option<&[u8]> {
        let all = std::iter::once(path).chain(path::directories(path));
        all.filter(|it| !self.exact.contains(*it))
            .find_map(|it| self.known.get(&folded(it)).map(Vec::as_slice))
    }
}

fn folded(path: &[u8]) -> String {
    String::from_utf8_lossy(path).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_windows_cannot_have_are_known() {
        for path in [
            "a/NUL",
            "con.txt",
            "Lpt1.tar.gz",
            "aux .c",
            "COM¹",
            "a.",
            "b /c",
            "a:b",
            "a\\b",
            "what?",
            "a\tb",
            "\"x\"",
        ] {
            assert!(impossible(path).is_some(), "{path}");
        }
        for path in [
            "console.rs",
            "src/null.c",
            "com10",
            ".gitignore",
            "a b.txt",
            "lpt.x",
            "ä/ö",
        ] {
            assert_eq!(impossible(path), None, "{path}");
        }
    }

    #[test]
    fn another_spelling_is_found_in_any_part() {
        let spellings = Spellings::of([&b"src/Main.rs"[..], b"README.md"]);
        let other = |path: &str| {
            let found = spellings.other(path.as_bytes());
            found.map(|it| String::from_utf8_lossy(it).into_owned())
        };
        assert_eq!(other("readme.md").as_deref(), Some("README.md"));
        assert_eq!(other("Src/new.rs").as_deref(), Some("src"));
        assert_eq!(other("src/main.rs").as_deref(), Some("src/Main.rs"));
        assert_eq!(other("src/new.rs"), None);
        assert_eq!(other("README.md"), None);
    }
}
