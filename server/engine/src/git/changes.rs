//! Which files changed against a base: one listing of git's, made into plain data.

use super::{Git, GitError};
use crate::request::Base;
use process::Exit;

/// Settings asked for before files are compared: filters, and a working tree that is elsewhere.
const DANGEROUS: &str = r"^(filter\..*|core\.worktree)$";
/// Characters of an object name shown to people.
const SHORT: usize = 7;

/// The changed files.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changes {
    /// What they are compared with: an object name.
    pub(crate) base: String,
    /// The base in words.
    pub(crate) base_name: String,
    /// The files, sorted by path; each once.
    pub(crate) entries: Vec<Entry>,
    /// Remarks a person should see.
    pub(crate) notes: Vec<String>,
}

/// A changed file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// Its path relative to the root, as git has it.
    pub(crate) path: Vec<u8>,
    /// What happened to it.
    pub(crate) kind: Kind,
}

/// What happened to a file. Names are object names.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// It is there and may differ: its text in the base, and in the index where that is compared.
    Text {
        old: Option<String>,
        new: Option<String>,
    },
    /// It is gone.
    Deleted { old: String },
    /// It is another repository, not a file.
    Submodule,
    /// It is a symbolic link.
    Link,
}

impl Git {
    /// The files that differ from `base`, untracked ones among them unless the index is compared. Files whose
    /// content is equal may be listed: the time stamps did not decide.
    pub(crate) async fn changes(&self, base: &Base) -> Result<Changes, GitError> {
        match base {
            Base::Staged => self.staged().await,
            Base::Uncommitted => {
                let (filters, untracked) = tokio::try_join!(self.filters_off(), self.untracked())?;
                let (base, base_name) = ("HEAD".to_owned(), "HEAD".to_owned());
                self.against(base, base_name, &filters, &untracked, Vec::new())
                    .await
            }
            Base::Ref(name) => {
                let (merge_base, filters, untracked) =
                    tokio::try_join!(self.merge_base(name), self.filters_off(), self.untracked())?;
                let short = |object: &str| object.get(..SHORT).unwrap_or(object).to_owned();
                let (base, base_name, notes) = match merge_base {
                    (_, Some(common)) => {
                        let words = format!("{name} (merge base {})", short(&common));
                        (common, words, Vec::new())
                    }
                    (tip, None) => {
                        let note = format!(
                            "`{name}` and HEAD have no common history; the changes are against `{name}` itself."
                        );
                        let words = format!("{name} ({})", short(&tip));
                        (tip, words, vec![note])
                    }
                };
                self.against(base, base_name, &filters, &untracked, notes)
                    .await
            }
        }
    }

    async fn staged(&self) -> Result<Changes, GitError> {
        let args = |base: &str| {
            let mut args = DIFF_INDEX.to_vec();
            args.push("--cached");
            args.iter()
                .map(|it| (*it).to_owned())
                .chain([base.to_owned(), "--".to_owned()])
                .collect()
        };
        let (base, base_name, raw) = self.or_empty_tree("HEAD", "HEAD", &[], args).await?;
        Ok(Changes {
            base,
            base_name,
            entries: entries(&raw, b"", true)?,
            notes: Vec::new(),
        })
    }

    async fn against(
        &self,
        base: String,
        base_name: String,
        filters: &[String],
        untracked: &[u8],
        notes: Vec<String>,
    ) -> Result<Changes, GitError> {
        let args = |base: &str| {
            let mut args = DIFF_INDEX.to_vec();
            args.extend([base, "--"]);
            args.iter().map(|it| (*it).to_owned()).collect()
        };
        let (base, base_name, raw) = self.or_empty_tree(&base, &base_name, filters, args).await?;
        Ok(Changes {
            base,
            base_name,
            entries: entries(&raw, untracked, false)?,
            notes,
        })
    }

    /// Compares with `base`, or with the empty tree in a repository without commits.
    async fn or_empty_tree(
        &self,
        base: &str,
        base_name: &str,
        filters: &[String],
        args: impl Fn(&str) -> Vec<String>,
    ) -> Result<(String, String, Vec<u8>), GitError> {
        let diff = async |base: &str| {
            let args = args(base);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            self.run(filters, &args).await
        };
        match diff(base).await {
            Ok(found) => Ok((base.to_owned(), base_name.to_owned(), found.stdout)),
            Err(GitError::NoCommits) => {
                let empty = self.empty_tree().await?;
                let found = diff(&empty).await?;
                Ok((
                    empty,
                    "nothing (the repository has no commits yet)".to_owned(),
                    found.stdout,
                ))
            }
            Err(error) => Err(error),
        }
    }

    /// Name of the empty tree, which every repository knows.
    async fn empty_tree(&self) -> Result<String, GitError> {
        let found = self
            .run(&[], &["rev-parse", "--show-object-format"])
            .await?;
        Ok(match found.stdout.trim_ascii() {
            b"sha256" => "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
            _ => "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        }
        .to_owned())
    }

    /// The commit of `name`, and its merge base with `HEAD` where there is one.
    async fn merge_base(&self, name: &str) -> Result<(String, Option<String>), GitError> {
        let unknown = || GitError::NoSuchRevision(name.to_owned());
        if name.is_empty() || name.chars().any(char::is_control) || name.contains("..") {
            return Err(unknown());
        }
        // `A...B` is answered with B, A and, after a caret, their merge bases. It never looks like an option.
        let both = format!("HEAD...{name}");
        let found = match self.run(&[], &["rev-parse", &both, "--"]).await {
            Ok(found) => found.stdout,
            Err(GitError::Other(_) | GitError::NoCommits) => return Err(unknown()),
            Err(error) => return Err(error),
        };
        let text = String::from_utf8_lossy(&found);
        let lines: Vec<&str> = text
            .lines()
            .filter(|it| is_object(it.trim_start_matches('^')))
            .collect();
        let base = lines
            .iter()
            .find_map(|it| it.strip_prefix('^'))
            .map(str::to_owned);
        let tips: Vec<&&str> = lines.iter().filter(|it| !it.starts_with('^')).collect();
        match tips.as_slice() {
            [tip, _] | [tip] => Ok(((**tip).to_owned(), base)),
            _ => Err(unknown()),
        }
    }

    /// The untracked files that no rule ignores, each path ended by NUL; one that ends with `/` is another repository.
    pub(crate) async fn untracked(&self) -> Result<Vec<u8>, GitError> {
        let args = ["ls-files", "--others", "--exclude-standard", "-z"];
        Ok(self.run(&[], &args).await?.stdout)
    }

    /// Settings that turn off every filter which any configuration defines.
    pub(super) async fn filters_off(&self) -> Result<Vec<String>, GitError> {
        let args = ["config", "-z", "--name-only", "--get-regexp", DANGEROUS];
        let found = match self.run(&[], &args).await {
            Ok(found) => found.stdout,
            // Nothing is set.
            Err(GitError::Silent(Exit::Code(1))) => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut drivers: Vec<&str> = Vec::new();
        for key in found.split(|it| *it == 0).filter(|it| !it.is_empty()) {
            let key =
                std::str::from_utf8(key).map_err(|_| odd_filter(&String::from_utf8_lossy(key)))?;
            if key.eq_ignore_ascii_case("core.worktree") {
                self.check_work_tree().await?;
            } else if let Some((driver, _)) = key.rsplit_once('.') {
                drivers.push(driver);
            }
        }
        drivers.sort_unstable();
        drivers.dedup();
        let mut settings = Vec::new();
        for driver in drivers {
            // `-c` ends a key at the first `=`; such a name could not be overridden.
            if driver.contains('=') {
                return Err(odd_filter(driver));
            }
            settings.extend(
                ["clean=", "smudge=", "process=", "required=false"]
                    .map(|it| format!("{driver}.{it}")),
            );
        }
        Ok(settings)
    }

    /// A configured working tree that is not around the root would make git list other files.
    async fn check_work_tree(&self) -> Result<(), GitError> {
        let found = self
            .run(&[], &["rev-parse", "--is-inside-work-tree"])
            .await?;
        if found.stdout.trim_ascii() == b"true" {
            Ok(())
        } else {
            Err(GitError::NoWorkTree)
        }
    }
}

const DIFF_INDEX: &[&str] = &[
    "diff-index",
    "--raw",
    "-z",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=dirty",
    "--relative",
];

fn odd_filter(name: &str) -> GitError {
    let name = domain::sanitize::line(name, 80);
    GitError::Other(format!(
        "its configuration defines `{name}`, which cannot be turned off; remove it"
    ))
}

fn is_object(word: &str) -> bool {
    word.len() >= 40 && word.bytes().all(|it| it.is_ascii_hexdigit())
}

/// Reads `:mode mode object object status\0path\0…` and a list of untracked paths.
fn entries(raw: &[u8], untracked: &[u8], with_index: bool) -> Result<Vec<Entry>, GitError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut parts = raw.split(|it| *it == 0);
    while let Some(header) = parts.next().filter(|it| !it.is_empty()) {
        let path = parts.next().unwrap_or_default().to_vec();
        let kind = read_header(header, with_index).ok_or_else(|| {
            let header = domain::sanitize::line(&String::from_utf8_lossy(header), 120);
            GitError::Other(format!(
                "`git diff-index` answered `{header}`, which is not understood"
            ))
        })?;
        entries.push(Entry { path, kind });
    }
    let names = untracked.split(|it| *it == 0).filter(|it| !it.is_empty());
    entries.extend(names.map(|name| match name.strip_suffix(b"/") {
        Some(repository) => Entry {
            path: repository.to_vec(),
            kind: Kind::Submodule,
        },
        None => Entry {
            path: name.to_vec(),
            kind: Kind::Text {
                old: None,
                new: None,
            },
        },
    }));
    entries.sort();
    entries.dedup_by(|next, kept| {
        let same = next.path == kept.path;
        if same {
            merge(kept, next);
        }
        same
    });
    Ok(entries)
}

fn read_header(header: &[u8], with_index: bool) -> Option<Kind> {
    let header = std::str::from_utf8(header).ok()?.strip_prefix(':')?;
    let [old_mode, new_mode, old, new, status] =
        header.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let object = |name: &str| {
        (is_object(name) && name.bytes().any(|it| it != b'0')).then(|| name.to_owned())
    };
    let (is_link, is_submodule) = (|mode: &str| mode == "120000", |mode: &str| mode == "160000");
    Some(match (status, object(old)) {
        _ if is_submodule(new_mode) || (is_submodule(old_mode) && status == "D") => Kind::Submodule,
        ("D", _) if is_link(old_mode) => Kind::Link,
        ("D", Some(old)) => Kind::Deleted { old },
        _ if is_link(new_mode) => Kind::Link,
        // What was a link or a submodule before has no text to compare with.
        (_, old) => Kind::Text {
            old: old.filter(|_| !is_link(old_mode) && !is_submodule(old_mode)),
            new: object(new).filter(|_| with_index),
        },
    })
}

/// Two lines about one path: an unmerged file, or one that left the index and stayed on disk.
fn merge(kept: &mut Entry, next: &mut Entry) {
    let old = match (&mut kept.kind, &mut next.kind) {
        (Kind::Submodule | Kind::Link, _) => return,
        (_, Kind::Submodule | Kind::Link) => return std::mem::swap(kept, next),
        (a, b) => object_of(a).or_else(|| object_of(b)),
    };
    let new = [&mut kept.kind, &mut next.kind]
        .into_iter()
        .find_map(|kind| match kind {
            Kind::Text { new, .. } => new.take(),
            _ => None,
        });
    kept.kind = Kind::Text { old, new };
}

fn object_of(kind: &mut Kind) -> Option<String> {
    match kind {
        Kind::Text { old, .. } => old.take(),
        Kind::Deleted { old } => Some(std::mem::take(old)),
        Kind::Submodule | Kind::Link => None,
    }
}
