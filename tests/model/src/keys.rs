//! The Redis keys of the model: one entry's, and a few epochs'.

use std::fmt;

/// How many epochs there are: of everything, and of two tags.
pub const EPOCHS: usize = 3;

/// A set of Redis keys.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Keys(u8);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = (0..EPOCHS).map(RedisKey::Epoch).chain([RedisKey::Entry]);
        f.debug_set().entries(keys.filter(|key| self.has(*key))).finish()
    }
}

/// One Redis key that connections are told of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedisKey {
    /// `k|`: what holds an entry or a lease marker.
    Entry,
    /// `a|`, which is the first, or `t|`: what holds an epoch.
    Epoch(usize),
}

impl fmt::Debug for RedisKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entry => "k|key",
            Self::Epoch(0) => "a|",
            Self::Epoch(1) => "t|a",
            Self::Epoch(_) => "t|b",
        })
    }
}

impl Keys {
    /// None.
    pub const NONE: Self = Self(0);
    /// The epoch of everything.
    pub const EVERYTHING: Self = Self(0b001);
    /// The epoch of the tag `a`.
    pub const TAG_A: Self = Self(0b010);
    /// The epoch of the tag `b`.
    pub const TAG_B: Self = Self(0b100);

    /// All of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that `other` does not have.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `key` is one of them.
    pub fn has(self, key: RedisKey) -> bool {
        self.0 & Self::from(key).0 != 0
    }

    /// The first epoch that is one of them.
    pub fn first_epoch(self) -> Option<usize> {
        (0..EPOCHS).find(|&epoch| self.has(RedisKey::Epoch(epoch)))
    }
}

impl From<RedisKey> for Keys {
    fn from(key: RedisKey) -> Self {
        match key {
            RedisKey::Epoch(epoch) => Self(1 << epoch),
            RedisKey::Entry => Self(1 << EPOCHS),
        }
    }
}
