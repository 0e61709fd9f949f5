//! The protocol's uses of [`compare_and_set`](Store::compare_and_set), by name.

use std::time::Duration;

use spakky_cache_core::entry::{Entry, Envelope, Epoch, Epochs, Id, Marker};
use spakky_cache_core::store::{Cas, CasToken, Slot, Step, Update};
use spakky_cache_core::{Key, Store};

/// Leases and elections of a store, as `spakky-cache-core` uses them.
pub trait Protocol: Store {
    /// Takes the lease of `key`, which holds `seen`, or nothing.
    fn take_lease<'a>(
        &'a self,
        key: &'a Key,
        seen: Option<&'a CasToken>,
        marker: &'a Marker,
    ) -> Step<'a, Cas> {
        let marker = Envelope::Lease(marker.clone());
        Box::pin(
            async move { self.compare_and_set(Slot::Entry(key), seen, Update::Put(&marker)).await },
        )
    }

    /// Replaces what is `held` by `entry`. False if it is no longer held.
    fn commit<'a>(&'a self, key: &'a Key, held: &'a CasToken, entry: &'a Entry) -> Step<'a, bool> {
        let entry = Envelope::Entry(entry.clone());
        Box::pin(async move {
            let update = Update::Put(&entry);
            Ok(self.compare_and_set(Slot::Entry(key), Some(held), update).await?.is_done())
        })
    }

    /// Removes what is `held`. False if it is no longer held.
    fn give_up<'a>(&'a self, key: &'a Key, held: &'a CasToken) -> Step<'a, bool> {
        is_done(self.compare_and_set(Slot::Entry(key), Some(held), Update::Remove))
    }

    /// Lets what is `held` live for `lasts` from now on. False if it is no
    /// longer held.
    fn renew<'a>(&'a self, key: &'a Key, held: &'a CasToken, lasts: Duration) -> Step<'a, bool> {
        is_done(self.compare_and_set(Slot::Entry(key), Some(held), Update::Extend(lasts)))
    }

    /// Elects `candidate` for `lasts`. False if another is elected.
    fn elect<'a>(&'a self, slot: Slot<'a>, candidate: Id, lasts: Duration) -> Step<'a, bool> {
        Box::pin(async move {
            let marker = election(candidate, lasts);
            Ok(self.compare_and_set(slot, None, Update::Put(&marker)).await?.is_done())
        })
    }

    /// Lets the election of `elected` last for `lasts` from now on. False if it
    /// is not elected.
    fn stay_elected<'a>(&'a self, slot: Slot<'a>, elected: Id, lasts: Duration) -> Step<'a, bool> {
        Box::pin(async move {
            let token = election(elected, lasts).cas_token();
            Ok(self.compare_and_set(slot, Some(&token), Update::Extend(lasts)).await?.is_done())
        })
    }

    /// Ends the election of `elected`. False if it is not elected.
    fn resign<'a>(&'a self, slot: Slot<'a>, elected: Id) -> Step<'a, bool> {
        Box::pin(async move {
            let token = election(elected, Duration::ZERO).cas_token();
            Ok(self.compare_and_set(slot, Some(&token), Update::Remove).await?.is_done())
        })
    }

    /// Elects `candidate` as the sweeper, or lets it stay so, for `lasts`.
    fn elect_sweeper(&self, candidate: Id, lasts: Duration) -> Step<'_, bool> {
        Box::pin(async move {
            Ok(self.stay_elected(Slot::Sweeper, candidate, lasts).await?
                || self.elect(Slot::Sweeper, candidate, lasts).await?)
        })
    }

    /// Stores `envelope` under `key`.
    fn put_one<'a>(&'a self, key: &'a Key, envelope: &'a Envelope) -> Step<'a, ()> {
        let entries = [(key.clone(), envelope.clone())];
        Box::pin(async move { self.put(&entries).await })
    }
}

impl<S: Store + ?Sized> Protocol for S {}

fn is_done(step: Step<'_, Cas>) -> Step<'_, bool> {
    Box::pin(async move { Ok(step.await?.is_done()) })
}

/// The marker of an election. Its epochs decide nothing.
fn election(id: Id, lasts: Duration) -> Envelope {
    let epochs = Epochs { everything: Epoch([0; 16]), tags: Vec::new() };
    Envelope::Lease(Marker { id, taken_at: 0, lasts, epochs, awaits: None })
}
