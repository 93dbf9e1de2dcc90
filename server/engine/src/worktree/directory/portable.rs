//! Directories by their paths, for systems without handles to them. Each name is looked at before it is used, so that
//! what an agent left is seen; somebody who changes it in that very moment is not.

use super::{Handle, Kind, Stat};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A directory that existed.
#[derive(Debug)]
pub(in super::super) struct Directory(PathBuf);

impl Directory {
    /// The path of something in it, which must still be a directory.
    fn at(&self, name: &[u8]) -> io::Result<PathBuf> {
        let name = std::str::from_utf8(name).map_err(|_| io::ErrorKind::InvalidInput)?;
        if name == "." {
            return Ok(self.0.clone());
        }
        if name.is_empty() || name == ".." || name.contains(std::path::is_separator) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Self::open(&self.0)?;
        Ok(self.0.join(name))
    }
}

impl Handle for Directory {
    fn open(path: &Path) -> io::Result<Self> {
        if fs::symlink_metadata(path)?.is_dir() {
            Ok(Self(path.to_owned()))
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    fn child(&self, name: &[u8]) -> io::Result<Self> {
        Self::open(&self.at(name)?)
    }

    fn make(&self, name: &[u8]) -> io::Result<()> {
        fs::create_dir(self.at(name)?)
    }

    fn stat(&self, name: &[u8]) -> io::Result<Stat> {
        Ok(Stat::of(&fs::symlink_metadata(self.at(name)?)?))
    }

    fn names(&self) -> io::Result<Vec<(Vec<u8>, Kind)>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.at(b".")?)? {
            let entry = entry?;
            let kind = Stat::of(&fs::symlink_metadata(entry.path())?).kind;
            all.push((entry.file_name().as_encoded_bytes().to_vec(), kind));
        }
        Ok(all)
    }

    fn open_file(&self, name: &[u8]) -> io::Result<(File, Stat)> {
        if self.stat(name)?.kind != Kind::File {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let file = File::open(self.at(name)?)?;
        let about = Stat::of_file(&file)?;
        Ok((file, about))
    }

    fn create(&self, name: &[u8], _mode: u32) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        options.open(self.at(name)?)
    }

    fn create_link(&self, name: &[u8], target: &[u8]) -> io::Result<()> {
        let target = std::str::from_utf8(target).map_err(|_| io::ErrorKind::InvalidInput)?;
        let path = self.at(name)?;
        #[cfg(unix)]
        return std::os::unix::fs::symlink(target, path);
        #[cfg(windows)]
        return if self.0.join(target).is_dir() {
            std::os::windows::fs::symlink_dir(target, path)
        } else {
            std::os::windows::fs::symlink_file(target, path)
        };
        #[cfg(not(any(unix, windows)))]
        {
            let _ = (target, path);
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    fn read_link(&self, name: &[u8]) -> io::Result<Vec<u8>> {
        let target = fs::read_link(self.at(name)?)?;
        Ok(target.as_os_str().as_encoded_bytes().to_vec())
    }

    fn unlink(&self, name: &[u8]) -> io::Result<()> {
        let path = self.at(name)?;
        match fs::remove_file(&path) {
            // A link to a directory is deleted as a directory on Windows, where a file that may not be written may not be
            // deleted either.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let about = fs::symlink_metadata(&path)?;
                if about.is_symlink() {
                    return fs::remove_dir(&path);
                }
                let mut permissions = about.permissions();
                if about.is_file() && permissions.readonly() {
                    #[allow(
                        clippy::permissions_set_readonly_false,
                        reason = "it is deleted in the next line"
                    )]
                    permissions.set_readonly(false);
                    fs::set_permissions(&path, permissions)?;
                }
                fs::remove_file(&path)
            }
            result => result,
        }
    }

    fn remove(&self, name: &[u8]) -> io::Result<()> {
        fs::remove_dir(self.at(name)?)
    }

    fn rename(&self, name: &[u8], to: &Self, new: &[u8]) -> io::Result<()> {
        fs::rename(self.at(name)?, to.at(new)?)
    }

    fn allow(&self, name: &[u8]) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(self.at(name)?, fs::Permissions::from_mode(0o700))
        }
        #[cfg(not(unix))]
        self.at(name).map(|_| ())
    }
}
