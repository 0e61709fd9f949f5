//! The log of what a store fails: the first failure of an operation, how many more there
//! were in each period, and that it works again. One line for each failure would flood the
//! log.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::StoreError;
use crate::key::{Key, quoted_key};

/// How often an operation that goes on failing is logged.
const PERIOD: Duration = Duration::from_secs(10);
/// An operation works again if it succeeds this long after its last failure: one may
/// succeed and fail by turns, by its key.
const CALM: Duration = Duration::from_secs(1);

/// The operations that fail, of one cache. Times are
/// [`monotonic`](crate::Runtime::monotonic).
#[derive(Debug, Default)]
pub(crate) struct FailureLog {
    /// The number of operations that fail, so that a success is cheap.
    count: AtomicUsize,
    failing: Mutex<BTreeMap<&'static str, Failing>>,
}

#[derive(Debug)]
struct Failing {
    /// The number of failures that no line tells of yet.
    untold: u64,
    told_at: Duration,
    failed_at: Duration,
}

impl FailureLog {
    /// `operation` failed on `keys`.
    pub(crate) fn failed(
        &self,
        operation: &'static str,
        keys: &[Key],
        error: &StoreError,
        now: Duration,
    ) {
        let (keys, error) = (Shown(keys), error as &dyn Error);
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = failing.get_mut(operation) else {
            failing.insert(operation, Failing { untold: 0, told_at: now, failed_at: now });
            self.count.store(failing.len(), Relaxed);
            tracing::warn!(operation, %keys, error, "the store failed");
            return;
        };
        known.failed_at = now;
        known.untold += 1;
        if now.saturating_sub(known.told_at) >= PERIOD {
            let failures = std::mem::take(&mut known.untold);
            known.told_at = now;
            tracing::warn!(operation, %keys, failures, error, "the store still fails");
        }
    }

    /// `operation` succeeded.
    pub(crate) fn succeeded(&self, operation: &'static str, now: impl Fn() -> Duration) {
        if self.count.load(Relaxed) == 0 {
            return;
        }
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let works = |known: &Failing| now().saturating_sub(known.failed_at) >= CALM;
        if failing.get(operation).is_some_and(works)
            && let Some(known) = failing.remove(operation)
        {
            self.count.store(failing.len(), Relaxed);
            tracing::warn!(operation, failures = known.untold, "the store works again");
        }
    }
}

impl Drop for FailureLog {
    fn drop(&mut self) {
        let failing = self.failing.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (operation, known) in failing.iter().filter(|(_, known)| known.untold > 0) {
            tracing::warn!(operation, failures = known.untold, "the store failed until the end");
        }
    }
}

/// The first of some keys, escaped and cut.
struct Shown<'a>(&'a [Key]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, others @ ..] = self.0 else { return f.write_str("none") };
        f.write_str(&quoted_key(first.as_str().as_bytes()))?;
        if others.is_empty() { Ok(()) } else { write!(f, " and {} more", others.len()) }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;
    use crate::error::StoreErrorKind;
    use crate::key::SHOWN_KEY_BYTES;

    /// What is logged within `work`, a line each.
    fn logged(work: impl FnOnce()) -> Vec<String> {
        #[derive(Clone, Default)]
        struct Lines(Arc<Mutex<Vec<u8>>>);
        impl io::Write for Lines {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().expect("no panic").write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        let text = lines.0.lock().expect("no panic").clone();
        String::from_utf8(text).expect("text").lines().map(|line| line.trim().to_owned()).collect()
    }

    fn key(text: &str) -> Key {
        Key::new(text, 1_024).expect("a key")
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_operation_that_goes_on_failing_is_logged_once_a_period_and_once_when_it_works() {
        let error = StoreError::new(StoreErrorKind::Failed, "READONLY");
        let lines = logged(|| {
            let log = FailureLog::default();
            for millis in 0..25_000 {
                log.failed("put", &[key("k")], &error, Duration::from_millis(millis));
                log.succeeded("read", || at(100));
            }
            log.succeeded("put", || at(25));
            log.succeeded("put", || at(26));
            log.succeeded("put", || at(27));
        });
        let expected = [
            "WARN the store failed operation=\"put\" keys=\"k\" error=the store failed \
             error.sources=[READONLY]",
            "WARN the store still fails operation=\"put\" keys=\"k\" failures=10000 \
             error=the store failed error.sources=[READONLY]",
            "WARN the store still fails operation=\"put\" keys=\"k\" failures=10000 \
             error=the store failed error.sources=[READONLY]",
            "WARN the store works again operation=\"put\" failures=4999",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_no_line_told_of_is_told_at_the_end() {
        let error = StoreError::new(StoreErrorKind::Unavailable, "gone");
        let lines = logged(|| {
            let log = FailureLog::default();
            for _ in 0..3 {
                log.failed("read", &[], &error, at(0));
            }
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(lines[1], "WARN the store failed until the end operation=\"read\" failures=2");
    }

    #[test]
    fn keys_are_shown_escaped_and_cut() {
        assert_eq!(Shown(&[]).to_string(), "none");
        assert_eq!(Shown(&[key("a\"\n")]).to_string(), r#""a\"\n""#);
        assert_eq!(Shown(&[key("a"), key("b"), key("c")]).to_string(), "\"a\" and 2 more");
        let long = Shown(&[key(&"x".repeat(1_000))]).to_string();
        assert_eq!(long.len(), SHOWN_KEY_BYTES + 4);
    }
}
