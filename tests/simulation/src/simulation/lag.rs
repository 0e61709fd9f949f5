//! A process that knows epochs without asking, as one on Redis does. What it
//! knows lags behind the evictions of others for as long as it hears nothing.

use std::sync::Arc;

use parking_lot::Mutex;
use spakky_cache_core::entry::Epochs;
use spakky_cache_core::{Store, Tag};

use super::chance::Chance;

/// The epochs as they stood when a step happened, and its number: steps happen
/// in another order than their callers hear of them.
pub(crate) type Heard = (u64, Epochs);

/// What one process knows.
pub(crate) struct Lag {
    /// All tags of the schedule.
    tags: Vec<Tag>,
    state: Mutex<State>,
}

struct State {
    chance: Chance,
    steps: u64,
    known: Option<Heard>,
}

impl Lag {
    pub(crate) fn new(tags: Vec<Tag>, seed: u64) -> Arc<Self> {
        let state = State { chance: Chance::new(seed), steps: 0, known: None };
        Arc::new(Self { tags, state: Mutex::new(state) })
    }

    /// What the answer of a step that happens now will tell.
    pub(crate) async fn overhear(&self, store: &dyn Store) -> Option<Heard> {
        let epochs = store.capture(&self.tags, None).await.ok()?;
        let mut state = self.state.lock();
        state.steps += 1;
        Some((state.steps, epochs))
    }

    /// A step was answered: nothing older is known from now on.
    pub(crate) fn hear(&self, heard: Heard) {
        let known = &mut self.state.lock().known;
        if known.as_ref().is_none_or(|(step, _)| *step < heard.0) {
            *known = Some(heard);
        }
    }

    /// The epochs as they are known, or `None` to ask the store.
    pub(crate) fn known(&self, tags: &[Tag]) -> Option<Epochs> {
        let State { chance, known, .. } = &mut *self.state.lock();
        let (_, known) = known.as_ref().filter(|_| chance.one_in(2))?;
        let epoch = |tag: &Tag| known.tags.iter().find(|(known, _)| known == tag).cloned();
        let tags = tags.iter().map(epoch).collect::<Option<_>>()?;
        Some(Epochs { everything: known.everything, tags })
    }
}
