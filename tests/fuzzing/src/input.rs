//! Bytes of a fuzzer's as choices.

/// What is left of the bytes.
///
/// A choice takes as few of them as it can, and the same number whatever is
/// chosen, so that a small change of the bytes is a small change of what they
/// mean. Where none are left every choice is 0: the plainest.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    /// The next bytes, as many as there are.
    pub(crate) fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(most.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number below `end`, which is 256 at most.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Any number, in eight bytes, the lowest first.
    pub(crate) fn number(&mut self) -> u64 {
        let mut bytes = [0; 8];
        let taken = self.bytes(8);
        bytes[..taken.len()].copy_from_slice(taken);
        u64::from_le_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_taken_in_order_until_all_that_is_left_is_zero() {
        let mut input = Input::new(&[7, 3, 9, 1, 2, 5]);
        assert_eq!((input.byte(), input.flag(), input.below(4)), (7, true, 1));
        assert_eq!(input.bytes(2), [1, 2]);
        assert!(!input.is_over());
        assert_eq!(input.number(), 5);
        assert!(input.is_over());
        assert_eq!((input.byte(), input.number(), input.one_of(&['a', 'b'])), (0, 0, 'a'));
        assert!(input.bytes(3).is_empty());
    }
}
