//! Paths as git has them: bytes, `/` between names, relative to the top of the working tree.

use domain::path::RelPath;

/// Such a path.
pub(super) type Path = Vec<u8>;

/// Most names in a path. Each directory on the way is held open.
const MAX_DEPTH: usize = 200;

/// True for a path that stays below the top, outside of every `.git`. An index can hold any bytes.
pub(super) fn is_sound(path: &[u8]) -> bool {
    path.len() <= RelPath::MAX_LEN
        && path.split(|it| *it == b'/').count() <= MAX_DEPTH
        && path.split(|it| *it == b'/').all(is_sound_name)
}

fn is_sound_name(name: &[u8]) -> bool {
    let is_odd = |it: &u8| *it == 0 || (cfg!(windows) && matches!(it, b'\\' | b':'));
    !matches!(name, b"" | b"." | b"..") && !is_git(name) && !name.iter().any(is_odd)
}

/// True for `.git` in any spelling that some file system takes for it.
pub(super) fn is_git(name: &[u8]) -> bool {
    // HFS+ ignores these characters in names; NTFS ignores dots and spaces at the end, and has a short form.
    let visible: String = String::from_utf8_lossy(name)
        .chars()
        .filter(|it| {
            !matches!(it, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
        })
        .collect();
    let short = visible.split(':').next().unwrap_or_default();
    let short = short.trim_end_matches(['.', ' ']);
    short.eq_ignore_ascii_case(".git") || short.eq_ignore_ascii_case("git~1")
}

/// The directory that a path is in, empty at the top, and its name there.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|it| *it == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[], path),
    }
}

/// The path of a name in a directory.
pub(super) fn join(directory: &[u8], name: &[u8]) -> Path {
    if directory.is_empty() {
        return name.to_vec();
    }
    [directory, b"/", name].concat()
}

/// True when `path` is `directory` or lies in it; everything lies in the top, which is empty.
pub(super) fn is_within(path: &[u8], directory: &[u8]) -> bool {
    directory.is_empty()
        || path
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// The directories that a path lies in, from the innermost on, without the top.
pub(super) fn directories(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(split(path).0), |it| Some(split(it).0))
        .take_while(|it| !it.is_empty())
}

/// The path of the system's that lies below `top`; `None` where the system has no such names.
pub(super) fn below(top: &std::path::Path, path: &[u8]) -> Option<std::path::PathBuf> {
    // Joining nothing would add a slash.
    if path.is_empty() {
        return Some(top.to_owned());
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Some(top.join(std::ffi::OsStr::from_bytes(path)))
    }
    #[cfg(not(unix))]
    std::str::from_utf8(path).ok().map(|it| top.join(it))
}

/// The path of something below `top`, in git's form.
pub(super) fn of(top: &std::path::Path, path: &std::path::Path) -> Option<Path> {
    let inside = path.strip_prefix(top).ok()?.as_os_str().as_encoded_bytes();
    Some(if cfg!(windows) {
        inside
            .iter()
            .map(|it| if *it == b'\\' { b'/' } else { *it })
            .collect()
    } else {
        inside.to_vec()
    })
}

/// For people.
pub(super) fn shown(path: &[u8]) -> String {
    domain::sanitize::line(&String::from_utf8_lossy(path), MAX_SHOWN)
}

/// Characters of a path that are shown.
const MAX_SHOWN: usize = 200;

/// The first few of many paths, for people.
pub(super) fn named<'a>(paths: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut paths = paths.into_iter();
    let first: Vec<String> = paths.by_ref().take(FIRST).map(shown).collect();
    match paths.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Paths named where there may be many.
const FIRST: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_below_the_top_and_outside_of_git_are_sound() {
        for path in [
            "a",
            "a/b c",
            ".gitignore",
            "a/.github/x",
            "..a",
            "git~2",
            "a\\b",
        ] {
            assert!(is_sound(path.as_bytes()) || cfg!(windows), "{path}");
        }
        let deep = "a/".repeat(300) + "b";
        for path in [
            "",
            "/a",
            "a/",
            "a//b",
            ".",
            "../a",
            "a/../b",
            ".git",
            ".GIT/config",
            "a/.git/hooks/x",
            ".git ",
            ".git...",
            "git~1",
            ".git::$INDEX_ALLOCATION",
            ".g\u{200c}it",
            "a\0b",
            &deep,
        ] {
            assert!(!is_sound(path.as_bytes()), "{path:?}");
        }
    }

    #[test]
    fn directories_come_from_the_inside() {
        let all: Vec<&[u8]> = directories(b"a/b/c").collect();
        assert_eq!(all, [&b"a/b"[..], b"a"]);
        assert_eq!(directories(b"a").count(), 0);
        assert_eq!(join(b"", b"a"), b"a");
        assert!(is_within(b"a/b", b"a") && !is_within(b"ab", b"a") && is_within(b"x", b""));
    }

    #[test]
    fn many_paths_are_counted() {
        let paths: Vec<&[u8]> = [&b"1"[..], b"2", b"3", b"4", b"5", b"6", b"7"].to_vec();
        assert_eq!(named(paths[..2].to_vec()), "1, 2");
        assert_eq!(named(paths), "1, 2, 3, 4, 5 and 2 more");
    }
}
