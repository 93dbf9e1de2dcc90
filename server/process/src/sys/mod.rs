//! What differs between systems: how a program and all that it starts are held together and ended.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{Process, is_running};
#[cfg(windows)]
pub(crate) use windows::Process;
