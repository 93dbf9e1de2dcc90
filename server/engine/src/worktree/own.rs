//! The copy's own repository: what git finds in it, cut off from the user's.
//!
//! It is none of git's linked worktrees: those share refs, stash, configuration and hooks with the repository that they
//! belong to, so an agent that commits, stashes, deletes branches or collects garbage there does it to the user. This one
//! has a `.git` directory of its own. It only borrows the objects, which git never changes, and has the user's index as a
//! copy, so that `git status` and `git diff` say there what they say to the user.

use super::directory::{Directory, Handle, Stat};
use super::error::WorktreeError;
use super::manifest::{self, Hash};
use super::path::{self, Path};
use super::survey::absent;
use crate::git::repository::Repository;
use crate::git::settings::Settings;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path as FilePath, PathBuf};

/// The settings that say how files are to be read, and by whom commits are: the others stay behind, all that name programs
/// or other repositories among them. An extended regular expression.
pub(super) const SETTINGS: &str = r"^(core\.(attributesfile|autocrlf|bigfilethreshold|eol|excludesfile|filemode|ignorecase|longpaths|precomposeunicode|protecthfs|protectntfs|quotepath|safecrlf|sparsecheckout|sparsecheckoutcone|symlinks)|extensions\.objectformat|index\.(sparse|version)|user\.(email|name))$";
/// What the copy's repository has beside them. Time stamps of the copy are those of the user's files to the second, and
/// nothing that runs by itself belongs there.
const OWN_SETTINGS: &[(&str, &str)] = &[
    ("commit.gpgsign", "false"),
    ("core.bare", "false"),
    ("core.checkstat", "minimal"),
    ("core.fsmonitor", "false"),
    ("core.hookspath", "/dev/null"),
    ("core.logallrefupdates", "true"),
    ("core.repositoryformatversion", "1"),
    ("core.trustctime", "false"),
    ("core.untrackedcache", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("tag.gpgsign", "false"),
];
/// Largest file of the user's repository that is copied, in bytes, but for the index.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// Most object directories that are borrowed from. git itself follows five, one behind the other.
const MAX_ALTERNATES: usize = 64;
/// How the copy's repository is called, as every repository is.
pub(super) const GIT: &str = ".git";
/// The index as it is put into the copy; lies beside it.
pub(super) const INDEX: &str = "index";
/// Says what that index was made of; there only when it is ready.
const INDEX_OF: &str = "index.of";
/// How shared parts of a split index begin.
const SHARED_INDEX: &str = "sharedindex.";

/// Makes the repository anew, whatever an agent made of the last one, without its index. `linked` is ignored there.
pub(super) fn make(
    tree: &Directory,
    repository: &Repository,
    settings: &Settings,
    linked: &[Path],
) -> io::Result<()> {
    tree.clear(GIT.as_bytes())?;
    let git = tree.child_or_new(GIT.as_bytes())?;
    let head = match &repository.head {
        Some(commit) => format!("{commit}\n"),
        None => "ref: refs/heads/main\n".to_owned(),
    };
    put(&git, "HEAD", head.as_bytes())?;
    put(&git, "config", config(settings).as_bytes())?;
    git.child_or_new(b"refs")?.child_or_new(b"heads")?;
    let objects = git.child_or_new(b"objects")?;
    objects.child_or_new(b"pack")?;
    put(
        &objects.child_or_new(b"info")?,
        "alternates",
        &alternates(&repository.objects),
    )?;
    let info = git.child_or_new(b"info")?;
    let mut exclude = contents(&repository.exclude)?.unwrap_or_default();
    exclude.extend_from_slice(&ignoring(linked));
    put(&info, "exclude", &exclude)?;
    for (name, from) in [
        ("attributes", &repository.attributes),
        ("sparse-checkout", &repository.sparse_checkout),
    ] {
        if let Some(content) = contents(from)? {
            put(&info, name, &content)?;
        }
    }
    if let Some(content) = contents(&repository.shallow)? {
        put(&git, "shallow", &content)?;
    }
    for name in shared_indexes(&repository.git_dir) {
        copy_file(&repository.git_dir.join(&name), &git, &name)?;
    }
    Ok(())
}

/// True when the prepared index is that.
pub(super) fn is_prepared(slot: &FilePath, index: &Hash) -> bool {
    std::fs::read(slot.join(INDEX_OF)).is_ok_and(|it| it == index)
}

/// Copies the user's index beside the copy, to be prepared.
pub(super) fn take_index(slot: &Directory, repository: &Repository) -> io::Result<()> {
    slot.clear(INDEX_OF.as_bytes())?;
    slot.clear(INDEX.as_bytes())?;
    // It may be left of an agent's.
    slot.clear(b"index.lock")?;
    copy_file(&repository.index, slot, INDEX)
}

/// Notes that the index is prepared. It gets the time of the user's: git takes files that are as new as their index for
/// perhaps changed.
pub(super) fn note_index(
    slot: &Directory,
    repository: &Repository,
    index: &Hash,
) -> io::Result<()> {
    if let Some(theirs) = absent(std::fs::metadata(&repository.index))?
        && let Some((file, _)) = absent(slot.open_file(INDEX.as_bytes()))?
    {
        file.set_modified(theirs.modified()?)?;
    }
    slot.clear(INDEX_OF.as_bytes())?;
    slot.create(INDEX_OF.as_bytes(), 0o600)?.write_all(index)
}

/// Puts the prepared index into the copy's repository.
pub(super) fn put_index(slot: &FilePath, tree: &Directory) -> io::Result<()> {
    let git = tree.child(GIT.as_bytes())?;
    copy_file(&slot.join(INDEX), &git, INDEX)
}

/// Names what a prepared index is made of: the user's index, and what is hidden in it.
pub(super) fn index_hash(repository: &Repository, hidden: &[Path]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    if let Ok(about) = File::open(&repository.index).and_then(|it| Stat::of_file(&it)) {
        for number in [about.modified, about.changed] {
            hasher.update(&number.to_le_bytes());
        }
        for number in [about.size, about.inode] {
            hasher.update(&number.to_le_bytes());
        }
    }
    for path in hidden {
        hasher.update(path);
        hasher.update(&[0]);
    }
    manifest::shorten(&hasher.finalize())
}

fn config(settings: &Settings) -> String {
    let mut all: Settings = settings.clone();
    // One that git does not know would make it refuse the repository.
    if all
        .get("extensions.objectformat")
        .is_some_and(|it| it != "sha256")
    {
        all.remove("extensions.objectformat");
    }
    let own = OWN_SETTINGS
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    all.extend(own);
    let mut text = String::new();
    for (key, value) in &all {
        if let Some((section, name)) = key.split_once('.') {
            let _ = writeln!(text, "[{section}]\n\t{name} = \"{}\"", escaped(value));
        }
    }
    text
}

fn escaped(value: &str) -> String {
    let mut text = String::new();
    for c in value.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

/// Patterns that ignore exactly these paths.
fn ignoring(paths: &[Path]) -> Vec<u8> {
    let mut text = b"\n".to_vec();
    for path in paths {
        text.push(b'/');
        for byte in path {
            if matches!(byte, b'\\' | b'*' | b'?' | b'[' | b' ' | b'!' | b'#') {
                text.push(b'\\');
            }
            text.push(*byte);
        }
        text.push(b'\n');
    }
    text
}

/// The object directory and all that it borrows from itself, each on its line.
fn alternates(objects: &FilePath) -> Vec<u8> {
    let mut found: BTreeSet<PathBuf> = BTreeSet::new();
    let mut text = Vec::new();
    let mut waiting = vec![objects.to_owned()];
    while let Some(objects) = waiting.pop() {
        let Ok(objects) = objects.canonicalize() else {
            continue;
        };
        if found.len() >= MAX_ALTERNATES || !found.insert(objects.clone()) {
            continue;
        }
        text.extend_from_slice(&alternate(&objects));
        let more = contents(&objects.join("info/alternates"));
        let more = more.ok().flatten().unwrap_or_default();
        let lines = more.split(|it| *it == b'\n');
        for line in lines.filter(|it| !it.is_empty() && !it.starts_with(b"#")) {
            let line = unquoted(line);
            waiting.extend(path::below(&objects, &line));
        }
    }
    text
}

/// One line of the file, quoted where the path would be read as something else.
fn alternate(path: &FilePath) -> Vec<u8> {
    let path = path.as_os_str().as_encoded_bytes();
    let mut line = Vec::with_capacity(path.len() + 3);
    if path.iter().any(|it| matches!(it, b'\n' | b'"')) {
        line.push(b'"');
        for byte in path {
            match byte {
                b'\n' => line.extend_from_slice(b"\\n"),
                b'"' | b'\\' => line.extend_from_slice(&[b'\\', *byte]),
                byte => line.push(*byte),
            }
        }
        line.push(b'"');
    } else {
        line.extend_from_slice(path);
    }
    line.push(b'\n');
    line
}

fn unquoted(line: &[u8]) -> Vec<u8> {
    let Some(quoted) = line
        .strip_prefix(b"\"")
        .and_then(|it| it.strip_suffix(b"\""))
    else {
        return line.to_vec();
    };
    let mut path = Vec::new();
    let mut bytes = quoted.iter();
    while let Some(byte) = bytes.next() {
        path.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(other) => *other,
                None => break,
            },
            byte => *byte,
        });
    }
    path
}

/// The shared parts that a split index may need.
fn shared_indexes(git_dir: &FilePath) -> Vec<String> {
    let names = std::fs::read_dir(git_dir).into_iter().flatten().flatten();
    let names = names.filter_map(|it| it.file_name().into_string().ok());
    names.filter(|it| it.starts_with(SHARED_INDEX)).collect()
}

/// A file of the user's repository; `None` where there is none.
fn contents(path: &FilePath) -> io::Result<Option<Vec<u8>>> {
    match crate::read::open(path) {
        Ok(open) => open.start(MAX_FILE).map(Some),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::IsADirectory
            ) =>
        {
            Ok(None)
        }
        // A device or a pipe is no file of git's.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(None),
        Err(error) => Err(error),
    }
}

/// Copies a file with its time of change, if there is one.
fn copy_file(from: &FilePath, to: &Directory, name: &str) -> io::Result<()> {
    let Some(mut from) = absent(File::open(from))? else {
        return Ok(());
    };
    let about = from.metadata()?;
    if !about.is_file() {
        return Ok(());
    }
    let mut to = to.create(name.as_bytes(), 0o600)?;
    io::copy(&mut (&mut from).take(about.len()), &mut to)?;
    to.set_modified(about.modified()?)
}

fn put(directory: &Directory, name: &str, content: &[u8]) -> io::Result<()> {
    directory.create(name.as_bytes(), 0o600)?.write_all(content)
}

/// An error about the copy's repository.
pub(super) fn trouble(slot: &FilePath, error: io::Error) -> WorktreeError {
    let tree = slot.join(super::transfer::place::TREE);
    WorktreeError::file(&tree.join(GIT), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_so_that_they_say_the_same() {
        let settings = Settings::from([
            ("user.name".to_owned(), "A \"b\" \\c\n[x]".to_owned()),
            ("core.hookspath".to_owned(), "/evil".to_owned()),
            ("extensions.objectformat".to_owned(), "odd".to_owned()),
        ]);
        let text = config(&settings);
        assert!(
            text.contains("[user]\n\tname = \"A \\\"b\\\" \\\\c\\n[x]\"\n"),
            "{text}"
        );
        assert!(!text.contains("evil") && !text.contains("odd"), "{text}");
    }

    #[test]
    fn a_line_with_a_path_is_read_as_that_path() {
        for path in ["/a b/objects", "/a\nb", "/a\"b\\c", "/#a"] {
            let line = alternate(FilePath::new(path));
            assert_eq!(unquoted(line.trim_ascii_end()), path.as_bytes());
        }
        assert_eq!(ignoring(&[b"a b/[x]".to_vec()]), b"\n/a\\ b/\\[x]\n");
    }
}
