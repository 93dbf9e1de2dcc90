//! The only conversions between LSP's shapes and ours.

mod agreement;
pub(crate) mod edit;
pub(crate) mod from;
pub(crate) mod proposal;
pub(crate) mod to;
