//! How the command ends: its exit codes, and what it says when it fails.

use std::fmt;
use std::io::{self, Write as _};

/// The component said that it failed, or a report is unhealthy.
pub(crate) const UNSUCCESSFUL: u8 = 1;
/// Wrong options or settings, as clap has it.
pub(crate) const USAGE: u8 = 2;
// From here on as in sysexits.h.
/// The file is not a component, or none that can be run.
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
// From here on as a shell has it: 128 and the signal's number.
/// Interrupted, as by Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;
/// The component trapped: SIGABRT.
pub(crate) const TRAPPED: u8 = 134;
/// Nobody reads the output any longer: SIGPIPE.
pub(crate) const PIPE_CLOSED: u8 = 141;
/// Asked to end.
pub(crate) const TERMINATED: u8 = 143;

/// Why the command failed, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: u8,
    /// What is wrong; at least one line, each for one problem.
    pub(crate) problems: Vec<String>,
    /// What may help.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    pub(crate) fn new(code: u8, problem: impl fmt::Display) -> Self {
        Self { code, problems: vec![problem.to_string()], hints: vec![] }
    }

    /// Neither the user's fault nor the component's.
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

    /// Says it on stderr, and answers the exit code.
    pub(crate) fn report(&self) -> u8 {
        // Whoever closed stderr does not want to know.
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
