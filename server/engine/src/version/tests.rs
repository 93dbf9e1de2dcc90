//! Versions that programs tell, and what they may do instead.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;

#[test]
fn the_first_thing_that_looks_like_a_version_is_one() {
    for (text, version) in [
        ("codex-cli 0.169.0\n", Some("0.169.0")),
        ("2.1.330 (Claude Code)\n", Some("2.1.330")),
        (
            "a new release is out\nv1.2.3-beta.1+5.\n9.9",
            Some("1.2.3-beta.1+5"),
        ),
        ("gemini/0.61", Some("0.61")),
        ("\u{1b}[1m3.2\u{1b}[0m", Some("3.2")),
        ("codex 7", None),
        ("see example.org or .5 or 1.x", None),
        ("", None),
    ] {
        assert_eq!(find(text).as_deref(), version, "{text:?}");
    }
    assert_eq!(find(&format!("1.{}", "0".repeat(MAX_VERSION))), None);
}

#[cfg(unix)]
mod programs {
    use super::*;
    use agents::spec::Limits;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Instant;

    /// What an agent with this command tells when `codex` is a shell script.
    fn told(command: &[&str], script: &str) -> Option<Version> {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("codex");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", directory.path().display());
        told_on(&path, command)
    }

    fn told_on(path: &str, command: &[&str]) -> Option<Version> {
        let spec = AgentSpec {
            name: "any".into(),
            provider: "any".into(),
            rules: false,
            source: "test".into(),
            endpoint: Endpoint::Stdio {
                command: command.iter().map(|it| (*it).to_owned()).collect(),
                env: BTreeMap::from([("PATH".to_owned(), path.to_owned())]),
                cwd: None,
            },
            operations: BTreeMap::new(),
            approval: None,
            limits: Limits::default(),
        };
        let ask = Ask::of(&spec, "/".into())?;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        Some(runtime.block_on(ask.answer()))
    }

    const CODEX: [&str; 3] = ["crosscheck", "agent", "codex"];

    #[test]
    fn a_program_tells_its_version_or_why_not() {
        for (script, said) in [
            ("echo codex-cli 0.169.0", Ok("0.169.0")),
            (
                "echo sorry >&2; exit 3",
                Err("`codex --version` ended with exit code 3: sorry"),
            ),
            ("kill -9 $$", Err("`codex --version` was ended by signal 9")),
            ("true", Err("`codex --version` printed nothing")),
            (
                "printf 'hello\\033[31m\\nyou'",
                Err("`codex --version` printed no version, but: hello you"),
            ),
            ("pwd | grep -qx / && echo 1.0", Ok("1.0")),
        ] {
            let said = said.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(told(&CODEX, script), Some(said), "{script}");
        }
    }

    #[test]
    fn one_that_goes_on_for_ever_is_stopped() {
        let started = Instant::now();
        let said = told(&CODEX, "while :; do echo 1.0; done")
            .unwrap()
            .unwrap_err();
        assert!(said.contains("did not end within 3 s"), "{said}");
        assert!(started.elapsed() < 3 * DEADLINE);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let empty = tempfile::tempdir().unwrap();
        let said = told_on(empty.path().to_str().unwrap(), &CODEX);
        let reason = "`codex` was not found on PATH".to_owned();
        assert_eq!(said, Some(Err(reason)));
    }

    #[test]
    fn a_command_of_somebody_else_is_never_run() {
        for command in [
            &["codex"][..],
            &["crosscheck", "agent", "codex", "--model", "x"],
            &["./crosscheck", "agent", "codex"],
            &["crosscheck", "agent", "builtin"],
        ] {
            assert_eq!(told(command, "echo 1.0"), None, "{command:?}");
        }
    }
}

#[test]
fn no_program_runs_in_the_workspace() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    let state = home.join("state/crosscheck");
    assert_eq!(outside(&state, &home.join("work")), home);
    assert_eq!(outside(&state, &home), home.parent().unwrap());
    std::fs::create_dir_all(&state).unwrap();
    assert_eq!(outside(&state, &home.join("work")), state);
    assert!(!outside(&state, &home.join("state")).starts_with(home.join("state")));
}
