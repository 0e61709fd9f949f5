//! Any replies of a server, and what the store on Redis makes of them.

mod good;
mod script;
mod server;
mod steps;
mod wire;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use arbitrary::{Result, Unstructured};
use futures::future::join_all;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Change, Found};
use spakky_cache_core::{Prefix, StoreErrorKind};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_test_runtime::TestRuntime;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::task::yield_now;

use crate::{DEADLINE, Outcomes, in_time};
use script::Script;
use server::{Manner, serve};
use steps::{CAPTURE, Step};

/// The store's own limit. The server closes a connection that waits in vain long
/// before that.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(2);
/// Steps of one input, at most.
const MOST_STEPS: usize = 12;
/// Lets a lost connection come back. That takes milliseconds, so few inputs do it.
const COMES_BACK: u8 = 0xb4;

/// Takes steps of the store on Redis, as in production, against a server that
/// replies what `bytes` choose. Returns what came of them.
///
/// # Panics
/// - Something panics or does not end. A panic in a task only reaches the panic hook.
/// - An entry is found that the server did not send.
/// - A step succeeds though the server replied with nothing but errors.
/// - The connection goes on after something that is no reply.
/// - A lost connection does not come back once the server is a good one.
/// - An error shows the password.
/// - A task is left, or a watch that has not fired, after the store was dropped.
pub fn replies(bytes: &[u8]) -> Outcomes {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(play(Unstructured::new(bytes))).expect("any bytes are a play")
}

async fn play(mut input: Unstructured<'_>) -> Result<Outcomes> {
    let settings = settings(&mut input)?;
    let comes_back = input.arbitrary::<u8>()? == COMES_BACK;
    let manner = Manner {
        from_the_start: input.int_in_range(0..=7)? == 7,
        piece: input.arbitrary::<u8>()?.into(),
        comes_back,
    };
    let count = input.int_in_range(0..=MOST_STEPS)?;
    let steps: Vec<_> = (0..count).map(|_| Step::choose(&mut input)).collect::<Result<_>>()?;
    let script = RefCell::new(Script::new(input));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let client = async {
        let settings = RedisSettings { port, ..settings };
        let Some(client) = Client::connect(settings, &script).await else {
            return Outcomes::from(["refused"]);
        };
        for group in steps.split_inclusive(|step| !step.together) {
            in_time(join_all(group.iter().map(|step| client.take(*step)))).await;
            if client.is_lost() && !comes_back {
                break;
            }
        }
        if client.is_lost() && comes_back {
            client.come_back().await;
        }
        client.leave().await
    };
    let outcomes = tokio::select! {
        biased;
        outcomes = client => outcomes,
        never = serve(listener, manner, &script) => match never {},
    };
    no_task_is_left().await;
    Ok(outcomes)
}

fn settings(input: &mut Unstructured<'_>) -> Result<RedisSettings> {
    let how: u8 = input.arbitrary()?;
    let word = |bit: u8, word: &str| (how & bit != 0).then(|| word.to_owned());
    Ok(RedisSettings {
        host: "127.0.0.1".into(),
        username: word(1, "user"),
        // As the server's errors have it.
        password: word(2, "as the script says"),
        before_7: how & 4 != 0,
        key_prefix: Prefix::new(good::PREFIX).expect("a prefix"),
        socket_timeout: SOCKET_TIMEOUT,
        ..RedisSettings::default()
    })
}

/// The store, and what it did.
struct Client<'a> {
    store: RedisStore,
    script: &'a RefCell<Script<'a>>,
    watches: RefCell<Vec<Change>>,
    outcomes: RefCell<Outcomes>,
}

impl<'a> Client<'a> {
    /// Connects, or returns `None` if that fails.
    async fn connect(settings: RedisSettings, script: &'a RefCell<Script<'a>>) -> Option<Self> {
        let (prefix, password) = (settings.key_prefix.clone(), settings.password.clone());
        match in_time(Box::pin(RedisConnection::connect(settings))).await {
            Ok(connection) => Some(Self {
                store: RedisStore::new(connection, prefix, TestRuntime::manual(0)),
                script,
                watches: RefCell::default(),
                outcomes: RefCell::default(),
            }),
            Err(error) => {
                let shown = format!("{error} {error:?}");
                let leaks = password.is_some_and(|password| shown.contains(&password));
                assert!(!leaks, "the password is in: {shown}");
                None
            }
        }
    }

    fn is_lost(&self) -> bool {
        self.store.connection().server_version().is_none()
    }

    /// Takes `step`, and judges its answer. Returns whether it succeeded.
    async fn take(&self, step: Step) -> bool {
        let good = self.script.borrow().good;
        let answer = step.take(&self.store, &self.watches).await;
        let script = self.script.borrow();
        let mut outcomes = self.outcomes.borrow_mut();
        match &answer {
            Ok(found) => {
                assert!(
                    script.unclear || script.good > good || step.kind == CAPTURE,
                    "{step:?} succeeded, and the server replied with nothing but errors"
                );
                outcomes.extend(found.iter().map(|found| was_sent(found, &script.sent)));
                outcomes.insert("done");
            }
            Err(error) => {
                let is_unavailable = error.kind() == StoreErrorKind::Unavailable;
                outcomes.insert(if is_unavailable { "unavailable" } else { "failed" });
            }
        }
        answer.is_ok()
    }

    /// Makes the server a good one, and reads until a read succeeds.
    async fn come_back(&self) {
        self.script.borrow_mut().end();
        in_time(async {
            while !self.take(Step::default()).await {
                yield_now().await;
            }
        })
        .await;
        self.outcomes.borrow_mut().insert("back");
    }

    /// Drops the store. Nothing is heard of from then on, so every watch fires.
    async fn leave(self) -> Outcomes {
        drop(self.store);
        for change in self.watches.into_inner() {
            in_time(change.wait()).await;
        }
        self.outcomes.into_inner()
    }
}

/// Checks that `found` is something that the server sent, and names it.
fn was_sent(found: &Found, sent: &[u8]) -> &'static str {
    let (bytes, what) = match found {
        Found::Nothing => return "nothing",
        // Fields that a marker does not use are lost when it is written again.
        Found::Envelope { envelope: Envelope::Lease(_), .. } => return "lease",
        Found::Envelope { envelope: Envelope::Pause(_), .. } => return "pause",
        Found::OtherVersion => return "other version",
        Found::Envelope { envelope, alive } => {
            (envelope.encode(), if *alive { "hit" } else { "dead" })
        }
        Found::Foreign(token) => (token.0.to_vec(), "foreign"),
    };
    let is_sent = bytes.is_empty() || sent.windows(bytes.len()).any(|sent| sent == bytes);
    assert!(is_sent, "the server did not send {found:?}");
    what
}

/// The tasks of a connection end with its last handle.
async fn no_task_is_left() {
    let (began, tasks) = (Instant::now(), Handle::current().metrics());
    while tasks.num_alive_tasks() > 0 {
        assert!(began.elapsed() < DEADLINE, "{} tasks are left", tasks.num_alive_tasks());
        yield_now().await;
    }
}
