//! Components that are programs: they export `wasi:cli/run`.

use std::fmt;

use wasmtime::Store;
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::instance::InstanceState;
use crate::stdout::OutputClosed;

/// A component that can be run as a program.
#[derive(Clone)]
pub struct Program(pub(crate) CommandPre<InstanceState>);

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

impl Program {
    /// The engine that the program was compiled for.
    pub fn engine(&self) -> &wasmtime::Engine {
        self.0.engine()
    }

    /// Instantiates the program without running it, and drops the instance.
    ///
    /// # Errors
    /// If its limits do not allow it.
    pub async fn instantiate(&self, mut store: Store<InstanceState>) -> wasmtime::Result<()> {
        self.0.instantiate_async(&mut store).await.map(drop)
    }
}

/// How a program ended.
#[derive(Debug)]
pub enum ProgramEnd {
    /// It returned success or failure.
    Returned(Result<(), ()>),
    /// It exited with this code.
    Exit(i32),
    /// It wrote to a [`Stdout`](crate::Stdout) whose reader has closed it.
    OutputClosed,
    /// It trapped, or could not be instantiated.
    Trap(wasmtime::Error),
}

/// Runs a program to its end, and drops its store.
pub async fn run_program(program: &Program, mut store: Store<InstanceState>) -> ProgramEnd {
    let run = async {
        let command = program.0.instantiate_async(&mut store).await?;
        command.wasi_cli_run().call_run(&mut store).await
    };
    match run.await {
        Ok(returned) => ProgramEnd::Returned(returned),
        Err(error) => {
            if let Some(I32Exit(code)) = error.downcast_ref() {
                ProgramEnd::Exit(*code)
            } else if error.downcast_ref::<OutputClosed>().is_some() {
                ProgramEnd::OutputClosed
            } else {
                ProgramEnd::Trap(error)
            }
        }
    }
}
