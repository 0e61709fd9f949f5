//! What is wrong with a call, as far as it says.

use super::calls::{Call, Caller, Options, limits};
use super::reference::sorted;

/// Why a call is refused before it does anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Denied,
    Name,
    Value,
    Ttl,
}

/// All that is wrong with a call, as far as it says.
pub(super) fn refusals(caller: Caller, call: &Call) -> Vec<Refusal> {
    let limits = limits();
    let is_name = |text: &String| (1..=limits.key_bytes).contains(&text.len());
    let keys_are = |keys: &[String]| keys.len() <= limits.batch_keys && keys.iter().all(is_name);
    let tags_are = |tags: &[String]| sorted(tags).len() <= limits.tags && tags.iter().all(is_name);
    let span_is = |span: Option<u64>| {
        span.is_none_or(|span| span >= 1 && u128::from(span) <= limits.ttl.as_millis())
    };
    let value_is = |value: &Vec<u8>| value.len() <= limits.value_bytes;
    let ttl_is = |options: &Options| {
        let longer = matches!((options.ttl, options.fresh_for), (Some(a), Some(b)) if b > a);
        span_is(options.ttl) && span_is(options.fresh_for) && !longer
    };
    let (writes, names, values, ttl) = match call {
        Call::Get(key) => (false, is_name(key), true, true),
        Call::GetMany(keys) => (false, keys_are(keys), true, true),
        Call::Set(key, value, options) => {
            (true, is_name(key) && tags_are(&options.tags), value_is(value), ttl_is(options))
        }
        Call::SetMany(entries, options) => {
            let (keys, values): (Vec<_>, Vec<_>) = entries.iter().cloned().unzip();
            let names = keys_are(&keys) && tags_are(&options.tags);
            (true, names, values.iter().all(value_is), ttl_is(options))
        }
        Call::Delete(key) => (true, is_name(key), true, true),
        Call::DeleteMany(keys) => (true, keys_are(keys), true, true),
        Call::EvictTags(tags) => (true, tags_are(tags), true, true),
        Call::Clear => (true, true, true, true),
        Call::Lookup { key, tags, .. } => (false, is_name(key) && tags_are(tags), true, true),
        Call::BeginWrite { key, tags } => (true, is_name(key) && tags_are(tags), true, true),
        // Whoever has a lease may commit it.
        Call::Commit { value, options, .. } => {
            (false, tags_are(&options.tags), value_is(value), ttl_is(options))
        }
        Call::Drop { .. } | Call::Pass(_) | Call::Sweep => (false, true, true, true),
    };
    let wrong = [
        (writes && !caller.may_write(), Refusal::Denied),
        (!names, Refusal::Name),
        (!values, Refusal::Value),
        (!ttl, Refusal::Ttl),
    ];
    wrong.into_iter().filter_map(|(is_wrong, refusal)| is_wrong.then_some(refusal)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::calls::SESSIONS;
    use super::super::play::Play;
    use super::*;

    const ME: Caller = Caller { cache: 0, session: 0 };

    fn set(key: &str, value: &[u8]) -> Call {
        let options = Options { ttl: None, fresh_for: None, tags: Vec::new() };
        Call::Set(key.into(), value.into(), options)
    }

    #[tokio::test]
    async fn a_call_is_refused_for_what_is_wrong_with_it() {
        let reader = Caller { cache: 0, session: SESSIONS - 1 };
        let options = |ttl, fresh_for| Options { ttl, fresh_for, tags: Vec::new() };
        let ttl = |ttl, fresh_for| Call::Set("a".into(), Vec::new(), options(ttl, fresh_for));
        let cases = [
            (ME, set("", b""), vec![Refusal::Name]),
            (ME, set("24 bytes are the limit..", &[0; 32]), vec![]),
            (ME, set("25 bytes are one too many", &[0; 33]), vec![Refusal::Name, Refusal::Value]),
            (reader, Call::Clear, vec![Refusal::Denied]),
            (reader, Call::Get("a".into()), vec![]),
            (ME, Call::GetMany(vec!["a".into(); 5]), vec![Refusal::Name]),
            (ME, ttl(Some(0), None), vec![Refusal::Ttl]),
            (ME, ttl(Some(1), Some(2)), vec![Refusal::Ttl]),
            (ME, ttl(Some(316_224_000_000), None), vec![]),
            (ME, ttl(Some(316_224_000_001), None), vec![Refusal::Ttl]),
        ];
        for (caller, call, expected) in cases {
            assert_eq!(refusals(caller, &call), expected, "{call:?}");
            Play::new().make(caller, call).await;
        }
    }
}
