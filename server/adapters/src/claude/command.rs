//! How `claude` is started: what it may do, what it must not load, and its environment.

use super::Options;
use super::error;
use super::root::Root;
use crate::program::absolute;
use crate::schema;
use process::{Environment, Spec};
use std::ffi::OsString;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Reads, and answers by the schema of a review.
    Review,
    /// Reads, and answers in words.
    Ask,
    /// Reads and writes; asks before anything else.
    Edit,
}

/// For all calls. The conversation goes over the pipes, in parts, so that silence means that nothing happens. Nothing is
/// loaded that the repository brings, since any of it may be a program to run: hooks, plugins, MCP servers, settings.
/// The user's settings stay, because the login may be there.
const ALWAYS: &[&str] = &[
    "-p",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
    "--include-partial-messages",
    "--safe-mode",
    "--setting-sources",
    "user",
    "--strict-mcp-config",
    "--disable-slash-commands",
];

/// Only these tools, and a plain no to whatever would have to be asked, such as a path outside the root.
const READING: &[&str] = &["--tools", "Read,Grep,Glob", "--permission-mode", "dontAsk"];

/// Whatever is not plainly harmless is asked over the pipes. This mode is called `manual` in newer versions, which know
/// the old name too.
const EDITING: &[&str] = &[
    "--tools",
    "Read,Grep,Glob,Edit,Write,NotebookEdit,Bash",
    "--permission-mode",
    "default",
    "--permission-prompt-tool",
    "stdio",
];

/// Variables that the child gets besides ours.
const SET: &[&str] = &[
    // It contacts the model's service and nobody else.
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "DISABLE_AUTOUPDATER",
    "DISABLE_ERROR_REPORTING",
    "DISABLE_TELEMETRY",
    // Nothing that it starts outlives its turn.
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS",
    // `@/some/file` in a prompt is text. Otherwise its content would be read and sent, wherever it is, without asking;
    // and prompts contain code of strangers.
    "CLAUDE_CODE_DISABLE_ATTACHMENTS",
    "CLAUDE_CODE_DISABLE_FILE_MENTIONS",
];

/// What a Claude Code around us has said to those it started, and what would connect ours to an editor.
const UNSET: &[&str] = &[
    "CLAUDECODE",
    "CLAUDE_CODE_AUTO_CONNECT_IDE",
    "CLAUDE_CODE_CHILD_SESSION",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_PROJECT_DIR",
];

/// Options whose program does not depend on the directory of a call, which must not choose it.
pub(super) fn settled(options: Options) -> Options {
    let program = options.program.unwrap_or_else(|| "claude".into());
    Options {
        program: Some(absolute(&program)),
        ..options
    }
}

/// How to start one call, or why a call with this session cannot be.
pub(super) fn spec(
    options: &Options,
    mode: Mode,
    root: &Root,
    session: Option<&str>,
) -> Result<Spec, String> {
    let mut args: Vec<OsString> = ALWAYS.iter().map(OsString::from).collect();
    let tools = match mode {
        Mode::Review | Mode::Ask => READING,
        Mode::Edit => EDITING,
    };
    args.extend(tools.iter().map(OsString::from));
    if mode == Mode::Review {
        args.extend(["--json-schema".into(), schema::review().to_string().into()]);
    }
    if let Some(model) = &options.model {
        args.extend(["--model".into(), model.into()]);
    }
    if let Some(session) = session {
        if !is_id(session) {
            return Err(error::no_session(session));
        }
        args.extend(["--resume".into(), session.into()]);
    }
    Ok(Spec {
        program: options.program.clone().unwrap_or_default(),
        args,
        cwd: root.path().to_owned(),
        environment: environment(Environment::inherited()),
    })
}

fn environment(inherited: Environment) -> Environment {
    let kept = UNSET.iter().fold(inherited, Environment::without);
    SET.iter().fold(kept, |all, name| all.with(name, "1"))
}

/// Whether a session is named as Claude Code names them. Anything else might be taken for an option, or for a title.
fn is_id(session: &str) -> bool {
    session.len() == 36
        && session
            .bytes()
            .all(|it| it == b'-' || it.is_ascii_hexdigit())
        && !session.starts_with('-')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use std::ffi::OsStr;

    fn arguments(mode: Mode, session: Option<&str>) -> Vec<String> {
        let options = Options {
            program: None,
            model: Some("opus".to_owned()),
        };
        let directory = std::env::temp_dir();
        let root = Root::new(directory.to_str().unwrap()).unwrap();
        let spec = spec(&settled(options), mode, &root, session).unwrap();
        assert_eq!(spec.program, "claude");
        spec.args
            .into_iter()
            .map(|it| it.into_string().unwrap())
            .collect()
    }

    #[test]
    fn reading_cannot_write_and_editing_asks() {
        let shared = arguments(Mode::Ask, None);
        assert_eq!(
            shared[ALWAYS.len()..],
            [
                "--tools",
                "Read,Grep,Glob",
                "--permission-mode",
                "dontAsk",
                "--model",
                "opus"
            ]
        );
        let review = arguments(Mode::Review, None);
        let schema = review.iter().position(|it| it == "--json-schema").unwrap();
        assert_eq!(review[schema + 1], schema::review().to_string());
        // The least that any system takes as a whole command line is 32,767 characters.
        let length: usize = review.iter().map(|it| it.len() * 2).sum();
        assert!(length < 16_000, "{length}");
        let edit = arguments(Mode::Edit, Some("872976ce-6b70-4cb4-b0d7-0fa38527b401"));
        assert_eq!(
            edit[edit.len() - 2..],
            ["--resume", "872976ce-6b70-4cb4-b0d7-0fa38527b401"]
        );
        assert!(
            edit.join(" ")
                .contains("--permission-mode default --permission-prompt-tool stdio")
        );
    }

    #[test]
    fn a_session_cannot_be_an_option_or_a_title() {
        let names = [
            "",
            "--bare",
            "my talk",
            "872976ce-6b70-4cb4-b0d7-0fa38527b40",
            "-72976ce-6b70-4cb4-b0d7-0fa38527b401",
        ];
        for name in names {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn the_login_stays_and_what_was_said_to_us_goes() {
        let given = Environment::empty()
            .with("ANTHROPIC_API_KEY", "key")
            .with("HTTPS_PROXY", "http://proxy")
            .with("CLAUDECODE", "1")
            .with("CLAUDE_CODE_SSE_PORT", "4711")
            .with("DISABLE_TELEMETRY", "0");
        let environment = environment(given);
        let cases = [
            ("ANTHROPIC_API_KEY", Some("key")),
            ("HTTPS_PROXY", Some("http://proxy")),
            ("CLAUDECODE", None),
            ("CLAUDE_CODE_SSE_PORT", None),
            ("DISABLE_TELEMETRY", Some("1")),
            ("CLAUDE_CODE_DISABLE_ATTACHMENTS", Some("1")),
        ];
        for (name, value) in cases {
            assert_eq!(environment.get(name), value.map(OsStr::new), "{name}");
        }
    }
}
