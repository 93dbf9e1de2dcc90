//! Keeping agents usable: places for calls, lazy starts, restarts with backoff, deadlines, and clean ends.

mod backoff;
mod deadline;
mod lifecycle;
mod places;
mod slot;

pub(crate) use places::Places;
#[cfg(test)]
pub(crate) use slot::GRACE;
pub(crate) use slot::{Context, Slot};
