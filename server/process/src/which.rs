//! Finding a program in `PATH` without starting it.

use crate::Environment;
use std::path::PathBuf;

/// Absolute path of `program`, looked up in the `PATH` of `environment` if it is a bare name; `None` when there is no such
/// executable file.
pub fn which(program: &str, environment: &Environment) -> Option<PathBuf> {
    let _ = (program, environment);
    unimplemented!()
}
