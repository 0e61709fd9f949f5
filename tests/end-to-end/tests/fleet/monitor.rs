//! The commands that each connection sends to a Redis.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::rc::Rc;

use spakky_end_to_end::DEADLINE;
use spakky_test_support::RedisServer;

/// A command that marks the place up to which to read.
const MARK: &str = "until here";

/// A connection that receives every command (`MONITOR`).
pub(crate) struct Monitor {
    server: Rc<RedisServer>,
    lines: BufReader<TcpStream>,
    marks: u64,
}

impl Monitor {
    pub(crate) fn start(server: &Rc<RedisServer>) -> Self {
        let mut stream =
            TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).expect("it is up");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        stream.write_all(b"MONITOR\r\n").expect("it is sent");
        let server = server.clone();
        let mut monitor = Self { server, lines: BufReader::new(stream), marks: 0 };
        assert_eq!(monitor.line(), "+OK");
        monitor
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("Redis tells of a command");
        line.trim_end().to_owned()
    }

    /// The commands since the last call, or since the start, that were answered before this
    /// call, without heartbeats.
    pub(crate) fn take(&mut self) -> Vec<Sent> {
        self.marks += 1;
        let mark = format!("{MARK} {}", self.marks);
        self.server.command(&["ECHO", &mark]).expect("it answers");
        let mut sent: Vec<Sent> = Vec::new();
        loop {
            let line = self.line();
            let command = Sent::parse(&line).unwrap_or_else(|| panic!("what is {line}?"));
            if command.words.get(1) == Some(&mark) {
                return sent;
            }
            match command {
                heartbeat if heartbeat.words[0] == "ping" => {}
                administration if administration.by.starts_with("unix:") => {}
                // Redis tells of a script before it tells what the script does.
                mut within if within.by == "lua" => {
                    within.by.clone_from(&sent.last().expect("a script").by);
                    within.within_script = true;
                    sent.push(within);
                }
                command => sent.push(command),
            }
        }
    }
}

/// One command.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// The address of the connection.
    pub(crate) by: String,
    /// Its name, in lower case, and its arguments.
    pub(crate) words: Vec<String>,
    /// Whether a script sent it.
    pub(crate) within_script: bool,
}

impl Sent {
    /// Parses `+1700000000.123456 [0 127.0.0.1:6379] "GET" "key"`.
    fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.strip_prefix('+')?.split_once(" [")?;
        let (from, words) = rest.split_once("] ")?;
        let (_database, by) = from.split_once(' ')?;
        let words = words.strip_prefix('"')?.strip_suffix('"')?;
        // A quotation mark within an argument is escaped.
        let mut words: Vec<_> = words.split("\" \"").map(str::to_owned).collect();
        words[0] = words[0].to_lowercase();
        Some(Self { by: by.to_owned(), words, within_script: false })
    }

    /// Its key, if it has one.
    fn key(&self) -> &str {
        self.words.get(1).map_or("", String::as_str)
    }

    /// Its name in `INFO commandstats`.
    pub(crate) fn name(&self) -> String {
        match self.words.as_slice() {
            [name, subcommand, ..] if name == "client" => {
                format!("{name}|{}", subcommand.to_lowercase())
            }
            words => words[0].clone(),
        }
    }
}

/// As `get`, or, by a script, `(set)`.
impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        if self.within_script { write!(f, "({name})") } else { f.write_str(&name) }
    }
}

/// The commands of one process, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Share(pub(crate) Vec<Sent>);

impl Share {
    /// The commands of each process that sent any.
    pub(crate) fn of_each(sent: Vec<Sent>) -> Vec<Self> {
        let mut shares = BTreeMap::<String, Self>::new();
        for command in sent {
            shares.entry(command.by.clone()).or_default().0.push(command);
        }
        shares.into_values().collect()
    }

    /// How many commands the process sent. A script counts as one.
    pub(crate) fn sent(&self) -> u64 {
        self.0.iter().filter(|sent| !sent.within_script).count() as u64
    }

    /// How many commands of this name Redis carried out, in scripts or not.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.0.iter().filter(|sent| sent.name() == name).count() as u64
    }

    /// Whether the process stored what was loaded.
    pub(crate) fn commits(&self) -> bool {
        self.count("evalsha") > self.count("pexpire")
    }

    /// How many commands it sent to read or create what each connection needs once: the
    /// epoch of everything, and the eviction mark.
    pub(crate) fn learning(&self) -> u64 {
        let count = |kind: &str, name: &str| {
            let of = |sent: &&Sent| sent.key().ends_with(kind) && sent.name() == name;
            self.0.iter().filter(of).count() as u64
        };
        // Each `GET` of an epoch follows a `CLIENT CACHING`.
        let epoch = count("a|", "set") + 2 * count("a|", "get") + count("a|", "pttl");
        // What was made is read again: another process may have been quicker.
        let mark = 2 * count("e|", "set");
        epoch + mark
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(Sent::to_string).collect();
        f.write_str(&names.join(", "))
    }
}
