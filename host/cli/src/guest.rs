//! What the host keeps for one instance of a component, and grants it.

use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::actuator::Actuator;
use spakky_cache_core::{Cache, Grants};
use spakky_cache_wasmtime::{CacheCtx, GuestLimits, Settings};
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store, StoreLimits};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::args::GuestArgs;
use crate::exit::{Failure, NO_INPUT, USAGE};
use crate::plugin::Plugin;
use crate::stdout::Stdout;
use crate::values::Mount;

/// The data of one instance's store.
pub(crate) struct Guest {
    pub(crate) cache: CacheCtx,
    limits: StoreLimits,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Most streams, files and the like that one instance may have open.
const MOST_HANDLES: usize = 1 << 16;

/// What components are granted.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    cache: Grants,
    limits: GuestLimits,
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
        let limits = GuestLimits { memory_bytes: args.max_memory, ..GuestLimits::default() };
        Ok(Self { cache, limits, variables, directories })
    }

    /// The limits of a component that may run for `time`.
    pub(crate) fn limits(&self, time: Option<Duration>) -> GuestLimits {
        GuestLimits { time, ..self.limits.clone() }
    }
}

/// How an instance is called, and whom it talks to.
#[derive(Clone, Debug)]
pub(crate) enum Talk {
    /// A program with these arguments, the first of them its name, on the
    /// input and output of this command.
    Program(Vec<String>),
    /// Somebody who is asked, and whose output must not get into the report.
    Asked,
}

/// Makes the stores of instances.
#[derive(Clone)]
pub(crate) struct Guests {
    engine: Engine,
    cache: Cache,
    settings: Arc<Settings>,
    granted: Granted,
}

impl Guests {
    pub(crate) fn new(engine: &Engine, plugin: &Plugin, granted: Granted) -> Self {
        let (cache, settings) = (plugin.cache.clone(), plugin.settings.clone());
        Self { engine: engine.clone(), cache, settings, granted }
    }

    /// The store of a new instance, under its limits.
    pub(crate) fn store(&self, actuator: &Arc<Actuator>, talk: &Talk) -> Store<Guest> {
        let session = self.cache.session(self.granted.cache.clone());
        let mut table = ResourceTable::new();
        table.set_max_capacity(MOST_HANDLES);
        let guest = Guest {
            cache: CacheCtx::new(session, self.settings.clone(), actuator.clone()),
            limits: self.granted.limits.store_limits(),
            wasi: self.wasi(talk),
            table,
        };
        let mut store = Store::new(&self.engine, guest);
        self.granted.limits.apply(&mut store, |guest| &mut guest.limits);
        store
    }

    fn wasi(&self, talk: &Talk) -> WasiCtx {
        let mut wasi = WasiCtxBuilder::new();
        wasi.envs(&self.granted.variables).inherit_stderr();
        match talk {
            Talk::Program(args) => {
                wasi.args(args).inherit_stdin().stdout(Stdout);
            }
            Talk::Asked => {
                wasi.stdout(std::io::stderr());
            }
        }
        for (mount, permissions) in &self.granted.directories {
            if let Err(error) = wasi.preopened_dir(&mount.host, &mount.guest, *permissions) {
                // It could be opened when the command began.
                let host = mount.host.display();
                tracing::warn!(%host, %error, "a directory is gone, and not granted");
            }
        }
        wasi.build()
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
        assert_eq!(granted.limits(None).memory_bytes, 1 << 20);
    }
}
