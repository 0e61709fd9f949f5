//! Plays a scenario.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use spakky_cache_core::Prefix;

use crate::DEADLINE;
use crate::backing::Backing;
use crate::expand::Expand;
use crate::expect::{difference, is_expected};
use crate::guest::Guest;
use crate::scenario::{Granted, Scenario, Step, Then};
use crate::stage::{Host, Player};

/// The pause between two looks at what is waited for.
const PAUSE: Duration = Duration::from_millis(2);
/// How many bytes of a step or an answer are shown.
const SHOWN: usize = 400;

/// The players of a scenario's guests.
pub struct Cast {
    /// The guest `a`.
    pub first: Player,
    /// Every other guest.
    pub others: Player,
    /// The guests that call the contract without a library.
    pub contract: Player,
}

/// Plays `scenario` on the cache of `prefix`.
///
/// # Errors
/// An answer is not the expected one. The error names the step and both answers.
pub async fn play(
    scenario: &Scenario,
    cast: &Cast,
    backing: &Backing,
    prefix: &str,
) -> anyhow::Result<()> {
    let hosts = if scenario.elsewhere.is_empty() { 1 } else { 2 };
    let valid = Prefix::new(prefix)?;
    let stores = backing.open(&valid, hosts).await?;
    let host = |store| Host::new(store, backing.config(&valid), scenario.policy.policy());
    let mut run = Run {
        scenario,
        cast,
        hosts: stores.into_iter().map(host).collect(),
        guests: BTreeMap::new(),
        expand: Expand { backing, prefix },
    };
    for (index, step) in scenario.steps.iter().enumerate() {
        let number = index + 1;
        run.step(step).await.with_context(|| format!("step {number} of {}", scenario.name))?;
    }
    run.finish().await
}

struct Run<'a> {
    scenario: &'a Scenario,
    cast: &'a Cast,
    hosts: Vec<Host>,
    guests: BTreeMap<String, Guest>,
    expand: Expand<'a>,
}

impl Run<'_> {
    async fn step(&mut self, step: &Step) -> anyhow::Result<()> {
        let ask = step.ask.as_ref().map(|ask| self.expand.value(ask)).transpose()?;
        for who in &step.who {
            let done = match (&step.then, &ask) {
                (Then::Becomes(answer), Some(ask)) => self.becomes(who, ask, answer).await,
                (then, ask) => self.ask(who, ask.as_ref(), then).await,
            };
            done.with_context(|| match &ask {
                Some(ask) => format!("{who} was asked {}", short(ask)),
                None => format!("of {who}"),
            })?;
        }
        Ok(())
    }

    async fn ask(&mut self, who: &str, ask: Option<&Value>, then: &Then) -> anyhow::Result<()> {
        let waits = self.host(who)?.waits();
        if let Some(ask) = ask {
            self.guest(who)?.ask(ask).await?;
        }
        match then {
            Then::Nothing | Then::Becomes(_) => Ok(()),
            Then::Answers(answers) => {
                for expected in answers {
                    let expected = self.expand.value(expected)?;
                    let answer = self
                        .guest(who)?
                        .answer()
                        .await
                        .with_context(|| format!("expected {}", short(&expected)))?;
                    compare(&expected, &answer)?;
                }
                Ok(())
            }
            Then::Waits => self.waits(who, waits).await,
            Then::Ends(how) => self.ends(who, how).await,
        }
    }

    async fn becomes(&mut self, who: &str, ask: &Value, expected: &Value) -> anyhow::Result<()> {
        let expected = self.expand.value(expected)?;
        let began = Instant::now();
        loop {
            let answer = self.guest(who)?.play(ask).await?;
            if is_expected(&expected, &answer) {
                return Ok(());
            }
            if began.elapsed() > DEADLINE {
                compare(&expected, &answer)?;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Returns once a lookup of `who` is counted as waiting.
    async fn waits(&mut self, who: &str, before: u64) -> anyhow::Result<()> {
        let host = self.host(who)?.clone();
        let began = Instant::now();
        while host.waits() == before {
            ensure!(began.elapsed() < DEADLINE, "it does not wait for another's load");
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn ends(&mut self, who: &str, how: &str) -> anyhow::Result<()> {
        let ending = self.guest(who)?.end().await?;
        self.guests.remove(who);
        ensure!(ending.word() == how, "expected that it ends: {how}\n     but it ended: {ending}");
        Ok(())
    }

    /// Guests that still play end well, and have no more answers.
    async fn finish(mut self) -> anyhow::Result<()> {
        let names: Vec<_> = self.guests.keys().cloned().collect();
        for who in &names {
            self.ends(who, "well").await.with_context(|| format!("{who}, at the end"))?;
        }
        Ok(())
    }

    fn host(&self, who: &str) -> anyhow::Result<&Host> {
        let elsewhere = self.scenario.elsewhere.iter().any(|guest| guest == who);
        self.hosts.get(usize::from(elsewhere)).context("there is no such host")
    }

    /// The guest of this name, which starts when it is first named.
    fn guest(&mut self, who: &str) -> anyhow::Result<&mut Guest> {
        if !self.guests.contains_key(who) {
            let Cast { first, others, contract } = self.cast;
            let player = match who {
                who if self.scenario.calls_the_contract(who) => contract,
                "a" => first,
                _ => others,
            };
            let default = Granted::default();
            let granted = self.scenario.guests.get(who).unwrap_or(&default);
            let guest = self.host(who)?.guest(player, granted.grants(), granted.limits());
            self.guests.insert(who.to_owned(), guest);
        }
        self.guests.get_mut(who).context("it was just put there")
    }
}

fn compare(expected: &Value, answer: &Value) -> anyhow::Result<()> {
    if !is_expected(expected, answer) {
        let (place, expected, answer) = difference(expected, answer);
        let place = if place.is_empty() { place } else { format!(", at {place}") };
        bail!("expected {}\n     got {}{place}", short(expected), short(answer));
    }
    Ok(())
}

/// A value as text, if it is not too long.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}
