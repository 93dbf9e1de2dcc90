//! Patterns as a table, and what none of them ever allows.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;

fn patterns(texts: &[&str]) -> Approve {
    Approve::Patterns(texts.iter().map(|it| it.parse().unwrap()).collect())
}

fn command(text: &str) -> Approval {
    Approval {
        command: Some(text.to_owned()),
        ..Approval::default()
    }
}

fn files(paths: &[&str]) -> Approval {
    Approval {
        files: paths.iter().map(|it| (*it).to_owned()).collect(),
        ..Approval::default()
    }
}

fn tool(name: &str) -> Approval {
    Approval {
        tool: Some(name.to_owned()),
        ..Approval::default()
    }
}

#[test]
fn commands() {
    for (pattern, text, expected) in [
        ("npm test", "npm test", true),
        ("npm test", "npm test --watch", false),
        ("npm test", "npm tests", false),
        ("npm test", " npm test", false),
        ("npm test", "NPM test", false),
        ("cargo check*", "cargo check", true),
        ("cargo check*", "cargo check --quiet -p a", true),
        ("cargo check*", "cargo build; cargo check", false),
        ("cargo check*", "cargo check; rm -rf x", false),
        ("cargo check*", "cargo check && rm x", false),
        ("cargo check*", "cargo check | sh", false),
        ("cargo check*", "cargo check & x", false),
        ("cargo check*", "cargo check > out", false),
        ("cargo check*", "cargo check < in", false),
        ("cargo check*", "cargo check <(x)", false),
        ("cargo check*", "cargo check $(x)", false),
        ("cargo check*", "cargo check $X", false),
        ("cargo check*", "cargo check `x`", false),
        ("cargo check*", "cargo check {a,b}", false),
        ("cargo check*", "cargo check \\", false),
        ("cargo check*", "cargo check\nrm x", false),
        ("cargo check*", "cargo check\rrm x", false),
        ("cargo check*", "cargo check \u{202e}x", false),
        ("cargo check*", "cargo check --very-long…", false),
        ("cargo check*", "cargo check⏎rm x", false),
        ("cargo check*", "cargo check \u{fffd}", false),
        ("cargo check*", "X=1 cargo check", false),
        ("cargo check*", "(cargo check)", false),
        ("cargo check*", "!cargo check", false),
        ("git log * -1", "git log --format='a b' -1", true),
        ("git log * -1", "git log -1", false),
        ("ls Grüße", "ls Grüße", true),
        ("files:src/**", "src/a", false),
        ("tool:search", "search", false),
    ] {
        let allowed = patterns(&[pattern]).allows(&command(text), Path::new("/w"));
        assert_eq!(allowed, expected, "{pattern} {text:?}");
    }
}

#[test]
fn files_and_tools() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    std::fs::create_dir_all(root.join("src/deep")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc", root.join("src/link")).unwrap();
    let absolute = root.join("src/a.rs");
    let absolute = absolute.to_str().unwrap();
    let cases: &[(&str, Approval, bool)] = &[
        ("files:src/**", files(&["src/a.rs"]), true),
        (
            "files:src/**",
            files(&["src/deep/new/b.rs", "./src/c"]),
            true,
        ),
        ("files:src/**", files(&[absolute]), true),
        ("files:src/**", files(&["src/a.rs", "Cargo.toml"]), false),
        ("files:src/**", files(&["src/../Cargo.toml"]), false),
        ("files:src/**", files(&["../src/a.rs"]), false),
        ("files:src/**", files(&["src/a…"]), false),
        ("files:src/**", files(&["src/a⏎b"]), false),
        ("tool:s*", tool("s…"), false),
        ("files:src/**", files(&["/etc/passwd"]), false),
        #[cfg(unix)]
        ("files:src/**", files(&["src/link/passwd"]), false),
        #[cfg(unix)]
        ("files:src/**", files(&["src/link"]), false),
        ("files:src/*.rs", files(&["src/a.rs"]), true),
        ("files:src/*.rs", files(&["src/deep/a.rs"]), false),
        ("files:**/*.md", files(&["README.md", "docs/a/b.md"]), true),
        ("files:**", files(&["a/b/c"]), true),
        ("files:**", files(&[".git/hooks/pre-commit"]), false),
        ("files:**", files(&["a/.GIT/config"]), false),
        (
            "files:**",
            Approval {
                more_files: 1,
                ..files(&["src/a.rs"])
            },
            false,
        ),
        (
            "files:**",
            Approval {
                files: vec!["a".into()],
                ..command("rm a")
            },
            false,
        ),
        ("files:**", tool("search"), false),
        ("files:**", Approval::default(), false),
        ("tool:search", tool("search"), true),
        ("tool:search", tool("search2"), false),
        ("tool:mcp__docs__*", tool("mcp__docs__find"), true),
        (
            "tool:search",
            Approval {
                tool: Some("search".into()),
                ..command("rm a")
            },
            false,
        ),
        (
            "npm test",
            Approval {
                directory: Some(root.to_str().unwrap().into()),
                ..command("npm test")
            },
            true,
        ),
        (
            "npm test",
            Approval {
                directory: Some("src/deep".into()),
                ..command("npm test")
            },
            true,
        ),
        (
            "npm test",
            Approval {
                directory: Some("/tmp".into()),
                ..command("npm test")
            },
            false,
        ),
        #[cfg(unix)]
        (
            "npm test",
            Approval {
                directory: Some("src/link".into()),
                ..command("npm test")
            },
            false,
        ),
    ];
    for (pattern, approval, expected) in cases {
        let allowed = patterns(&[pattern]).allows(approval, &root);
        assert_eq!(allowed, *expected, "{pattern} {approval:?}");
    }
    let both = Approval {
        files: vec!["src/a.rs".into()],
        ..command("npm run fix")
    };
    assert!(patterns(&["npm run fix", "files:src/**"]).allows(&both, &root));
    for policy in [Approve::Ask, Approve::Never] {
        assert!(!policy.allows(&command("npm test"), &root), "{policy}");
    }
}

#[test]
fn what_is_no_pattern_says_why() {
    for (text, part) in [
        ("", "empty"),
        (" npm", "white space"),
        ("*", "name the program"),
        ("* test", "name the program"),
        ("npm*", "name the program"),
        ("npm test; x", "no pattern allows a command with ';'"),
        ("files:", "relative to the workspace root"),
        ("files:/etc/**", "relative to the workspace root"),
        ("files:a/../b", "relative to the workspace root"),
        ("files:a**/b", "stand alone"),
        ("tool:", "name the tool"),
        ("tool:*", "name the tool"),
    ] {
        let error = text.parse::<Pattern>().unwrap_err();
        assert!(error.contains(part), "{text:?}: {error}");
    }
    assert!("x".repeat(501).parse::<Pattern>().is_err());
}

#[test]
fn a_suggestion_allows_what_it_is_made_for() {
    let root = Path::new("/w");
    for (approval, expected) in [
        (command("npm test"), Some("[\"npm test\"]")),
        (command("npm test; x"), None),
        (
            files(&["a.rs", "/w/b.rs"]),
            Some("[\"files:a.rs\", \"files:b.rs\"]"),
        ),
        (files(&["a.rs", "/x"]), None),
        (tool("search"), Some("[\"tool:search\"]")),
        (Approval::default(), None),
    ] {
        assert_eq!(
            suggestion(&approval, root).as_deref(),
            expected,
            "{approval:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_pattern_allows_a_command_that_a_shell_takes_apart(
        before in "[a-z ]{0,8}", meta in "[;&|<>`$(){}\\\\\n\r!\u{0}\u{7f}\u{85}\u{2028}\u{202e}…^%]", after in "\\PC{0,8}",
    ) {
        let text = format!("{before}{meta}{after}");
        let all = patterns(&["cargo *", "cargo check*", "a *", "npm test"]);
        for text in [format!("cargo {text}"), format!("cargo check{text}"), format!("a {text}"), text] {
            prop_assert!(!all.allows(&command(&text), Path::new("/w")), "{text:?}");
        }
    }

    /// As a slow and simple matcher says.
    #[test]
    fn wildcards_fit_as_they_should(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
        fn slow(pattern: &str, text: &str) -> bool {
            match pattern.chars().next() {
                None => text.is_empty(),
                Some('*') => (0..=text.len()).any(|it| slow(&pattern[1..], &text[it..])),
                Some(it) => text.starts_with(it) && slow(&pattern[1..], &text[1..]),
            }
        }
        let parsed = format!("x {pattern}x").parse::<Pattern>().unwrap();
        prop_assert_eq!(parsed.fits_command(&format!("x {text}x")), slow(&format!("{pattern}x"), &format!("{text}x")));
        let names: Vec<String> = pattern.chars().map(|it| if it == '*' { "**".into() } else { it.to_string() }).collect();
        let path: Vec<String> = text.chars().map(String::from).collect();
        if let (Ok(pattern_files), Ok(path)) = (format!("files:{}", names.join("/")).parse::<Pattern>(), RelPath::try_from(path.join("/"))) {
            prop_assert_eq!(pattern_files.fits_file(&path), slow(&pattern, &text));
        }
    }
}
