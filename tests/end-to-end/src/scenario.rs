//! The format of scenarios, which `scenarios/README.md` describes.

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

/// A scenario: questions to guests, and their expected answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A sentence.
    pub name: String,
    /// The reason, if it is not obvious.
    #[serde(default)]
    pub why: Option<String>,
    /// Whether it is also played with a guest `a` in one language and all
    /// others in another.
    #[serde(default)]
    pub across: bool,
    /// The languages that have what it shows; none: all of them.
    #[serde(default)]
    pub languages: Vec<String>,
    /// The guests that are in the second host.
    #[serde(default)]
    pub elsewhere: Vec<String>,
    /// The guests that call the contract without a library, or do something to their
    /// instance. The player in Rust plays them in every row.
    #[serde(default)]
    pub contract: Vec<String>,
    /// Grants of guests that differ from the default.
    #[serde(default)]
    pub guests: BTreeMap<String, Granted>,
    /// The policy of the hosts, where it differs from the default.
    #[serde(default)]
    pub policy: Behaviour,
    /// The steps, in order.
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
    /// `BYTES REASON`: `a` refuses the bytes, and loads the value anew.
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

/// A value, and the bytes it is stored as, in hexadecimal. Without bytes, more than one
/// encoding is right.
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
    /// Adds the steps that the values and vectors stand for.
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
                    let loaded = json!({ "ok": { "value": null, "loaded": true } });
                    self.steps.push(Step::answered("a", load, loaded));
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

    /// Whether it shows nothing of the libraries, so that only the player in Rust plays it.
    pub fn is_of_the_contract(&self) -> bool {
        self.steps.iter().flat_map(|step| &step.who).all(|who| self.calls_the_contract(who))
    }

    /// Whether a player in this language plays it.
    pub fn is_for(&self, language: &str) -> bool {
        self.languages.is_empty() || self.languages.iter().any(|name| name == language)
    }

    pub(crate) fn calls_the_contract(&self, who: &str) -> bool {
        self.contract.iter().any(|guest| guest == who)
    }
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

/// A question, and its expected outcome.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Vec<Value>")]
pub struct Step {
    /// The guests, one after the other.
    pub(crate) who: Vec<String>,
    /// What each is asked.
    pub(crate) ask: Option<Value>,
    /// The expected outcome.
    pub(crate) then: Then,
}

impl Step {
    fn answered(who: &str, ask: Value, answer: Value) -> Self {
        Self { who: vec![who.to_owned()], ask: Some(ask), then: Then::Answers(vec![answer]) }
    }
}

/// The expected outcome of a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Then {
    /// Nothing yet.
    Nothing,
    /// These answers.
    Answers(Vec<Value>),
    /// This answer, after asking repeatedly.
    Becomes(Value),
    /// The guest waits for another's load.
    Waits,
    /// The guest ends in this way.
    Ends(String),
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
/// A file cannot be read or parsed, or two scenarios have the same name.
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

    #[test]
    fn the_vectors_of_the_profile_are_steps() {
        let kinds = [("written", 1), ("read", 2), ("refused", 3), ("key", 1), ("no-key", 1)];
        for (vectors, steps_each) in kinds {
            let scenario = json!({ "name": "n", "vectors": vectors });
            let scenario: Scenario = serde_json::from_value(scenario).expect("a scenario");
            let lines = scenario.vectors.expect("vectors").lines();
            let (count, bare) = lines.fold((0, 0), |(count, bare), line| {
                (count + 1, bare + usize::from(!line.contains(' ')))
            });
            let steps = scenario.complete().expect("vectors").steps.len();
            // `written` skips the values that JSON cannot have, and adds two steps.
            let expected = if vectors == "written" { count - bare + 2 } else { count * steps_each };
            assert!(count > 2 && steps == expected, "{vectors}: {steps} of {count}");
        }
    }

    #[test]
    fn a_step_that_cannot_be_understood_is_refused() {
        let get = json!({ "op": "get" });
        for wrong in [
            json!([]),
            json!(["a"]),
            json!([1, get]),
            json!(["a", "becomes", { "ok": null }]),
            json!(["a", "ends"]),
            json!(["a", "vanishes"]),
            json!(["a", get, null]),
        ] {
            assert!(serde_json::from_value::<Step>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
