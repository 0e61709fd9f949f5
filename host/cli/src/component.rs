//! Loads components, and suggests what to do about those that are refused.

use std::path::PathBuf;

use spakky_runner::{LoadError, LoadErrorKind, LoadedComponent, Loader};

use crate::args::EngineArgs;
use crate::engine;
use crate::exit::{Failure, NO_COMPONENT, NO_INPUT};

/// Loads the components at `paths`, on a thread of its own: compiling takes long,
/// and the command hears signals meanwhile.
///
/// # Errors
/// The first component that cannot be loaded.
pub(crate) async fn load(
    args: &EngineArgs,
    paths: Vec<PathBuf>,
) -> Result<Vec<LoadedComponent>, Failure> {
    let args = args.clone();
    let loading = tokio::task::spawn_blocking(move || {
        let loader = Loader::new(engine::options(&args)).map_err(Failure::linker)?;
        Ok(paths.iter().map(|path| loader.load(path)).collect::<Result<_, _>>()?)
    });
    loading.await.unwrap_or_else(|panic| Err(Failure::internal(format!("the host: {panic}"))))
}

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
