//! One connection to an agent: its handshake, the calls on it, and its end.

mod answer;
mod connect;
mod handshake;
mod link;
mod questions;
mod requests;
mod tools;

pub(crate) use answer::{Failure, Reading};
pub(crate) use connect::Connecting;
pub(crate) use handshake::Era;
pub(crate) use link::{Connection, STEPS};

#[cfg(test)]
mod tests;
