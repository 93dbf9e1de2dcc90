//! From answers in text to changes of files: which file is meant, whether it may be changed, and where its edits go.

use crate::protected::Protected;
use crate::read;
use crate::run::fix::has_hidden;
use crate::scope::secrets;
use domain::edit::{self, TextEdit};
use domain::patch::{self, Action, FilePatch, Outcome, Patch, Placed};
use domain::path::RelPath;
use domain::proposal::{FileAction, FileChange};
use domain::sanitize;
use domain::text::Text;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Longest problem told, in characters.
const MAX_PROBLEM: usize = 400;

/// Where changes are collected. It reads files below its root, and writes none.
pub(super) struct Desk {
    root: PathBuf,
    /// What the agent was shown, and what is open: edits are told against these texts, whatever the disk has by now.
    told: BTreeMap<RelPath, Text>,
    /// The files asked about, for names that an agent shortens.
    asked: Vec<RelPath>,
    protected: Protected,
    /// Largest file, in bytes.
    file_bytes: u64,
    mask_secrets: bool,
    files: BTreeMap<RelPath, State>,
    /// What could not be taken over, in words for people.
    pub(super) problems: Vec<String>,
    /// How many changes that were.
    pub(super) left_out: usize,
}

/// A file and what has become of it.
#[derive(Clone)]
struct State {
    /// As it was; `None` when there was none.
    base: Option<Text>,
    now: Option<Text>,
    /// `now` as the agent may see it; differs where it holds secrets.
    seen: Option<Text>,
    rename: Option<RelPath>,
    executable: Option<bool>,
    /// Why it is not there to be changed.
    unreadable: Option<String>,
}

impl Desk {
    /// A desk without changes.
    pub(super) fn new(
        root: &Path,
        told: BTreeMap<RelPath, Text>,
        asked: Vec<RelPath>,
        exclude: &[String],
        file_bytes: u64,
        mask_secrets: bool,
    ) -> Self {
        Self {
            root: root.to_owned(),
            told,
            asked,
            protected: Protected::new(root, exclude),
            file_bytes,
            mask_secrets,
            files: BTreeMap::new(),
            problems: Vec::new(),
            left_out: 0,
        }
    }

    /// Takes in what an answer wants changed, but for these files. Blocks: it reads files and searches texts.
    pub(super) fn take(&mut self, patch: Patch, but: &[RelPath]) {
        for problem in patch.problems {
            self.leave_out(&problem);
        }
        for (path, action) in self.by_file(patch.files) {
            if but.contains(&path) {
                continue;
            }
            if let Err(why) = self.change(&path, &action) {
                self.leave_out(&format!("`{path}` {why}"));
            }
        }
    }

    /// The text of a file after the changes so far; `None` when it was not changed.
    pub(super) fn result(&self, path: &RelPath) -> Option<Text> {
        let state = self.files.get(path)?;
        state
            .now
            .clone()
            .filter(|it| Some(it) != state.base.as_ref())
    }

    /// All changes so far, sorted by path.
    pub(super) fn changes(&self) -> Vec<FileChange> {
        self.files
            .iter()
            .filter_map(|(path, state)| state.change(path))
            .collect()
    }

    fn leave_out(&mut self, problem: &str) {
        self.left_out += 1;
        self.problems.push(sanitize::line(problem, MAX_PROBLEM));
    }

    /// The actions by the file that they mean. Hunks of one file are placed together: they are all told against the same
    /// text.
    fn by_file(&mut self, patches: Vec<FilePatch>) -> Vec<(RelPath, Action)> {
        let mut actions: Vec<(RelPath, Action)> = Vec::new();
        for FilePatch { path, action } in patches {
            let path = match self.resolve(&path, &action) {
                Ok(path) => path,
                Err(why) => {
                    self.leave_out(&why);
                    continue;
                }
            };
            let same = actions.iter_mut().rev().find(|it| it.0 == path);
            match (same, action) {
                (
                    Some((
                        _,
                        Action::Edit {
                            hunks,
                            rename,
                            executable,
                        },
                    )),
                    Action::Edit {
                        hunks: more,
                        rename: other_rename,
                        executable: other_executable,
                    },
                ) => {
                    hunks.extend(more);
                    *rename = rename.take().or(other_rename);
                    *executable = executable.or(other_executable);
                }
                // A file that is told whole twice is what was told last.
                (Some((_, rewrite @ Action::Rewrite { .. })), action @ Action::Rewrite { .. }) => {
                    *rewrite = action;
                }
                (_, action) => actions.push((path, action)),
            }
        }
        actions
    }

    /// The file that an agent means.
    fn resolve(&mut self, said: &str, action: &Action) -> Result<RelPath, String> {
        let path = RelPath::parse(&self.root.to_string_lossy(), said)
            .map_err(|error| error.to_string())?;
        if matches!(action, Action::Create { .. }) || self.exists(&path) {
            return Ok(path);
        }
        // Agents shorten paths, leave the `a/` and `b/` of diffs on them, or begin with the name of the project. Where no
        // text of the file proves what is meant, only such a beginning may be left out.
        if let Some((first, rest)) = path.as_str().split_once('/')
            && (matches!(action, Action::Edit { .. }) || self.is_no_directory(first))
            && let Ok(shorter) = RelPath::try_from(rest.to_owned())
            && self.exists(&shorter)
        {
            return Ok(shorter);
        }
        let ending = format!("/{path}");
        let mut meant = self
            .asked
            .iter()
            .filter(|it| it.as_str().ends_with(&ending));
        match (meant.next(), meant.next()) {
            (Some(one), None) => Ok(one.clone()),
            (Some(_), Some(_)) => Err(format!("`{path}` may be several files")),
            // What is wrong with it is told when it is to be changed.
            (None, _) => Ok(path),
        }
    }

    /// True for what stands before paths and is no directory in the root.
    fn is_no_directory(&self, name: &str) -> bool {
        let is_project = || self.root.file_name().is_some_and(|it| it == name);
        (matches!(name, "a" | "b") || is_project()) && !self.root.join(name).is_dir()
    }

    fn exists(&self, path: &RelPath) -> bool {
        self.files.get(path).is_some_and(|it| it.now.is_some())
            || self.told.contains_key(path)
            || self.root.join(path.as_str()).symlink_metadata().is_ok()
    }

    fn change(&mut self, path: &RelPath, action: &Action) -> Result<(), String> {
        let creates = matches!(action, Action::Create { .. } | Action::Rewrite { .. });
        let refused = match self.state(path).now {
            None if creates => self.protected.create(path),
            _ => self.protected.change(path),
        };
        if let Some(why) = refused {
            return Err(why);
        }
        let mut state = self.state(path).clone();
        if let Some(why) = &state.unreadable
            && !creates
        {
            return Err(why.clone());
        }
        let Placed {
            outcome, problems, ..
        } = patch::place(path.as_str(), action, state.seen.as_ref());
        for problem in problems {
            self.leave_out(&problem);
        }
        match outcome {
            Outcome::Same => {}
            Outcome::Edits(edits) => state.apply(&edits)?,
            Outcome::Created(text) => {
                if has_hidden(&text, "") {
                    return Err("would have invisible characters".to_owned());
                }
                state.set(Some(Text::new(&text)));
            }
            Outcome::Deleted => state.set(None),
        }
        if let Some(now) = &state.now
            && now.len() as u64 > self.file_bytes
        {
            return Err("would be too large".to_owned());
        }
        match action {
            Action::Create { executable, .. } if state.base.is_none() => {
                state.executable = Some(*executable);
            }
            Action::Edit {
                rename, executable, ..
            } => {
                let is_executable = is_executable(&self.root.join(path.as_str()));
                let changed = executable.filter(|it| is_executable.is_some_and(|is| is != *it));
                state.executable = changed.or(state.executable);
                if let Some(rename) = rename {
                    state.rename = Some(self.new_name(path, rename)?);
                }
            }
            Action::Create { .. } | Action::Rewrite { .. } | Action::Delete => {}
        }
        self.files.insert(path.clone(), state);
        Ok(())
    }

    fn new_name(&mut self, path: &RelPath, said: &str) -> Result<RelPath, String> {
        let cannot = |why: &str| format!("cannot be renamed: {why}");
        let to = RelPath::parse(&self.root.to_string_lossy(), said)
            .map_err(|error| cannot(&error.to_string()))?;
        if let Some(why) = self.protected.create(&to) {
            // A name that changes by its case only is the file itself.
            let is_itself = to.as_str().to_lowercase() == path.as_str().to_lowercase();
            if !is_itself || !why.starts_with("differs only by case") {
                return Err(cannot(&format!("`{to}` {why}")));
            }
        }
        let taken = self
            .files
            .values()
            .any(|it| it.rename.as_ref() == Some(&to));
        if taken || self.state(&to).now.is_some() {
            return Err(cannot(&format!("`{to}` exists already")));
        }
        Ok(to)
    }

    fn state(&mut self, path: &RelPath) -> &State {
        if !self.files.contains_key(path) {
            let read = self.read(path);
            let (base, unreadable) = match read {
                Ok(base) => (base, None),
                Err(why) => (None, Some(why)),
            };
            let masked = base.as_ref().filter(|_| self.mask_secrets);
            let masked = masked.and_then(secrets::masked);
            let state = State {
                seen: masked.or_else(|| base.clone()),
                now: base.clone(),
                base,
                rename: None,
                executable: None,
                unreadable,
            };
            self.files.insert(path.clone(), state);
        }
        &self.files[path]
    }

    /// The text of a file before any change.
    ///
    /// # Errors
    /// Why it cannot be changed although something is there.
    fn read(&self, path: &RelPath) -> Result<Option<Text>, String> {
        if let Some(text) = self.told.get(path) {
            return Ok(Some(text.clone()));
        }
        if self.root.join(path.as_str()).symlink_metadata().is_err() {
            return Ok(None);
        }
        let (file, _) =
            read::open_inside(&self.root, path.as_str()).map_err(|it| it.to_string())?;
        file.text(self.file_bytes).map(Some)
    }
}

impl State {
    fn set(&mut self, text: Option<Text>) {
        self.seen.clone_from(&text);
        self.now = text;
    }

    /// Applies edits of the text that was seen; the other one has the same bytes, but for secrets.
    fn apply(&mut self, edits: &[TextEdit]) -> Result<(), String> {
        let (Some(now), Some(seen)) = (&self.now, &self.seen) else {
            return Err("is not there".to_owned());
        };
        for edit in edits {
            let old = seen.slice(edit.range);
            if old != now.slice(edit.range) {
                return Err(
                    "was not changed: an edit covers a secret that the agent was not shown"
                        .to_owned(),
                );
            }
            if has_hidden(&edit.new_text, &old) {
                return Err("was not changed: an edit brings invisible characters".to_owned());
            }
        }
        let apply = |text: &Text| edit::apply(text, edits).map_err(|error| error.to_string());
        let (now, seen) = (apply(now)?, apply(seen)?);
        (self.now, self.seen) = (Some(now), Some(seen));
        Ok(())
    }

    fn change(&self, path: &RelPath) -> Option<FileChange> {
        let path = path.clone();
        let action = match (&self.base, &self.now) {
            (None, None) => return None,
            (None, Some(text)) => FileAction::Create {
                text: text.clone(),
                executable: self.executable.unwrap_or(false),
            },
            (Some(base), None) => FileAction::Delete { base: base.clone() },
            (Some(base), Some(now)) => {
                let change = FileChange::between(
                    path,
                    base.clone(),
                    now,
                    self.rename.clone(),
                    self.executable,
                );
                return change;
            }
        };
        Some(FileChange { path, action })
    }
}

/// Whether a file is executable; `None` where there is no such file, or no such thing.
#[cfg(unix)]
fn is_executable(path: &Path) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt;
    let about = path.symlink_metadata().ok()?;
    Some(about.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests;
