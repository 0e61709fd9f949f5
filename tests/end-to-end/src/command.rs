//! The command `spakky-redis` as a process.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, PipeWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use spakky_test_support::RedisServer;

use crate::{DEADLINE, artifact};

/// The pause between two looks whether a process has ended.
const PAUSE: Duration = Duration::from_millis(2);

/// The guest that plays steps; as arguments, or line by line on its input.
pub const PLAYER: &str = "scenario-guest.wasm";
/// The guest that reports health and info.
pub const OBSERVED: &str = "observed_guest.wasm";
/// The example program.
pub const STATS: &str = "stats-rust.wasm";

/// The command, or another program, with its arguments. It does not inherit the
/// environment of this process.
#[derive(Debug)]
pub struct Spakky(Command);

/// `spakky-redis` with these arguments.
#[track_caller]
pub fn spakky<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Spakky {
    let program = artifact::command().unwrap_or_else(|error| panic!("{error:#}"));
    let caches = artifact::scratch().unwrap_or_else(|error| panic!("{error:#}"));
    // Each guest is compiled once for all tests.
    program_at(program).args(arguments).env("XDG_CACHE_HOME", caches)
}

/// Another program, without arguments.
pub fn program_at(path: impl AsRef<OsStr>) -> Spakky {
    let mut command = Command::new(path);
    command.env_clear();
    Spakky(command)
}

/// `spakky-redis run` with these options, on `server`.
#[track_caller]
pub fn run_on(server: &RedisServer, options: &[&str]) -> Spakky {
    spakky(["run"]).args(options).at(server)
}

/// `spakky-redis run --store embedded` with these options.
#[track_caller]
pub fn run_embedded(options: &[&str]) -> Spakky {
    spakky(["run", "--store", "embedded"]).args(options)
}

/// Has the command compile a component, once for each process of tests.
#[track_caller]
fn compile(path: &Path) {
    static COMPILED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let compiled = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if compiled().contains(path) {
        return;
    }
    // `info` compiles a component without running its program.
    let mut info = spakky(["info", "--store", "embedded"]).args([path]).0;
    let output = info.output().unwrap_or_else(|error| panic!("{info:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{info:?} failed:\n{errors}");
    compiled().insert(path.to_owned());
}

impl Spakky {
    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.0.args(arguments);
        self
    }

    /// Adds the component of this name as the next argument.
    #[must_use]
    #[track_caller]
    pub fn guest(self, name: &str) -> Self {
        self.component(artifact::guest(name).unwrap_or_else(|error| panic!("{error:#}")))
    }

    /// Adds the component at this path as the next argument.
    ///
    /// It is compiled before this returns, into the cache that all tests share.
    /// Compiling a large one can take a busy machine longer than [`DEADLINE`],
    /// which limits how long a program runs.
    #[must_use]
    #[track_caller]
    pub fn component(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        compile(path);
        self.0.arg(path);
        self
    }

    /// Adds the guest that plays steps, and its steps.
    #[must_use]
    pub fn plays(self, steps: &[Value]) -> Self {
        self.guest(PLAYER).args(steps.iter().map(Value::to_string))
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Connects it to `server`.
    #[must_use]
    pub fn at(self, server: &RedisServer) -> Self {
        self.at_port(server.port())
    }

    /// Sets the port of Redis on this machine.
    #[must_use]
    pub fn at_port(self, port: u16) -> Self {
        self.env("SPAKKY_REDIS__HOST", "127.0.0.1").env("SPAKKY_REDIS__PORT", port.to_string())
    }

    /// Sets its working directory.
    #[must_use]
    pub fn within(mut self, directory: &std::path::Path) -> Self {
        self.0.current_dir(directory);
        self
    }

    /// Starts it.
    pub fn start(self) -> Running {
        let (output, pipe) = std::io::pipe().expect("a pipe");
        self.start_into(pipe, output)
    }

    /// Starts it with a closed output, as `head` does that has seen enough.
    pub fn start_unheard(self) -> Running {
        let (_, pipe) = std::io::pipe().expect("a pipe");
        self.start_into(pipe, std::io::empty())
    }

    fn start_into(mut self, pipe: PipeWriter, output: impl Read + Send + 'static) -> Running {
        let shown = format!("{:?}", self.0);
        self.0.stdin(Stdio::piped()).stdout(pipe).stderr(Stdio::piped());
        let mut child = self.0.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
        // This closes this process's end of the pipe.
        drop(self);
        let input = child.stdin.take();
        let mut errors = child.stderr.take().expect("it is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            // Ends with the process, or when the receiver is gone.
            while matches!(output.read_until(b'\n', &mut line), Ok(1..)) {
                let text = String::from_utf8_lossy(&line).into_owned();
                if sender.send(text).is_err() {
                    return;
                }
                line.clear();
            }
        });
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = errors.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Running { shown, child, input, lines, errors: Some(errors) }
    }

    /// Runs it to its end, with nothing on its input.
    pub fn finish(self) -> Ended {
        self.start().finish()
    }
}

/// A process that has been started. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    shown: String,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Option<JoinHandle<String>>,
}

impl Running {
    /// Writes to its input.
    pub fn write(&mut self, text: &str) {
        let input = self.input.as_mut().expect("its input is open");
        // It may have ended, which the caller finds out next.
        let _ = input.write_all(text.as_bytes()).and_then(|()| input.flush());
    }

    /// Gives its guest a step.
    pub fn ask(&mut self, step: &Value) {
        self.write(&format!("{step}\n"));
    }

    /// The next line of its output.
    pub fn line(&mut self) -> String {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => line,
            Err(error) => {
                let what = match error {
                    RecvTimeoutError::Timeout => format!("no output within {DEADLINE:?}"),
                    RecvTimeoutError::Disconnected => "no more output".to_owned(),
                };
                self.kill();
                let said = self.said();
                panic!("{}: {what}\nit said: {said}", self.shown);
            }
        }
    }

    /// The next answer of its guest.
    pub fn answer(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{} answered {line}", self.shown))
    }

    /// Gives its guest a step, and returns the answer.
    pub fn play(&mut self, step: &Value) -> Value {
        self.ask(step);
        self.answer()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", name, &self.child.id().to_string()]);
        assert!(kill.status().is_ok_and(|status| status.success()), "kill -s {name} failed");
    }

    /// Kills it (`SIGKILL`), and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Closes its input, and waits until it has ended.
    pub fn finish(mut self) -> Ended {
        self.input = None;
        self.finish_as_it_is()
    }

    /// Waits until it has ended, with its input open.
    pub fn finish_as_it_is(mut self) -> Ended {
        let status = self.wait();
        let output = self.lines.iter().collect();
        Ended { shown: self.shown.clone(), code: status.code(), output, errors: self.said() }
    }

    /// Waits until it has ended.
    fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status;
            }
            if began.elapsed() > DEADLINE {
                self.kill();
                let (shown, said) = (&self.shown, self.errors.take().map(JoinHandle::join));
                panic!("{shown} has not ended within {DEADLINE:?}\nit said: {said:?}");
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn said(&mut self) -> String {
        let errors = self.errors.take().map(JoinHandle::join);
        errors.and_then(Result::ok).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How a process ended.
#[derive(Clone, Debug)]
pub struct Ended {
    shown: String,
    /// Its exit code, or `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub output: String,
    /// What it wrote to standard error.
    pub errors: String,
}

impl Ended {
    /// Panics if it ended with another code.
    #[track_caller]
    pub fn code(&self, expected: i32) -> &Self {
        assert!(
            self.code == Some(expected),
            "expected exit code {expected}, got {:?}\n{}",
            self.code,
            self.all()
        );
        self
    }

    /// Panics unless its standard error contains all of this.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.errors.contains(part), "expected {part:?} on stderr\n{}", self.all());
        }
        self
    }

    /// Panics if its output or standard error contains this text.
    #[track_caller]
    pub fn never_says(&self, secret: &str) -> &Self {
        let all = format!("{}{}", self.output, self.errors);
        assert!(!all.contains(secret), "expected nothing of {secret:?}\n{}", self.all());
        self
    }

    /// Panics unless it wrote this many lines to standard error.
    #[track_caller]
    pub fn lines(&self, count: usize) -> &Self {
        let lines = self.errors.lines().count();
        assert!(lines == count, "expected {count} lines on stderr, got {lines}\n{}", self.all());
        self
    }

    /// What its guest answered, line by line.
    #[track_caller]
    pub fn answers(&self) -> Vec<Value> {
        let answer = |line| {
            serde_json::from_str(line)
                .unwrap_or_else(|_| panic!("this is no answer: {line}\n{}", self.all()))
        };
        self.output.lines().map(answer).collect()
    }

    /// Its whole output, as one JSON value.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.output)
            .unwrap_or_else(|error| panic!("this is no JSON ({error})\n{}", self.all()))
    }

    /// Everything known about the process, for the message of a failed test.
    pub fn all(&self) -> String {
        let Self { shown, code, output, errors } = self;
        format!("of: {shown}\ncode: {code:?}\nstdout: {output}\nstderr: {errors}")
    }
}
