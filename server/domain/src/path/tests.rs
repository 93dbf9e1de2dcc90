//! What counts as a path inside the workspace, and what does not.

#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

fn check(root: &str, cases: &[(&str, &str)]) {
    for (said, expected) in cases {
        let actual = match RelPath::parse(root, said) {
            Ok(path) => path.to_string(),
            Err(PathError::Empty) => "<empty>".to_owned(),
            Err(PathError::Outside(_)) => "<outside>".to_owned(),
            Err(PathError::Malformed(_)) => "<malformed>".to_owned(),
        };
        assert_eq!(&actual, expected, "{said:?} in {root:?}");
    }
}

#[test]
fn paths_on_unix() {
    let long = "a/".repeat(3000);
    check(
        "/home/me/proj",
        &[
            ("src/main.rs", "src/main.rs"),
            (" ./src//./main.rs ", "src/main.rs"),
            ("src/", "src"),
            ("src/../lib.rs", "lib.rs"),
            ("/home/me/proj/src/main.rs", "src/main.rs"),
            ("/home/me/proj/./x/../src/main.rs/", "src/main.rs"),
            ("a/src/main.rs", "a/src/main.rs"),
            ("../proj/src/main.rs", "src/main.rs"),
            ("with space/ä.rs", "with space/ä.rs"),
            ("a\\b/c.rs", "a\\b/c.rs"),
            ("src\\main.rs", "src/main.rs"),
            (".\\src\\main.rs", "src/main.rs"),
            ("..\\..\\etc\\passwd", "<outside>"),
            ("file.rs:12", "file.rs:12"),
            ("...", "..."),
            ("", "<empty>"),
            ("  ", "<empty>"),
            (".", "<empty>"),
            ("./", "<empty>"),
            ("src/..", "<empty>"),
            ("/home/me/proj", "<empty>"),
            ("/home/me/proj/", "<empty>"),
            ("..", "<outside>"),
            ("../x", "<outside>"),
            ("src/../../x", "<outside>"),
            ("../../../../../../etc/passwd", "<outside>"),
            ("/", "<outside>"),
            ("/etc/passwd", "<outside>"),
            ("/home/me/project/x", "<outside>"),
            ("/home/me/proj/../other/x", "<outside>"),
            ("/home/me/Proj/x", "<outside>"),
            ("//home/me/proj/x", "<outside>"),
            ("C:\\proj\\x", "<outside>"),
            ("C:x", "<outside>"),
            ("\\\\server\\share\\x", "<outside>"),
            ("src/\0main.rs", "<malformed>"),
            ("src/\u{1b}[2J", "<malformed>"),
            ("a\nb", "<malformed>"),
            (&long, "<malformed>"),
        ],
    );
}

#[test]
fn file_uris() {
    check(
        "/home/me/proj",
        &[
            ("file:///home/me/proj/src/a%20b.rs", "src/a b.rs"),
            ("FILE:///home/me/proj/x.rs", "x.rs"),
            ("file:/home/me/proj/x.rs", "x.rs"),
            ("file://localhost/home/me/proj/x.rs#L12", "x.rs"),
            ("file:src/x.rs", "src/x.rs"),
            ("file:///home/me/proj/100%25.rs", "100%.rs"),
            ("file:///home/me/proj", "<empty>"),
            ("file:///home/me/proj/%2e%2e/other/x", "<outside>"),
            ("file:///home/me/proj/%2e%2e%2f%2e%2e%2fx", "<outside>"),
            ("file:///etc/passwd", "<outside>"),
            ("file://evil.example/home/me/proj/x", "<outside>"),
            ("file:///C:/proj/x", "<outside>"),
            ("file:///home/me/proj/%00", "<malformed>"),
            ("file:///home/me/proj/%ff%fe", "<malformed>"),
            ("file:", "<empty>"),
            ("https://example.com/x.rs", "<outside>"),
            ("untitled:Untitled-1", "<outside>"),
        ],
    );
}

#[test]
fn paths_on_windows() {
    check(
        "C:/Users/me/proj",
        &[
            ("src\\main.rs", "src/main.rs"),
            ("c:\\users\\ME\\Proj\\src\\main.rs", "src/main.rs"),
            ("C:/Users/me/proj/src/main.rs", "src/main.rs"),
            ("\\\\?\\C:\\Users\\me\\proj\\x", "x"),
            ("file:///c%3A/Users/me/proj/x.rs", "x.rs"),
            ("file:///C:/Users/me/proj/x.rs", "x.rs"),
            ("src/..\\..\\x", "<outside>"),
            ("D:\\Users\\me\\proj\\x", "<outside>"),
            ("/Users/me/proj/x", "<outside>"),
            ("x.rs:stream", "<malformed>"),
            ("C:\\Users\\me\\proj\\", "<empty>"),
        ],
    );
    check(
        "//server/share/proj",
        &[
            ("\\\\server\\share\\proj\\x", "x"),
            ("/server/share/proj/x", "<outside>"),
        ],
    );
}

#[test]
fn the_root_of_everything() {
    check(
        "/",
        &[
            ("/etc/hosts", "etc/hosts"),
            ("etc/hosts", "etc/hosts"),
            ("..", "<outside>"),
            ("/", "<empty>"),
        ],
    );
}

#[test]
fn stored_paths_are_checked_again() {
    assert_eq!(
        serde_json::from_str::<RelPath>("\"a/b\"").unwrap().as_str(),
        "a/b"
    );
    for bad in ["", "/a", "a/../b", "a//b", "./a", "a/", "a\\u0000"] {
        assert!(
            serde_json::from_str::<RelPath>(&format!("\"{bad}\"")).is_err(),
            "{bad:?}"
        );
    }
}

proptest! {
    #[test]
    fn never_leaves_the_root(said in r"(/|file:///|[A-Z]:\\)?(r/|\.\./|\./|%2e%2e/|\.\.\\|[a-z]/|%2f){0,8}[a-z.%:]{0,4}") {
        for root in ["/r", "/r/a", "C:/r", "/"] {
            if let Ok(path) = RelPath::parse(root, &said) {
                prop_assert!(path.as_str().split('/').all(|it| !matches!(it, "" | "." | "..")), "{path}");
                prop_assert_eq!(RelPath::try_from(path.to_string()), Ok(path));
            }
        }
    }

    #[test]
    fn never_panics(said in any::<String>()) {
        let _ = RelPath::parse("/r", &said);
    }
}
