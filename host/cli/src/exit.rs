//! The exit codes of the command, and its error messages.

use std::fmt;
use std::io::{self, Write as _};

/// The component returned a failure, or a report is unhealthy.
pub(crate) const UNSUCCESSFUL: u8 = 1;
/// Wrong options or settings, as in clap.
pub(crate) const USAGE: u8 = 2;
// The next ones are those of sysexits.h.
/// The file is not a component, or not a runnable one.
pub(crate) const NO_COMPONENT: u8 = 65;
/// A file cannot be read.
pub(crate) const NO_INPUT: u8 = 66;
/// The store cannot be reached.
pub(crate) const UNAVAILABLE: u8 = 69;
/// This command failed.
pub(crate) const INTERNAL: u8 = 70;
/// A report could not be written.
pub(crate) const NO_OUTPUT: u8 = 74;
/// The component ran out of time, as with timeout(1).
pub(crate) const TIME_LIMIT: u8 = 124;
// The next ones are those of a shell: 128 plus the number of the signal.
/// Interrupted, as by Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;
/// The component trapped: SIGABRT.
pub(crate) const TRAPPED: u8 = 134;
/// The output was closed: SIGPIPE.
pub(crate) const PIPE_CLOSED: u8 = 141;
/// Terminated: SIGTERM.
pub(crate) const TERMINATED: u8 = 143;

/// Why the command failed, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: u8,
    /// The problems, one line each. Empty if a signal ended the command.
    pub(crate) problems: Vec<String>,
    /// What may help.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    pub(crate) fn new(code: u8, problem: impl fmt::Display) -> Self {
        Self { code, problems: vec![problem.to_string()], hints: vec![] }
    }

    /// An end that needs no message.
    pub(crate) fn silent(code: u8) -> Self {
        Self { code, problems: vec![], hints: vec![] }
    }

    /// An error that neither the user nor the component caused.
    pub(crate) fn internal(problem: impl fmt::Display) -> Self {
        Self::new(INTERNAL, problem)
    }

    /// The linker refused WASI or the cache.
    pub(crate) fn linker(error: impl fmt::Display) -> Self {
        Self::internal(format!("the linker: {error:#}"))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Prints the failure on stderr, and returns the exit code.
    pub(crate) fn report(&self) -> u8 {
        // If stderr is closed, the exit code still tells.
        let _ = write!(io::stderr().lock(), "{self}");
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "error: {problem}")?;
        }
        for hint in &self.hints {
            writeln!(f, "hint: {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_a_line() {
        let mut failure = Failure::new(USAGE, "a is wrong").hint("write it right");
        failure.problems.push("b is wrong".into());
        assert_eq!(
            failure.to_string(),
            "error: a is wrong\nerror: b is wrong\nhint: write it right\n"
        );
    }
}
