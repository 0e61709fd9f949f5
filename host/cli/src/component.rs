//! Loads components, and suggests what to do about those that are refused.

use spakky_runner::{LoadError, LoadErrorKind, Loader};

use crate::exit::{Failure, NO_COMPONENT, NO_INPUT};

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let code = match error.kind {
            LoadErrorKind::Unreadable(_) => NO_INPUT,
            _ => NO_COMPONENT,
        };
        let failure = Self::new(code, &error);
        match error.kind {
            LoadErrorKind::CoreModule => failure.hint(
                "`wasm-tools component new` makes a component of it; compilers do so themselves \
                 for the target wasm32-wasip2",
            ),
            LoadErrorKind::Text => {
                failure.hint("`wasm-tools parse -o component.wasm` translates it")
            }
            LoadErrorKind::MissingImports(_) | LoadErrorKind::IncompatibleImport { .. } => {
                failure.hint(format!("offered are {}", Loader::offered()))
            }
            LoadErrorKind::NotAProgram { .. } => {
                failure.hint("`health` and `info` ask components that are not programs")
            }
            _ => failure,
        }
    }
}
