//! The log, on stderr.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Logs at the level of `RUST_LOG`, or warnings and errors if it is not set.
pub(crate) fn start() {
    let level = LevelFilter::WARN;
    let (filter, wrong) = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(text) if !text.trim().is_empty() => {
            match EnvFilter::builder().with_default_directive(level.into()).parse(&text) {
                Ok(filter) => (filter, None),
                Err(error) => (EnvFilter::default().add_directive(level.into()), Some(error)),
            }
        }
        _ => (EnvFilter::default().add_directive(level.into()), None),
    };
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal() && !no_color)
        .with_writer(io::stderr)
        // Otherwise it would be reported on stderr, with a panic if stderr failed.
        .log_internal_errors(false)
        .init();
    if let Some(error) = wrong {
        tracing::warn!(%error, "RUST_LOG is not understood, and ignored");
    }
}
