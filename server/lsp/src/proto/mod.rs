//! The only conversions between LSP's shapes and ours.

pub(crate) mod from;
pub(crate) mod to;
