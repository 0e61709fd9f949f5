//! The engine that runs components, and the thread that interrupts them.

use std::path::PathBuf;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy};

/// How an engine is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineOptions {
    /// Directory for compiled components, as an absolute path. Without one,
    /// components are compiled anew each time. The directory grows to 512 MiB;
    /// then wasmtime removes what was used least recently.
    pub compile_cache: Option<PathBuf>,
    /// Whether to reserve memory for many instances in advance. Instances then
    /// start several times as fast, but each has at most 4 GiB of address space.
    /// Meant for hosts that start one instance per request.
    pub pooling: bool,
}

/// How often a running guest is interrupted, so that other tasks get their turn.
const TICK: Duration = Duration::from_millis(10);

impl EngineOptions {
    /// Creates an engine, and a thread that interrupts its guests. The thread ends
    /// with the engine.
    ///
    /// Components of WASI 0.3 need an engine that supports concurrency. Others do not, and
    /// it makes their calls dearer: a hit by a third, a call from the host threefold.
    ///
    /// # Errors
    /// If the directory of the compile cache cannot be used, or wasmtime does not
    /// compile for this machine.
    pub fn build(&self, concurrency: bool) -> wasmtime::Result<Engine> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        config.concurrency_support(concurrency);
        if self.pooling {
            config.allocation_strategy(InstanceAllocationStrategy::pooling());
        }
        if let Some(directory) = &self.compile_cache {
            let mut cache = CacheConfig::new();
            cache.with_directory(directory);
            config.cache(Some(Cache::new(cache)?));
        }
        let engine = Engine::new(&config)?;
        let ticked = engine.weak();
        // A thread, not a task: guests that compute may occupy every worker of the
        // runtime.
        std::thread::Builder::new().name("guest-ticks".into()).spawn(move || {
            while let Some(engine) = ticked.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })?;
        Ok(engine)
    }
}
