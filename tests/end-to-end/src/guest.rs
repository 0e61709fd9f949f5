//! A guest in this process, connected by two pipes.

use std::fmt;

use anyhow::{Context as _, bail};
use serde_json::Value;
use spakky_cache_core::Grants;
use spakky_cache_wasmtime::CacheCtx;
use spakky_runner::{GuestLimits, InstanceState, ProgramEnd, TimeLimit, run_program};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, duplex};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wasmtime::Store;
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::cli::{AsyncStdinStream, AsyncStdoutStream};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;

use crate::DEADLINE;
use crate::stage::{Host, Player};

/// The capacity of a pipe, in bytes.
const PIPE: usize = 64 << 10;
/// The most that is kept of a guest's standard error, in bytes.
const MOST_ERRORS: usize = 1 << 20;

/// How a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It returned.
    Well,
    /// It returned that it failed.
    Failed,
    /// It exited with this code.
    Exit(i32),
    /// It trapped, for this reason.
    Trap(String),
    /// Its time was up.
    Time,
    /// The host ended it.
    Killed,
}

impl Ending {
    /// The word for it in scenarios.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Failed => "failed",
            Self::Exit(_) => "exit",
            Self::Trap(_) => "trap",
            Self::Time => "time",
            Self::Killed => "killed",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit ({code})"),
            Self::Trap(why) => write!(f, "trap ({why})"),
            other => f.write_str(other.word()),
        }
    }
}

/// A guest that plays steps. Dropping it ends it.
pub struct Guest {
    input: Option<DuplexStream>,
    output: Lines<BufReader<DuplexStream>>,
    errors: MemoryOutputPipe,
    task: JoinHandle<Ending>,
}

impl Guest {
    pub(crate) fn start(host: &Host, player: Player, grants: Grants, limits: GuestLimits) -> Self {
        let (input, stdin) = duplex(PIPE);
        let (stdout, output) = duplex(PIPE);
        let errors = MemoryOutputPipe::new(MOST_ERRORS);
        let wasi = WasiCtx::builder()
            .arg("guest")
            .stdin(AsyncStdinStream::new(stdin))
            .stdout(AsyncStdoutStream::new(PIPE, stdout))
            .stderr(errors.clone())
            .build();
        let store = store_of(host, &player, grants, &limits, wasi);
        // The guest's store ends with the task, and with it its leases.
        let task = tokio::spawn(async move {
            match limits.within_time(play(player, store)).await {
                Ok(ending) => ending,
                Err(TimeLimit(_)) => Ending::Time,
            }
        });
        Self { input: Some(input), output: BufReader::new(output).lines(), errors, task }
    }

    /// Gives it a step.
    ///
    /// # Errors
    /// It has ended.
    pub async fn ask(&mut self, step: &Value) -> anyhow::Result<()> {
        let input = self.input.as_mut().context("its input was closed")?;
        let line = format!("{step}\n");
        let written = timeout(DEADLINE, input.write_all(line.as_bytes())).await;
        written.context("it does not read its input")?.context("it has ended")
    }

    /// Its next answer.
    ///
    /// # Errors
    /// The guest ends without an answer, or the answer is not JSON.
    pub async fn answer(&mut self) -> anyhow::Result<Value> {
        let answer = timeout(DEADLINE, self.next_answer()).await;
        if let Some(answer) = answer.with_context(|| format!("no answer within {DEADLINE:?}"))?? {
            return Ok(answer);
        }
        let ending = self.ending().await?;
        bail!("it ended: {ending}{}", self.said());
    }

    /// Its next answer, without a time limit, or `None` if it has ended or is about to. A
    /// call that is dropped loses nothing.
    ///
    /// # Errors
    /// The answer is not JSON.
    pub async fn next_answer(&mut self) -> anyhow::Result<Option<Value>> {
        let line = self.output.next_line().await?;
        let answer = |line: String| {
            serde_json::from_str(&line).with_context(|| format!("this is no answer: {line}"))
        };
        line.map(answer).transpose()
    }

    /// Gives it a step, and waits for the answer.
    ///
    /// # Errors
    /// As [`ask`](Self::ask) and [`answer`](Self::answer).
    pub async fn play(&mut self, step: &Value) -> anyhow::Result<Value> {
        self.ask(step).await?;
        self.answer().await
    }

    /// Closes its input, and waits until it has ended.
    ///
    /// # Errors
    /// It does not end, or has an answer that nobody waited for.
    pub async fn end(&mut self) -> anyhow::Result<Ending> {
        self.input = None;
        let ending = self.ending().await?;
        if let Some(rest) = self.output.next_line().await? {
            bail!("it ended ({ending}), and had an answer that nobody waited for: {rest}");
        }
        Ok(ending)
    }

    /// Ends it, as a host does if its client goes away.
    pub async fn kill(&mut self) -> Ending {
        self.task.abort();
        (&mut self.task).await.unwrap_or(Ending::Killed)
    }

    async fn ending(&mut self) -> anyhow::Result<Ending> {
        let ended = timeout(DEADLINE, &mut self.task).await;
        Ok(ended.with_context(|| format!("it has not ended within {DEADLINE:?}"))??)
    }

    /// What it said on standard error.
    fn said(&self) -> String {
        let said = self.errors.contents();
        let said = String::from_utf8_lossy(&said);
        if said.is_empty() { String::new() } else { format!("\nit said: {}", said.trim_end()) }
    }
}

/// Makes an instance of `player`, and drops it before it runs.
///
/// # Errors
/// It cannot be instantiated.
pub async fn instantiate(host: &Host, player: &Player) -> anyhow::Result<()> {
    let wasi = WasiCtx::builder().build();
    let store = store_of(host, player, Grants::default(), &GuestLimits::default(), wasi);
    Ok(player.instantiate(store).await?)
}

fn store_of(
    host: &Host,
    player: &Player,
    grants: Grants,
    limits: &GuestLimits,
    wasi: WasiCtx,
) -> Store<InstanceState> {
    let cache = CacheCtx::new(&host.cache)
        .grants(grants)
        .config(host.config.clone())
        .actuator(host.actuator.clone());
    InstanceState::store(player.engine(), cache, wasi, limits)
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn play(player: Player, store: Store<InstanceState>) -> Ending {
    match run_program(&player, store).await {
        ProgramEnd::Returned(Ok(())) => Ending::Well,
        ProgramEnd::Returned(Err(())) => Ending::Failed,
        ProgramEnd::Exit(code) => Ending::Exit(code),
        ProgramEnd::OutputClosed => Ending::Trap("its output is closed".into()),
        ProgramEnd::Trap(error) => Ending::Trap(error.root_cause().to_string()),
    }
}
