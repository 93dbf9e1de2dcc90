//! Mode and owner of files.

use std::fs::{File, Metadata, Permissions};
use std::io;

/// Whether its owner can run it.
#[cfg(unix)]
pub(super) fn is_executable(about: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o100 != 0
}

/// No file has such a mode here.
#[cfg(not(unix))]
pub(super) fn is_executable(_: &Metadata) -> bool {
    false
}

/// Whether nothing has to be done for a file to be executable, or not to be; where no file has such a mode, that is so.
pub(super) fn has_mode(about: &Metadata, executable: bool) -> bool {
    cfg!(not(unix)) || is_executable(about) == executable
}

/// The permissions of a file, executable for whoever may read it, or for nobody.
#[cfg(unix)]
pub(super) fn with_mode(about: &Metadata, executable: Option<bool>) -> Permissions {
    use std::os::unix::fs::PermissionsExt;
    let mode = about.permissions().mode() & 0o7777;
    Permissions::from_mode(match executable {
        None => mode,
        Some(true) => mode | (mode & 0o444) >> 2,
        Some(false) => mode & !0o111,
    })
}

/// The permissions of a file.
#[cfg(not(unix))]
pub(super) fn with_mode(about: &Metadata, _: Option<bool>) -> Permissions {
    about.permissions()
}

/// Makes a new file; `executable` as far as the user's mask allows.
///
/// # Errors
/// The system's, also when there is something of that name.
pub(super) fn create(path: &std::path::Path, executable: bool) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if executable { 0o777 } else { 0o666 });
    }
    #[cfg(not(unix))]
    let _ = executable;
    options.open(path)
}

/// Gives a new file the owner of an old one where that is allowed, and these permissions.
///
/// # Errors
/// When the permissions cannot be set.
pub(super) fn take_over(file: &File, like: &Metadata, permissions: Permissions) -> io::Result<()> {
    let permissions = own(file, like, permissions);
    file.set_permissions(permissions)
}

#[cfg(unix)]
fn own(file: &File, like: &Metadata, permissions: Permissions) -> Permissions {
    use rustix::fs::{Gid, Uid, fchown};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let is_ours = file
        .metadata()
        .is_ok_and(|it| (it.uid(), it.gid()) == (like.uid(), like.gid()));
    let (user, group) = (Uid::from_raw(like.uid()), Gid::from_raw(like.gid()));
    if is_ours || fchown(file, Some(user), Some(group)).is_ok() {
        return permissions;
    }
    let mode = permissions.mode() & 0o1777;
    if fchown(file, None, Some(group)).is_ok() {
        return Permissions::from_mode(mode);
    }
    // Another group gets no more than everybody.
    Permissions::from_mode(mode & !0o070 | (mode & 0o007) << 3)
}

#[cfg(not(unix))]
fn own(_: &File, _: &Metadata, permissions: Permissions) -> Permissions {
    permissions
}
