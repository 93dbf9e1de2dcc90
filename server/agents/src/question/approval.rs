//! Reading what an agent wants to do, from wherever its kind of agent says it.

use super::shown::{verbatim, words};
use super::{Approval, ApprovalSpec};
use serde_json::Value;
use std::borrow::Cow;

/// Longest command line, in characters.
const COMMAND: usize = 2000;
/// Longest path, in bytes. What a cut one leads to could not be told.
const PATH: usize = 1000;
/// Most files that are named; more are counted.
const FILES: usize = 20;
/// Longest name of a tool, in characters.
const TOOL: usize = 128;
/// Longest reason, in characters.
const REASON: usize = 500;

/// What an approval is about, by the pointers of `spec` into `params`.
///
/// # Errors
/// Why nobody can be asked about it, for people: what the agent wants.
pub(super) fn read(spec: &ApprovalSpec, params: &Value) -> Result<Approval, String> {
    let text = |pointer| find(pointer, params).and_then(Value::as_str);
    let (files, more_files) = find(&spec.files, params).map(files).unwrap_or_default();
    let directory = text(&spec.directory);
    if directory.is_some_and(|path| path.len() > PATH) {
        return Err("it names a directory whose path is too long".to_owned());
    }
    Ok(Approval {
        command: find(&spec.command, params).and_then(command),
        directory: directory.map(|path| verbatim(path, PATH)),
        files,
        more_files,
        tool: text(&spec.tool).map(|name| verbatim(name, TOOL)),
        reason: text(&spec.reason).map(|why| words(why, REASON)),
    })
}

/// What a pointer of a spec points to; nothing when that is `null`.
pub(super) fn find<'a>(pointer: &Option<String>, params: &'a Value) -> Option<&'a Value> {
    params
        .pointer(pointer.as_ref()?)
        .filter(|value| !value.is_null())
}

/// A list of paths, or an object with paths as keys; and how many there are beyond those named.
fn files(value: &Value) -> (Vec<String>, usize) {
    let mut named = Vec::new();
    let mut add = |path: &str| {
        if path.len() <= PATH && named.len() < FILES {
            named.push(verbatim(path, PATH));
        }
    };
    let total = match value {
        Value::String(path) => {
            add(path);
            1
        }
        Value::Array(paths) => {
            paths.iter().filter_map(Value::as_str).for_each(add);
            paths.len()
        }
        Value::Object(changes) => {
            changes.keys().for_each(|path| add(path));
            changes.len()
        }
        _ => 0,
    };
    let more = total - named.len();
    (named, more)
}

/// A command line, or the words of one.
fn command(value: &Value) -> Option<String> {
    let line = match value {
        Value::String(line) => verbatim(line.trim(), COMMAND),
        Value::Array(list) => {
            // Words that are none are shown as they are: something will be made of them.
            let words: Vec<Cow<'_, str>> = list.iter().map(word).collect();
            let words: Vec<&str> = words.iter().map(Cow::as_ref).collect();
            match script(&words) {
                Some(script) => verbatim(script.trim(), COMMAND),
                None => verbatim(&joined(&words), COMMAND),
            }
        }
        _ => return None,
    };
    Some(line).filter(|line| !line.is_empty())
}

fn word(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(word) => Cow::Borrowed(word),
        other => Cow::Owned(other.to_string()),
    }
}

/// The script, if the words are a well-known shell that runs one.
fn script<'a>(words: &[&'a str]) -> Option<&'a str> {
    let (program, [options @ .., flag, script]) = words.split_first()? else {
        return None;
    };
    let (directory, name) = program.rsplit_once(['/', '\\']).unwrap_or(("", program));
    // A program of that name that lies elsewhere may be anything.
    let is_known_place = [
        "",
        "/bin",
        "/usr/bin",
        "/usr/local/bin",
        "/opt/homebrew/bin",
    ]
    .contains(&directory)
        || directory.starts_with(r"C:\Windows\")
        || directory.starts_with(r"C:\Program Files\");
    let flags: &[&str] = match name.trim_end_matches(".exe") {
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "fish" => &["-c", "-lc", "-ic", "-lic"],
        "powershell" | "pwsh" => &["-Command", "-command", "-c"],
        "cmd" => &["/c", "/C"],
        _ => &[],
    };
    let is_usual = options
        .iter()
        .all(|option| ["-l", "-i", "-NoProfile", "-NoLogo"].contains(option));
    (is_known_place && is_usual && flags.contains(flag)).then_some(script)
}

/// Words as a shell would take them; no more of them than can be shown.
fn joined(words: &[&str]) -> String {
    let mut line = String::new();
    for word in words {
        if line.len() > 4 * COMMAND {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        let plain = |it: char| it.is_ascii_alphanumeric() || "_@%+=:,./-".contains(it);
        if !word.is_empty() && word.chars().all(plain) {
            line.push_str(word);
        } else {
            line.push('\'');
            line.push_str(&word.replace('\'', r"'\''"));
            line.push('\'');
        }
    }
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn commands_are_written_as_a_shell_takes_them() {
        let cases = [
            (json!("cargo test && ls"), Some("cargo test && ls")),
            (
                json!(["/bin/bash", "-lc", "cargo test && ls"]),
                Some("cargo test && ls"),
            ),
            (json!(["bash", "-l", "-c", "ls\nrm x"]), Some("ls⏎rm x")),
            (
                json!([
                    "C:\\Program Files\\PowerShell\\7\\pwsh.exe",
                    "-NoProfile",
                    "-Command",
                    "dir"
                ]),
                Some("dir"),
            ),
            (json!(["cmd", "/c", "dir"]), Some("dir")),
            (
                json!(["git", "commit", "-m", "it's done", ""]),
                Some(r"git commit -m 'it'\''s done' ''"),
            ),
            // Not the shell that one thinks of.
            (json!(["./bash", "-c", "ls"]), Some("./bash -c ls")),
            (
                json!(["bash", "--rcfile", "evil", "-c", "ls"]),
                Some("bash --rcfile evil -c ls"),
            ),
            (
                json!(["bash", "-c", "ls", "extra"]),
                Some("bash -c ls extra"),
            ),
            (json!(["bash"]), Some("bash")),
            (json!([]), None),
            (json!(["ls", 7, null]), Some("ls 7 null")),
            (json!(7), None),
        ];
        for (value, expected) in cases {
            assert_eq!(command(&value).as_deref(), expected, "{value}");
        }
        let long = command(&json!(vec!["word"; 100_000])).unwrap();
        assert_eq!(long.chars().count(), COMMAND + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn files_are_named_and_counted() {
        assert_eq!(
            files(&json!(["a", 7, "b"])),
            (vec!["a".into(), "b".into()], 1)
        );
        assert_eq!(
            files(&json!({ "/w/a": { "type": "add" } })),
            (vec!["/w/a".into()], 0)
        );
        assert_eq!(files(&json!("a\nb")), (vec!["a⏎b".into()], 0));
        assert_eq!(files(&json!(7)), (vec![], 0));
        // One that is cut could lead anywhere.
        let long = "a/".repeat(600) + "../x";
        assert_eq!(files(&json!([long, "b"])), (vec!["b".into()], 1));
        let many: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
        let (named, more) = files(&json!(many));
        assert_eq!((named.len(), more), (FILES, 980));
    }
}
