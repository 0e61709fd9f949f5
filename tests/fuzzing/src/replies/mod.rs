//! Any replies of a server, and what the store on Redis makes of them.

mod ledger;
mod names;
mod proper;
mod script;
mod seeds;
mod server;
mod steps;
mod wire;

use std::cell::{Cell, RefCell};
use std::sync::Once;
use std::time::{Duration, Instant};

use futures::future::join_all;
use spakky_cache_core::{Prefix, Store as _};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_test_runtime::TestRuntime;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::input::Input;
use ledger::Ledger;
use script::Script;
pub use seeds::seeds;
use server::{Manner, serve};
use steps::{Stage, Step, Tally};

/// How long a step may take. Far longer than it takes, so that only what never
/// ends is found.
const DEADLINE: Duration = Duration::from_secs(20);
/// What the product is given for an operation. The server cuts a connection
/// that waits in vain long before that.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(2);
/// Steps of one input, at most.
const MOST_STEPS: usize = 12;
/// Says that a lost connection is to come back. It takes the product some
/// milliseconds, so few inputs do it.
const COMES_BACK: u8 = 0xb4;

/// Plays a server that says what `bytes` choose, to a connection and a store as
/// in production, over TCP.
///
/// # Panics
/// A promise is broken: something panics, in whichever task; a step or a task
/// does not end; a step answers what the server did not say: another value than
/// the key's, an entry alive whose epochs are not the ones that were told last,
/// or a success after a failure; or a watch has not fired.
pub fn replies(bytes: &[u8]) {
    play(bytes);
}

/// How a play went.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "tests look whether a play got anywhere"))]
struct Played {
    connected: bool,
    tally: Tally,
}

fn play(bytes: &[u8]) -> Played {
    count_panics();
    let before = PANICS.get();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let played = runtime.block_on(async {
        let mut input = Input::new(bytes);
        let settings = settings(&mut input);
        let comes_back = input.byte() == COMES_BACK;
        let manner = Manner {
            from_the_start: input.below(8) == 7,
            piece: usize::from(input.byte()),
            connections: 1 + usize::from(comes_back),
        };
        let steps: Vec<Step> =
            (0..input.below(MOST_STEPS + 1)).map(|_| Step::choose(&mut input)).collect();
        let (script, ledger) = (RefCell::new(Script::new(input)), RefCell::default());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let client = use_it(RedisSettings { port, ..settings }, &steps, comes_back, &ledger);
        let played = tokio::select! {
            biased;
            played = client => played,
            never = serve(listener, manner, &script, &ledger) => match never {},
        };
        no_task_stays().await;
        played
    });
    assert_eq!(PANICS.get(), before, "a task panicked");
    played
}

fn settings(input: &mut Input<'_>) -> RedisSettings {
    let how = input.byte();
    let word = |bit: u8, word: &str| (how & bit != 0).then(|| word.to_owned());
    RedisSettings {
        host: "127.0.0.1".into(),
        username: word(1, "user"),
        password: word(2, "as the script says"),
        before_7: how & 4 != 0,
        key_prefix: prefix(),
        socket_timeout: SOCKET_TIMEOUT,
        ..RedisSettings::default()
    }
}

fn prefix() -> Prefix {
    Prefix::new(names::PREFIX).expect("a prefix")
}

/// Connects, takes the steps, and leaves.
async fn use_it(
    settings: RedisSettings,
    steps: &[Step],
    comes_back: bool,
    ledger: &RefCell<Ledger>,
) -> Played {
    let password = settings.password.clone();
    let connection = match in_time(Box::pin(RedisConnection::connect(settings))).await {
        Ok(connection) => connection,
        Err(error) => {
            let shown = format!("{error} {error:?}");
            let leaks = password.is_some_and(|password| shown.contains(&password));
            assert!(!leaks, "the password is in: {shown}");
            return Played { connected: false, tally: Tally::default() };
        }
    };

    let stage = Stage {
        store: RedisStore::new(connection, prefix(), TestRuntime::manual(0)),
        ledger,
        tally: RefCell::default(),
        watches: RefCell::default(),
    };
    let is_last = |step: &Step| !step.together;
    for group in steps.split_inclusive(is_last) {
        in_time(join_all(group.iter().map(|step| stage.take(*step, group.len() == 1)))).await;
        let lost = stage.store.connection().server_version().is_none();
        if lost && !comes_back {
            break;
        }
    }
    in_time(watches_fire(&stage)).await;
    let Stage { store, tally, watches, .. } = stage;
    drop(store);
    // Nothing is heard of from now on, so whoever watches has to look again.
    for (_, _, change) in watches.into_inner() {
        in_time(change.wait()).await;
    }
    Played { connected: true, tally: tally.into_inner() }
}

/// What was told before the answer to a command has been heard of with it.
async fn watches_fire(stage: &Stage<'_>) {
    if stage.watches.borrow().is_empty() || stage.store.ping().await.is_err() {
        return;
    }
    let ledger = stage.ledger.borrow();
    let now = ledger.now();
    for (key, since, change) in stage.watches.borrow().iter() {
        assert!(
            !ledger.is_clear() || !ledger.changed(key, *since, now) || change.initialized(),
            "a change of {} was told, and nobody heard\n{ledger:#?}",
            key.escape_ascii(),
        );
    }
}

async fn in_time<T>(step: impl Future<Output = T>) -> T {
    timeout(DEADLINE, step).await.unwrap_or_else(|_| panic!("not done after {DEADLINE:?}"))
}

/// The tasks of a connection end with its last handle.
async fn no_task_stays() {
    let (began, tasks) = (Instant::now(), Handle::current().metrics());
    while tasks.num_alive_tasks() > 0 {
        assert!(began.elapsed() < DEADLINE, "{} tasks stay", tasks.num_alive_tasks());
        yield_now().await;
    }
}

thread_local! {
    /// How many panics there were on this thread, on which all tasks of a play
    /// run: tokio keeps those of tasks to itself.
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.set(PANICS.get() + 1);
            before(panic);
        }));
    });
}
