//! Comparing changed files with their earlier texts: targets with their changed lines, and the diff.

use super::changes::{Candidate, Deleted, New, Work};
use super::diff::{Diff, Header};
use super::{LineRange, Target, files, renames, secrets};
use crate::git::objects::Objects;
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
        let mut left = 0;
        for pair in pairs {
            if self.gathered.targets.len() < self.place.files {
                self.add(pair);
            } else {
                left += 1;
            }
        }
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

    /// Adds a target if any line of it differs.
    fn add(&mut self, pair: Pair) {
        let Pair { mut target, old } = pair;
        let old_text = old.as_ref().map(|it| &it.text);
        let diff = Diff::new(old_text, &target.text);
        if diff.is_empty() {
            return;
        }
        target.ranges = old.as_ref().map(|_| match diff.ranges() {
            // Emptied: its one empty line stands for it.
            ranges if ranges.is_empty() => vec![LineRange {
                start_line: 1,
                end_line: 1,
            }],
            ranges => ranges,
        });
        let header = Header {
            old: old.as_ref().map(|it| it.path.as_str()),
            new: target.path.as_str(),
        };
        let section = diff.section(header, old_text, &target.text);
        target.diff = Some(TextRange::new(
            self.diff.len(),
            self.diff.len() + section.len(),
        ));
        self.add_masked(&diff, header, old_text, &target.text, &section);
        self.diff.push_str(&section);
        self.gathered.targets.push(target);
    }

    fn add_masked(
        &mut self,
        diff: &Diff,
        header: Header<'_>,
        old: Option<&Text>,
        new: &Text,
        section: &str,
    ) {
        let (masked_old, masked_new) = (old.and_then(secrets::masked), secrets::masked(new));
        if masked_old.is_some() || masked_new.is_some() {
            let section = diff.section(
                header,
                masked_old.as_ref().or(old),
                masked_new.as_ref().unwrap_or(new),
            );
            self.masked
                .get_or_insert_with(|| self.diff.clone())
                .push_str(&section);
        } else if let Some(masked) = &mut self.masked {
            masked.push_str(section);
        }
    }
}

fn lossy(bytes: &[u8]) -> Text {
    Text::new(&String::from_utf8_lossy(bytes))
}
