//! The steps of the store that are taken.

use std::cell::RefCell;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use spakky_cache_core::Sweeping;
use spakky_cache_core::entry::{Envelope, Id, Marker};
use spakky_cache_core::store::{Cas, Change, Found, Slot, Update};
use spakky_cache_core::{Key, Store as _, StoreError};
use spakky_cache_redis::RedisStore;

use super::good::{self, KEYS, TAGS};

/// For times that are sent and not waited for.
const LONG: Duration = Duration::from_mins(1);
/// The kind that may need no reply: it captures epochs, which may be known.
pub(super) const CAPTURE: u8 = 3;

/// One step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    /// 0 is a read.
    pub(super) kind: u8,
    key: usize,
    tags: usize,
    forever: bool,
    /// Whether the next step begins together with this one.
    pub(super) together: bool,
}

impl Step {
    pub(super) fn choose(input: &mut Unstructured<'_>) -> Result<Self> {
        let (kind, what) = (input.int_in_range(0..=20)?, usize::from(input.arbitrary::<u8>()?));
        Ok(Self {
            kind,
            key: what % KEYS.len(),
            tags: what / 4 % (TAGS.len() + 1),
            forever: what & 64 != 0,
            together: what & 128 != 0,
        })
    }

    /// Takes the step, and returns what keys were found to hold. A watch goes to
    /// `watches`.
    pub(super) async fn take(
        self,
        store: &RedisStore,
        watches: &RefCell<Vec<Change>>,
    ) -> Result<Vec<Found>, StoreError> {
        let keys = &KEYS.map(|key| Key::new(key, usize::MAX).expect("a key"));
        let key = &keys[self.key];
        let tags: Vec<_> = TAGS[..self.tags].iter().map(|name| good::tag(name)).collect();
        let entry = Envelope::Entry(good::entry(b"mine".to_vec()));
        let epochs = entry.epochs().clone();
        let lease = Envelope::Lease(Marker {
            id: Id([2; 16]),
            taken_at: 1,
            lasts: LONG,
            epochs,
            awaits: None,
        });
        match self.kind {
            0 => return Ok(vec![store.read(key).await?]),
            1 => {
                let found = store.read_many(keys).await?;
                assert_eq!(found.len(), keys.len());
                return Ok(found);
            }
            2 => {
                let (found, change) = store.watch(Slot::Entry(key)).await?;
                watches.borrow_mut().push(change);
                return Ok(vec![found]);
            }
            CAPTURE => {
                let ttl = (!self.forever).then_some(LONG);
                let epochs = store.capture(&tags, ttl).await?;
                assert!(epochs.tags.iter().map(|(tag, _)| tag).eq(&tags), "{epochs:?}");
            }
            4 => _ = store.eviction_mark().await?,
            5 => {
                let entries = keys.clone().map(|key| (key, entry.clone()));
                store.put(&entries).await?;
            }
            6 => assert_eq!(store.remove(keys).await?.len(), keys.len()),
            7 => store.evict(&tags).await?,
            8 => store.clear().await?,
            9 => _ = store.sweep(None, 10, Sweeping::Remove).await?,
            10 => store.ping().await?,
            _ => {
                let slot = [Slot::Entry(key), Slot::Refresh(key), Slot::Sweeper][self.tags];
                let held = lease.cas_token();
                let expected = self.forever.then_some(&held);
                let update = match self.kind % 4 {
                    0 => Update::Put(&lease),
                    1 => Update::Put(&entry),
                    2 => Update::Extend(LONG),
                    _ => Update::Remove,
                };
                if let Cas::Occupied(found) = store.compare_and_set(slot, expected, update).await? {
                    return Ok(vec![found]);
                }
            }
        }
        Ok(Vec::new())
    }
}
