//! Statistics of the text files below some directories, as a component. What it
//! counts, it keeps in the cache, so a file is counted once for everyone who asks,
//! in however many hosts, and again when its content has changed.
#![forbid(unsafe_code)]

mod arguments;
mod files;
mod report;
mod stats;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use spakky_cache::{Cache, Options, evict_tags, key, metrics};

use crate::arguments::{Arguments, Command};
use crate::files::File;
use crate::report::{Directory, Summary};
use crate::stats::FileStats;

const CACHE: Cache<FileStats> = Cache::new();
/// A content is counted the same for ever; this is how long it is worth keeping.
const TTL: Duration = Duration::from_hours(24);

fn main() -> ExitCode {
    let mut output = io::stdout().lock();
    let result = match arguments::parse(std::env::args().skip(1)) {
        Ok(Command::Help) => output.write_all(arguments::HELP.as_bytes()).map_err(Into::into),
        Ok(Command::Report(arguments)) => report(&arguments, &mut output),
        Err(message) => Err(format!("{message}\nTry --help.").into()),
    };
    let Err(error) = result else { return ExitCode::SUCCESS };
    // Where even this cannot be written, the exit code remains. It has but one value:
    // a component tells its host no more than that it failed.
    let _ = writeln!(io::stderr(), "stats-rust: {error}");
    ExitCode::FAILURE
}

fn report(arguments: &Arguments, output: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (start, before) = (Instant::now(), metrics());
    let mut loads = 0;

    if !arguments.evict.is_empty() {
        evict_tags(tags(&arguments.evict)?)?;
    }

    let mut directories = Vec::new();
    for path in &arguments.directories {
        let mut directory = Directory::new(path);
        for file in files::below(path)? {
            if let Some(content) = files::text(&file)? {
                let stats = stats_of(&file, &content, arguments.load_delay, &mut loads)?;
                directory.add(file.path, stats);
            }
        }
        directories.push(directory);
    }
    report::write(&directories, output)?;
    if arguments.summary_json {
        let summary = Summary { before, after: metrics(), loads, duration: start.elapsed() };
        writeln!(output, "{}", summary.to_json())?;
    }
    Ok(output.flush()?)
}

/// A file's statistics: out of the cache, or counted here.
fn stats_of(
    file: &File,
    content: &str,
    delay: Duration,
    loads: &mut u64,
) -> Result<FileStats, spakky_cache::Error> {
    // The content is part of the key, so an entry is never out of date.
    let (path, hash) = (&file.path, hex(&Sha256::digest(content)));
    let options = Options::ttl(TTL).tags(tags(&file.directories)?);
    CACHE.fetch(&key!("stats:{path}:{hash}")?, options, || {
        *loads += 1;
        thread::sleep(delay);
        Ok(stats::count(content))
    })
}

/// The tags of everything below some directories.
fn tags(directories: &[String]) -> Result<Vec<String>, spakky_cache::Error> {
    directories.iter().map(|directory| key!("directory:{directory}")).collect()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect()
}
