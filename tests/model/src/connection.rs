//! A connection: what Redis sent over it and is not handled yet, and what is
//! known by what was.
//!
//! Replies and invalidations arrive in the order in which Redis sent them, and
//! are handled in that order. All of the protocol's knowledge of current epochs
//! rests on it.

use crate::keys::{Keys, RedisKey};
use crate::names::{Name, Named};
use crate::store::Epochs;

/// What Redis sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// The reply to this caller's last command. What it says is with the caller
    /// already, who does not look at it before this is handled.
    Reply(usize),
    /// A key that the connection tracks has changed.
    Invalidation(RedisKey),
}

/// One process's connection, and the tables that end with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connection {
    /// On its way, the oldest first.
    pub inbox: Vec<Message>,
    /// The keys of which Redis will tell the next change.
    pub tracked: Keys,
    /// The epochs that are known (`Tables::epochs` in the code). Who watches,
    /// and which epochs are announced, is with the callers.
    pub table: Epochs,
}

impl Connection {
    /// Redis remembers that the connection has read `key`, tracked.
    pub fn track(&mut self, key: RedisKey) {
        self.tracked = self.tracked.and(key.into());
    }

    /// `key` has changed: Redis tells the connection if it tracks it, and
    /// forgets that it did.
    pub fn changed(&mut self, key: RedisKey) {
        if self.tracked.has(key) {
            self.tracked = self.tracked.without(key.into());
            self.inbox.push(Message::Invalidation(key));
        }
    }
}

impl Named for Connection {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        self.table.names(see);
    }
}
