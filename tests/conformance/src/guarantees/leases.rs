//! Leases: only their owners use them (G3), they end with their owner (G4), and waiting
//! for them is cheap (G5).

use std::future::poll_fn;
use std::task::Poll;

use super::{
    Case, Duration, EntryOptions, Error, KEY, LEASE, Lease, Limits, Lookup, LookupOptions, Policy,
    Process, Session, World, get, join_all, lease, tagged, until, value, wait_none,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        g3_a_loader_that_lost_its_lease_stores_nothing_and_frees_nobody_elses_lease,
        g3_a_write_that_lost_its_lease_leaves_a_miss_and_ends_the_load_that_overtook_it,
        g3_a_lease_is_spent_by_its_first_commit,
        g3_a_refused_write_leaves_nothing_behind,
        g4_a_dropped_lease_lets_a_waiting_caller_load_without_any_time_passing,
        g4_a_lookup_dropped_at_any_step_leaves_no_lease_behind,
        g4_a_dropped_write_leaves_a_miss,
        g4_the_lease_of_a_dead_host_ends_by_itself,
        g4_a_load_that_never_ends_loses_its_lease_in_time_though_renewals_are_late,
        g4_a_lease_outlasts_its_time_while_its_loader_lives,
        g5_a_lease_that_ended_is_renewed_no_more,
        g5_a_hundred_waiters_cost_a_process_as_many_steps_as_three,
    ]
}

/// A policy without renewals: a lease ends as if its host had died.
fn mortal() -> Policy {
    Policy { lease: LEASE, longest_load: Duration::ZERO, ..Policy::default() }
}

/// A lease that has ended, the lease of the process that holds the key now, and the
/// session of a third process.
async fn lost(world: &World, is_write: bool) -> (Process, Lease, Lease, Session) {
    let loser = Process::with(world, mortal()).await;
    let guest = loser.guest();
    let lost = if is_write {
        guest.begin_write(KEY, &[]).await.expect("begin_write")
    } else {
        lease(&guest, &[]).await
    };
    world.outlast(&*world.open().await, LEASE).await;
    let owned = lease(&Process::start(world).await.guest(), &[]).await;
    (loser, lost, owned, Process::start(world).await.guest())
}

/// Commits a lease that was lost, or drops it, and waits for the store's answer.
async fn end(loser: &Process, mut lost: Lease, by_commit: bool) {
    let before = loser.store.steps();
    if by_commit {
        assert_eq!(lost.commit(value("late"), &tagged(&[])).await, Ok(false));
    }
    drop(lost);
    until(async || loser.store.done() > before).await;
}

async fn g3_a_loader_that_lost_its_lease_stores_nothing_and_frees_nobody_elses_lease(world: World) {
    for by_commit in [true, false] {
        let (loser, lost, mut owned, third) = lost(&world, false).await;
        end(&loser, lost, by_commit).await;
        assert_eq!(wait_none(&third).await.err(), Some(Error::LockTimeout));
        assert_eq!(owned.commit(value("loaded"), &tagged(&[])).await, Ok(true));
        assert_eq!(get(&third).await, Some(value("loaded")));
        third.delete(KEY).await.expect("delete");
    }
}

async fn g3_a_write_that_lost_its_lease_leaves_a_miss_and_ends_the_load_that_overtook_it(
    world: World,
) {
    for by_commit in [true, false] {
        let (loser, lost, mut owned, third) = lost(&world, true).await;
        end(&loser, lost, by_commit).await;
        // What the origin holds is not known, so the load is refused, too.
        assert_eq!(owned.commit(value("loaded"), &tagged(&[])).await, Ok(false));
        assert_eq!(get(&third).await, None);
        until(async || matches!(wait_none(&third).await, Ok(Lookup::Miss(_)))).await;
        third.delete(KEY).await.expect("delete");
    }
}

async fn g3_a_lease_is_spent_by_its_first_commit(world: World) {
    let limits = Limits { value_bytes: 6, ..Limits::default() };
    let guest = Process::with(&world, Policy { limits, ..Policy::default() }).await.guest();
    let mut load = lease(&guest, &[]).await;
    // One that is refused for its arguments spends nothing.
    assert_eq!(load.commit(value("too large"), &tagged(&[])).await, Err(Error::ValueTooLarge(6)));
    let zero = EntryOptions { ttl: Some(Duration::ZERO), ..EntryOptions::default() };
    let invalid = Error::InvalidTtl("the time to live is zero".to_owned());
    assert_eq!(load.commit(value("bad"), &zero).await, Err(invalid));
    assert_eq!(load.commit(value("first"), &tagged(&[])).await, Ok(true));
    assert_eq!(load.commit(value("second"), &tagged(&[])).await, Ok(false));
    assert_eq!(get(&guest).await, Some(value("first")));
}

async fn g3_a_refused_write_leaves_nothing_behind(world: World) {
    let (a, b) = (Process::start(&world).await.guest(), Process::start(&world).await.guest());
    let mut write = a.begin_write(KEY, &[]).await.expect("begin_write");
    b.set(KEY, value("of the other"), &tagged(&[])).await.expect("set");
    assert_eq!(write.commit(value("of this"), &tagged(&[])).await, Ok(false));
    // Which of them the origin took last is not known.
    assert_eq!((get(&a).await, get(&b).await), (None, None));
}

async fn g4_a_dropped_lease_lets_a_waiting_caller_load_without_any_time_passing(world: World) {
    let (a, b) = (Process::start(&world).await, Process::start(&world).await);
    let (loading, waiting) = (a.guest(), b.guest());
    let held = lease(&loading, &[]).await;
    let waiter = tokio::spawn(async move { waiting.lookup(KEY, &LookupOptions::default()).await });
    until(async || b.cache.metrics().stampede_waits == 1).await;
    drop(held);
    assert!(matches!(waiter.await.expect("no panic"), Ok(Lookup::Miss(_))));
}

async fn g4_a_lookup_dropped_at_any_step_leaves_no_lease_behind(world: World) {
    let process = Process::start(&world).await;
    for polls in 0.. {
        let guest = process.guest();
        let options = LookupOptions::default();
        let mut lookup = Box::pin(guest.lookup(KEY, &options));
        let mut left = polls;
        let done = poll_fn(|context| match lookup.as_mut().poll(context) {
            Poll::Ready(found) => Poll::Ready(Some(found)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => {
                left -= 1;
                Poll::Pending
            }
        })
        .await;
        drop(lookup);
        let finished = done.is_some();
        drop(done);
        let next = Process::start(&world).await.guest();
        until(async || matches!(wait_none(&next).await, Ok(Lookup::Miss(_)))).await;
        if finished {
            return;
        }
    }
}

async fn g4_a_dropped_write_leaves_a_miss(world: World) {
    let guest = Process::start(&world).await.guest();
    guest.set(KEY, value("old"), &tagged(&[])).await.expect("set");
    drop(guest.begin_write(KEY, &[]).await.expect("begin_write"));
    assert_eq!(get(&guest).await, None);
    until(async || matches!(wait_none(&guest).await, Ok(Lookup::Miss(_)))).await;
}

async fn g4_the_lease_of_a_dead_host_ends_by_itself(world: World) {
    let dead = Process::with(&world, mortal()).await.guest();
    let alive = Process::start(&world).await.guest();
    let stopwatch = world.stopwatch();
    let _held = lease(&dead, &[]).await;
    let taken_over = async || matches!(wait_none(&alive).await, Ok(Lookup::Miss(_)));
    stopwatch.over(LEASE, taken_over).await;
}

/// On a busy machine, which a manual clock stands for.
async fn g4_a_load_that_never_ends_loses_its_lease_in_time_though_renewals_are_late(world: World) {
    let Some(clock) = world.runtime.clock() else { return };
    let policy = Policy { lease: LEASE, longest_load: 3 * LEASE, ..Policy::default() };
    let process = Process::with(&world, policy).await;
    let (loading, other) = (process.guest(), Process::start(&world).await.guest());
    let _held = lease(&loading, &[]).await;
    // Each renewal comes just before the lease ends, and not after a third of
    // it. The last begins before the longest load is over.
    for _ in 0..4 {
        until(async || clock.until_next().is_some()).await;
        let before = process.store.done();
        clock.advance(LEASE.saturating_sub(Duration::from_millis(1)));
        until(async || process.store.done() > before).await;
        assert_eq!(wait_none(&other).await.err(), Some(Error::LockTimeout));
    }
    until(async || clock.until_next().is_none()).await;
    clock.advance(LEASE);
    assert!(matches!(wait_none(&other).await, Ok(Lookup::Miss(_))));
}

async fn g4_a_lease_outlasts_its_time_while_its_loader_lives(world: World) {
    let policy = Policy { lease: LEASE, ..Policy::default() };
    let process = Process::with(&world, policy).await;
    let (loading, other) = (process.guest(), Process::start(&world).await.guest());
    let mut held = lease(&loading, &[]).await;
    let before = process.store.steps();
    for renewals in 1..=6 {
        until(async || {
            world.pass(LEASE / 30).await;
            process.store.steps() >= before + renewals
        })
        .await;
    }
    assert!(matches!(wait_none(&other).await, Err(Error::LockTimeout)));
    assert_eq!(held.commit(value("loaded"), &tagged(&[])).await, Ok(true));
}

async fn g5_a_lease_that_ended_is_renewed_no_more(world: World) {
    let policy = Policy { lease: Duration::from_millis(300), ..Policy::default() };
    let (process, other) = (Process::with(&world, policy.clone()).await, world.open().await);
    for is_committed in [true, false] {
        let mut lease = lease(&process.guest(), &[]).await;
        if is_committed {
            assert_eq!(lease.commit(value("loaded"), &tagged(&[])).await, Ok(true));
        } else {
            lease.release().await.expect("release");
        }
        let steps = process.store.steps();
        world.outlast(&*other, policy.lease).await;
        assert_eq!(process.store.steps(), steps, "committed: {is_committed}");
        assert_eq!(process.guest().delete(KEY).await, Ok(is_committed));
    }
}

async fn g5_a_hundred_waiters_cost_a_process_as_many_steps_as_three(world: World) {
    let mut steps = Vec::new();
    for waiters in [3_u64, 100] {
        let (a, b) = (Process::start(&world).await, Process::start(&world).await);
        let loading = a.guest();
        let mut held = lease(&loading, &[]).await;
        let before = b.store.steps();
        let waiting = (0..waiters).map(|_| async {
            let guest = b.guest();
            matches!(guest.lookup(KEY, &LookupOptions::default()).await, Ok(Lookup::Hit(_)))
        });
        let commit = async {
            until(async || b.cache.metrics().stampede_waits == waiters).await;
            assert_eq!(held.commit(value("loaded"), &tagged(&[])).await, Ok(true));
        };
        let (all, ()) = tokio::join!(join_all(waiting), commit);
        assert!(all.into_iter().all(|hit| hit));
        steps.push(b.store.steps() - before);
        loading.delete(KEY).await.expect("delete");
    }
    // The exact number depends on the order of the callers. It must not grow.
    assert!(steps[1] <= 8 && steps[0] <= 8, "{steps:?}");
}
