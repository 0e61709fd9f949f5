//! Plays each scenario on each store, in each language or, if it shows nothing of the
//! libraries, in Rust alone. Ends with a table.
//!
//! `cargo test -p spakky-end-to-end --test scenarios -- "redis: a null"`
//! plays those that have this in their names.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use libtest_mimic::{Arguments, Failed, Trial};
use spakky_cache_redis::RedisSettings;
use spakky_end_to_end::backing::Backing;
use spakky_end_to_end::language::{LANGUAGES, Language, RUST};
use spakky_end_to_end::matrix::{Matrix, Outcome, Place};
use spakky_end_to_end::play::{Cast, play};
use spakky_end_to_end::scenario::{self, Scenario};
use spakky_end_to_end::stage::{Player, Stage};
use spakky_test_support::{RedisServer, ServerOptions};
use tokio::runtime::Runtime;

/// The server has a password, so that a guest that sees it is noticed.
const PASSWORD: &str = "s3cret-of-the-suite";

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    let topics = scenario::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"))?;
    let server = RedisServer::start(ServerOptions::new().password(PASSWORD))?;
    let backings = [Backing::Embedded, Backing::Redis(Box::new(settings(&server)))];
    let runtime = Arc::new(Runtime::new()?);
    let stage = Stage::new()?;
    let speakers = LANGUAGES.map(|language| Speaker::new(&stage, language));
    let speakers = speakers.into_iter().collect::<anyhow::Result<Vec<_>>>()?;

    let contract = speakers.iter().find(|speaker| speaker.language == RUST);
    let contract = contract.context("there is no player in Rust")?;

    let matrix = Arc::new(Matrix::default());
    let mut trials = Vec::new();
    for topic in topics {
        for scenario in topic.scenarios {
            let of_the_contract = scenario.is_of_the_contract();
            for (first, others) in casts(&speakers, scenario.across) {
                if of_the_contract && (first.language, others.language) != (RUST, RUST) {
                    continue;
                }
                if ![first, others].iter().all(|at| scenario.is_for(at.language.name)) {
                    continue;
                }
                for backing in &backings {
                    let cell = Cell {
                        place: Place {
                            topic: (!of_the_contract).then(|| topic.name.clone()),
                            store: backing.name(),
                            first: first.language,
                            others: others.language,
                        },
                        prefix: format!("case {}:", trials.len()),
                        scenario: scenario.clone(),
                        backing: backing.clone(),
                        speakers: [first.clone(), others.clone(), contract.clone()],
                    };
                    trials.push(cell.trial(&runtime, &matrix));
                }
            }
        }
    }

    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        writeln!(std::io::stdout(), "{matrix}")?;
    }
    Ok(conclusion.exit_code())
}

/// An error and its causes, without a backtrace.
fn why(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn settings(server: &RedisServer) -> RedisSettings {
    RedisSettings {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        password: Some(PASSWORD.to_owned()),
        ..RedisSettings::default()
    }
}

/// A language and its player. Without a player, its scenarios fail.
#[derive(Clone)]
struct Speaker {
    language: Language,
    player: Option<Player>,
    skipped: bool,
}

impl Speaker {
    /// Says on stderr why there is no player, if there is none.
    fn new(stage: &Stage, language: Language) -> anyhow::Result<Self> {
        let skipped = language.skipped();
        if let Some(reason) = &skipped {
            writeln!(std::io::stderr(), "{} is skipped: {reason}", language.name)?;
            return Ok(Self { language, player: None, skipped: true });
        }
        let player = match language.player().and_then(|file| stage.player(&file)) {
            Ok(player) => Some(player),
            Err(error) => {
                writeln!(std::io::stderr(), "{} has no guest: {}", language.name, why(&error))?;
                None
            }
        };
        Ok(Self { language, player, skipped: false })
    }

    fn player(&self) -> anyhow::Result<Player> {
        let player = self.player.clone();
        player.with_context(|| format!("{} has no guest: see above", self.language.name))
    }
}

/// The players of `a` and of all others: each language by itself, and `across`
/// languages each with each.
fn casts(speakers: &[Speaker], across: bool) -> Vec<(&Speaker, &Speaker)> {
    let pairs = speakers.iter().flat_map(|a| speakers.iter().map(move |b| (a, b)));
    pairs.filter(|(a, b)| across || a.language == b.language).collect()
}

/// A scenario in its languages and on its store.
struct Cell {
    place: Place,
    prefix: String,
    scenario: Scenario,
    backing: Backing,
    /// Of the guest `a`, of all others, and of those that call the contract.
    speakers: [Speaker; 3],
}

impl Cell {
    /// The cell as a test, whose outcome `matrix` counts.
    fn trial(self, runtime: &Arc<Runtime>, matrix: &Arc<Matrix>) -> Trial {
        let skipped = self.speakers.iter().any(|speaker| speaker.skipped);
        if skipped {
            matrix.note(&self.place, Outcome::Skipped);
        }
        let (runtime, matrix) = (runtime.clone(), matrix.clone());
        let name = format!("{}: {}", self.place.column(), self.scenario.name);
        let trial = Trial::test(name, move || {
            let played = runtime.block_on(self.play());
            let outcome = if played.is_ok() { Outcome::Passed } else { Outcome::Failed };
            matrix.note(&self.place, outcome);
            played.map_err(|error| Failed::from(why(&error)))
        });
        trial.with_ignored_flag(skipped)
    }

    async fn play(&self) -> anyhow::Result<()> {
        let [first, others, contract] = &self.speakers;
        let contract = contract.player()?;
        let cast = Cast { first: first.player()?, others: others.player()?, contract };
        play(&self.scenario, &cast, &self.backing, &self.prefix).await
    }
}
