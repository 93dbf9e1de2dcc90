//! What is to be done to apply parts of a proposal: worked out against the files as they are now, all of it or nothing.

use super::file::{State as PartState, is_same};
use super::held::{Held, PartNow};
use super::words;
use crate::capabilities::Capabilities;
use crate::content;
use crate::documents::Documents;
use crate::proto::edit::Step;
use crate::roots;
use crate::runs::count;
use domain::edit::{self, TextEdit};
use domain::proposal::Standing;
use domain::proposal::{FileAction, FileChange, PartKind};
use domain::text::{Text, TextRange};
use std::path::{Path, PathBuf};

/// What is to be done, and what of the proposal is left.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What happens to each file.
    pub(super) files: Vec<FilePlan>,
    /// Parts that meet the user's edits.
    pub(super) conflicts: Vec<usize>,
    /// Parts that no editor can do, each with what it does.
    pub(super) undoable: Vec<(usize, String)>,
}

/// What happens to one file.
#[derive(Clone, Debug)]
pub(super) struct FilePlan {
    /// The change that it comes from.
    change: FileChange,
    /// Where its text is now.
    pub(super) place: PathBuf,
    /// Its version and revision, where it is open.
    open: Option<(i32, i32)>,
    /// Its text now; `None` for one that comes to be.
    before: Option<Text>,
    /// The edits of each hunk, and of a text for an empty file, by the number of the part.
    hunks: Vec<(usize, Vec<TextEdit>)>,
    /// The parts about the file as a whole, by number.
    deeds: Vec<(usize, Deed)>,
}

/// What happens to a file as a whole.
#[derive(Clone, Debug)]
enum Deed {
    Create(Text),
    Rename(PathBuf),
    /// Whether it was executable.
    Delete(bool),
}

impl Plan {
    /// Plans these parts, or all that can be applied. What became of them was just looked at.
    ///
    /// # Errors
    /// A sentence for the user when nothing can be done at all.
    pub(crate) fn new(
        held: &Held,
        wanted: Option<&[usize]>,
        documents: &Documents,
        client: &Capabilities,
    ) -> Result<Self, String> {
        let mut chosen = Vec::new();
        let mut plan = Self {
            files: Vec::new(),
            conflicts: Vec::new(),
            undoable: Vec::new(),
        };
        let total = held.parts().count();
        if let Some(unknown) = wanted
            .into_iter()
            .flatten()
            .find(|it| !(1..=total).contains(*it))
        {
            let changes = count(total, "change");
            return Err(format!(
                "There is no change {unknown}; the proposal has {changes}."
            ));
        }
        let is_wanted = |it: &PartNow<'_>| wanted.is_none_or(|all| all.contains(&it.part.number));
        for it in held.parts().filter(is_wanted) {
            match (it.state, it.part.kind) {
                (PartState::Applied, _) => {}
                (PartState::Conflict, _) => plan.conflicts.push(it.part.number),
                (PartState::Open, PartKind::Mode(_)) => {
                    let deed = words::deed(it.part.kind, it.part.file.path.as_str());
                    plan.undoable.push((it.part.number, deed));
                }
                (PartState::Open, _) => chosen.push(it.part.number),
            }
        }
        if chosen.is_empty() {
            return Err(plan.nothing(held, wanted.is_some()));
        }
        for (file, change) in held.files() {
            plan.files.extend(FilePlan::new(
                held,
                file.place(),
                change,
                &chosen,
                documents,
            )?);
        }
        plan.check(held, client)?;
        Ok(plan)
    }

    /// The numbers of the parts that it applies.
    pub(crate) fn parts(&self) -> Vec<usize> {
        let mut parts: Vec<usize> = self.files.iter().flat_map(FilePlan::parts).collect();
        parts.sort_unstable();
        parts
    }

    /// The steps for the client; `uri` gives the name of a file. What the user typed in last comes first: Neovim looks at
    /// the version of the first document only.
    pub(crate) fn steps(&self, uri: impl Fn(&Path) -> String) -> Vec<Step> {
        let mut files: Vec<&FilePlan> = self.files.iter().collect();
        files.sort_by_key(|it| std::cmp::Reverse(it.open.map(|it| it.1)));
        files.iter().flat_map(|it| it.steps(&uri)).collect()
    }

    /// Where the files are that were not open.
    pub(super) fn unopened(&self) -> impl Iterator<Item = &PathBuf> {
        let files = self.files.iter().filter(|it| it.open.is_none());
        files.map(|it| &it.place)
    }

    /// New files that are to be executable, which no editor can do.
    pub(super) fn executables(&self) -> impl Iterator<Item = &str> {
        let created = self.files.iter().filter(|it| {
            matches!(
                it.change.action,
                FileAction::Create {
                    executable: true,
                    ..
                }
            )
        });
        created.map(FilePlan::name)
    }

    /// What takes back these parts, told against the texts after they were applied.
    pub(crate) fn inverse(
        &self,
        root: &Path,
        parts: &[usize],
        documents: &Documents,
    ) -> Vec<FileChange> {
        let inverse = self.files.iter();
        let mut inverse: Vec<FileChange> = inverse
            .filter_map(|it| it.inverse(root, parts, documents))
            .collect();
        inverse.sort_by(|a, b| a.path.cmp(&b.path));
        inverse
    }

    /// Whether the client can do it, and whether it would do what is meant.
    fn check(&self, held: &Held, client: &Capabilities) -> Result<(), String> {
        let instead = words::in_terminal(&held.proposal);
        if !client.apply_edit {
            return Err(format!(
                "This editor takes no edits from the server; {instead} applies it."
            ));
        }
        for file in &self.files {
            let name = &file.change.path;
            let missing = file.steps(&|_| String::new());
            let missing = missing.iter().find_map(|it| it.missing(client));
            if let Some(missing) = missing {
                return Err(format!(
                    "This editor cannot {missing}, as is needed for {name}; nothing was changed. {instead} applies it."
                ));
            }
            let renamed = file.deeds.iter().filter_map(|(_, it)| match it {
                Deed::Rename(to) => Some(to),
                Deed::Create(_) | Deed::Delete(_) => None,
            });
            for path in renamed.chain([&file.place]) {
                if roots::canonical(path) != *path {
                    return Err(format!(
                        "{name} is behind a symbolic link now; nothing was changed."
                    ));
                }
            }
            if let Err(error) = file.after(&self.parts()) {
                return Err(format!(
                    "The change of {name} does not fit any more ({error}); nothing was changed."
                ));
            }
        }
        Ok(())
    }

    /// Why nothing can be done.
    fn nothing(&self, held: &Held, is_part: bool) -> String {
        let agent = &held.proposal.agent;
        let of_it = if is_part { "This" } else { "All of it" };
        if let Some((_, deed)) = self.undoable.first() {
            let instead = words::in_terminal(&held.proposal);
            return format!("No editor can {deed}; {instead} does it.");
        }
        if self.conflicts.is_empty() {
            return format!("{of_it} is applied already.");
        }
        format!(
            "{of_it} meets what you edited since {agent} began; nothing was changed. Discard it, or ask {agent} again."
        )
    }
}

impl FilePlan {
    /// What the chosen parts do to this file; `None` when they do nothing to it.
    fn new(
        held: &Held,
        place: &Path,
        change: &FileChange,
        chosen: &[usize],
        documents: &Documents,
    ) -> Result<Option<Self>, String> {
        let parts = held
            .parts()
            .filter(|it| std::ptr::eq(it.part.file, change) && chosen.contains(&it.part.number));
        let parts: Vec<PartNow<'_>> = parts.collect();
        let Some(first) = parts.first() else {
            return Ok(None);
        };
        let (content, document) = content::now(documents, place);
        let before = content.text();
        let standings = match &before {
            Some(text) => first.file.standings(text),
            None => Vec::new(),
        };
        let mut plan = Self {
            change: change.clone(),
            place: place.to_owned(),
            open: document.map(|it| (it.version, it.revision)),
            before,
            hunks: Vec::new(),
            deeds: Vec::new(),
        };
        for it in parts {
            let number = it.part.number;
            match (it.part.kind, &change.action) {
                (PartKind::Hunk(index, _), _) => match standings.get(index) {
                    Some(Standing::Open(edits)) => plan.hunks.push((number, edits.clone())),
                    _ => return Err(format!("{} was changed just now; try again.", change.path)),
                },
                // A file that is there and empty is filled.
                (PartKind::Create, FileAction::Create { text, .. }) => match &plan.before {
                    Some(before) => {
                        let fill = TextEdit {
                            range: TextRange::new(0, before.len()),
                            new_text: text.to_string(),
                        };
                        plan.hunks.push((number, vec![fill]));
                    }
                    None => plan.deeds.push((number, Deed::Create(text.clone()))),
                },
                (PartKind::Rename(to), _) => {
                    let to = held.root.join(to.as_str());
                    plan.deeds.push((number, Deed::Rename(to)));
                }
                (PartKind::Delete, _) => {
                    let executable = content::is_executable(place).unwrap_or(false);
                    plan.deeds.push((number, Deed::Delete(executable)));
                }
                (PartKind::Create | PartKind::Mode(_), _) => {}
            }
        }
        Ok(Some(plan))
    }

    fn parts(&self) -> impl Iterator<Item = usize> {
        let hunks = self.hunks.iter().map(|it| it.0);
        hunks.chain(self.deeds.iter().map(|it| it.0))
    }

    /// The name of the file.
    pub(super) fn name(&self) -> &str {
        self.change.path.as_str()
    }

    /// The numbers of its hunks.
    pub(super) fn hunks(&self) -> impl Iterator<Item = usize> {
        self.hunks.iter().map(|it| it.0)
    }

    fn edits(&self, parts: &[usize]) -> Vec<TextEdit> {
        let hunks = self.hunks.iter().filter(|it| parts.contains(&it.0));
        hunks.flat_map(|it| it.1.clone()).collect()
    }

    /// Its text after some of its parts, where it has one.
    pub(super) fn after(&self, parts: &[usize]) -> Result<Option<Text>, edit::EditError> {
        let before = self.before.as_ref();
        before
            .map(|it| edit::apply(it, &self.edits(parts)))
            .transpose()
    }

    /// Edits come before the new name, so that the client can check the version.
    fn steps(&self, uri: &impl Fn(&Path) -> String) -> Vec<Step> {
        let mut steps = Vec::new();
        let own = uri(&self.place);
        if let (false, Some(text)) = (self.hunks.is_empty(), &self.before) {
            let all: Vec<usize> = self.hunks().collect();
            steps.push(Step::Text {
                uri: own.clone(),
                version: self.open.map(|it| it.0),
                text: text.clone(),
                edits: self.edits(&all),
            });
        }
        for (_, deed) in &self.deeds {
            match deed {
                Deed::Create(text) => steps.push(Step::Create(own.clone(), text.clone())),
                Deed::Rename(to) => steps.push(Step::Rename(own.clone(), uri(to))),
                Deed::Delete(_) => steps.push(Step::Delete(own.clone())),
            }
        }
        steps
    }

    fn inverse(&self, root: &Path, parts: &[usize], documents: &Documents) -> Option<FileChange> {
        let deeds = self.deeds.iter().filter(|it| parts.contains(&it.0));
        let path_in = |it: &Path| {
            let path = it.strip_prefix(root).ok()?.to_str()?;
            // Windows separates names in another way.
            let path = path.replace(std::path::MAIN_SEPARATOR, "/");
            domain::path::RelPath::try_from(path).ok()
        };
        let mut renamed = None;
        for (_, deed) in deeds {
            match deed {
                Deed::Create(text) => {
                    let action = FileAction::Delete { base: text.clone() };
                    let path = self.change.path.clone();
                    return Some(FileChange { path, action });
                }
                Deed::Delete(executable) => {
                    let action = FileAction::Create {
                        text: self.before.clone()?,
                        executable: *executable,
                    };
                    let path = self.change.path.clone();
                    return Some(FileChange { path, action });
                }
                Deed::Rename(to) => renamed = Some(to),
            }
        }
        let before = self.before.as_ref()?;
        let after = self.after(parts).ok()??;
        let place = renamed.map_or(&*self.place, |it| &**it);
        // The editor may have made all line ends alike.
        let now = content::now(documents, place).0.text();
        let after = now.filter(|it| is_same(it, &after)).unwrap_or(after);
        let path = path_in(place)?;
        let back = renamed.and_then(|_| path_in(&self.place));
        FileChange::between(path, after, before, back, None)
    }
}
