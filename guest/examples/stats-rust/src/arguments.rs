//! The command line.

use std::time::Duration;

use crate::files::normal;

pub(crate) const HELP: &str = "\
Statistics of the text files below directories, counted once and then cached.

Usage: stats-rust [OPTIONS] DIR...

Every DIR must be one that the component was granted, or lie below one. What is
named target, .git or node_modules is passed over, and so are files that are not
UTF-8 text.

Options:
  --evict DIR       First forget what is cached of the files below DIR
  --load-delay MS   Take so much longer to count a file (to watch hosts share the work)
  --summary-json    End with a line of JSON: hits, misses, writes, loads, waits, duration_ms
  --help            Print this

Exit code: 0 if all went well; 1 if the command line is wrong, something could not be
read, or the cache failed, and standard error says which.
";

pub(crate) enum Command {
    Help,
    Report(Arguments),
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) directories: Vec<String>,
    pub(crate) evict: Vec<String>,
    pub(crate) load_delay: Duration,
    pub(crate) summary_json: bool,
}

pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut parsed = Arguments::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let mut value = |what: &str| {
            arguments.next().ok_or_else(|| format!("{argument} is followed by {what}"))
        };
        match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--summary-json" => parsed.summary_json = true,
            "--evict" => parsed.evict.push(normal(&value("a directory")?)),
            "--load-delay" => {
                let delay = value("a number of milliseconds")?;
                let delay = delay.parse().map_err(|_| {
                    format!("--load-delay takes a whole number of milliseconds, not `{delay}`")
                })?;
                parsed.load_delay = Duration::from_millis(delay);
            }
            option if option.starts_with('-') => return Err(format!("unknown option `{option}`")),
            directory => parsed.directories.push(normal(directory)),
        }
    }
    if parsed.directories.is_empty() {
        return Err("no directory to look at".to_owned());
    }
    Ok(Command::Report(parsed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Command, String> {
        parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_and_directories_come_in_any_order() {
        let parsed = parse_words("a/ --evict ./b/ --load-delay 250 c --summary-json --evict d");
        let Ok(Command::Report(parsed)) = parsed else { panic!("not parsed") };
        let expected = Arguments {
            directories: vec!["a".to_owned(), "c".to_owned()],
            evict: vec!["b".to_owned(), "d".to_owned()],
            load_delay: Duration::from_millis(250),
            summary_json: true,
        };
        assert_eq!(parsed, expected);
    }

    #[test]
    fn a_wrong_command_line_is_refused_with_its_reason() {
        for (words, reason) in [
            ("", "no directory"),
            ("--evict", "followed by a directory"),
            ("a --load-delay", "followed by a number"),
            ("a --load-delay soon", "`soon`"),
            ("a --load-delay -5", "`-5`"),
            ("a --summary", "`--summary`"),
        ] {
            let Err(message) = parse_words(words) else { panic!("`{words}` was taken") };
            assert!(message.contains(reason), "{words}: {message}");
        }
    }
}
