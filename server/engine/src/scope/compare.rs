//! Comparing changed files with their earlier texts: targets with their changed lines, and the diff.

use super::changes::{Candidate, Deleted, New, Work};
use super::diff::{Diff, Header};
use super::{LineRange, Target, files, renames, secrets};
use crate::git::objects::Objects;
use crate::parallel;
use crate::read;
use domain::path::RelPath;
use domain::text::{Text, TextRange};

/// How much larger than the limit for a file its earlier text may be.
const OLD_FACTOR: u64 = 8;
/// How a file starts that Git LFS keeps elsewhere.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// A target and what it was before; nothing for a new file.
struct Pair {
    target: Target,
    old: Option<Old>,
}

/// A pair that differs.
struct Compared {
    target: Target,
    /// Its section of the diff.
    section: String,
    /// The same with secrets masked, where there are any.
    masked: Option<String>,
}

/// An earlier path and text.
struct Old {
    path: RelPath,
    text: Text,
}

impl Work {
    /// Compares a chunk with its earlier texts.
    pub(super) fn compare(&mut self, new: Vec<New>, objects: &Objects) {
        let mut pairs: Vec<Pair> = Vec::new();
        for (candidate, target) in new {
            let Candidate {
                path, asked_for, ..
            } = candidate.clone();
            match self.pair(candidate, target, objects) {
                Ok(Some(pair)) => pairs.push(pair),
                Ok(None) => {}
                Err(reason) => self.skip(&path, reason, asked_for),
            }
        }
        self.find_renames(&mut pairs, objects);
        let mut pairs = pairs.into_iter();
        // What turns out not to differ takes no room.
        while let room @ 1.. = self.place.files.saturating_sub(self.gathered.targets.len()) {
            let next: Vec<Pair> = pairs.by_ref().take(room).collect();
            if next.is_empty() {
                break;
            }
            for compared in parallel::map(next, compared).into_iter().flatten() {
                self.add(compared);
            }
        }
        let left = pairs.count();
        self.gathered
            .skipped
            .extend(files::beyond_limit(&self.place, left));
    }

    /// A target with its earlier path and text; nothing when there is nothing to compare after all.
    fn pair(
        &self,
        candidate: Candidate,
        mut target: Target,
        objects: &Objects,
    ) -> Result<Option<Pair>, String> {
        let Candidate {
            path,
            old,
            new,
            probe,
            ..
        } = candidate;
        let missing = || {
            if objects.cut {
                "has too much text to compare at once"
            } else {
                "has no text in git that can be read here"
            }
        };
        if let Some(new) = new {
            let bytes = objects.get(&new).ok_or_else(missing)?;
            self.read_index(&mut target, bytes)?;
        }
        let Some(name) = old else {
            return Ok(Some(Pair { target, old: None }));
        };
        let Some(old) = objects.get(&name) else {
            let is_on_disk =
                || std::fs::symlink_metadata(self.place.root.join(path.as_str())).is_ok();
            return match probe {
                // Neither in the base nor untracked: ignored.
                true if is_on_disk() => Ok(None),
                true => Ok(Some(Pair { target, old: None })),
                false => Err(missing().to_owned()),
            };
        };
        if old.starts_with(LFS_POINTER)
            && !target.text.to_string().as_bytes().starts_with(LFS_POINTER)
        {
            return Err("is kept by Git LFS".to_owned());
        }
        if old.len() as u64 > self.place.file_bytes.saturating_mul(OLD_FACTOR) {
            return Err("was much larger before than the limit for a file".to_owned());
        }
        // What was no text before is new as text.
        let old = (!read::is_binary(old)).then(|| Old {
            path,
            text: lossy(old),
        });
        Ok(Some(Pair { target, old }))
    }

    /// Gives a target the text of the index, beside that of the disk and the editor.
    fn read_index(&self, target: &mut Target, bytes: &[u8]) -> Result<(), String> {
        target.text = read::from_bytes(bytes, self.place.file_bytes)?;
        let buffer = self.place.open.get(&target.path);
        target.version = buffer
            .filter(|it| it.text == target.text)
            .map(|it| it.version);
        let on_disk = read::text(
            &self.place.root.join(target.path.as_str()),
            self.place.file_bytes,
        );
        target.disk = on_disk.ok().filter(|it| *it != target.text);
        Ok(())
    }

    /// Gives new files that were moved here their earlier text.
    fn find_renames(&mut self, pairs: &mut [Pair], objects: &Objects) {
        let text_of = |it: &Deleted| objects.get(&it.old).map(lossy).unwrap_or_default();
        let deleted: Vec<Text> = self.deleted.iter().map(text_of).collect();
        let (new, texts): (Vec<usize>, Vec<Text>) = pairs
            .iter()
            .enumerate()
            .filter(|(_, pair)| pair.old.is_none())
            .map(|(index, pair)| (index, pair.target.text.clone()))
            .unzip();
        let found = renames::find(&deleted, &texts.iter().collect::<Vec<_>>());
        for (from, to) in &found {
            let (path, text) = (self.deleted[*from].path.clone(), deleted[*from].clone());
            pairs[new[*to]].old = Some(Old { path, text });
        }
        let mut index = 0;
        self.deleted.retain(|_| {
            index += 1;
            found.iter().all(|(from, _)| *from != index - 1)
        });
    }

    /// Adds a target, with its earlier path and text, if any line of it differs.
    pub(super) fn add_changed(&mut self, target: Target, old: Option<(RelPath, Text)>) {
        let old = old.map(|(path, text)| Old { path, text });
        if let Some(compared) = compared(Pair { target, old }) {
            self.add(compared);
        }
    }

    fn add(&mut self, compared: Compared) {
        let Compared {
            mut target,
            section,
            masked,
        } = compared;
        let start = self.diff.len();
        target.diff = Some(TextRange::new(start, start + section.len()));
        match (&mut self.masked, masked) {
            (Some(all), masked) => all.push_str(masked.as_ref().unwrap_or(&section)),
            (None, Some(masked)) => self.masked = Some(self.diff.clone() + &masked),
            (None, None) => {}
        }
        self.diff.push_str(&section);
        self.gathered.targets.push(target);
    }
}

/// The changed lines of a target, and how the diff tells them; `None` when no line differs.
fn compared(pair: Pair) -> Option<Compared> {
    let Pair { mut target, old } = pair;
    let old_text = old.as_ref().map(|it| &it.text);
    let diff = Diff::new(old_text, &target.text);
    if diff.is_empty() {
        return None;
    }
    target.ranges = old.as_ref().map(|_| match diff.ranges() {
        // Emptied: its one empty line stands for it.
        ranges if ranges.is_empty() => vec![LineRange {
            start_line: 1,
            end_line: 1,
        }],
        ranges => ranges,
    });
    let path = target.path.clone();
    let header = Header {
        old: old.as_ref().map(|it| it.path.as_str()),
        new: path.as_str(),
    };
    let (masked_old, masked_new) = (
        old_text.and_then(secrets::masked),
        secrets::masked(&target.text),
    );
    let masked = (masked_old.is_some() || masked_new.is_some()).then(|| {
        let new = masked_new.as_ref().unwrap_or(&target.text);
        diff.section(header, masked_old.as_ref().or(old_text), new)
    });
    Some(Compared {
        section: diff.section(header, old_text, &target.text),
        masked,
        target,
    })
}

fn lossy(bytes: &[u8]) -> Text {
    Text::new(&String::from_utf8_lossy(bytes))
}
