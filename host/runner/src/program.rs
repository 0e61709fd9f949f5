//! Components that are programs: they export `wasi:cli/run`.

use std::fmt;

use wasmtime::Store;
use wasmtime::component::InstancePre;
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::{p2, p3};

use crate::instance::InstanceState;
use crate::stdout::OutputClosed;

/// A component that can be run as a program, by WASI 0.2 or 0.3.
#[derive(Clone)]
pub struct Program(Version);

#[derive(Clone)]
enum Version {
    Plain(p2::bindings::CommandPre<InstanceState>),
    Concurrent(InstancePre<InstanceState>),
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

impl Program {
    /// The component as a program, if it is one.
    pub(crate) fn new(pre: InstancePre<InstanceState>) -> Option<Self> {
        if pre.component().get_export_index(None, "wasi:cli/run@0.3.0").is_some() {
            return Some(Self(Version::Concurrent(pre)));
        }
        p2::bindings::CommandPre::new(pre).ok().map(|pre| Self(Version::Plain(pre)))
    }

    /// The engine that the program was compiled for.
    pub fn engine(&self) -> &wasmtime::Engine {
        match &self.0 {
            Version::Plain(pre) => pre.engine(),
            Version::Concurrent(pre) => pre.engine(),
        }
    }

    /// Instantiates the program without running it, and drops the instance.
    ///
    /// # Errors
    /// If its limits do not allow it.
    pub async fn instantiate(&self, mut store: Store<InstanceState>) -> wasmtime::Result<()> {
        match &self.0 {
            Version::Plain(pre) => pre.instantiate_async(&mut store).await.map(drop),
            Version::Concurrent(pre) => pre.instantiate_async(&mut store).await.map(drop),
        }
    }

    async fn run(&self, store: &mut Store<InstanceState>) -> wasmtime::Result<Result<(), ()>> {
        match &self.0 {
            Version::Plain(pre) => {
                let command = pre.instantiate_async(&mut *store).await?;
                command.wasi_cli_run().call_run(store).await
            }
            Version::Concurrent(pre) => {
                let instance = pre.instantiate_async(&mut *store).await?;
                let command = p3::bindings::Command::new(&mut *store, &instance)?;
                let run = command.wasi_cli_run();
                store.run_concurrent(async |accessor| run.call_run(accessor).await).await?
            }
        }
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
    match program.run(&mut store).await {
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
