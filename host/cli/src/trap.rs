//! Explains why a component trapped.

use std::fmt::Write as _;

use wasmtime::{Error, Trap as Code, WasmBacktrace};

use crate::args::GuestArgs;
use crate::exit::{Failure, TRAPPED};

/// Explains `trap`, with a backtrace if that is wanted.
pub(crate) fn explain(trap: &Error, args: &GuestArgs, backtrace: bool) -> Failure {
    let (why, hint) = why(trap, args);
    tracing::debug!(error = ?trap, "the component trapped");
    let mut text = format!("the component trapped: {why}");
    let frames = trap.downcast_ref::<WasmBacktrace>();
    if let Some(frames) = frames.filter(|_| backtrace) {
        // Ends without a line break, as every problem does.
        let _ = write!(text, "\n{}", frames.to_string().trim_end());
    }
    let failure = Failure::new(TRAPPED, text);
    match hint.or((!backtrace).then_some("--backtrace shows where")) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn why(trap: &Error, args: &GuestArgs) -> (String, Option<&'static str>) {
    let reason = trap.root_cause().to_string();
    // The engine has no type for this one.
    if reason.contains("growing memory") || reason.contains("exceeds memory limits") {
        let why = format!("out of memory, of which it may have {}", args.max_memory);
        return (why, Some("--max-memory raises the limit"));
    }
    match trap.downcast_ref::<Code>() {
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

/// The engine's text for `code`, without the words that every trap begins with.
fn text(code: Code) -> String {
    let text = code.to_string();
    text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned()
}
