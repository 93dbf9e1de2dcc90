//! What the user reads when an agent asks: the prompts and their buttons, and the same in a few words.

use domain::sanitize;
use engine::{Approval, Ask, Field, Question};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

#[cfg(test)]
mod tests;

/// Longest command in a prompt, in characters. With all that stands beside it a prompt stays within the 1000
/// characters that VS Code shows.
const MAX_COMMAND: usize = 500;
/// Longest reason, message or title of an agent in a prompt, in characters.
const MAX_WORDS: usize = 200;
/// Longest path in a prompt, in characters.
const MAX_PATH: usize = 80;
/// Most files named in a prompt.
const MAX_FILES: usize = 5;
/// Longest title of a button, in characters.
const MAX_TITLE: usize = 60;
/// Longest command where it is only mentioned, in characters.
const MAX_MENTION: usize = 60;
/// Stands where a line of a command ends; some editors show a message as one line.
const NEWLINE: char = '⏎';
/// Stands for each of several spaces in a command; messages have one at most.
const SPACE: char = '␣';
/// Stands at the end of what was cut already.
const CUT: char = '…';
/// The last button of a form.
pub(super) const CANCEL: &str = "Cancel";

/// Something to be shown with buttons below it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prompt {
    /// The text; may have several lines.
    pub(crate) message: String,
    /// The titles of the buttons, all different, and what each stands for.
    pub(crate) actions: Vec<(String, Choice)>,
}

/// What a button stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice {
    /// Yes, this once.
    Allow,
    /// Yes, and to the like until the run ends.
    AllowForRun,
    /// A value of a form's field.
    Value(Value),
    /// The page is to be opened.
    Open,
    /// No.
    Deny,
}

/// The prompt for a question, of a form for the field of this number; `None` when there is no such field.
pub(crate) fn prompt(question: &Question, field: usize) -> Option<Prompt> {
    match &question.ask {
        Ask::Approval(approval) => Some(permission(question, approval)),
        Ask::Form(fields) => {
            let of = (fields.len() > 1).then(|| format!(" ({} of {})", field + 1, fields.len()));
            Some(choice(
                question,
                fields.get(field)?,
                &of.unwrap_or_default(),
            ))
        }
        Ask::Url(url) => Some(page(question, url)),
    }
}

/// The question in a few words: `codex wants to run cargo check`.
pub(crate) fn mention(question: &Question) -> String {
    let agent = &question.agent;
    match &question.ask {
        Ask::Approval(it) => match (&it.command, it.files.first(), &it.tool) {
            (Some(command), ..) => {
                let command = sanitize::line(&one_line(command), MAX_MENTION);
                format!("{agent} wants to run `{command}`")
            }
            (None, Some(file), _) if it.files.len() + it.more_files == 1 => {
                let file = place(file, &question.root).0;
                format!("{agent} wants to change {file}")
            }
            (None, Some(_), _) => {
                let count = it.files.len() + it.more_files;
                format!("{agent} wants to change {count} files")
            }
            (None, None, Some(tool)) => {
                let tool = sanitize::line(tool, MAX_MENTION);
                format!("{agent} wants to use {tool}")
            }
            (None, None, None) => {
                let message = sanitize::line(&question.message, MAX_MENTION);
                format!("{agent} asks: {message}")
            }
        },
        Ask::Form(_) => {
            let message = sanitize::line(&question.message, MAX_MENTION);
            format!("{agent} asks: {message}")
        }
        Ask::Url(url) => format!("{agent} asks to open {}", site(url)),
    }
}

fn permission(question: &Question, approval: &Approval) -> Prompt {
    let agent = &question.agent;
    let mut lines = Vec::new();
    if let Some(command) = &approval.command {
        let directory = approval.directory.as_deref();
        let directory =
            directory.map(|it| format!(" in {}", directory_in_words(it, &question.root)));
        let command = cut(&one_line(command), MAX_COMMAND);
        lines.push(format!(
            "{agent} wants to run{}:",
            directory.unwrap_or_default()
        ));
        lines.push(format!("`{command}`"));
    }
    if !approval.files.is_empty() || approval.more_files > 0 {
        let files = files_in_words(approval, &question.root);
        lines.push(match lines.is_empty() {
            true => format!("{agent} wants to change {files}"),
            false => format!("and to change {files}"),
        });
    }
    if let Some(tool) = &approval.tool
        && lines.is_empty()
    {
        lines.push(format!(
            "{agent} wants to use the tool {}.",
            cut(tool, MAX_MENTION)
        ));
        lines.push(cut(&question.message, MAX_WORDS));
    }
    if lines.is_empty() {
        lines.push(format!(
            "{agent} asks: {}",
            cut(&question.message, MAX_WORDS)
        ));
    }
    if let Some(reason) = &approval.reason {
        lines.push(format!("Its reason: {}", cut(reason, MAX_WORDS)));
    }
    let mut actions = vec![("Allow".to_owned(), Choice::Allow)];
    if question.can_allow_for_run() {
        actions.push(("Allow for this run".to_owned(), Choice::AllowForRun));
    }
    actions.push(("Deny".to_owned(), Choice::Deny));
    Prompt {
        message: joined(lines),
        actions,
    }
}

fn choice(question: &Question, field: &Field, of: &str) -> Prompt {
    let asks = format!(
        "{} asks: {}",
        question.agent,
        cut(&question.message, MAX_WORDS)
    );
    let title = format!("{}{of}", cut(&field.title, MAX_WORDS));
    // Stable, so that only the default moves.
    let mut choices: Vec<&(Value, String)> = field.choices.iter().collect();
    choices.sort_by_key(|(value, _)| Some(value) != field.default.as_ref());
    // Clients answer with a title, so no two may be the same.
    let mut taken = BTreeSet::from([CANCEL.to_owned()]);
    let mut actions = Vec::new();
    for (value, title) in choices {
        let title = unique(&button(value, title), &mut taken);
        actions.push((title, Choice::Value(value.clone())));
    }
    actions.push((CANCEL.to_owned(), Choice::Deny));
    Prompt {
        message: joined(vec![asks, title]),
        actions,
    }
}

fn page(question: &Question, url: &str) -> Prompt {
    let asks = format!("{} asks to open {}", question.agent, site(url));
    let actions = [("Open in browser", Choice::Open), ("Decline", Choice::Deny)];
    Prompt {
        message: joined(vec![asks, cut(&question.message, MAX_WORDS)]),
        actions: actions.map(|(title, it)| (title.to_owned(), it)).into(),
    }
}

/// The lines that say anything.
fn joined(mut lines: Vec<String>) -> String {
    lines.retain(|it| !it.is_empty());
    lines.join("\n")
}

/// A button's title, or its value where the agent gave none.
fn button(value: &Value, title: &str) -> String {
    match sanitize::line(title, MAX_TITLE) {
        title if title.is_empty() => sanitize::line(&value.to_string(), MAX_TITLE),
        title => title,
    }
}

fn unique(title: &str, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = title.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{title} ({number})");
        number += 1;
    }
    candidate
}

/// `3 files: a, b and 1 more`. Those outside of the root come first: they must not hide among the others.
fn files_in_words(approval: &Approval, root: &Path) -> String {
    let mut places: Vec<(String, bool)> = approval.files.iter().map(|it| place(it, root)).collect();
    places.sort_by_key(|(_, is_inside)| *is_inside);
    let count = places.len() + approval.more_files;
    let named = places.iter().take(MAX_FILES).map(|(path, _)| path.as_str());
    let named: Vec<&str> = named.collect();
    let more = match count - named.len() {
        0 => String::new(),
        more if named.is_empty() => return crate::runs::count(more, "file"),
        more => format!(" and {more} more"),
    };
    let named = named.join(", ");
    match count {
        1 => named,
        _ => format!("{count} files: {named}{more}"),
    }
}

fn directory_in_words(directory: &str, root: &Path) -> String {
    match place(directory, root).0 {
        inside if inside.is_empty() => {
            let name = root.file_name().unwrap_or(root.as_os_str());
            format!(
                "the root of {}",
                sanitize::line(&name.to_string_lossy(), MAX_PATH)
            )
        }
        path => path,
    }
}

/// A path as it lies in the root, else all of it with a remark; and whether it lies in the root.
fn place(path: &str, root: &Path) -> (String, bool) {
    let full = normal(&root.join(path));
    match full.strip_prefix(root) {
        Ok(inside) => (end_of(&inside.to_string_lossy()), true),
        Err(_) => {
            let path = end_of(&full.to_string_lossy());
            (format!("{path} (outside of the workspace)"), false)
        }
    }
}

/// The path without `.` and `..`, as far as it can be told without looking at the disk.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// A path; of a long one the end, which tells more than its beginning.
fn end_of(path: &str) -> String {
    let path = sanitize::line(path, usize::MAX);
    match path.char_indices().rev().nth(MAX_PATH - 1) {
        Some((at, _)) if at > 0 => format!("{CUT}{}", &path[at..]),
        _ => path,
    }
}

/// Scheme and host of a page; whatever else its address has cannot pretend to be the host.
fn site(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    let more = if rest[end..].len() > 1 { "/…" } else { "" };
    format!("{scheme}://{}{more}", sanitize::line(host, MAX_WORDS))
}

/// A command as one line that shows all of it: also its line breaks, and how many spaces stand together.
fn one_line(command: &str) -> String {
    let command = command.trim().replace("\r\n", "\n");
    let breaks = [
        '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ];
    let mut out = String::new();
    let mut chars = command.chars().peekable();
    while let Some(it) = chars.next() {
        let is_next_to_space = out.ends_with(SPACE)
            || chars
                .peek()
                .is_some_and(|it| it.is_whitespace() && !breaks.contains(it));
        out.push(match it {
            it if breaks.contains(&it) => NEWLINE,
            it if it.is_whitespace() && is_next_to_space => SPACE,
            it => it,
        });
    }
    out
}

/// One line of plain text; what is cut is counted.
fn cut(text: &str, max: usize) -> String {
    let text = sanitize::line(text, usize::MAX);
    match text.char_indices().nth(max) {
        None => text,
        Some((at, _)) => {
            let least = if text.ends_with(CUT) { "at least " } else { "" };
            let more = text[at..].chars().count();
            format!("{}{CUT} ({least}{more} more characters)", &text[..at])
        }
    }
}
