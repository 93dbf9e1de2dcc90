//! The ground of Crosscheck: text, findings, anchors and answers as plain data and pure functions.
//!
//! Nothing here does I/O, reads the clock or the environment, or knows LSP or MCP. Places are byte
//! offsets into a [`text::Text`]; a door converts them to its own positions.

pub mod anchor;
pub mod answer;
pub mod board;
pub mod carry;
pub mod check;
pub mod diff;
pub mod edit;
pub mod finding;
pub mod identity;
pub mod locate;
pub mod looked;
pub mod merge;
pub mod patch;
pub mod path;
pub mod proposal;
pub mod sanitize;
pub mod secrets;
mod stop_words;
pub mod suppression;
pub mod text;
mod words;
pub mod written;
