//! Identities, such as the code draws at random.

use std::fmt;

/// An identity: of an epoch, of what a key holds, or of an eviction mark.
///
/// The code's are 128 random bits and are only compared for equality, so which
/// numbers stand for them makes no difference: they are numbered in the order in
/// which a state mentions them. Thus states that differ in nothing but these
/// numbers are one state, and a state's numbers never run out.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name(u8);

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What mentions names.
pub trait Named {
    /// Shows each of them, always in the same order.
    fn names(&mut self, see: &mut dyn FnMut(&mut Name));
}

impl Named for Name {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        see(self);
    }
}

impl<T: Named> Named for Option<T> {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        if let Some(named) = self {
            named.names(see);
        }
    }
}

/// Where new names come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Names {
    next: u8,
}

impl Names {
    /// None is given out yet.
    pub const NEW: Self = Self { next: 1 };

    /// One that nothing has.
    pub fn fresh(&mut self) -> Name {
        let name = Name(self.next);
        self.next += 1;
        name
    }
}

/// The names of one state, numbered anew.
#[derive(Debug)]
pub struct Numbering {
    /// What each is from now on; 0: it has not been mentioned.
    numbers: [u8; 64],
    next: u8,
}

impl Numbering {
    /// Nothing is numbered yet.
    pub const NEW: Self = Self { numbers: [0; 64], next: 1 };

    /// Numbers `name`, as before if it is mentioned again.
    pub fn number(&mut self, name: &mut Name) {
        let number = &mut self.numbers[usize::from(name.0)];
        if *number == 0 {
            *number = self.next;
            self.next += 1;
        }
        name.0 = *number;
    }

    /// Numbers `name` if it is mentioned elsewhere; otherwise nothing can ever
    /// be compared with it.
    pub fn keep(&self, name: &mut Name) -> bool {
        name.0 = self.numbers[usize::from(name.0)];
        name.0 != 0
    }

    /// Where new names come from, once all are numbered.
    pub fn names(&self) -> Names {
        Names { next: self.next }
    }
}
