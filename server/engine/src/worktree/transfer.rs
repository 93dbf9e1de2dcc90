//! Doing what a plan says: deleting, copying and comparing files, on a few threads.

use super::directory::{self, Directory, Handle, SECOND, Stat, Walker, nanoseconds};
use super::error::WorktreeError;
use super::manifest::{Base, Content, Entry, Hash, Reason, Source, hash};
use super::path::{self, Path};
use super::plan::{Job, Plan};
use super::survey::stop_if;
use super::want::{Want, WantKind};
use crate::parallel;
use crate::read::is_binary;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path as FilePath, PathBuf};
use std::time::SystemTime;
use tokio_util::sync::CancellationToken;

/// Most threads that copy.
const THREADS: usize = 4;
/// Fewer jobs than this are not worth a thread.
const JOBS_PER_THREAD: usize = 64;
/// Largest file that is read into memory to be copied, in bytes; the system copies larger ones by itself, without
/// reading them where the file system can share their content.
const READ_WHOLE: u64 = 1024 * 1024;
/// How often a file that changes while it is copied is tried.
const ATTEMPTS: usize = 4;

/// Where files come from and go to.
#[derive(Debug)]
pub(super) struct Transfer {
    /// The top of the user's working tree.
    pub(super) top: PathBuf,
    /// The slot.
    pub(super) slot: PathBuf,
    /// The largest file that can be edited, in bytes.
    pub(super) file_bytes: u64,
    /// Tracked files that may differ from the index; `None` for all of them.
    pub(super) touched: Option<HashSet<Path>>,
    /// When the user's files were looked at, in nanoseconds since 1970.
    pub(super) at: i64,
    pub(super) cancel: CancellationToken,
}

/// What has become of a job.
#[derive(Debug)]
pub(super) enum Done {
    /// It is in the copy.
    Entry(Entry),
    /// The user's file is gone.
    Absent,
    /// It could not be copied.
    LeftOut(Want, Reason),
}

/// Names of what is in a slot.
pub(super) mod place {
    /// The copy.
    pub(in super::super) const TREE: &str = "tree";
    /// The texts of the files that the repository has not.
    pub(in super::super) const BASE: &str = "base";
}

impl Transfer {
    /// The copy.
    pub(super) fn tree(&self) -> PathBuf {
        self.slot.join(place::TREE)
    }

    /// Deletes what the plan says.
    pub(super) fn clean(&self, plan: &Plan) -> Result<(), WorktreeError> {
        let mut tree = self.open(&self.tree())?;
        let base = self.open_directory(&self.slot.join(place::BASE))?;
        for path in &plan.in_the_way {
            self.clear(&mut tree, path)?;
        }
        for path in &plan.removed {
            self.clear(&mut tree, path)?;
            let name = base_name(path);
            base.clear(&name).map_err(|it| self.ours(path, it))?;
        }
        for path in &plan.emptied {
            self.clear(&mut tree, path)?;
        }
        Ok(())
    }

    /// Deletes whatever is at a path of the copy.
    pub(super) fn clear(&self, tree: &mut Walker, path: &[u8]) -> Result<(), WorktreeError> {
        let (directory, name) = path::split(path);
        let cleared = match tree.enter(directory) {
            Ok(here) => here.clear(name),
            // What it was in is not there, or something else.
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) => Err(error),
        };
        cleared.map_err(|it| self.ours(path, it))
    }

    /// Does the jobs; tells what has become of each, in their order.
    pub(super) fn run(&self, jobs: Vec<Job>) -> Result<Vec<Done>, WorktreeError> {
        let work = |share| self.worker()?.run(share);
        let done = parallel::shares(jobs, JOBS_PER_THREAD, THREADS, work);
        let done: Vec<Vec<Done>> = done.into_iter().collect::<Result<_, _>>()?;
        Ok(done.into_iter().flatten().collect())
    }

    fn worker(&self) -> Result<Worker<'_>, WorktreeError> {
        let place = |it| WorktreeError::place(&self.top, it);
        Ok(Worker {
            transfer: self,
            theirs: Walker::new(&self.top).map_err(place)?,
            tree: self.open(&self.tree())?,
            base: self.open_directory(&self.slot.join(place::BASE))?,
            buffer: Vec::new(),
        })
    }

    fn open(&self, path: &FilePath) -> Result<Walker, WorktreeError> {
        self.open_directory(path).map(Walker::from)
    }

    fn open_directory(&self, path: &FilePath) -> Result<Directory, WorktreeError> {
        Directory::open(path).map_err(|it| WorktreeError::file(path, it))
    }

    /// An error about a file of the copy.
    pub(super) fn ours(&self, path: &[u8], error: io::Error) -> WorktreeError {
        let tree = self.tree();
        WorktreeError::file(&path::below(&tree, path).unwrap_or(tree), error)
    }
}

/// The name of the text of a file beside the copy.
pub(super) fn base_name(path: &[u8]) -> Vec<u8> {
    blake3::hash(path).to_hex().as_bytes()[..32].to_vec()
}

/// One thread.
struct Worker<'t> {
    transfer: &'t Transfer,
    theirs: Walker,
    tree: Walker,
    base: Directory,
    buffer: Vec<u8>,
}

/// Why a file of the user's is not copied.
enum Trouble {
    Absent,
    LeftOut(Reason),
    /// It is the copy that cannot be written.
    Ours(WorktreeError),
}

impl Worker<'_> {
    fn run(&mut self, jobs: Vec<Job>) -> Result<Vec<Done>, WorktreeError> {
        let mut done = Vec::with_capacity(jobs.len());
        for job in jobs {
            stop_if(&self.transfer.cancel).map_err(|_| WorktreeError::Cancelled)?;
            done.push(self.job(job)?);
        }
        Ok(done)
    }

    fn job(&mut self, mut job: Job) -> Result<Done, WorktreeError> {
        if let Some(entry) = job.compare.take()
            && let Some(entry) = self.compare(entry)
        {
            return Ok(Done::Entry(entry));
        }
        match self.copy(&mut job) {
            Ok(entry) => Ok(Done::Entry(entry)),
            Err(Trouble::Ours(error)) => Err(error),
            Err(trouble) => {
                // An older state of it must not stay.
                let path = &job.want.path;
                self.transfer.clear(&mut self.tree, path)?;
                self.forget_base(path)
                    .map_err(|it| self.transfer.ours(path, it))?;
                Ok(match trouble {
                    Trouble::LeftOut(reason) => Done::LeftOut(job.want, reason),
                    _ => Done::Absent,
                })
            }
        }
    }

    /// The entry, if the contents are those that it tells.
    fn compare(&mut self, mut entry: Entry) -> Option<Entry> {
        let Content::File {
            hash: Some(known), ..
        } = entry.content
        else {
            return None;
        };
        let (directory, name) = path::split(&entry.path);
        if entry.ours_racy {
            let here = self.tree.enter(directory).ok()?;
            let (file, about) = here.open_file(name).ok()?;
            if about != entry.ours || content_hash(file, &mut self.buffer)? != known {
                return None;
            }
        }
        if entry.theirs_racy {
            let here = self.theirs.enter(directory).ok()?;
            let (file, about) = here.open_file(name).ok()?;
            if Some(about) != entry.theirs || content_hash(file, &mut self.buffer)? != known {
                return None;
            }
            entry.theirs_racy = about.is_racy(self.transfer.at);
        }
        Some(entry)
    }

    fn copy(&mut self, job: &mut Job) -> Result<Entry, Trouble> {
        let want = &mut job.want;
        if job.replaces {
            let forgotten = self.forget_base(&want.path);
            forgotten.map_err(|it| Trouble::Ours(self.transfer.ours(&want.path, it)))?;
        }
        match std::mem::replace(&mut want.kind, WantKind::Disk { extra: false }) {
            WantKind::Link(target) => self.link(want, target),
            WantKind::Buffer(text) => {
                let mode = want.theirs.map_or(NEW_MODE, |it| copied_mode(&it));
                self.buffer = text;
                self.write(want, Source::Buffer, buffer_time(want), mode)
            }
            WantKind::Disk { extra } => {
                let source = if extra { Source::Extra } else { Source::Disk };
                self.file(want, source, job.replaces)
            }
        }
    }

    /// Deletes the text of a file that is beside the copy.
    fn forget_base(&self, path: &[u8]) -> io::Result<()> {
        self.base.clear(&base_name(path))
    }

    fn link(&mut self, want: &Want, target: Vec<u8>) -> Result<Entry, Trouble> {
        let ours = |it| Trouble::Ours(self.transfer.ours(&want.path, it));
        let (directory, name) = path::split(&want.path);
        let here = self.tree.enter_or_make(directory).map_err(ours)?;
        here.clear(name).map_err(ours)?;
        match here.create_link(name, &target) {
            // Windows lets not everybody make links.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && cfg!(windows) => {
                return Err(Trouble::LeftOut(Reason::Odd));
            }
            result => result.map_err(ours)?,
        }
        Ok(Entry {
            path: want.path.clone(),
            ours: here.stat(name).map_err(ours)?,
            ours_racy: false,
            theirs: want.theirs,
            theirs_racy: want.theirs.is_some_and(|it| it.is_racy(self.transfer.at)),
            content: Content::Link(target),
        })
    }

    /// Copies a file of the user's, as often as it changes meanwhile.
    fn file(&mut self, want: &mut Want, source: Source, replaces: bool) -> Result<Entry, Trouble> {
        let (directory, name) = path::split(&want.path);
        if replaces {
            let here = self.tree.enter(directory);
            // Whatever hinders it hinders the writing, too.
            let _ = here.and_then(|it| it.unlink(name));
        }
        for _ in 0..ATTEMPTS {
            let here = self.theirs.enter(directory).map_err(|it| theirs(&it))?;
            let (mut file, before) = here.open_file(name).map_err(|it| theirs(&it))?;
            want.theirs = Some(before);
            let limit = READ_WHOLE.max(self.transfer.file_bytes);
            if before.size > limit {
                let entry = self.share(want, source, &mut file, before)?;
                if Stat::of_file(&file).is_ok_and(|it| it == before) {
                    return Ok(entry);
                }
                continue;
            }
            let read = read(&mut file, before.size, &mut self.buffer);
            let after = Stat::of_file(&file);
            if read.and(after).map_err(|it| theirs(&it))? == before
                && self.buffer.len() as u64 == before.size
            {
                let mode = copied_mode(&before);
                return self.write(want, source, Some(before.modified), mode);
            }
        }
        Err(Trouble::LeftOut(Reason::Changing))
    }

    /// Writes what is in the buffer.
    fn write(
        &mut self,
        want: &Want,
        source: Source,
        modified: Option<i64>,
        mode: u32,
    ) -> Result<Entry, Trouble> {
        let ours = |it| Trouble::Ours(self.transfer.ours(&want.path, it));
        let (directory, name) = path::split(&want.path);
        let bytes = self.buffer.as_slice();
        let is_editable = bytes.len() as u64 <= self.transfer.file_bytes;
        let base = self
            .transfer
            .base(want, source, is_editable && !is_binary(bytes));
        if base == Base::Kept {
            let kept = base_name(&want.path);
            let mut file = create(&self.base, &kept, 0o600).map_err(ours)?;
            file.write_all(bytes).map_err(ours)?;
        }
        let here = self.tree.enter_or_make(directory).map_err(ours)?;
        let mut file = create(here, name, mode).map_err(ours)?;
        file.write_all(bytes).map_err(ours)?;
        let about = directory::finish(&file, modified, mode).map_err(ours)?;
        let hash = is_editable.then(|| hash(bytes));
        let content = Content::File { hash, source, base };
        Ok(self.entry(want, about, content))
    }

    /// Copies a large file without reading it.
    fn share(
        &mut self,
        want: &Want,
        source: Source,
        from: &mut File,
        about: Stat,
    ) -> Result<Entry, Trouble> {
        let ours = |it| Trouble::Ours(self.transfer.ours(&want.path, it));
        let (directory, name) = path::split(&want.path);
        let here = self.tree.enter_or_make(directory).map_err(ours)?;
        let mode = copied_mode(&about);
        let mut to = create(here, name, mode).map_err(ours)?;
        // More than it had at first is a change that is seen afterwards.
        io::copy(&mut from.take(about.size), &mut to).map_err(ours)?;
        let ours = directory::finish(&to, Some(about.modified), mode).map_err(ours)?;
        let content = Content::File {
            hash: None,
            source,
            base: Base::None,
        };
        Ok(self.entry(want, ours, content))
    }

    fn entry(&self, want: &Want, ours: Stat, content: Content) -> Entry {
        let is_buffer = matches!(
            content,
            Content::File {
                source: Source::Buffer,
                ..
            }
        );
        let is_racy = |it: Stat| it.is_racy(self.transfer.at);
        Entry {
            path: want.path.clone(),
            ours,
            // Said when all is done.
            ours_racy: false,
            theirs: want.theirs,
            theirs_racy: !is_buffer && want.theirs.is_some_and(is_racy),
            content,
        }
    }
}

impl Transfer {
    /// Where the bytes of a file can be had later.
    fn base(&self, want: &Want, source: Source, is_text: bool) -> Base {
        match (want.object, &self.touched) {
            _ if !is_text || source == Source::Extra => Base::None,
            (Some(object), Some(touched))
                if source == Source::Disk && !touched.contains(&want.path) =>
            {
                Base::Object(object)
            }
            _ => Base::Kept,
        }
    }
}

/// When a buffer shall have changed, where that is not now. The copy's git looks at whole seconds only, and must not take
/// a text of equal length for the one on disk.
fn buffer_time(want: &Want) -> Option<i64> {
    let theirs = want.theirs?.modified;
    let now = nanoseconds(SystemTime::now());
    let is_same = theirs.div_euclid(SECOND) == now.div_euclid(SECOND);
    is_same.then(|| theirs.saturating_add(SECOND))
}

/// Permissions of a file that is only in the editor.
const NEW_MODE: u32 = 0o644;

/// The permissions of a copy: those of the file, and that we can read it.
fn copied_mode(about: &Stat) -> u32 {
    about.mode & 0o777 | 0o400
}

/// Makes a file; what is there is deleted, never written to: it may be known by another name elsewhere.
fn create(directory: &Directory, name: &[u8], mode: u32) -> io::Result<File> {
    match directory.create(name, mode) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            directory.clear(name)?;
            directory.create(name, mode)
        }
        result => result,
    }
}

fn read(file: &mut File, size: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    buffer.reserve(usize::try_from(size).unwrap_or(0) + 1);
    // One more than there should be, to see whether there is.
    file.take(size + 1).read_to_end(buffer)?;
    Ok(())
}

fn content_hash(mut file: File, buffer: &mut Vec<u8>) -> Option<Hash> {
    let size = Stat::of_file(&file).ok()?.size;
    read(&mut file, size, buffer).ok()?;
    Some(hash(buffer))
}

fn theirs(error: &io::Error) -> Trouble {
    if is_absent(error) {
        return Trouble::Absent;
    }
    Trouble::LeftOut(match error.kind() {
        io::ErrorKind::InvalidInput => Reason::Odd,
        _ => Reason::Unreadable,
    })
}

/// Nothing is there, or a link or something else where a directory would be.
fn is_absent(error: &io::Error) -> bool {
    #[cfg(unix)]
    if rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::LOOP) {
        return true;
    }
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
