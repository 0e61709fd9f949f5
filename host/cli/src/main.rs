//! The command `spakky-redis`.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by a panic"))]

mod args;
mod background;
mod cache;
mod component;
mod connect_hint;
mod engine;
mod exit;
mod guest;
mod logging;
mod parsers;
mod report;
mod run;
mod settings;
mod signals;
mod store;
mod sweep;
mod trap;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};
use crate::exit::Failure;
use crate::signals::Signals;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::internal(format!("no runtime: {error}")).report().into(),
    };
    let ended = runtime.block_on(async {
        let signals = Signals::listen()?;
        match &cli.command {
            Command::Run(args) => run::run(args, signals).await,
            Command::Health(args) => report::health(args, signals).await,
            Command::Info(args) => report::info(args, signals).await,
            Command::Sweep(args) => sweep::sweep(args, signals).await,
        }
    });
    // Its threads may be blocked on input or output forever, or still compile.
    runtime.shutdown_background();
    ended.unwrap_or_else(|failure| failure.report()).into()
}
