//! The signals that ask the command to end.

use crate::exit::{Failure, INTERRUPTED, TERMINATED};

/// Listens from its creation on. Before that, a signal ends the process, unless it
/// is the first of a container: then the signal is lost.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// The output of `work`, unless a signal comes first.
    ///
    /// # Errors
    /// The signal's exit code, as a failure without a message.
    pub(crate) async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            code = self.next() => Err(Failure::silent(code)),
            output = work => Ok(output),
        }
    }
}

#[cfg(unix)]
impl Signals {
    /// # Errors
    /// If the system refuses.
    pub(crate) fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::internal(format!("signals cannot be heard: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// The exit code that the next signal asks for.
    pub(crate) async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPTED,
            _ = self.terminate.recv() => TERMINATED,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// The exit code that the next signal asks for.
    pub(crate) async fn next(&mut self) -> u8 {
        match tokio::signal::ctrl_c().await {
            Ok(()) => INTERRUPTED,
            Err(_) => std::future::pending().await,
        }
    }
}
