//! From the chosen parts to what is to be done with each file, and what would take it back.

use super::hold::{Found, Held};
use super::{DiskError, Onto, Refusal, Selection, Standing};
use domain::edit::{self, TextEdit};
use domain::path::RelPath;
use domain::proposal::{FileAction, FileChange, PartKind};
use domain::text::Text;
use std::collections::BTreeSet;

/// What is to be done.
#[derive(Default)]
pub(super) struct Plan<'h> {
    /// In this order.
    pub(super) actions: Vec<Action<'h>>,
    /// The parts that this applies.
    pub(super) parts: Vec<usize>,
    /// The chosen parts that were so already.
    pub(super) already: Vec<usize>,
    /// What changes, told against the files as they are.
    pub(super) changes: Vec<FileChange>,
    /// What takes that back.
    pub(super) inverse: Vec<FileChange>,
}

/// What is to be done with one file.
pub(super) enum Action<'h> {
    /// Its text changes, and perhaps its mode.
    Replace {
        path: &'h RelPath,
        old: &'h Found,
        text: Text,
        executable: Option<bool>,
    },
    /// It comes to be.
    Create {
        path: &'h RelPath,
        text: Text,
        executable: Option<bool>,
        /// The file whose mode and owner it takes over.
        like: Option<&'h Found>,
    },
    /// It goes.
    Remove { path: &'h RelPath, old: &'h Found },
    /// It gets another name.
    Move {
        from: &'h RelPath,
        to: &'h RelPath,
        old: &'h Found,
    },
    /// It becomes executable, or is no longer.
    Mode {
        path: &'h RelPath,
        old: &'h Found,
        executable: bool,
    },
}

/// What was chosen of one file.
#[derive(Default)]
struct Chosen<'h> {
    /// The number of the first part of it.
    first: Option<usize>,
    edits: Vec<TextEdit>,
    rename: Option<&'h RelPath>,
    executable: Option<bool>,
}

/// Plans the chosen parts.
///
/// # Errors
/// When one of them does not exist or does not fit.
pub(super) fn make<'h>(
    held: &'h [Held<'h>],
    selection: &Selection,
    onto: Onto,
) -> Result<Plan<'h>, DiskError> {
    let numbers = numbers(selection, held.iter().map(|it| it.parts.len()).sum())?;
    let mut plan = Plan::default();
    let mut refusals = Vec::new();
    let mut number = 0;
    for file in held {
        let mut chosen = Chosen::default();
        for (part, kind) in file.parts.iter().zip(file.change.parts()) {
            number += 1;
            if !numbers.contains(&number) {
                continue;
            }
            let why = match &part.standing {
                Standing::Conflict(why) => Some(why.as_str()),
                Standing::Open if onto == Onto::Unchanged && !file.is_as_it_was() => {
                    Some("was changed meanwhile")
                }
                Standing::Open | Standing::Applied => None,
            };
            match why {
                Some(why) => refusals.push(refusal(number, file, why)),
                None if part.standing == Standing::Applied => plan.already.push(number),
                None => {
                    plan.parts.push(number);
                    chosen.add(number, kind, &part.edits);
                }
            }
        }
        if let Some(first) = chosen.first
            && plan.add(file, chosen).is_none()
        {
            refusals.push(refusal(first, file, "has changes that exclude each other"));
        }
    }
    plan.inverse.sort_by(|a, b| a.path.cmp(&b.path));
    if refusals.is_empty() {
        Ok(plan)
    } else {
        Err(DiskError::Refused(refusals))
    }
}

fn numbers(selection: &Selection, last: usize) -> Result<BTreeSet<usize>, DiskError> {
    match selection {
        Selection::All => Ok((1..=last).collect()),
        Selection::Parts(numbers) => match numbers.iter().find(|it| !(1..=last).contains(*it)) {
            Some(number) => Err(DiskError::NoSuchPart(*number, last)),
            None => Ok(numbers.iter().copied().collect()),
        },
    }
}

fn refusal(part: usize, file: &Held<'_>, why: &str) -> Refusal {
    Refusal {
        part,
        path: file.change.path.clone(),
        why: why.to_owned(),
    }
}

impl<'h> Chosen<'h> {
    fn add(&mut self, number: usize, kind: PartKind<'h>, edits: &[TextEdit]) {
        self.first = self.first.or(Some(number));
        match kind {
            PartKind::Hunk(..) => self.edits.extend_from_slice(edits),
            PartKind::Rename(to) => self.rename = Some(to),
            PartKind::Mode(executable) => self.executable = Some(executable),
            PartKind::Create | PartKind::Delete => {}
        }
    }
}

impl<'h> Plan<'h> {
    /// Plans what was chosen of one file; `None` when it cannot be done together.
    fn add(&mut self, file: &'h Held<'h>, chosen: Chosen<'h>) -> Option<()> {
        let path = &file.change.path;
        match (&file.change.action, &file.found) {
            (FileAction::Create { text, executable }, None) => {
                self.actions.push(Action::Create {
                    path,
                    text: text.clone(),
                    executable: Some(*executable),
                    like: None,
                });
                let base = text.clone();
                self.note(file.change, FileAction::Delete { base });
            }
            (FileAction::Delete { .. }, Some(old)) => {
                self.actions.push(Action::Remove { path, old });
                let back = FileAction::Create {
                    text: old.text.clone(),
                    executable: old.is_executable(),
                };
                self.note(file.change, back);
            }
            (FileAction::Edit { .. }, Some(old)) => self.add_edit(&file.at, old, chosen)?,
            // Nothing is open then.
            _ => return None,
        }
        Some(())
    }

    fn add_edit(&mut self, at: &'h RelPath, old: &'h Found, chosen: Chosen<'h>) -> Option<()> {
        let Chosen {
            edits,
            rename,
            executable,
            ..
        } = chosen;
        let text = edit::apply(&old.text, &edits).ok()?;
        let path = rename.unwrap_or(at);
        let base = old.text.clone();
        let change = FileChange::between(at.clone(), base, &text, rename.cloned(), executable);
        self.changes.extend(change);
        let (from, mode) = (
            rename.map(|_| at.clone()),
            executable.map(|_| old.is_executable()),
        );
        let back = FileChange::between(path.clone(), text.clone(), &old.text, from, mode);
        self.inverse.extend(back);
        match rename {
            None if text != old.text => self.actions.push(Action::Replace {
                path: at,
                old,
                text,
                executable,
            }),
            Some(to) if text != old.text => {
                self.actions.push(Action::Create {
                    path: to,
                    text,
                    executable,
                    like: Some(old),
                });
                self.actions.push(Action::Remove { path: at, old });
            }
            _ => {
                if let Some(executable) = executable {
                    self.actions.push(Action::Mode {
                        path: at,
                        old,
                        executable,
                    });
                }
                if let Some(to) = rename {
                    self.actions.push(Action::Move { from: at, to, old });
                }
            }
        }
        Some(())
    }

    /// Notes a change of a whole file, and what takes it back.
    fn note(&mut self, change: &FileChange, back: FileAction) {
        self.changes.push(change.clone());
        self.inverse.push(FileChange {
            path: change.path.clone(),
            action: back,
        });
    }
}
