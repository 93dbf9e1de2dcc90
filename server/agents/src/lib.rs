//! MCP as a client: presets, connections, supervision, and one call from arguments to raw answer.
//!
//! What an answer means, this crate does not know; it knows LSP, git and the ledger even less.

pub mod call;
mod connection;
mod oauth;
pub mod pool;
pub mod preset;
pub mod question;
mod shortage;
pub mod spec;
pub mod status;
mod supervise;
pub mod template;
mod transport;

pub use call::{Answer, Call, CallError, CallProgress};
pub use pool::{Inspection, Pool, Tool};
pub use shortage::Shortage;
pub use spec::{AgentSpec, Endpoint, Limits, OAuth, Operation, OperationSpec};
pub use status::{AgentEvent, AgentStatus, ServerInfo, State};
