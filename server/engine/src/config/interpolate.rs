//! Filling `${env:NAME}` and its kin into values. Nothing is ever run for a value.

use crate::paths::Paths;
use std::path::Path;

/// Which references a file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Our own files: `${env:NAME}`, `${env:NAME:-default}`, `${workspaceFolder}`, `${userHome}`, `$${` for `${`.
    Ours,
    /// JSON lists of MCP servers: ours, and `${NAME}`, `${NAME:-default}`, `${pathSeparator}`.
    McpList,
}

/// Where values come from.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The environment and the home directory.
    pub paths: &'a Paths,
    /// The workspace root.
    pub root: &'a Path,
}

/// `text` with its references filled in.
///
/// # Errors
/// A sentence: a variable that is not set, or a reference that is not known or not closed.
pub(super) fn expand(text: &str, syntax: Syntax, context: Context<'_>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            out.push_str(&rest[..at - 1]);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let Some(length) = rest[at..].find('}') else {
            return Err("`${` is never closed; write `$${` to mean the characters".to_owned());
        };
        out.push_str(&value(&rest[at + 2..at + length], syntax, context)?);
        rest = &rest[at + length + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// `text` such that [`expand`] gives it back as it is: for files of tools that fill in nothing.
pub(super) fn escape(text: &str) -> String {
    text.replace("${", "$${")
}

fn value(reference: &str, syntax: Syntax, context: Context<'_>) -> Result<String, String> {
    match reference {
        "workspaceFolder" => return path(context.root, "the workspace"),
        "userHome" => return path(&context.paths.home, "the home directory"),
        "pathSeparator" | "/" if syntax == Syntax::McpList => {
            return Ok(std::path::MAIN_SEPARATOR.to_string());
        }
        _ => {}
    }
    if let Some(variable) = reference.strip_prefix("env:") {
        return environment(variable, context.paths);
    }
    if let Some(id) = reference.strip_prefix("input:") {
        return Err(format!(
            "the input `{id}` is asked for by its own tool only; give the value in an environment variable"
        ));
    }
    let (name, _) = split_default(reference);
    if syntax == Syntax::McpList && is_variable(name) {
        return environment(reference, context.paths);
    }
    let hint = if is_variable(name) {
        format!("; write `${{env:{name}}}` for the environment variable")
    } else {
        String::new()
    };
    Err(format!(
        "`${{{reference}}}` means nothing here: there are `${{env:NAME}}`, `${{env:NAME:-default}}`, \
         `${{workspaceFolder}}` and `${{userHome}}`{hint}"
    ))
}

fn environment(reference: &str, paths: &Paths) -> Result<String, String> {
    let (name, default) = split_default(reference);
    paths
        .variable(name)
        .or(default)
        .map(str::to_owned)
        .ok_or_else(|| {
            format!("the environment variable `{name}` is not set; set it before Crosscheck starts")
        })
}

fn split_default(reference: &str) -> (&str, Option<&str>) {
    match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|it: char| it.is_ascii_digit())
        && name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '_')
}

fn path(path: &Path, what: &str) -> Result<String, String> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("the path of {what} is not Unicode, so it cannot stand in a value"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn values() {
        let paths = Paths {
            config_dir: "/config".into(),
            state_dir: "/state".into(),
            home: "/home/me".into(),
            program: "/bin/crosscheck".into(),
            environment: [("TOKEN", "s3cret"), ("EMPTY", "")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        };
        let context = Context {
            paths: &paths,
            root: Path::new("/work/root"),
        };
        let mut table = String::new();
        for text in [
            "plain $TOKEN $(id) `id`",
            "a ${env:TOKEN} b ${env:TOKEN}",
            "${env:NONE}",
            "${env:EMPTY}",
            "${env:NONE:-some default}",
            "${env:EMPTY:-}",
            "${workspaceFolder}/x ${userHome}/y",
            "$${env:TOKEN}",
            "${TOKEN}",
            "${NONE:-default}",
            "${pathSeparator}",
            "${input:key}",
            "${cmd: id}",
            "${env:TOKEN",
            "${}",
            "é${env:TOKEN}é",
        ] {
            let [ours, list] = [Syntax::Ours, Syntax::McpList]
                .map(|syntax| expand(text, syntax, context).unwrap_or_else(|it| format!("✗ {it}")));
            table += &format!("{text}\n  = {ours}\n");
            if list != ours {
                table += &format!("  = {list} (MCP list)\n");
            }
            let literal = expand(&escape(text), Syntax::Ours, context);
            assert_eq!(literal.as_deref(), Ok(text));
        }
        expect![[r#"
            plain $TOKEN $(id) `id`
              = plain $TOKEN $(id) `id`
            a ${env:TOKEN} b ${env:TOKEN}
              = a s3cret b s3cret
            ${env:NONE}
              = ✗ the environment variable `NONE` is not set; set it before Crosscheck starts
            ${env:EMPTY}
              = ✗ the environment variable `EMPTY` is not set; set it before Crosscheck starts
            ${env:NONE:-some default}
              = some default
            ${env:EMPTY:-}
              = 
            ${workspaceFolder}/x ${userHome}/y
              = /work/root/x /home/me/y
            $${env:TOKEN}
              = ${env:TOKEN}
            ${TOKEN}
              = ✗ `${TOKEN}` means nothing here: there are `${env:NAME}`, `${env:NAME:-default}`, `${workspaceFolder}` and `${userHome}`; write `${env:TOKEN}` for the environment variable
              = s3cret (MCP list)
            ${NONE:-default}
              = ✗ `${NONE:-default}` means nothing here: there are `${env:NAME}`, `${env:NAME:-default}`, `${workspaceFolder}` and `${userHome}`; write `${env:NONE}` for the environment variable
              = default (MCP list)
            ${pathSeparator}
              = ✗ `${pathSeparator}` means nothing here: there are `${env:NAME}`, `${env:NAME:-default}`, `${workspaceFolder}` and `${userHome}`; write `${env:pathSeparator}` for the environment variable
              = / (MCP list)
            ${input:key}
              = ✗ the input `key` is asked for by its own tool only; give the value in an environment variable
            ${cmd: id}
              = ✗ `${cmd: id}` means nothing here: there are `${env:NAME}`, `${env:NAME:-default}`, `${workspaceFolder}` and `${userHome}`
            ${env:TOKEN
              = ✗ `${` is never closed; write `$${` to mean the characters
            ${}
              = ✗ `${}` means nothing here: there are `${env:NAME}`, `${env:NAME:-default}`, `${workspaceFolder}` and `${userHome}`
            é${env:TOKEN}é
              = és3creté
        "#]].assert_eq(&table);
    }
}
