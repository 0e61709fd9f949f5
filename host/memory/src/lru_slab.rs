//! A table of slab that know which of them was used least recently.

/// Where a value is; it stays there until it is removed.
pub(crate) type SlotId = usize;

/// Values at fixed places, some of them in the order of their last use.
///
/// Fixed places are what lets a sweep go on where it left off, whatever
/// happened between.
#[derive(Debug)]
pub(crate) struct LruSlab<T> {
    // Boxed, so that a growing table moves pointers and not values.
    places: Vec<Option<Box<Slot<T>>>>,
    free: Vec<SlotId>,
    newest: Option<SlotId>,
    oldest: Option<SlotId>,
}

#[derive(Debug)]
struct Slot<T> {
    value: T,
    /// The neighbours in the order of use; none: it takes no part in it.
    links: Option<Links>,
}

#[derive(Clone, Copy, Debug)]
struct Links {
    newer: Option<SlotId>,
    older: Option<SlotId>,
}

impl<T> Default for LruSlab<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new(), newest: None, oldest: None }
    }
}

impl<T> LruSlab<T> {
    /// How many places there are, empty ones included.
    pub(crate) fn places(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn get(&self, id: SlotId) -> Option<&T> {
        Some(&self.places.get(id)?.as_ref()?.value)
    }

    pub(crate) fn get_mut(&mut self, id: SlotId) -> Option<&mut T> {
        Some(&mut self.places.get_mut(id)?.as_mut()?.value)
    }

    /// Puts `value` into a free place. `ordered`: as the one used last;
    /// otherwise it never becomes the [`oldest`](Self::oldest).
    pub(crate) fn insert(&mut self, value: T, ordered: bool) -> SlotId {
        let slot = Some(Box::new(Slot { value, links: None }));
        let id = if let Some(id) = self.free.pop() {
            self.places[id] = slot;
            id
        } else {
            self.places.push(slot);
            self.places.len() - 1
        };
        if ordered {
            self.link(id);
        }
        id
    }

    /// Makes an ordered value the one used last.
    pub(crate) fn touch(&mut self, id: SlotId) {
        if self.newest != Some(id) && self.unlink(id) {
            self.link(id);
        }
    }

    /// The ordered value whose last use is the longest ago.
    pub(crate) fn oldest(&self) -> Option<SlotId> {
        self.oldest
    }

    pub(crate) fn remove(&mut self, id: SlotId) -> Option<T> {
        self.unlink(id);
        let slot = self.places.get_mut(id)?.take()?;
        self.free.push(id);
        Some(slot.value)
    }

    /// Gives back the places at the end that are free.
    pub(crate) fn trim(&mut self) {
        let used = self.places.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        self.places.truncate(used);
        self.free.retain(|&id| id < used);
        if self.places.capacity() / 4 > used {
            self.places.shrink_to(used * 2);
            self.free.shrink_to(used * 2);
        }
    }

    fn links_mut(&mut self, id: SlotId) -> Option<&mut Links> {
        self.places.get_mut(id)?.as_mut()?.links.as_mut()
    }

    fn link(&mut self, id: SlotId) {
        let older = self.newest;
        if let Some(slot) = &mut self.places[id] {
            slot.links = Some(Links { newer: None, older });
        }
        match older.and_then(|older| self.links_mut(older)) {
            Some(links) => links.newer = Some(id),
            None => self.oldest = Some(id),
        }
        self.newest = Some(id);
    }

    fn unlink(&mut self, id: SlotId) -> bool {
        let slot = self.places.get_mut(id).and_then(Option::as_mut);
        let Some(Links { newer, older }) = slot.and_then(|slot| slot.links.take()) else {
            return false;
        };
        match newer.and_then(|newer| self.links_mut(newer)) {
            Some(links) => links.older = older,
            None => self.newest = older,
        }
        match older.and_then(|older| self.links_mut(older)) {
            Some(links) => links.newer = newer,
            None => self.oldest = newer,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Removes all ordered values, the least recently used first.
    fn drain(slab: &mut LruSlab<char>) -> String {
        std::iter::from_fn(|| slab.oldest().and_then(|id| slab.remove(id))).collect()
    }

    #[test]
    fn the_oldest_is_the_least_recently_used() {
        let mut slab = LruSlab::default();
        let ids: Vec<_> = "abcd".chars().map(|value| slab.insert(value, true)).collect();
        slab.touch(ids[0]);
        slab.touch(ids[2]);
        slab.touch(ids[2]);
        assert_eq!(drain(&mut slab), "bdac");
        assert_eq!(slab.oldest(), None);
        slab.insert('e', true);
        assert_eq!(drain(&mut slab), "e");
    }

    #[test]
    fn removal_leaves_the_order_of_the_others() {
        for removed in 0..3 {
            let mut slab = LruSlab::default();
            let ids: Vec<_> = "abc".chars().map(|value| slab.insert(value, true)).collect();
            slab.remove(ids[removed]);
            assert_eq!(slab.get(ids[removed]), None);
            assert_eq!(slab.remove(ids[removed]), None);
            assert_eq!(drain(&mut slab), "abc".replace(['a', 'b', 'c'][removed], ""));
        }
    }

    #[test]
    fn what_is_unordered_is_never_the_oldest() {
        let mut slab = LruSlab::default();
        let lease = slab.insert('l', false);
        slab.insert('a', true);
        slab.touch(lease);
        assert_eq!(drain(&mut slab), "a");
        assert_eq!(slab.get(lease), Some(&'l'));
    }

    #[test]
    fn places_are_used_again_and_given_back() {
        let mut slab = LruSlab::default();
        let ids: Vec<_> = "abcd".chars().map(|value| slab.insert(value, true)).collect();
        slab.remove(ids[1]);
        slab.remove(ids[3]);
        slab.trim();
        assert_eq!(slab.places(), 3);
        assert_eq!(slab.insert('e', true), ids[1]);
        assert_eq!(slab.insert('f', true), 3);
        assert_eq!(drain(&mut slab), "acef");
        slab.trim();
        assert_eq!(slab.places(), 0);
    }
}
