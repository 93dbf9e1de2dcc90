//! The guard: a second process that outlives a killed server just long enough to end its children.
//!
//! A server that is killed cannot end its children. So the first child makes us start ourselves again as a
//! guard (own session, nothing but a pipe from the server): it is told each process group that begins and
//! ends, and when the pipe closes without a word it ends the groups that are left. On Windows a job object
//! does this without a guard.

use std::ffi::OsString;
use std::path::PathBuf;

/// Names the program that acts as guard when run with `args`; it must call [`serve`]. Without this call no guard
/// is started, and children of a killed server depend on noticing the end of their input.
pub fn set_program(program: PathBuf, args: Vec<OsString>) {
    let _ = (program, args);
    unimplemented!()
}

/// Is the guard: reads group announcements from standard input until its end, then ends what is left. Blocks.
pub fn serve() {
    unimplemented!()
}
