//! Many calls that one instance answers at once, by `spakky:cache@0.3`.

mod gate;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use futures::future::{join_all, try_join_all};
use gate::Gate;
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{Cache, EntryOptions, Grants, Lookup, LookupOptions};
use spakky_cache_wasmtime::CacheCtx;
use spakky_end_to_end::artifact;
use wasmtime::component::{
    Accessor, Component, ComponentNamedList, Instance, Lift, Linker, Lower, ResourceTable,
    TypedFunc,
};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// So long takes what never ends.
const DEADLINE: Duration = Duration::from_mins(2);

struct State {
    cache: CacheCtx,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// One instance, and its cache.
struct Bench {
    gate: Arc<Gate>,
    cache: Cache,
    store: Store<State>,
    instance: Instance,
}

impl Bench {
    async fn new() -> Self {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("WASI");
        let get: fn(&mut State) -> &mut CacheCtx = |state| &mut state.cache;
        spakky_cache_wasmtime::add_to_linker(&mut linker, get).expect("the cache");
        let file = artifact::guest("concurrent_guest.wasm").expect("the guest is built");
        let component = Component::from_file(&engine, file).expect("a component");
        let gate = Gate::new();
        let cache = Cache::new(gate.clone());
        let wasi = WasiCtx::builder().inherit_stderr().build();
        let state = State { cache: CacheCtx::new(&cache), wasi, table: ResourceTable::new() };
        let mut store = Store::new(&engine, state);
        let instance = linker.instantiate_async(&mut store, &component).await.expect("an instance");
        Self { gate, cache, store, instance }
    }

    fn function<P, R>(&mut self, name: &str) -> TypedFunc<P, R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        self.instance.get_typed_func(&mut self.store, name).expect("it is exported")
    }

    /// Runs `calls` in the instance, beside `test`.
    async fn run<C, R>(&mut self, test: impl Future<Output = ()>, calls: C) -> R
    where
        C: AsyncFnOnce(&Accessor<State>) -> R,
    {
        let run = async {
            let (ran, ()) = tokio::join!(self.store.run_concurrent(calls), test);
            ran.expect("the instance runs")
        };
        tokio::time::timeout(DEADLINE, run).await.expect("it ends")
    }

    async fn set(&self, key: &str, value: &'static str) {
        let session = self.cache.session(Grants::default());
        let value = value.as_bytes().into();
        session.set(key, value, &EntryOptions::default()).await.expect("set");
    }
}

async fn until(met: impl Fn() -> bool) {
    while !met() {
        tokio::task::yield_now().await;
    }
}

fn slow_keys(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("slow {number}")).collect()
}

type Text = (String,);
type Count = (Result<u32, String>,);

#[tokio::test]
async fn fifty_gets_of_one_call_are_under_way_at_once() {
    let mut bench = Bench::new().await;
    bench.set("slow 7", "value").await;
    let get_all = bench.function::<(Vec<String>,), Count>("get-all");
    let gate = bench.gate.clone();
    let test = async {
        until(|| gate.waiting() == 50).await;
        gate.let_through(50);
    };
    let calls = async |accessor: &Accessor<State>| {
        get_all.call_concurrent(accessor, (slow_keys(50),)).await.expect("a call").0
    };
    assert_eq!(bench.run(test, calls).await, Ok(1));
}

#[tokio::test]
async fn a_call_that_waits_by_0_3_does_not_keep_others_waiting_and_one_by_0_2_does() {
    for (name, others_go_on) in [("get-all", true), ("get-all-plain", false)] {
        let mut bench = Bench::new().await;
        let get_all = bench.function::<(Vec<String>,), Count>(name);
        let tick = bench.function::<(), (u32,)>("tick");
        let gate = bench.gate.clone();
        let (waits, ticked) = (AtomicBool::new(false), AtomicBool::new(false));
        let has_ticked = || ticked.load(SeqCst);
        let test = async {
            until(|| gate.waiting() == 1).await;
            waits.store(true, SeqCst);
            if others_go_on {
                until(has_ticked).await;
            } else {
                // However long it takes, the instance does nothing else.
                for _ in 0..1_000 {
                    tokio::task::yield_now().await;
                }
                assert!(!has_ticked(), "{name}");
            }
            gate.let_through(1);
        };
        let calls = async |accessor: &Accessor<State>| {
            let get = get_all.call_concurrent(accessor, (slow_keys(1),));
            let tick = async {
                until(|| waits.load(SeqCst)).await;
                let ticks = tick.call_concurrent(accessor, ()).await.expect("a call").0;
                ticked.store(true, SeqCst);
                ticks
            };
            let (got, ticks) = tokio::join!(get, tick);
            (got.expect("a call").0, ticks)
        };
        assert_eq!(bench.run(test, calls).await, (Ok(0), 1));
    }
}

#[tokio::test]
async fn a_hundred_calls_for_one_key_are_one_load_and_ninety_nine_waits() {
    let mut bench = Bench::new().await;
    let load = bench.function::<(String, String), Text>("load");
    let (gate, cache) = (bench.gate.clone(), bench.cache.clone());
    let test = async {
        // The loader reads its origin, and all the others wait for it.
        until(|| gate.waiting() == 1 && cache.metrics().stampede_waits == 99).await;
        gate.let_through(1);
    };
    let calls = async |accessor: &Accessor<State>| {
        let call = |_| load.call_concurrent(accessor, ("key".into(), "slow origin".into()));
        try_join_all((0..100).map(call)).await.expect("calls")
    };
    let mut answers: Vec<_> = bench.run(test, calls).await.into_iter().map(|(it,)| it).collect();
    answers.sort_unstable();
    assert_eq!(answers.pop().as_deref(), Some("loaded"));
    assert_eq!(answers, vec!["hit"; 99]);
    // The loader's read of its origin is a miss, too.
    let counts =
        Snapshot { hits: 99, misses: 2, writes: 1, stampede_waits: 99, ..Snapshot::default() };
    assert_eq!(cache.metrics(), counts);
}

#[tokio::test]
async fn only_the_call_that_holds_a_lease_is_told_so() {
    let mut bench = Bench::new().await;
    let nested = bench.function::<Text, Text>("load-within-load");
    let calls = async |accessor: &Accessor<State>| {
        nested.call_concurrent(accessor, ("key".into(),)).await.expect("a call").0
    };
    assert_eq!(bench.run(async {}, calls).await, "Error::LeaseHeld");
}

#[tokio::test]
async fn a_lookup_that_the_guest_drops_ends_in_the_host() {
    let mut bench = Bench::new().await;
    bench.set("other", "four").await;
    let give_up = bench.function::<(String, String), Count>("give-up");
    let gate = bench.gate.clone();
    let calls = async |accessor: &Accessor<State>| {
        give_up.call_concurrent(accessor, ("slow".into(), "other".into())).await.expect("a call").0
    };
    assert_eq!(bench.run(async {}, calls).await, Ok(4));
    until(|| gate.dropped() == 1).await;
    assert_eq!(gate.waiting(), 0);
}

#[tokio::test]
async fn a_call_that_the_host_drops_while_it_loads_leaves_its_key_free() {
    let mut bench = Bench::new().await;
    let load = bench.function::<(String, String), Text>("load");
    let gate = bench.gate.clone();
    let calls = async |accessor: &Accessor<State>| {
        let loading = load.call_concurrent(accessor, ("key".into(), "slow origin".into()));
        tokio::select! {
            _ = loading => panic!("its origin does not answer"),
            () = until(|| gate.waiting() == 1) => {}
        }
    };
    bench.run(async {}, calls).await;
    // The guest goes on with a call that nobody awaits, until its instance ends.
    let Bench { cache, store, gate, .. } = bench;
    drop(store);
    until(|| gate.dropped() == 1).await;
    let session = cache.session(Grants::default());
    let found =
        tokio::time::timeout(DEADLINE, session.lookup("key", &LookupOptions::default())).await;
    let found = found.expect("it ends").expect("lookup");
    assert!(matches!(found, Lookup::Miss(_)), "{found:?}");
}

#[tokio::test]
async fn a_trap_ends_all_calls_of_the_instance_and_frees_what_they_hold() {
    let mut bench = Bench::new().await;
    let load = bench.function::<(String, String), Text>("load");
    let trap = bench.function::<Text, Text>("load-and-trap");
    let gate = bench.gate.clone();
    let keys = ["a", "b", "c"];
    let run = bench.store.run_concurrent(async |accessor| {
        let loads = keys.map(|key| load.call_concurrent(accessor, (key.into(), "slow".into())));
        let trapping = async {
            until(|| gate.waiting() == keys.len()).await;
            trap.call_concurrent(accessor, ("d".into(),)).await
        };
        let (loads, trapped) = tokio::join!(join_all(loads), trapping);
        (loads.into_iter().filter(Result::is_ok).count(), trapped.is_ok())
    });
    let ended = tokio::time::timeout(DEADLINE, run).await.expect("it ends");
    assert!(!matches!(ended, Ok((1.., _) | (_, true))), "{:?}", ended.map_err(|_| ()));
    let Bench { cache, store, .. } = bench;
    drop(store);
    let session = cache.session(Grants::default());
    for key in ["a", "b", "c", "d"] {
        let found =
            tokio::time::timeout(DEADLINE, session.lookup(key, &LookupOptions::default())).await;
        let found = found.expect("it ends").expect("lookup");
        assert!(matches!(found, Lookup::Miss(_)), "{key}: {found:?}");
    }
}
