//! What a load does not let its caller hear of is logged, once a process for each cause. So
//! this is a process of its own.
#![forbid(unsafe_code)]

use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use serde::{Deserialize, Serialize};
use spakky_cache::{Cache, Error, Options};

struct Kept(Mutex<Vec<String>>);

impl Log for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if record.target().starts_with("spakky_cache::") {
            let line = format!("{}: {}", record.level(), record.args());
            self.0.lock().expect("no panic").push(line);
        }
    }

    fn flush(&self) {}
}

static LOG: Kept = Kept(Mutex::new(Vec::new()));

/// Is read back as `None`.
#[allow(clippy::option_option)] // what is refused
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SomeNone(Option<Option<u8>>);

#[test]
fn each_cause_is_logged_once() {
    log::set_logger(&LOG).expect("the only logger");
    log::set_max_level(LevelFilter::Info);
    for round in 0..3 {
        let large = Cache::<String>::new().get_or_load(
            &format!("large {round}"),
            Options::forever(),
            || Ok::<_, Error>("x".repeat(9 << 20)),
        );
        assert_eq!(large.map(|large| large.len()), Ok(9 << 20));

        let unencodable =
            Cache::new().get_or_load(&format!("nested {round}"), Options::forever(), || {
                Ok::<_, Error>(SomeNone(Some(None)))
            });
        assert_eq!(unencodable, Ok(SomeNone(Some(None))));
    }
    let logged = LOG.0.lock().expect("no panic");
    let [large, nested] = logged.as_slice() else { panic!("{logged:?}") };
    assert!(
        large.starts_with("WARN: \"large 0\" is loaded and not stored: the value is too large")
    );
    assert!(
        nested.starts_with("WARN: \"nested 0\" is loaded and not stored: serialization failed")
    );
}
