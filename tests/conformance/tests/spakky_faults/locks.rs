//! Spakky's lock is a key that anyone deletes, that nobody renews, and that
//! outlives its owner by 30 seconds.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use spakky_cache_core::{EntryOptions, Error, Lookup, Policy};
use spakky_test_support::proof;

use crate::host::{
    PREFIX, connect, guest, guest_of_its_own, lease, look, mended, policy, process, redis, until,
};

/// Short enough to be waited for.
const LEASE: Duration = Duration::from_secs(1);

/// How long it may take beyond the lease until another process loads.
const SLACK: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_loader_that_lost_its_lease_takes_nobodys() {
    let server = redis();
    // It is not renewed, as if its process had stood still for a while.
    let slow = Policy { lease: LEASE, longest_load: Duration::ZERO, ..policy() };
    let slow = connect(server.port(), PREFIX, slow).await;
    let (owner, third) = (guest_of_its_own(&server).await, guest_of_its_own(&server).await);
    for ends in ["commit", "drop", "commit of a write", "drop of a write"] {
        let is_write = ends.ends_with("write");
        let loser = guest(&slow);
        let mut lost = if is_write {
            loser.begin_write("key", &[]).await.unwrap()
        } else {
            lease(&loser, "key", &[]).await
        };
        let mut own = None;
        until("the lease has ended", async || {
            own = Some(look(&owner, "key").await);
            !matches!(own, Some(Err(Error::LockTimeout)))
        })
        .await;
        let Some(Ok(Lookup::Miss(mut own))) = own else { panic!("{own:?}") };

        let before = server.commands().unwrap();
        let stored = match ends {
            "commit" | "commit of a write" => {
                lost.commit("late".into(), &EntryOptions::default()).await.unwrap()
            }
            _ => {
                drop(lost);
                false
            }
        };
        assert!(!stored, "{ends}");
        // What frees a lease is sent in the background.
        until("the end of the lost lease is over", async || {
            let since = server.commands().unwrap().since(&before);
            since.count("evalsha") + since.count("getdel") > 0
        })
        .await;
        let found = look(&third, "key").await;
        if is_write {
            // A write that failed leaves nothing, since nobody knows what the
            // origin holds: the load of the other is void, and told so.
            assert!(matches!(found, Ok(Lookup::Miss(_))), "{ends}: {found:?}");
            drop(found);
            assert_eq!(own.commit("loaded".into(), &EntryOptions::default()).await, Ok(false));
        } else {
            assert_eq!(found.err(), Some(Error::LockTimeout), "{ends}");
            assert_eq!(own.commit("loaded".into(), &EntryOptions::default()).await, Ok(true));
            assert_eq!(third.get("key").await, Ok(Some("loaded".into())), "{ends}");
        }
        third.delete("key").await.unwrap();
        until("the key is free", async || matches!(look(&third, "key").await, Ok(Lookup::Miss(_))))
            .await;
        until("nobody holds it", async || {
            !server.query::<bool>(redis::cmd("EXISTS").arg(format!("{PREFIX}k|key"))).unwrap()
        })
        .await;
    }
    mended(
        "a lock is deleted without looking whose it is",
        "2 ends of a lost load, 2 of a lost write",
        "no load of another's is freed; a write voids it",
    );
}

#[tokio::test]
async fn a_load_may_take_longer_than_its_lease() {
    const RENEWALS: u64 = 4;
    let server = redis();
    let host = connect(server.port(), PREFIX, Policy { lease: LEASE, ..policy() }).await;
    let (loader, other) = (guest(&host), guest_of_its_own(&server).await);
    let began = Instant::now();
    let mut load = lease(&loader, "key", &[]).await;
    until("the lease is renewed", async || {
        assert_eq!(look(&other, "key").await.err(), Some(Error::LockTimeout));
        server.commands().unwrap().count("pexpire") >= RENEWALS
    })
    .await;
    // Each comes after a third of the lease.
    assert!(began.elapsed() > LEASE, "{:?}", began.elapsed());
    assert_eq!(load.commit("loaded".into(), &EntryOptions::default()).await, Ok(true));
    assert_eq!(other.get("key").await, Ok(Some(Bytes::from_static(b"loaded"))));
    mended("a lock is not renewed", &format!("a load of {RENEWALS} renewals"), "1 load, stored");
}

/// A process that loads a key and never ends, until it is killed.
struct Loader(Child);

impl Loader {
    fn start(port: u16, lease: Duration) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["locks::a_loader_of_its_own", "--exact", "--ignored"])
            .env("SPAKKY_TEST_PORT", port.to_string())
            .env("SPAKKY_TEST_LEASE", lease.as_secs_f64().to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// By SIGKILL: it cannot tidy up.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // Whatever failed before, it does not stay; it may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[ignore = "a part of another test"]
async fn a_loader_of_its_own() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let lasts = Duration::from_secs_f64(variable("SPAKKY_TEST_LEASE").parse().unwrap());
    let policy = Policy { lease: lasts, ..policy() };
    let host = connect(variable("SPAKKY_TEST_PORT").parse().unwrap(), PREFIX, policy).await;
    let _held = lease(&guest(&host), "key", &[]).await;
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_lease_of_a_killed_process_ends_and_another_loads() {
    let lasts = proof::size(Duration::from_secs(1), Policy::default().lease);
    let server = redis();
    let mut loader = Loader::start(server.port(), lasts);
    until("it loads", async || {
        server.query::<bool>(redis::cmd("EXISTS").arg(format!("{PREFIX}k|key"))).unwrap()
    })
    .await;
    // Some wait already when it is killed, in two processes.
    let hosts = [process(&server).await, process(&server).await];
    let began = server.commands().unwrap();
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let guest = guest(&hosts[n % 2]);
            tokio::spawn(async move {
                let found = guest.lookup("key", &[], None).await.unwrap();
                let when = Instant::now();
                match found {
                    Lookup::Hit(value) => assert_eq!(value, "loaded"),
                    Lookup::Miss(mut lease) => {
                        assert!(
                            lease.commit("loaded".into(), &EntryOptions::default()).await.unwrap()
                        );
                        return Some(when);
                    }
                    Lookup::Stale { .. } => panic!("{found:?}"),
                }
                None
            })
        })
        .collect();
    until("all wait, for longer than the lease", async || {
        let waits = hosts.iter().map(|host| host.metrics().stampede_waits).sum::<u64>();
        waits == 20 && server.commands().unwrap().since(&began).count("pexpire") >= 3
    })
    .await;
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()), "the loader lives");

    let killed = Instant::now();
    loader.kill();
    let mut loads = Vec::new();
    for waiting in waiting {
        loads.extend(waiting.await.unwrap());
    }
    assert_eq!(loads.len(), 1, "one of them loads");
    let after = loads[0] - killed;
    assert!(after <= lasts + SLACK, "{after:?} after the kill");
    mended(
        "a killed loader blocks everyone for 30 s",
        &format!("1 process killed, lease of {lasts:?}"),
        &format!("1 other loads after {} ms", after.as_millis()),
    );
}
