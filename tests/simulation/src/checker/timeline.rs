//! What ended before one moment, of what began after another.

use std::collections::HashMap;
use std::hash::Hash;

use crate::history::CallId;

/// The cause of a loss: a call, or trouble, which has no call.
pub(super) type Cause = Option<CallId>;

/// Spans of time for each of several things.
pub(super) struct Timelines<K>(HashMap<K, Vec<Span>>);

#[derive(Clone, Copy, Debug)]
struct Span {
    began: u64,
    ended: u64,
    cause: Cause,
    /// The span that ended first, of this and all that began later.
    first_ended: (u64, Cause),
}

impl<K: Eq + Hash> Timelines<K> {
    /// The spans that `collect` adds.
    pub(super) fn of(collect: impl FnOnce(&mut dyn FnMut(K, u64, u64, Cause))) -> Self {
        let mut spans: HashMap<K, Vec<Span>> = HashMap::new();
        collect(&mut |of, began, ended, cause| {
            let span = Span { began, ended, cause, first_ended: (ended, cause) };
            spans.entry(of).or_default().push(span);
        });
        for spans in spans.values_mut() {
            spans.sort_unstable_by_key(|span| span.began);
            let mut first = (u64::MAX, None);
            for span in spans.iter_mut().rev() {
                if span.ended <= first.0 {
                    first = (span.ended, span.cause);
                }
                span.first_ended = first;
            }
        }
        Self(spans)
    }

    /// A span of `of` that began after `after` and ended before `before`.
    pub(super) fn between(&self, of: &K, after: u64, before: u64) -> Option<Cause> {
        let spans = self.0.get(of)?;
        let next = spans.partition_point(|span| span.began <= after);
        let (ended, cause) = spans.get(next)?.first_ended;
        (ended < before).then_some(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_is_found() {
        let timelines = Timelines::of(|add| {
            for (began, ended, call) in [(30, 40, 3), (10, 50, 1), (20, 25, 2)] {
                add((), began, ended, Some(call));
            }
        });
        let found = [(0, 100), (9, 25), (19, 26), (20, 41), (20, 40), (30, 100)]
            .map(|(after, before)| timelines.between(&(), after, before).flatten());
        assert_eq!(found, [Some(2), None, Some(2), Some(3), None, None]);
    }
}
