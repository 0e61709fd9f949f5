//! The log, on stderr.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Logs at the level of `RUST_LOG`, or warnings and errors if it is not set.
pub(crate) fn start() {
    let warnings = Targets::new().with_default(LevelFilter::WARN);
    let (filter, wrong) = match std::env::var("RUST_LOG") {
        Ok(text) if !text.trim().is_empty() => match text.parse::<Targets>() {
            // As when it is not set, if it names targets only.
            Ok(filter) if filter.default_level().is_none() => {
                (filter.with_default(LevelFilter::WARN), None)
            }
            Ok(filter) => (filter, None),
            Err(error) => (warnings, Some(error)),
        },
        _ => (warnings, None),
    };
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(io::stderr().is_terminal() && !no_color)
        .with_writer(io::stderr)
        // Otherwise it would be reported on stderr, with a panic if stderr failed.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(lines).with(filter).init();
    if let Some(error) = wrong {
        tracing::warn!(%error, "RUST_LOG is not understood, and ignored");
    }
}
