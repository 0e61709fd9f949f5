//! How a component ended, and why.

use std::fmt::Write as _;

use wasmtime::{Trap as Code, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::args::GuestArgs;
use crate::exit::{Failure, PIPE_CLOSED, TRAPPED, UNSUCCESSFUL};
use crate::stdout::Closed;
use crate::values::show_size;

/// How a component ended.
pub(crate) enum Ending<'a> {
    /// By itself, with this exit code.
    Exit(u8),
    /// In a trap.
    Trap(Trap<'a>),
}

/// The ending that the call of a program came to.
pub(crate) fn of(result: &wasmtime::Result<Result<(), ()>>) -> Ending<'_> {
    match result {
        Ok(Ok(())) => Ending::Exit(0),
        Ok(Err(())) => Ending::Exit(UNSUCCESSFUL),
        Err(error) => {
            if let Some(I32Exit(code)) = error.downcast_ref() {
                // As the system does with an exit code that is too large.
                let [code, ..] = code.to_le_bytes();
                Ending::Exit(code)
            } else if error.downcast_ref::<Closed>().is_some() {
                Ending::Exit(PIPE_CLOSED)
            } else {
                Ending::Trap(Trap(error))
            }
        }
    }
}

/// A component's trap.
pub(crate) struct Trap<'a>(&'a wasmtime::Error);

impl Trap<'_> {
    /// What to say of it.
    pub(crate) fn explain(&self, args: &GuestArgs, backtrace: bool) -> Failure {
        let (why, hint) = self.why(args);
        tracing::debug!(error = ?self.0, "the component trapped");
        let mut text = format!("the component trapped: {why}");
        let frames = self.0.downcast_ref::<WasmBacktrace>();
        if let Some(frames) = frames.filter(|_| backtrace) {
            // Ends without a line break, as every problem does.
            let _ = write!(text, "\n{}", frames.to_string().trim_end());
        }
        let hint = match hint {
            None if !backtrace => Some("--backtrace shows where".into()),
            hint => hint,
        };
        Failure { code: TRAPPED, problems: vec![text], hint }
    }

    fn why(&self, args: &GuestArgs) -> (String, Option<String>) {
        let reason = self.0.root_cause().to_string();
        // The engine has no type for this one.
        if reason.contains("growing memory") || reason.contains("exceeds memory limits") {
            let limit = show_size(args.max_memory);
            let why = format!("out of memory, of which it may have {limit}");
            return (why, Some("--max-memory raises the limit".into()));
        }
        match self.0.downcast_ref::<Code>() {
            Some(Code::UnreachableCodeReached) => {
                ("it gave up (unreachable), as it does after a panic".into(), None)
            }
            Some(Code::StackOverflow) => ("stack overflow".into(), None),
            // Compilers put most of the stack into memory, below all else.
            Some(code @ Code::MemoryOutOfBounds) => {
                (format!("{}, which may be a stack overflow", text(*code)), None)
            }
            Some(code) => (text(*code), None),
            None => (reason, None),
        }
    }
}

/// The trap in the engine's words, without those that every trap begins with.
fn text(code: Code) -> String {
    let text = code.to_string();
    text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned()
}
