//! Inputs to begin with: each shows the fuzzer something that it would take
//! long to find, and says what.

use std::time::Duration;

use spakky_cache_core::Tag;
use spakky_cache_core::entry::{Entry, Envelope, Epoch, Epochs, Id, Marker};

pub use crate::contract::seeds as contract;
pub use crate::replies::seeds as replies;

/// An input, and what it is.
pub type Seed = (&'static str, Vec<u8>);

/// Envelopes of every form.
///
/// # Panics
/// Never: its tags are tags.
pub fn envelope() -> Vec<Seed> {
    let epochs = |tags: &[&str]| {
        let tag = |text: &&str| (Tag::new(text, usize::MAX).expect("a tag"), Epoch([7; 16]));
        Epochs { everything: Epoch([5; 16]), tags: tags.iter().map(tag).collect() }
    };
    let entry = |tags: &[&str], ttl: Option<u64>, value: &'static str| {
        let entry = Entry {
            id: Id([3; 16]),
            stored_at: 1_700_000_000_000,
            ttl: ttl.map(Duration::from_millis),
            fresh_for: ttl.map(|ttl| Duration::from_millis(ttl / 2)),
            load_time: Duration::from_millis(20),
            epochs: epochs(tags),
            value: value.into(),
        };
        Envelope::Entry(entry).encode()
    };
    let lasts = Duration::from_secs(5);
    let lease = Marker { id: Id([4; 16]), taken_at: 1, lasts, epochs: epochs(&["tag"]) };
    let mut cut_off = entry(&["tag"], None, "value");
    cut_off.truncate(90);
    vec![
        ("nothing", Vec::new()),
        ("an entry without tags", entry(&[], None, "value")),
        ("an entry with tags", entry(&["a", "\u{e9}", "a longer tag"], Some(60_000), "value")),
        ("an empty value", entry(&[], Some(2), "")),
        ("a lease", Envelope::Lease(lease).encode()),
        ("an entry that is cut off in its tags", cut_off),
    ]
}
