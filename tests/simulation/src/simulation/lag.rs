//! A process that knows epochs without asking, as one does on Redis: what it
//! knows may lag behind the evictions of others, for as long as it hears
//! nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spakky_cache_core::entry::Epochs;
use spakky_cache_core::{Store, Tag};

use super::chance::Chance;

/// The epochs as they stood when a step happened.
#[derive(Debug)]
pub(crate) struct Heard {
    /// Later ones are greater.
    order: u64,
    epochs: Epochs,
}

/// What one process knows.
#[derive(Debug)]
pub(crate) struct Lag {
    /// All that the schedule uses.
    tags: Vec<Tag>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    chance: Chance,
    order: u64,
    known: Option<Heard>,
}

impl Lag {
    pub(crate) fn new(tags: Vec<Tag>, seed: u64) -> Arc<Self> {
        let state = State { chance: Chance::new(seed), order: 0, known: None };
        Arc::new(Self { tags, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a step that happens now will tell when it is answered.
    pub(crate) async fn overhear(&self, store: &dyn Store) -> Option<Heard> {
        let epochs = store.capture(&self.tags, None).await.ok()?;
        let mut state = self.state();
        state.order += 1;
        Some(Heard { order: state.order, epochs })
    }

    /// A step was answered: from now on nothing older is known.
    pub(crate) fn hear(&self, heard: Heard) {
        let mut state = self.state();
        if state.known.as_ref().is_none_or(|known| known.order < heard.order) {
            state.known = Some(heard);
        }
    }

    /// What a capture may answer without asking: the epochs as they were known.
    /// None: it asks.
    pub(crate) fn answer(&self, tags: &[Tag]) -> Option<Epochs> {
        let mut state = self.state();
        let State { chance, known, .. } = &mut *state;
        let known = &known.as_ref().filter(|_| chance.one_in(2))?.epochs;
        let epoch = |tag: &Tag| known.tags.iter().find(|(known, _)| known == tag).cloned();
        let tags = tags.iter().map(epoch).collect::<Option<_>>()?;
        Some(Epochs { everything: known.everything, tags })
    }
}
