//! What components are granted, and the stores of their instances.

use std::sync::Arc;

use spakky_actuator::Actuator;
use spakky_cache_core::{Cache, Grants};
use spakky_cache_wasmtime::{CacheConfig, CacheCtx};
use spakky_runner::{GuestLimits, InstanceState, NewStore, Stdout};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use crate::args::GuestArgs;
use crate::exit::{Failure, NO_INPUT, USAGE};
use crate::parsers::Mount;

/// What components are granted.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    cache: Grants,
    pub(crate) limits: GuestLimits,
    variables: Vec<(String, String)>,
    directories: Vec<(Mount, FsPerms)>,
}

impl Granted {
    /// What `args` grant.
    ///
    /// # Errors
    /// If a variable to pass on is not set, or a directory cannot be opened.
    pub(crate) fn new(
        args: &GuestArgs,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let mut variables = Vec::new();
        for variable in &args.env {
            let value = variable.value.clone().or_else(|| environment(&variable.name));
            let value = value.ok_or_else(|| {
                let name = &variable.name;
                Failure::new(USAGE, format!("--env {name}: there is no variable of this name"))
                    .hint(format!("--env {name}=VALUE gives it a value"))
            })?;
            variables.push((variable.name.clone(), value));
        }
        let writable = args.dir.iter().map(|mount| (mount.clone(), FsPerms::ReadWrite));
        let readable = args.dir_ro.iter().map(|mount| (mount.clone(), FsPerms::ReadOnly));
        let directories: Vec<_> = writable.chain(readable).collect();
        for (mount, _) in &directories {
            std::fs::read_dir(&mount.host).map_err(|error| {
                let host = mount.host.display();
                Failure::new(NO_INPUT, format!("the directory {host} cannot be opened: {error}"))
            })?;
        }
        let cache = Grants { write: !args.read_only, leases: args.max_leases };
        let memory_bytes = usize::try_from(args.max_memory.as_u64()).unwrap_or(usize::MAX);
        let limits = GuestLimits { memory_bytes, ..GuestLimits::default() };
        Ok(Self { cache, limits, variables, directories })
    }

    /// Whether components may write to the cache.
    pub(crate) fn may_write(&self) -> bool {
        self.cache.write
    }
}

/// Creates the stores of instances.
#[derive(Clone)]
pub(crate) struct Instances {
    pub(crate) cache: Cache,
    pub(crate) config: Arc<CacheConfig>,
    pub(crate) granted: Granted,
}

impl Instances {
    /// The store of a program for `engine`. `args` begin with its name. Its input and
    /// output are those of this command.
    pub(crate) fn program(
        &self,
        engine: &Engine,
        actuator: Arc<Actuator>,
        args: &[String],
    ) -> Store<InstanceState> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.args(args).inherit_stdin().stdout(Stdout);
        self.store(engine, actuator, wasi)
    }

    /// Creates the stores of probes and contributors. What they print goes to
    /// stderr, because stdout is for the report.
    pub(crate) fn reporters(self, actuator: Arc<Actuator>) -> NewStore {
        Arc::new(move |engine| {
            let mut wasi = WasiCtxBuilder::new();
            wasi.stdout(std::io::stderr());
            self.store(engine, actuator.clone(), wasi)
        })
    }

    fn store(
        &self,
        engine: &Engine,
        actuator: Arc<Actuator>,
        mut wasi: WasiCtxBuilder,
    ) -> Store<InstanceState> {
        let Granted { cache: grants, limits, variables, directories } = &self.granted;
        wasi.envs(variables).inherit_stderr();
        for (mount, permissions) in directories {
            if let Err(error) = wasi.preopened_dir(&mount.host, &mount.guest, *permissions) {
                // It could be opened when the command began.
                let host = mount.host.display();
                tracing::warn!(%host, %error, "a directory is gone, and not granted");
            }
        }
        let cache = CacheCtx::new(&self.cache)
            .grants(grants.clone())
            .config(self.config.clone())
            .actuator(actuator);
        InstanceState::store(engine, cache, wasi.build(), limits)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    fn granted(line: &[&str]) -> Result<Granted, Failure> {
        let line = ["spakky-redis", "run"].iter().chain(line).chain(&["c.wasm"]);
        let Command::Run(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
        Granted::new(&args.guest, |name| (name == "SET").then(|| "yes".into()))
    }

    #[test]
    fn variables_are_set_or_passed_on() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables = granted(&["--env", "A=1", "--env", "SET"]).unwrap().variables;
        assert_eq!(variables, [pair("A", "1"), pair("SET", "yes")]);
        assert_eq!(granted(&["--env", "UNSET"]).unwrap_err().code, USAGE);
    }

    #[test]
    fn directories_have_to_exist() {
        let directories = granted(&["--dir", "/", "--dir-ro", "/::/root"]).unwrap().directories;
        assert_eq!(directories.len(), 2);
        let failure = granted(&["--dir-ro", "/does/not/exist"]).unwrap_err();
        assert_eq!(failure.code, NO_INPUT);
        assert!(failure.to_string().contains("/does/not/exist"));
    }

    #[test]
    fn grants_of_the_cache() {
        let granted =
            granted(&["--read-only", "--max-leases", "3", "--max-memory", "1MiB"]).unwrap();
        assert_eq!(granted.cache, Grants { write: false, leases: 3 });
        assert_eq!(granted.limits.memory_bytes, 1 << 20);
    }
}
