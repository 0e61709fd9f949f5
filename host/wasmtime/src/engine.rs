//! The engine that runs components, and the clock that interrupts them.

use std::path::PathBuf;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy};

/// How an engine is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineOptions {
    /// Where compiled components are kept between runs, as an absolute path;
    /// none: they are compiled anew each time. It grows to 512 MiB, then what
    /// was not used for long goes.
    pub compile_cache: Option<PathBuf>,
    /// Whether memory for many instances is set aside in advance: instances
    /// start several times as fast, and each may have at most 4 GiB of address
    /// space. For hosts that start one instance a request.
    pub pooling: bool,
}

/// How often a running guest is interrupted so that others get their turn.
const TICK: Duration = Duration::from_millis(10);

impl EngineOptions {
    /// An engine, and a thread that interrupts its guests for as long as it
    /// lives.
    ///
    /// # Errors
    /// If the compile cache's folder cannot be used, or the machine is not one
    /// that wasmtime compiles for.
    pub fn build(&self) -> wasmtime::Result<Engine> {
        let mut config = Config::new();
        config.epoch_interruption(true);
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
        // A thread, not a task: a guest that spins may have every worker of the
        // runtime to itself.
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
