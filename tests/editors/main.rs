//! Real editors against the real binary, driven as a person drives them: by keys in a terminal, or by Neovim's own
//! commands without a screen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod decisions;
mod desk;
mod fix;
mod helix;
mod neovim;
mod questions;
mod terminal;

use desk::Desk;
use terminal::Terminal;
