//! Scenarios, as they are written: `scenarios/README.md` says how.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use spakky_cache_core::{Grants, Policy};
use spakky_runner::GuestLimits;

/// The scenarios of one file.
#[derive(Debug)]
pub struct Topic {
    /// The file's name.
    pub name: String,
    /// In the order in which they are written.
    pub scenarios: Vec<Scenario>,
}

/// Guests, what they are asked, and what they have to answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A sentence.
    pub name: String,
    /// Why it has to be so, where that is not plain.
    #[serde(default)]
    pub why: Option<String>,
    /// Whether it is also played with a guest `a` in one language and all
    /// others in another.
    #[serde(default)]
    pub across: bool,
    /// The guests that are in the second host.
    #[serde(default)]
    pub elsewhere: Vec<String>,
    /// The guests that call the contract without a library, or do something to their
    /// instance. The player in Rust plays them in every row.
    #[serde(default)]
    pub contract: Vec<String>,
    /// What guests are granted, where it is not the default.
    #[serde(default)]
    pub guests: BTreeMap<String, Granted>,
    /// How the hosts behave, where it is not the default.
    #[serde(default)]
    pub policy: Behaviour,
    /// One after the other.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What `a` writes and `b` reads, after the steps.
    #[serde(default)]
    values: Vec<Row>,
    /// Vectors of `wit/VALUES.md` or `wit/KEYS.md` to play, after the steps.
    vectors: Option<Vectors>,
}

/// A kind of block in `wit/VALUES.md` or `wit/KEYS.md`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Vectors {
    /// `BYTES VALUE`: `a` writes the value as these bytes, and `b` reads it.
    Written,
    /// `BYTES SHORTEST VALUE`: `a` reads the bytes as the value.
    Read,
    /// `BYTES REASON`: `a` refuses the bytes.
    Refused,
    /// `KEY VALUE`: `a` makes the key of the value.
    Key,
    /// `VALUE`: `a` makes no key of it.
    NoKey,
}

impl Vectors {
    fn lines(self) -> impl Iterator<Item = &'static str> {
        let name = match self {
            Self::Written => "written\n",
            Self::Read => "read\n",
            Self::Refused => "refused\n",
            Self::Key => "key\n",
            Self::NoKey => "no-key\n",
        };
        let values = include_str!("../../../wit/VALUES.md").split("```");
        let blocks = values.chain(include_str!("../../../wit/KEYS.md").split("```"));
        blocks.filter_map(move |block| block.strip_prefix(name)).flat_map(str::lines)
    }
}

/// A value, and the bytes it is stored as, in hexadecimal; without them, more
/// than one encoding is right.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Row {
    Value([Value; 1]),
    Bytes(Value, String),
}

impl Row {
    fn value(&self) -> &Value {
        match self {
            Self::Value([value]) | Self::Bytes(value, _) => value,
        }
    }
}

impl Scenario {
    /// Every step, including those that the values and vectors stand for.
    fn complete(mut self) -> anyhow::Result<Self> {
        let mut rows = std::mem::take(&mut self.values);
        let refused = json!({ "error": "serialization" });
        for line in self.vectors.into_iter().flat_map(Vectors::lines) {
            let (bytes, rest) = line.split_once(' ').unwrap_or((line, ""));
            match self.vectors {
                // Without a value, it is nested too deeply for JSON.
                Some(Vectors::Written) if rest.is_empty() => {}
                Some(Vectors::Written) => {
                    let value = serde_json::from_str(rest).with_context(|| line.to_owned())?;
                    rows.push(Row::Bytes(value, bytes.to_owned()));
                }
                Some(Vectors::Read) => {
                    let (_, value) = rest.split_once(' ').context("no value")?;
                    let value: Value =
                        serde_json::from_str(value).with_context(|| line.to_owned())?;
                    self.reads(bytes, &json!({ "ok": { "hit": true, "value": value } }));
                }
                Some(Vectors::Key) => self.makes_key(rest, &json!({ "ok": bytes }))?,
                Some(Vectors::NoKey) => {
                    self.makes_key(line, &json!({ "error": "key-generation" }))?;
                }
                _ => {
                    self.reads(bytes, &refused);
                    let load = json!({ "op": "get_or_load", "key": bytes, "loader": {} });
                    self.steps.push(Step::answered("a", load, refused.clone()));
                }
            }
        }
        if rows.is_empty() {
            return Ok(self);
        }
        let numbered = || rows.iter().enumerate().map(|(number, row)| (number.to_string(), row));
        let entries: Vec<_> = numbered().map(|(key, row)| json!([key, row.value()])).collect();
        let keys: Vec<_> = numbered().map(|(key, _)| key).collect();
        let found: Vec<_> =
            numbered().map(|(_, row)| json!({ "hit": true, "value": row.value() })).collect();
        let ask = |who, ask, answer: Value| Step::answered(who, ask, json!({ "ok": answer }));
        self.steps.push(ask("a", json!({ "op": "set_many", "entries": entries }), Value::Null));
        self.steps.push(ask("b", json!({ "op": "get_many", "keys": keys }), found.into()));
        for (key, row) in numbered() {
            if let Row::Bytes(_, hex) = row {
                let stored = json!({ "hit": true, "hex": hex });
                self.raw(json!({ "op": "raw_get", "key": key }), &stored);
            }
        }
        Ok(self)
    }

    /// `r` calls the contract without a library.
    fn raw(&mut self, ask: Value, answer: &Value) {
        if !self.calls_the_contract("r") {
            self.contract.push("r".to_owned());
        }
        self.steps.push(Step::answered("r", ask, json!({ "ok": answer })));
    }

    /// `r` stores these bytes, and `a` gets them.
    fn reads(&mut self, bytes: &str, answer: &Value) {
        self.raw(json!({ "op": "raw_set", "key": bytes, "hex": bytes }), &Value::Null);
        let get = json!({ "op": "get", "key": bytes });
        self.steps.push(Step::answered("a", get, answer.clone()));
    }

    /// `a` makes a key of a value.
    fn makes_key(&mut self, value: &str, answer: &Value) -> anyhow::Result<()> {
        let value: Value = serde_json::from_str(value).with_context(|| value.to_owned())?;
        self.steps.push(Step::answered(
            "a",
            json!({ "op": "key", "value": value }),
            answer.clone(),
        ));
        Ok(())
    }

    /// Whether it shows nothing of the libraries: only the player in Rust plays it.
    pub fn is_of_the_contract(&self) -> bool {
        self.guests_asked().all(|who| self.calls_the_contract(who))
    }

    pub(crate) fn calls_the_contract(&self, who: &str) -> bool {
        self.contract.iter().any(|guest| guest == who)
    }

    fn guests_asked(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| &step.who).map(String::as_str)
    }

    /// What `contract` gets wrong.
    fn check_contract(&self) -> anyhow::Result<()> {
        for who in &self.contract {
            ensure!(self.guests_asked().any(|guest| guest == who), "there is no guest {who}");
        }
        for Step { who, ask, .. } in &self.steps {
            let of_library = ask.as_ref().is_none_or(is_of_the_library);
            for who in who {
                let well = of_library || self.calls_the_contract(who);
                ensure!(well, "{who} calls the contract, so `contract` has to name it: {ask:?}");
            }
        }
        Ok(())
    }
}

/// What the player of every language plays.
const OF_THE_LIBRARIES: [&str; 23] = [
    "get",
    "get_many",
    "set",
    "set_many",
    "delete",
    "delete_many",
    "evict_tags",
    "clear",
    "metrics",
    "config",
    "health",
    "info",
    "get_or_load",
    "write_through",
    "write_behind",
    "cacheable",
    "cache_evict",
    "key",
    "abandon",
    "misuse",
    "hits",
    "pause",
    "resume",
];

/// Whether the player of every language plays a step, with all the steps in it.
fn is_of_the_library(step: &Value) -> bool {
    let work = [&step["loader"], &step["writer"]];
    let within = |work: &&Value| {
        let then = work["then"].as_array().map(Vec::as_slice).unwrap_or_default();
        work["trap"].is_null() && work["sleep_ms"].is_null() && then.iter().all(is_of_the_library)
    };
    let op = step["op"].as_str().unwrap_or_default();
    OF_THE_LIBRARIES.contains(&op) && work.iter().all(within)
}

/// What a guest is granted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Granted {
    #[serde(default)]
    read_only: bool,
    leases: Option<usize>,
    memory_mib: Option<usize>,
    time_ms: Option<u64>,
}

impl Granted {
    pub(crate) fn grants(&self) -> Grants {
        let default = Grants::default();
        Grants { write: !self.read_only, leases: self.leases.unwrap_or(default.leases) }
    }

    pub(crate) fn limits(&self) -> GuestLimits {
        let default = GuestLimits::default();
        GuestLimits {
            memory_bytes: self.memory_mib.map_or(default.memory_bytes, |mib| mib << 20),
            time: self.time_ms.map(Duration::from_millis),
            ..default
        }
    }
}

/// How a host behaves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    lease_ms: Option<u64>,
    max_wait_ms: Option<u64>,
}

impl Behaviour {
    pub(crate) fn policy(&self) -> Policy {
        let default = Policy::default();
        Policy {
            lease: self.lease_ms.map_or(default.lease, Duration::from_millis),
            longest_wait: self.max_wait_ms.map_or(default.longest_wait, Duration::from_millis),
            ..default
        }
    }
}

/// What is asked, and what has to come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Vec<Value>")]
pub struct Step {
    /// The guests, one after the other.
    pub(crate) who: Vec<String>,
    /// What each is asked.
    pub(crate) ask: Option<Value>,
    /// What has to come of it.
    pub(crate) then: Then,
}

impl Step {
    fn answered(who: &str, ask: Value, answer: Value) -> Self {
        Self { who: vec![who.to_owned()], ask: Some(ask), then: Then::Answers(vec![answer]) }
    }
}

/// What has to come of a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Then {
    /// Nothing yet.
    Nothing,
    /// These answers.
    Answers(Vec<Value>),
    /// This answer, if it is asked often enough.
    Becomes(Value),
    /// The guest waits for another's load.
    Waits,
    /// The guest ends in this way.
    Ends(String),
    /// The host ends the guest.
    Killed,
}

impl TryFrom<Vec<Value>> for Step {
    type Error = String;

    fn try_from(words: Vec<Value>) -> Result<Self, String> {
        let wrong = |what: &str| format!("{what} in the step {}", Value::from(words.clone()));
        let (who, rest) = words.split_first().ok_or("a step without anything")?;
        let who = match who {
            Value::String(name) => vec![name.clone()],
            names => serde_json::from_value(names.clone()).map_err(|_| wrong("no guest"))?,
        };
        let is_question = |value: &&Value| value.get("op").is_some();
        let (ask, rest) = match rest.split_first() {
            Some((ask, rest)) if is_question(&ask) => (Some(ask.clone()), rest),
            _ => (None, rest),
        };
        let then = match rest {
            [] => Then::Nothing,
            [Value::String(verb), rest @ ..] => match (verb.as_str(), rest) {
                ("becomes", [answer]) if ask.is_some() => Then::Becomes(answer.clone()),
                ("waits", []) => Then::Waits,
                ("ends", [Value::String(how)]) => Then::Ends(how.clone()),
                ("killed", []) => Then::Killed,
                _ => return Err(wrong("an unknown verb")),
            },
            answers => Then::Answers(answers.to_vec()),
        };
        if let Then::Answers(answers) = &then
            && let Some(wrong) = answers
                .iter()
                .find(|answer| answer.get("ok").is_none() && answer.get("error").is_none())
        {
            return Err(format!("{wrong} is no answer"));
        }
        if ask.is_none() && then == Then::Nothing {
            return Err(wrong("nothing to do"));
        }
        Ok(Self { who, ask, then })
    }
}

/// Reads the scenarios of a directory.
///
/// # Errors
/// A file cannot be read, is not as it should be, or two scenarios have one
/// name.
pub fn read(directory: &Path) -> anyhow::Result<Vec<Topic>> {
    let mut topics = Vec::new();
    let mut names = std::collections::HashSet::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let scenarios: Vec<Scenario> =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        let scenarios = scenarios.into_iter().map(Scenario::complete);
        let scenarios = scenarios.collect::<anyhow::Result<Vec<_>>>()?;
        for scenario in &scenarios {
            let name = &scenario.name;
            ensure!(!scenario.steps.is_empty(), "{name:?} does nothing");
            ensure!(names.insert(name.clone()), "two scenarios are named {name:?}");
            scenario.check_contract().with_context(|| name.clone())?;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        topics.push(Topic { name, scenarios });
    }
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(topics)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(words: Value) -> Result<Step, serde_json::Error> {
        serde_json::from_value(words)
    }

    #[test]
    fn a_table_of_values_is_written_by_one_and_read_by_another() {
        let scenario = json!({ "name": "n", "values": [[1, "01"], [{ "a": 1, "b": 2 }]] });
        let scenario: Scenario = serde_json::from_value(scenario).expect("a scenario");
        let steps = scenario.complete().expect("values").steps;
        let who: Vec<_> = steps.iter().map(|step| step.who[0].as_str()).collect();
        assert_eq!(who, ["a", "b", "r"]);
        let read = json!({ "ok": [{ "hit": true, "value": 1 }, { "hit": true, "value": { "a": 1, "b": 2 } }] });
        assert_eq!(steps[1].then, Then::Answers(vec![read]));
        let bytes = json!({ "ok": { "hit": true, "hex": "01" } });
        assert_eq!(steps[2].then, Then::Answers(vec![bytes]));
    }

    #[test]
    fn a_guest_that_calls_the_contract_has_to_be_named() {
        let scenario = |ask: Value, contract: Value| -> Scenario {
            let steps = json!([["a", ask], ["b", { "op": "get", "key": "k" }]]);
            let scenario = json!({ "name": "n", "steps": steps, "contract": contract });
            serde_json::from_value(scenario).expect("a scenario")
        };
        let trap = json!({ "op": "write_through", "key": "k", "writer": { "trap": true } });
        let nested = json!({ "op": "lookup", "key": "k" });
        let nested = json!({ "op": "get_or_load", "key": "k", "loader": { "then": [nested] } });
        for ask in [json!({ "op": "lookup", "key": "k" }), json!({ "op": "loop" }), trap, nested] {
            assert!(scenario(ask.clone(), json!(["b"])).check_contract().is_err(), "{ask}");
            let of_a = scenario(ask.clone(), json!(["a"]));
            of_a.check_contract().expect("a is named");
            assert!(!of_a.is_of_the_contract());
            assert!(scenario(ask, json!(["a", "b"])).is_of_the_contract());
        }
        let load = json!({ "op": "get_or_load", "key": "k", "loader": { "fail": "no" } });
        scenario(load.clone(), json!([])).check_contract().expect("a load is of the libraries");
        assert!(scenario(load, json!(["c"])).check_contract().is_err());
    }

    #[test]
    fn the_vectors_of_the_profile_are_steps() {
        let kinds = [("written", 1), ("read", 2), ("refused", 3), ("key", 1), ("no-key", 1)];
        for (vectors, steps_each) in kinds {
            let scenario = json!({ "name": "n", "vectors": vectors });
            let scenario: Scenario = serde_json::from_value(scenario).expect("a scenario");
            let count = scenario.vectors.expect("vectors").lines().count();
            let steps = scenario.complete().expect("vectors").steps.len();
            // Written: without the two values that JSON cannot have, and with two for all.
            let expected = count * steps_each;
            assert!(count > 2 && steps == expected, "{vectors}: {steps} of {count}");
        }
    }

    #[test]
    fn steps() {
        let get = json!({ "op": "get" });
        let ok = json!({ "ok": null });
        for (words, guests, asks, then) in [
            (json!(["a", get]), 1, true, Then::Nothing),
            (json!(["a", get, ok]), 1, true, Then::Answers(vec![ok.clone()])),
            (json!([["a", "b"], ok, ok]), 2, false, Then::Answers(vec![ok.clone(), ok.clone()])),
            (json!(["a", get, "becomes", ok]), 1, true, Then::Becomes(ok.clone())),
            (json!(["a", get, "waits"]), 1, true, Then::Waits),
            (json!(["a", "ends", "trap"]), 1, false, Then::Ends("trap".to_owned())),
            (json!(["a", "killed"]), 1, false, Then::Killed),
        ] {
            let step = step(words).expect("a step");
            assert_eq!((step.who.len(), step.ask.is_some(), step.then), (guests, asks, then));
        }
        for wrong in [
            json!([]),
            json!(["a"]),
            json!([1, get]),
            json!(["a", "becomes", ok]),
            json!(["a", "ends"]),
            json!(["a", "vanishes"]),
            json!(["a", get, null]),
        ] {
            assert!(step(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
