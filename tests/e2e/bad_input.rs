//! Bad input of a person: each gets a clear error, and nothing is lost.

use crate::{CODE, FINDS_NOTHING, workspace};
use tests::{Sandbox, sandbox};

/// Runs a review and asserts its exit code and what it says.
fn assert_says(sandbox: &Sandbox, args: &[&str], code: i32, said: &[&str]) {
    let ran = sandbox.crosscheck(args);
    let text = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.code, code, "{args:?}: {ran:?}");
    for it in said {
        assert!(text.contains(it), "{args:?}: `{it}` is not in: {text}");
    }
}

#[test]
fn files_that_cannot_be_reviewed() {
    let sandbox = workspace(FINDS_NOTHING);
    sandbox.file("binary.bin", b"\0\x01\x02binary");
    sandbox.file("latin1.txt", b"caf\xe9 au lait\n");
    sandbox.file("large.txt", "x\n".repeat(2_000_000));
    sandbox.file("secret.txt", "nothing to see\n");
    sandbox.file(".aiignore", "secret.txt\n");
    std::fs::write(sandbox.path().join("outside.txt"), "outside\n").unwrap();
    std::os::unix::fs::symlink(
        sandbox.path().join("outside.txt"),
        sandbox.root().join("link.txt"),
    )
    .unwrap();
    for (file, said) in [
        ("missing.rs", "missing.rs"),
        ("binary.bin", "binary"),
        ("latin1.txt", "UTF-8"),
        ("large.txt", "large.txt"),
        ("secret.txt", ".aiignore"),
        ("link.txt", "symbolic link"),
    ] {
        assert_says(&sandbox, &["review", "--root", ".", file], 2, &[file, said]);
        assert_says(
            &sandbox,
            &["review", "--root", ".", "src/main.rs", file],
            2,
            &[file, said],
        );
    }
    assert_says(
        &sandbox,
        &["review", "--root", ".", "../outside.txt"],
        2,
        &["outside"],
    );
    assert_eq!(sandbox.sent_to("alpha").matches("outside\\n").count(), 0);
}

#[test]
fn agents_that_do_not_exist() {
    let sandbox = workspace(FINDS_NOTHING);
    assert_says(
        &sandbox,
        &["review", "src/main.rs", "--agent", "alhpa"],
        2,
        &["alhpa", "alpha"],
    );
    assert_says(&sandbox, &["doctor", "nobody"], 2, &["nobody", "alpha"]);
}

#[test]
fn repositories_that_are_none_or_empty() {
    let sandbox = workspace(FINDS_NOTHING);
    assert_says(&sandbox, &["review"], 2, &["git repository"]);
    sandbox.git(&["init", "-q", "-b", "main"]);
    assert_says(&sandbox, &["review", "--staged"], 0, &[]);
    assert_says(&sandbox, &["review"], 0, &[]);
    assert!(
        sandbox.sent_to("alpha").contains("add(1, 2)"),
        "in a repository without commits every file is a change"
    );
    assert_says(
        &sandbox,
        &["review", "--base", "no-such-branch"],
        2,
        &["no-such-branch"],
    );
    sandbox.commit();
    sandbox.git(&["checkout", "-q", "--detach"]);
    sandbox.file("src/main.rs", CODE.replace('1', "2"));
    assert_says(&sandbox, &["review"], 0, &[]);
}

#[test]
fn configuration_that_is_wrong() {
    for (text, code, said) in [
        ("[agents.alpha\n", 2, &["config.toml", "1"][..]),
        ("[reveiw]\nagents = []\n", 0, &["reveiw", "review"]),
        ("[review]\nagents = [\"nobody\"]\n", 2, &["nobody"]),
        (
            "[agents.x]\ntimeout = \"ten minutes\"\ncommand = [\"x\"]\n",
            2,
            &["agents.x.timeout", "config.toml:2"],
        ),
        ("[agents.x]\nprovider = \"x\"\n", 2, &["agents.x"]),
        (
            "[agents.x]\ncommand = [\"x\"]\nenv = { T = \"${env:NOT_SET_ANYWHERE}\" }\n",
            2,
            &["NOT_SET_ANYWHERE"],
        ),
    ] {
        let mut sandbox = sandbox!();
        sandbox.file("src/main.rs", "fn main() {}\n");
        sandbox.config(text);
        let ran = sandbox.crosscheck(&["agents"]);
        assert_eq!(ran.code, code, "{text}: {ran:?}");
        for it in said {
            assert!(
                ran.stderr.contains(it),
                "{text}: `{it}` is not in: {}",
                ran.stderr
            );
        }
        assert!(
            ran.stdout.contains("builtin"),
            "what is right still holds: {ran:?}"
        );
    }
}

#[test]
fn no_agent_at_all() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.config("[review]\nagents = []\n");
    assert_says(&sandbox, &["review", "src/main.rs"], 2, &["agent"]);
}
