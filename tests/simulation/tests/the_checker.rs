//! The proof of the proof: each check of the protocol is left out in turn, and
//! the checker has to notice. The seeds are fixed, so that it always does.

use spakky_simulation::campaign::Campaign;
use spakky_simulation::checker::Guarantee;
use spakky_simulation::simulation::{Backing, Check, Embedded, Redis};
use spakky_test_support::proof;

fn is_found<B: Backing>(
    check: Check,
    by: Guarantee,
    store: &str,
    schedules: u64,
    backing: impl Fn() -> B + Sync,
) {
    let campaign = Campaign {
        name: "schedules without a check",
        test: "the_checker",
        first: 1,
        schedules,
        fleeting: false,
        without: Some(check),
    };
    let found = campaign.run(backing).violations;
    assert!(found.contains_key(&by), "without {check:?}, the checker finds {found:?}");
    let found: Vec<_> =
        found.iter().map(|(guarantee, count)| format!("{guarantee} in {count}")).collect();
    proof::row(
        format!("the checker, without {check:?}, {store}"),
        format!("{schedules} schedules"),
        format!("violates {}", found.join(", ")),
    );
}

fn is_found_on_embedded(check: Check, by: Guarantee) {
    // Of some, few schedules need it.
    let share = match check {
        Check::EvictionMark | Check::HolderOfARenewal => 8_000,
        _ => 2_000,
    };
    is_found(check, by, "embedded", proof::size(share, 20_000), || Embedded);
}

#[test]
fn it_finds_that_epochs_are_not_compared_on_a_read() {
    is_found_on_embedded(Check::EpochsOfWhatIsRead, Guarantee::NoStaleWriteBack);
}

#[test]
fn it_finds_a_commit_that_stores_whatever_the_key_holds() {
    is_found_on_embedded(Check::HolderOfACommit, Guarantee::OwnersOnly);
}

#[test]
fn it_finds_that_a_refused_or_dropped_write_removes_nothing() {
    is_found_on_embedded(Check::RemovalAfterAWrite, Guarantee::NoStaleWriteBack);
}

#[test]
fn it_finds_epochs_that_are_captured_after_the_load() {
    is_found_on_embedded(Check::EpochsBeforeTheLoad, Guarantee::NoStaleWriteBack);
}

#[test]
fn it_finds_that_the_eviction_mark_is_not_compared() {
    is_found_on_embedded(Check::EvictionMark, Guarantee::NoStaleWriteBack);
}

#[test]
fn it_finds_that_others_give_up_a_lease() {
    is_found_on_embedded(Check::HolderOfAGiveUp, Guarantee::OneLoad);
}

#[test]
fn it_finds_that_others_renew_a_lease() {
    is_found_on_embedded(Check::HolderOfARenewal, Guarantee::OwnersOnly);
}

#[test]
fn it_finds_on_redis_what_it_finds_on_the_embedded_store() {
    let redis = || Redis::start(false).expect("a Redis");
    let schedules = proof::size(100, 1_000);
    let epochs = Check::EpochsOfWhatIsRead;
    is_found(epochs, Guarantee::NoStaleWriteBack, "Redis", schedules, redis);
    is_found(Check::HolderOfACommit, Guarantee::OwnersOnly, "Redis", schedules, redis);
}
