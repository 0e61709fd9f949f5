//! What Redis holds.

use std::fmt;

use crate::keys::{EPOCHS, Keys, RedisKey};
use crate::names::{Name, Named};

/// How often the origin was changed before a value was read from it.
pub type Version = u8;

/// Epochs of everything and of tags; none: missing, or not asked for.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Epochs(pub [Option<Name>; EPOCHS]);

impl fmt::Debug for Epochs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there = self.0.iter().enumerate();
        let there = there.filter_map(|(epoch, name)| Some((RedisKey::Epoch(epoch), (*name)?)));
        f.debug_map().entries(there).finish()
    }
}

impl Epochs {
    /// Which there are.
    pub fn keys(self) -> Keys {
        (0..EPOCHS)
            .filter(|&epoch| self.0[epoch].is_some())
            .fold(Keys::NONE, |keys, epoch| keys.and(RedisKey::Epoch(epoch).into()))
    }

    /// Those of `keys`, as far as there are any.
    #[must_use]
    pub fn of(self, keys: Keys) -> Self {
        let of = |epoch: usize| self.0[epoch].filter(|_| keys.has(RedisKey::Epoch(epoch)));
        Self(std::array::from_fn(of))
    }

    /// Whether each of these is what `others` have.
    pub fn all_in(self, others: Self) -> bool {
        self.0.iter().zip(others.0).all(|(epoch, other)| epoch.is_none() || *epoch == other)
    }
}

impl Named for Epochs {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        self.0.iter_mut().for_each(|epoch| epoch.names(see));
    }
}

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Envelope {
    /// Unique: the CAS token that scripts compare.
    pub id: Name,
    /// Captured before the load.
    pub epochs: Epochs,
    /// An entry's value, or a lease.
    pub content: Content,
}

/// Which of the two an envelope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// The marker of a lease.
    Lease,
    /// A value.
    Entry {
        /// Of the origin that it was read from, or written to.
        version: Version,
        /// Whether its freshness has ended.
        stale: bool,
    },
}

impl Envelope {
    /// An entry that is fresh.
    pub fn entry(id: Name, epochs: Epochs, version: Version) -> Self {
        Self { id, epochs, content: Content::Entry { version, stale: false } }
    }
}

impl Named for Envelope {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        self.id.names(see);
        self.epochs.names(see);
    }
}

/// What Redis holds below the prefix.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    /// `k|`: an entry, a lease marker, or nothing.
    pub key: Option<Envelope>,
    /// `a|` and `t|`.
    pub epochs: Epochs,
    /// `e|`: the eviction mark.
    pub mark: Option<Name>,
    /// `r|`: the token of the one that refreshes.
    pub elected: Option<Name>,
}

impl Store {
    /// Whether the key holds what has this CAS token.
    pub fn holds(&self, token: Name) -> bool {
        self.key.is_some_and(|envelope| envelope.id == token)
    }

    /// Whether the key holds this, and each of its epochs is the current one.
    pub fn holds_alive(&self, token: Name) -> bool {
        self.key.is_some_and(|envelope| envelope.id == token && envelope.epochs.all_in(self.epochs))
    }
}

impl Named for Store {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        self.key.names(see);
        self.epochs.names(see);
        self.mark.names(see);
        self.elected.names(see);
    }
}
