//! How many commands of each kind a server has carried out.

use std::collections::BTreeMap;
use std::fmt;

/// Commands by name, as `INFO commandstats` has them: lower case, subcommands
/// as `client|caching`. Commands within a script count as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands(BTreeMap<String, u64>);

impl Commands {
    /// From the text of `INFO commandstats`. `INFO` itself is left out.
    pub(crate) fn parse(info: &str) -> Self {
        let counts = info.lines().filter_map(|line| {
            let (name, fields) = line.strip_prefix("cmdstat_")?.split_once(':')?;
            let calls = fields.split(',').find_map(|field| field.strip_prefix("calls="))?;
            Some((name.to_owned(), calls.parse().ok()?))
        });
        Self(counts.filter(|(name, _)| name != "info").collect())
    }

    /// How often the command was carried out.
    pub fn count(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// How many there were in all.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// What was carried out after `earlier` was taken.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let counts = self
            .0
            .iter()
            .map(|(name, count)| (name.clone(), count.saturating_sub(earlier.count(name))));
        Self(counts.filter(|(_, count)| *count > 0).collect())
    }

    /// These without the commands that are named.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|name, _| !names.contains(&name.as_str()));
        self
    }
}

impl<const N: usize> From<[(&str, u64); N]> for Commands {
    fn from(counts: [(&str, u64); N]) -> Self {
        Self(counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect())
    }
}

/// As `get 1, set 2`.
impl fmt::Display for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, count)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{name} {count}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# Commandstats\r\n\
        cmdstat_get:calls=2,usec=3,usec_per_call=1.50,rejected_calls=0,failed_calls=0\r\n\
        cmdstat_info:calls=9,usec=3,usec_per_call=1.50,rejected_calls=0,failed_calls=0\r\n";
    const AFTER: &str = "cmdstat_get:calls=5,usec=3\r\n\
        cmdstat_client|caching:calls=1,usec=3\r\n";

    #[test]
    fn differences() {
        let (before, after) = (Commands::parse(BEFORE), Commands::parse(AFTER));
        assert_eq!(before, Commands::from([("get", 2)]));
        let since = after.since(&before);
        assert_eq!(since, Commands::from([("get", 3), ("client|caching", 1)]));
        assert_eq!(since.to_string(), "client|caching 1, get 3");
        assert_eq!((since.total(), since.count("get"), since.count("set")), (4, 3, 0));
        assert_eq!(since.without(&["client|caching"]), Commands::from([("get", 3)]));
        assert_eq!(after.since(&after), Commands::default());
    }
}
