//! Says what a load did not let its caller hear of: once a process for each cause, to the
//! logger of the crate `log` or, if there is none, to standard error.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Error;

/// An entry could not be decoded, and neither could the one that it was replaced with.
pub(crate) fn undecodable(key: &str, error: &Error) {
    static LOGGED: AtomicBool = AtomicBool::new(false);
    let what = format_args!(
        "{key:?} is loaded and not stored, since its entry is another type's: {error}"
    );
    once(&LOGGED, what);
}

/// A loaded value could not be stored.
pub(crate) fn unstored(key: &str, error: &Error) {
    static UNENCODABLE: AtomicBool = AtomicBool::new(false);
    static TOO_LARGE: AtomicBool = AtomicBool::new(false);
    let logged = if matches!(error, Error::Serialization(_)) { &UNENCODABLE } else { &TOO_LARGE };
    once(logged, format_args!("{key:?} is loaded and not stored: {error}"));
}

fn once(logged: &AtomicBool, what: fmt::Arguments<'_>) {
    if logged.swap(true, Ordering::Relaxed) {
        return;
    }
    if log::max_level() == log::LevelFilter::Off {
        // If this fails, nobody listens.
        let _ = writeln!(io::stderr(), "spakky-cache: {what} (logged once)");
    } else {
        log::warn!("{what} (logged once)");
    }
}
