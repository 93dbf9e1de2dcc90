//! Adapters: MCP servers that give an MCP face to what has none, in the words of the agent contract.
//!
//! An adapter knows neither the editor nor the engine: both meet it over MCP, like any other agent.

pub mod builtin;
pub mod chat;
pub mod claude;
pub mod codex;
pub mod contract;
pub mod exec;
mod files;
mod program;
mod prompt;
mod quote;
mod schema;
pub mod server;
mod transport;

pub use server::ServeError;
