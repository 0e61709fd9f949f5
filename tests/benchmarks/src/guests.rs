//! What a guest costs in each language: the size of its component, the time to make
//! an instance of it, and a hit through its library.
//!
//! The store is the embedded one, so that what is measured is the way from the
//! guest to the host and back, and what the library does with a value of 100 bytes.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;
use spakky_cache_core::{Grants, Policy, Prefix};
use spakky_end_to_end::backing::Backing;
use spakky_end_to_end::guest::{self, Guest as Instance};
use spakky_end_to_end::language::{LANGUAGES, Language};
use spakky_end_to_end::stage::{Host, Player, Stage};
use spakky_runner::GuestLimits;

use crate::table;

/// How much is measured.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many turns each language gets; the first is a warm-up and not counted
    #[arg(long, default_value_t = 9)]
    pub(crate) turns: usize,
    /// How many hits a turn has
    #[arg(long, default_value_t = 20_000)]
    pub(crate) hits: u32,
    /// How many instances a turn makes
    #[arg(long, default_value_t = 200)]
    pub(crate) instances: u32,
}

/// What was measured of a language.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) language: &'static str,
    pub(crate) bytes: f64,
    pub(crate) instantiations: Vec<Duration>,
    pub(crate) hits: Vec<Duration>,
}

/// A language, its player, and an instance that reads.
struct Reader {
    player: Player,
    instance: Instance,
    measured: Guest,
}

/// Measures every language that this machine has, and prints the table.
pub(crate) async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let prefix = Prefix::new("bench:")?;
    let store = Backing::Embedded.open(&prefix, 1).await?.remove(0);
    let settings = Backing::Embedded.config(&prefix);
    let host = Host::new(store, settings, Policy::default());

    let mut readers = Vec::new();
    for language in LANGUAGES {
        if let Some(reason) = language.skipped() {
            table::progress(&format!("{} is skipped: {reason}", language.name));
            continue;
        }
        readers.push(Reader::new(&stage, &host, language)?);
    }
    let value = "x".repeat(98); // of 100 bytes, as CBOR
    let set = json!({ "op": "set", "key": "k", "value": value });
    for reader in &mut readers {
        ensure!(reader.instance.play(&set).await? == json!({ "ok": null }), "it is not stored");
    }
    for turn in 0..=arguments.turns {
        table::progress(&format!("turn {turn} of {}", arguments.turns));
        for reader in &mut readers {
            let instantiation = reader.instantiations(&host, arguments.instances).await?;
            let hit = reader.hits(arguments.hits).await?;
            if turn > 0 {
                reader.measured.instantiations.push(instantiation);
                reader.measured.hits.push(hit);
            }
        }
    }
    let guests: Vec<_> = readers.into_iter().map(|reader| reader.measured).collect();
    table::print_guests(&guests, arguments);
    Ok(())
}

impl Reader {
    fn new(stage: &Stage, host: &Host, language: Language) -> anyhow::Result<Self> {
        let file = language.player()?;
        table::progress(&format!("loading {}", language.name));
        let player = stage.player(&file)?;
        let instance = host.guest(&player, Grants::default(), GuestLimits::default());
        let bytes = u32::try_from(std::fs::metadata(&file)?.len())?;
        let measured = Guest {
            language: language.name,
            bytes: bytes.into(),
            instantiations: Vec::new(),
            hits: Vec::new(),
        };
        Ok(Self { player, instance, measured })
    }

    async fn instantiations(&self, host: &Host, times: u32) -> anyhow::Result<Duration> {
        let began = Instant::now();
        for _ in 0..times {
            guest::instantiate(host, &self.player).await?;
        }
        Ok(began.elapsed() / times)
    }

    async fn hits(&mut self, times: u32) -> anyhow::Result<Duration> {
        let ask = json!({ "op": "hits", "key": "k", "times": times });
        let began = Instant::now();
        let answer = self.instance.play(&ask).await?;
        let took = began.elapsed();
        ensure!(answer == json!({ "ok": times }), "not every read was a hit: {answer}");
        Ok(took / times)
    }
}
