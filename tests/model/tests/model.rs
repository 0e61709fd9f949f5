//! The protocol's model, explored to its last state: with all of its checks,
//! and without each of them.
//!
//! `cargo test -p spakky-protocol-model --test model -- --nocapture` shows what
//! was explored, and the shortest run in which each missing check is felt.

#![expect(clippy::print_stdout, reason = "what was explored is of use to whoever asks for it")]

#[path = "model/checks.rs"]
mod checks;
#[path = "model/guarantees.rs"]
mod guarantees;
