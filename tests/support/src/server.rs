//! A private `redis-server`.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, bail};
use redis::{Client, Connection, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo};
use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::commands::Commands;

/// The line of a server's log that says that it serves.
const READY: &str = "Ready to accept connections";
/// How many ports are tried, as others may take them.
const PORTS: usize = 10;

/// The settings of a [`RedisServer`]. By default it has no password, no TLS, 16
/// databases and no limit of memory.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    password: Option<String>,
    tls: bool,
    arguments: Vec<String>,
}

impl ServerOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the password of the default user (`requirepass`).
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self.argument("requirepass", &[password])
    }

    /// Adds an ACL user with rules such as `["~*", "&*", "+@all"]`.
    #[must_use]
    pub fn user(self, name: &str, password: &str, rules: &[&str]) -> Self {
        let password = format!(">{password}");
        let mut values = vec![name, "on", &password];
        values.extend(rules);
        self.argument("user", &values)
    }

    /// Serves TLS, with a certificate for `localhost` and `127.0.0.1` that
    /// [`RedisServer::authority`] signed.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Sets the number of databases.
    #[must_use]
    pub fn databases(self, count: u32) -> Self {
        self.argument("databases", &[&count.to_string()])
    }

    /// Limits the memory (`"2mb"`), beyond which `policy` applies, such as
    /// `"noeviction"` or `"allkeys-lru"`.
    #[must_use]
    pub fn max_memory(self, memory: &str, policy: &str) -> Self {
        self.argument("maxmemory", &[memory]).argument("maxmemory-policy", &[policy])
    }

    /// Adds any other setting of redis.conf.
    #[must_use]
    pub fn argument(mut self, name: &str, values: &[&str]) -> Self {
        self.arguments.push(format!("--{name}"));
        self.arguments.extend(values.iter().map(|value| (*value).to_owned()));
        self
    }
}

/// A private `redis-server` on a port of 127.0.0.1 that persists nothing. It is
/// killed when this is dropped.
pub struct RedisServer {
    options: ServerOptions,
    directory: TempDir,
    certificates: Option<Certificates>,
    port: u16,
    child: Option<Child>,
    /// Through a socket in the directory, whatever the port serves.
    administration: Mutex<Option<Connection>>,
}

impl RedisServer {
    /// Starts a server, and returns once it serves.
    ///
    /// # Errors
    /// There is no `redis-server`, or it does not start. The error has its
    /// log.
    pub fn start(options: ServerOptions) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("redis").tempdir()?;
        let certificates = options.tls.then(|| Certificates::make(directory.path())).transpose()?;
        let mut server = Self {
            options,
            directory,
            certificates,
            port: 0,
            child: None,
            administration: Mutex::new(None),
        };
        let mut failure = None;
        for _ in 0..PORTS {
            server.port = free_port()?;
            match server.launch() {
                Ok(()) => return Ok(server),
                Err(error) if error.to_string().contains("in use") => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failure.context("no port was free")?)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The file with the certificate of the authority that signed the server's;
    /// none without TLS.
    pub fn authority(&self) -> Option<&Path> {
        self.certificates.as_ref().map(|certificates| certificates.authority.as_path())
    }

    /// Kills it. Its data is lost.
    pub fn stop(&mut self) {
        *self.administration.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(mut child) = self.child.take() {
            // An error means that it has ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again, empty, on the same port.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_again_on_same_port(&mut self) -> anyhow::Result<()> {
        self.stop();
        self.launch()
    }

    /// Carries out a command as the default user, on the server's socket.
    ///
    /// # Errors
    /// The server refuses it, or was stopped.
    pub fn command(&self, words: &[&str]) -> anyhow::Result<redis::Value> {
        let (name, arguments) = words.split_first().context("no command")?;
        self.query(redis::cmd(name).arg(arguments))
    }

    /// As [`command`](Self::command), and converts the reply.
    ///
    /// # Errors
    /// As [`command`](Self::command), or the reply is not a `T`.
    pub fn query<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> anyhow::Result<T> {
        let mut administration = self.administration.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = administration.as_mut().context("the server was stopped")?;
        Ok(command.query(connection)?)
    }

    /// How many commands it has carried out, without those that ask for it.
    ///
    /// # Errors
    /// The server was stopped.
    pub fn commands(&self) -> anyhow::Result<Commands> {
        let mut info = redis::cmd("INFO");
        info.arg("commandstats");
        let text: String = self.query(&info)?;
        Ok(Commands::parse(&text))
    }

    /// How many clients are connected to its port.
    ///
    /// # Errors
    /// The server was stopped.
    pub fn clients(&self) -> anyhow::Result<usize> {
        let list: String =
            self.query(redis::cmd("CLIENT").arg("LIST").arg("TYPE").arg("normal"))?;
        Ok(list.split_whitespace().filter(|field| field.starts_with("addr=127.")).count())
    }

    /// Starts it on `self.port`.
    fn launch(&mut self) -> anyhow::Result<()> {
        let program = find_redis_server()?;
        let port = self.port.to_string();
        let mut command = Command::new(&program);
        command.args(["--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]);
        command.arg("--dir").arg(self.directory.path());
        command.arg("--unixsocket").arg(self.socket());
        if let Some(Certificates { authority, certificate, key }) = &self.certificates {
            command.args(["--port", "0", "--tls-auth-clients", "no", "--tls-port", &port]);
            command.arg("--tls-ca-cert-file").arg(authority);
            command.arg("--tls-cert-file").arg(certificate);
            command.arg("--tls-key-file").arg(key);
        } else {
            command.args(["--port", &port]);
        }
        command.args(&self.options.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child =
            command.spawn().with_context(|| format!("{} does not start", program.display()))?;
        let output = child.stdout.take().context("its output is not to be had")?;
        self.child = Some(child);
        wait_until_ready(BufReader::new(output))?;
        *self.administration.get_mut().unwrap_or_else(PoisonError::into_inner) =
            Some(self.connect()?);
        Ok(())
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    fn connect(&self) -> anyhow::Result<Connection> {
        let mut login = RedisConnectionInfo::default().set_skip_set_lib_name();
        if let Some(password) = &self.options.password {
            login = login.set_password(password);
        }
        let address = ConnectionAddr::Unix(self.socket());
        let info = address.into_connection_info()?.set_redis_settings(login);
        Ok(Client::open(info)?.get_connection()?)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for RedisServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisServer").field("port", &self.port).finish_non_exhaustive()
    }
}

/// Reads the server's log until it serves.
fn wait_until_ready(mut output: impl BufRead + Send + 'static) -> anyhow::Result<()> {
    let mut log = String::new();
    while output.read_line(&mut log)? > 0 {
        if log.contains(READY) {
            // Without a reader, it would block when the pipe is full.
            std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
            return Ok(());
        }
    }
    bail!("redis-server ended before it served:\n{log}")
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The one in `.tools/bin`, or one on PATH.
fn find_redis_server() -> anyhow::Result<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(own)
        .chain(std::env::split_paths(&path))
        .map(|directory| directory.join("redis-server"))
        .find(|program| program.is_file());
    found.context(
        "there is no redis-server on PATH or in .tools/bin: run `./just setup`, or install Redis \
         6.2 or newer",
    )
}
