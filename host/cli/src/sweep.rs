//! The command `sweep`.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use spakky_cache_core::store::Swept;
use spakky_cache_core::{Cache, Sweeper, Sweeping, TokioRuntime};

use crate::args::{StoreKind, SweepArgs};
use crate::exit::{Failure, NO_OUTPUT, UNAVAILABLE, UNSUCCESSFUL, USAGE};
use crate::settings::{Options, environment};
use crate::signals::Signals;
use crate::store::{self, Connect};

/// How often the progress is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// Sweeps, and prints what was found.
pub(crate) async fn sweep(args: &SweepArgs, mut signals: Signals) -> Result<u8, Failure> {
    if args.store.store == StoreKind::Embedded {
        let problem = "an embedded store ends with its command: there is nothing to sweep";
        return Err(Failure::new(USAGE, problem));
    }
    let options = Options::resolve(&args.store, None, environment)?;
    let runtime = Arc::new(TokioRuntime);
    let opening = store::open(&options.store, runtime.clone(), Connect::Now);
    let store = signals.unless(opening).await??;
    let cache = Cache::with(store, options.policy, runtime);

    let sweeping = if args.dry_run { Sweeping::Count } else { Sweeping::Remove };
    let (mut shown, terminal) = (Instant::now(), io::stderr().is_terminal());
    let progress = |swept: &Swept| {
        if terminal && shown.elapsed() >= SHOWN_EVERY {
            shown = Instant::now();
            let _ = write!(io::stderr(), "\r{}", result(args, swept));
        }
    };
    let outcome = signals.unless(at_rate(args.rate).sweep_now(&cache, sweeping, progress)).await;
    if terminal {
        // The result, or what is said of a failure, takes the line.
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
    let swept = outcome?.map_err(|error| Failure::new(UNAVAILABLE, error))?;
    let Some(swept) = swept else {
        return Err(Failure::new(UNSUCCESSFUL, "another sweep of this cache took over"));
    };
    let written = writeln!(io::stdout(), "{}", result(args, &swept));
    written.map_err(|error| {
        Failure::new(NO_OUTPUT, format!("the result could not be written: {error}"))
    })?;
    Ok(0)
}

fn result(args: &SweepArgs, swept: &Swept) -> String {
    let what = if args.dry_run { "dead entries" } else { "dead entries removed" };
    format!("{} keys examined, {} {what}", swept.seen, swept.dead)
}

/// Examines this many keys a second.
fn at_rate(rate: u32) -> Sweeper {
    // Not all of a slow second's at once.
    let batch = (rate / 10).clamp(1, 256);
    let pause = Duration::from_secs(1) * batch / rate;
    Sweeper { batch: batch as usize, pause, ..Sweeper::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_in_small_steps() {
        for (rate, batch, micros) in
            [(1, 1, 1_000_000), (100, 10, 100_000), (1_000, 100, 100_000), (50_000, 256, 5_120)]
        {
            let sweeper = at_rate(rate);
            assert_eq!(sweeper.batch, batch, "{rate}");
            assert_eq!(sweeper.pause, Duration::from_micros(micros), "{rate}");
        }
    }
}
