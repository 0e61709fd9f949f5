//! What the server said on its connections, in order: what an answer of the
//! store's is judged by.

use spakky_cache_core::entry::{Entry, Envelope, Epochs};
use spakky_cache_core::envelope::{Summary, cas_token_of};
use spakky_cache_core::store::Found;

use super::names;
use super::wire::Meaning;

/// One thing that the server did.
#[derive(Clone, Debug)]
enum Event {
    /// It accepted a connection: what was known before is not known any more.
    Connected,
    /// It answered a command with one reply.
    Answered { command: Vec<Vec<u8>>, means: Meaning },
    /// It told of changes of these keys; none: of any key.
    Invalidated(Option<Vec<Vec<u8>>>),
}

/// A moment between events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(usize);

/// All that the server said.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    events: Vec<Event>,
    /// Every byte of it.
    said: Vec<u8>,
    /// Some of it was not one reply to one command, so it cannot be told which
    /// command it answered.
    unclear: bool,
}

impl Ledger {
    pub(super) fn connected(&mut self) {
        self.events.push(Event::Connected);
    }

    pub(super) fn answered(&mut self, command: Vec<Vec<u8>>, means: Meaning) {
        self.unclear |= means == Meaning::Unclear;
        self.events.push(Event::Answered { command, means });
    }

    pub(super) fn invalidated(&mut self, keys: Option<Vec<Vec<u8>>>) {
        self.events.push(Event::Invalidated(keys));
    }

    /// A message that a client takes for a reply to something.
    pub(super) fn confused(&mut self) {
        self.unclear = true;
    }

    pub(super) fn said(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(bytes);
    }

    pub(super) fn now(&self) -> Moment {
        Moment(self.events.len())
    }

    /// Whether it is known which command each reply answered.
    pub(super) fn is_clear(&self) -> bool {
        !self.unclear
    }

    /// Whether the server said the bytes of this entry at all.
    pub(super) fn offered(&self, entry: &Entry) -> bool {
        let bytes = Envelope::Entry(entry.clone()).encode();
        self.said.windows(bytes.len()).any(|said| said == bytes)
    }

    /// The replies to commands on `key` since then, with when they were said.
    pub(super) fn replies<'a>(
        &'a self,
        names: &'a [&str],
        key: &'a [u8],
        since: Moment,
    ) -> impl Iterator<Item = (Moment, &'a Meaning)> {
        self.answers(since).filter_map(move |(at, command, means)| {
            let is_named = names.iter().any(|name| command[0] == name.as_bytes());
            match (means, command) {
                _ if !is_named => None,
                // One reply to many keys is a list of one for each.
                (Meaning::List(items), [name, keys @ ..]) if name == b"MGET" => {
                    let item = keys.iter().position(|named| named == key)?;
                    (items.len() == keys.len()).then(|| (at, &items[item]))
                }
                _ => (key_of(command)? == key).then_some((at, means)),
            }
        })
    }

    fn answers(&self, since: Moment) -> impl Iterator<Item = (Moment, &[Vec<u8>], &Meaning)> {
        let numbered = self.events.iter().enumerate().skip(since.0);
        numbered.filter_map(|(at, event)| match event {
            Event::Answered { command, means } => Some((Moment(at), command.as_slice(), means)),
            _ => None,
        })
    }

    /// Whether `found` is what some reply since then says that `key` holds.
    pub(super) fn explains(&self, found: &Found, key: &[u8], since: Moment) -> bool {
        let commands = ["GET", "MGET", "SET", "EVALSHA", "EVAL"];
        self.replies(&commands, key, since).any(|(at, means)| self.means(found, means, at))
    }

    /// Whether some reply since then says that the script that removed `key`
    /// found an entry that was `alive`, or did not.
    pub(super) fn removed(&self, alive: bool, key: &[u8], since: Moment) -> bool {
        self.replies(&["EVALSHA", "EVAL"], key, since).any(|(at, means)| {
            let Meaning::Text(bytes) = means else { return *means == Meaning::Null && !alive };
            let Some(summary) = Summary::parse(bytes) else { return !alive };
            let epochs = names::keys_of(&summary.epochs);
            if alive {
                summary.is_entry
                    && epochs.iter().all(|(key, epoch)| self.is_current(key, epoch, at))
            } else {
                !summary.is_entry || epochs.iter().any(|(key, epoch)| self.is_doubtful(key, epoch))
            }
        })
    }

    fn means(&self, found: &Found, means: &Meaning, at: Moment) -> bool {
        let Meaning::Text(bytes) = means else {
            return *means == Meaning::Null && *found == Found::Nothing;
        };
        match (found, Envelope::decode(&bytes.clone().into())) {
            (Found::Foreign(cas_token), Err(_)) => *cas_token == cas_token_of(bytes),
            (Found::Envelope { envelope, alive }, Ok(said)) => {
                let epochs = names::keys_of(envelope.epochs());
                *envelope == said
                    && if *alive {
                        epochs.iter().all(|(key, epoch)| self.is_current(key, epoch, at))
                    } else {
                        epochs.iter().any(|(key, epoch)| self.is_doubtful(key, epoch))
                    }
            }
            _ => false,
        }
    }

    /// Whether the epochs are ones that whoever began at this moment may take
    /// for the current ones.
    pub(super) fn may_capture(&self, epochs: &Epochs, began: Moment) -> bool {
        let epochs = names::keys_of(epochs);
        epochs.iter().all(|(key, epoch)| self.is_current(key, epoch, began))
    }

    /// Whether `epoch` was told to be that of `key`, and no change of it was
    /// told of between then and this moment.
    fn is_current(&self, key: &[u8], epoch: &[u8], at: Moment) -> bool {
        let told = self.replies(&["GET"], key, Moment(0));
        told.filter(|(_, means)| matches!(means, Meaning::Text(bytes) if bytes == epoch))
            .any(|(told, _)| told > at || !self.changed(key, told, at))
    }

    /// Whether the server told, between two moments, that `key` may have
    /// changed.
    pub(super) fn changed(&self, key: &[u8], from: Moment, until: Moment) -> bool {
        self.events[from.0..until.0].iter().any(|event| match event {
            Event::Connected | Event::Invalidated(None) => true,
            Event::Invalidated(Some(keys)) => keys.iter().any(|changed| changed == key),
            Event::Answered { .. } => false,
        })
    }

    /// Whether anything was said of `key` but that it holds `epoch`, for some
    /// time at least.
    fn is_doubtful(&self, key: &[u8], epoch: &[u8]) -> bool {
        let start = Moment(0);
        let other = |means: &Meaning| !matches!(means, Meaning::Text(bytes) if bytes == epoch);
        let gone = |means: &Meaning| !matches!(means, Meaning::Number(-1..));
        self.replies(&["GET"], key, start).any(|(_, means)| other(means))
            || self.replies(&["PTTL"], key, start).any(|(_, means)| gone(means))
    }

    /// Whether any of the commands that are named was answered with an error
    /// since then.
    pub(super) fn failed(&self, name: &str, since: Moment) -> bool {
        self.answers(since)
            .any(|(_, command, means)| command[0] == name.as_bytes() && *means == Meaning::Error)
    }
}

/// The key that a command is about: scripts name theirs later.
fn key_of(command: &[Vec<u8>]) -> Option<&[u8]> {
    let at = if command[0].starts_with(b"EVAL") { 3 } else { 1 };
    command.get(at).map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::super::names::{epoch, name};
    use super::super::proper;
    use super::*;

    fn get(key: &[u8]) -> Vec<Vec<u8>> {
        vec![b"GET".to_vec(), key.to_vec()]
    }

    /// What is said of an entry: its epochs are told, `between`, then its bytes.
    fn told(generation: u8, between: impl Fn(&mut Ledger)) -> (Ledger, Moment) {
        let mut ledger = Ledger::default();
        ledger.connected();
        for key in [name('a', ""), name('t', "t")] {
            let epoch = epoch(&key, generation).0.to_vec();
            ledger.answered(get(&key), Meaning::Text(epoch));
        }
        between(&mut ledger);
        let began = ledger.now();
        ledger.answered(get(b"p:k|x"), Meaning::Text(entry("a value").encode()));
        (ledger, began)
    }

    fn entry(value: &str) -> Envelope {
        Envelope::Entry(proper::entry(value.into()))
    }

    fn found(value: &str, alive: bool) -> Found {
        Found::Envelope { envelope: entry(value), alive }
    }

    #[test]
    fn a_hit_is_explained_by_what_was_said_and_by_nothing_else() {
        let (ledger, began) = told(0, |_| {});
        let explains = |found: &Found, key: &[u8]| ledger.explains(found, key, began);
        assert!(explains(&found("a value", true), b"p:k|x"));
        assert!(!explains(&found("another value", true), b"p:k|x"), "another value");
        assert!(!explains(&found("a value", true), b"p:k|y"), "another key's");
        assert!(!explains(&found("a value", false), b"p:k|x"), "dead, for no reason");
        assert!(!explains(&Found::Nothing, b"p:k|x"), "a miss, for no reason");
        assert!(!ledger.explains(&found("a value", true), b"p:k|x", ledger.now()), "said before");
    }

    #[test]
    fn a_stale_hit_is_not_explained() {
        let tag = name('t', "t");
        let invalidations: [fn(&mut Ledger); 3] = [
            |ledger| ledger.invalidated(Some(vec![name('t', "t")])),
            |ledger| ledger.invalidated(None),
            Ledger::connected,
        ];
        for invalidate in invalidations {
            let (mut ledger, began) = told(0, invalidate);
            assert!(!ledger.explains(&found("a value", true), b"p:k|x", began));
            // Unless its epochs are told again.
            for key in [name('a', ""), tag.clone()] {
                let epoch = epoch(&key, 0).0.to_vec();
                ledger.answered(get(&key), Meaning::Text(epoch));
            }
            assert!(ledger.explains(&found("a value", true), b"p:k|x", began));
        }
        let (ledger, began) = told(1, |_| {});
        assert!(!ledger.explains(&found("a value", true), b"p:k|x", began), "another epoch");
        assert!(ledger.explains(&found("a value", false), b"p:k|x", began));
        let (ledger, began) = told(0, |ledger| ledger.invalidated(Some(vec![b"p:t|u".to_vec()])));
        assert!(ledger.explains(&found("a value", true), b"p:k|x", began), "another tag's");
    }

    #[test]
    fn epochs_are_captured_that_were_told_and_not_changed_since() {
        let Found::Envelope { envelope, .. } = found("", true) else { unreachable!() };
        let (ledger, began) = told(0, |_| {});
        assert!(ledger.may_capture(envelope.epochs(), began));
        let (ledger, began) = told(1, |_| {});
        assert!(!ledger.may_capture(envelope.epochs(), began));
        let (ledger, began) = told(0, |ledger| ledger.invalidated(None));
        assert!(!ledger.may_capture(envelope.epochs(), began));
    }

    #[test]
    fn each_key_of_many_has_its_own_reply() {
        let mut ledger = Ledger::default();
        let mget = [&b"MGET"[..], b"p:k|x", b"p:k|y"].map(<[u8]>::to_vec).to_vec();
        let text = Meaning::Text(b"foreign".to_vec());
        ledger.answered(mget.clone(), Meaning::List(vec![Meaning::Null, text.clone()]));
        ledger.answered(mget, Meaning::List(vec![text]));
        let start = Moment(0);
        assert!(ledger.explains(&Found::Nothing, b"p:k|x", start));
        assert!(!ledger.explains(&Found::Nothing, b"p:k|y", start));
        assert!(ledger.explains(&Found::Foreign(cas_token_of(b"foreign")), b"p:k|y", start));
        assert!(!ledger.explains(&Found::Foreign(cas_token_of(b"foreign")), b"p:k|x", start));
    }

    #[test]
    fn a_confused_connection_is_known_to_be_one() {
        let (mut ledger, _) = told(0, |_| {});
        assert!(ledger.is_clear());
        ledger.said(&entry("a value").encode());
        let Envelope::Entry(offered) = entry("a value") else { unreachable!() };
        let Envelope::Entry(other) = entry("another value") else { unreachable!() };
        assert!(ledger.offered(&offered) && !ledger.offered(&other));
        ledger.answered(get(b"p:k|x"), Meaning::Unclear);
        assert!(!ledger.is_clear());
    }
}
