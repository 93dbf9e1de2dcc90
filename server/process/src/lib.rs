//! Starting programs: own process group, explicit directory and environment, deadlines, a tail of standard
//! error, shutdown by steps, and no orphan. The only place in Crosscheck that spawns.
//!
//! What a program is for, this crate does not know.

pub mod child;
pub mod environment;
pub mod guard;
pub mod run;
pub mod spec;
mod sys;
pub mod tail;
pub mod which;

pub use child::{Child, Exit, Shutdown};
pub use environment::Environment;
pub use run::{Output, RunError, run};
pub use spec::{SpawnError, Spec};
pub use tail::Tail;
