//! Runs every case on every store.
//!
//! `SPAKKY_TEST_SEED` repeats the randomness of an earlier run, and
//! `cargo test -p spakky-store-conformance -- embedded` runs on one store only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use spakky_store_conformance::{Backing, Case, Embedded, Redis, World, guarantees, steps};
use spakky_test_support::proof;

/// A case that takes longer hangs.
const LONGEST: Duration = Duration::from_mins(10);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let seed = proof::seed();
    let redis = Redis::new();
    let everything = || steps::cases().into_iter().chain(guarantees::cases());
    let mut trials = Vec::new();
    let mut add = |backing: &dyn Fn() -> Box<dyn Backing>,
                   cases: &mut dyn Iterator<Item = Case>| {
        for case in cases {
            let number = trials.len();
            trials.push(trial(backing(), &case, number, seed));
        }
    };
    add(&|| Box::new(Embedded), &mut everything());
    add(
        &|| Box::new(redis.clone()),
        &mut everything().chain(steps::cases_of_bytes()).chain(guarantees::cases_of_bytes()),
    );
    add(&|| Box::new(redis.before_7()), &mut steps::cases_of_leases().into_iter());
    let conclusion = libtest_mimic::run(&arguments, trials);
    proof::row(
        "what every store does, the guarantees, and the faults of the Python plugin",
        format!("{} cases", conclusion.num_passed + conclusion.num_failed),
        format!("{} failed", conclusion.num_failed),
    );
    conclusion.exit_code()
}

fn trial(backing: Box<dyn Backing>, case: &Case, number: usize, seed: u64) -> Trial {
    let name = format!("{}: {}", backing.name(), case.name);
    let run = case.run;
    Trial::test(name, move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                let world = World::new(&*backing, &format!("case {number}:"), seed);
                tokio::time::timeout(LONGEST, run(world)).await
            })
        }));
        let why = match outcome {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(_)) => format!("not done after {LONGEST:?}"),
            Err(panic) => panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
                .unwrap_or_else(|| "a panic".into()),
        };
        Err(Failed::from(format!("{why}\n(SPAKKY_TEST_SEED={seed} repeats its randomness)")))
    })
}
