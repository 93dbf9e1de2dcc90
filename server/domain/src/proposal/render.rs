//! Changes as a git diff: what `git apply` takes, and what people read.
//!
//! The format is that of `git diff` (git's documentation, "Generating patch text with -p"): a line ends at `\n` and nowhere
//! else, unusual paths are quoted as in C, and both sides are named `a/` and `b/`.

use super::{FileAction, FileChange, Part, PartKind, Proposal};
use crate::diff::differences;
use crate::edit::{self, TextEdit};
use crate::path::RelPath;
use std::fmt::Write;
use std::ops::Range;

/// Unchanged lines shown around changed ones.
const CONTEXT: usize = 3;

/// All of these changes, told against the texts that they were made from.
pub fn render(files: &[FileChange]) -> String {
    let mut out = String::new();
    for file in files {
        write_file(&mut out, file, &|_| true);
    }
    out
}

/// A proposal, or the parts of it with these numbers, told against the texts that it was made from.
pub fn unified(proposal: &Proposal, parts: Option<&[usize]>) -> String {
    let mut out = String::new();
    for file in &proposal.files {
        let of_file: Vec<Part<'_>> = proposal
            .parts()
            .filter(|it| std::ptr::eq(it.file, file))
            .filter(|it| parts.is_none_or(|parts| parts.contains(&it.number)))
            .collect();
        if !of_file.is_empty() {
            write_file(&mut out, file, &|kind| {
                of_file.iter().any(|it| it.kind == kind)
            });
        }
    }
    out
}

/// One file with the parts that are wanted.
fn write_file(out: &mut String, file: &FileChange, wants: &dyn Fn(PartKind<'_>) -> bool) {
    let path = &file.path;
    match &file.action {
        FileAction::Create { text, executable } => {
            write_head(out, path, path);
            let _ = writeln!(out, "new file mode {}", mode(*executable));
            if !text.is_empty() {
                let _ = write!(out, "--- /dev/null\n+++ {}\n", side("b/", path));
                write_hunks(out, "", &text.to_string());
            }
        }
        FileAction::Delete { base } => {
            write_head(out, path, path);
            let _ = writeln!(out, "deleted file mode {}", mode(false));
            if !base.is_empty() {
                let _ = write!(out, "--- {}\n+++ /dev/null\n", side("a/", path));
                write_hunks(out, &base.to_string(), "");
            }
        }
        FileAction::Edit {
            base,
            hunks,
            rename,
            executable,
        } => {
            let rename = rename.as_ref().filter(|it| wants(PartKind::Rename(it)));
            let executable = executable.filter(|it| wants(PartKind::Mode(*it)));
            let wanted = hunks.iter().enumerate();
            let wanted = wanted.filter(|(index, hunk)| wants(PartKind::Hunk(*index, hunk)));
            let edits: Vec<TextEdit> = wanted.flat_map(|it| it.1.edits.clone()).collect();
            let new_path = rename.unwrap_or(path);
            write_head(out, path, new_path);
            if let Some(executable) = executable {
                let (old, new) = (mode(!executable), mode(executable));
                let _ = write!(out, "old mode {old}\nnew mode {new}\n");
            }
            if let Some(new) = rename {
                let _ = write!(
                    out,
                    "rename from {}\nrename to {}\n",
                    quoted("", path),
                    quoted("", new)
                );
            }
            // Hunks fit their base by construction; with others there is nothing to show.
            let new = edit::apply(base, &edits).unwrap_or_else(|_| base.clone());
            if new != *base {
                let _ = write!(
                    out,
                    "--- {}\n+++ {}\n",
                    side("a/", path),
                    side("b/", new_path)
                );
                write_hunks(out, &base.to_string(), &new.to_string());
            }
        }
    }
}

fn write_head(out: &mut String, old: &RelPath, new: &RelPath) {
    let _ = writeln!(
        out,
        "diff --git {} {}",
        quoted("a/", old),
        quoted("b/", new)
    );
}

fn mode(executable: bool) -> &'static str {
    if executable { "100755" } else { "100644" }
}

/// A path in `---` or `+++`: one with a space has a tab behind it, so that its end is clear.
fn side(prefix: &str, path: &RelPath) -> String {
    let mut name = quoted(prefix, path);
    if name.contains(' ') {
        name.push('\t');
    }
    name
}

/// A path as git writes it: quoted as in C where it has a quote or a backslash. Control characters are in no path.
fn quoted(prefix: &str, path: &RelPath) -> String {
    let path = path.as_str();
    if !path.contains(['"', '\\']) {
        return format!("{prefix}{path}");
    }
    let escaped = path.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{prefix}{escaped}\"")
}

/// The hunks between two texts.
fn write_hunks(out: &mut String, old: &str, new: &str) {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    for group in groups(differences(&old, &new)) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let before = CONTEXT.min(first.0.start);
        let after = CONTEXT.min(old.len() - last.0.end);
        let spans = [
            span(&(first.0.start - before..last.0.end + after)),
            span(&(first.1.start - before..last.1.end + after)),
        ];
        let _ = writeln!(out, "@@ -{} +{} @@", spans[0], spans[1]);
        let mut at = first.0.start - before;
        for (going, coming) in &group {
            write_lines(out, ' ', &old[at..going.start]);
            write_lines(out, '-', &old[going.clone()]);
            write_lines(out, '+', &new[coming.clone()]);
            at = going.end;
        }
        write_lines(out, ' ', &old[at..at + after]);
    }
}

type Difference = (Range<usize>, Range<usize>);

/// Differences that share their context.
fn groups(differences: Vec<Difference>) -> Vec<Vec<Difference>> {
    let mut groups: Vec<Vec<Difference>> = Vec::new();
    for it in differences {
        match groups.last_mut() {
            Some(group)
                if group
                    .last()
                    .is_some_and(|last| it.0.start - last.0.end <= 2 * CONTEXT) =>
            {
                group.push(it);
            }
            _ => groups.push(vec![it]),
        }
    }
    groups
}

/// `12,3`, `12` for one line, `11,0` for none after line 11.
fn span(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        len => format!("{},{len}", lines.start + 1),
    }
}

fn write_lines(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests;
