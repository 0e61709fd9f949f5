//! Counts of the commands that a server has carried out.

use std::collections::BTreeMap;
use std::fmt;

/// Counts of commands by name, as in `INFO commandstats`: in lower case,
/// subcommands as `client|caching`, including those of scripts.
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

    /// The count of one command.
    pub fn count(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// The count of all commands.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// What was carried out since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let counts = self
            .0
            .iter()
            .map(|(name, count)| (name.clone(), count.saturating_sub(earlier.count(name))));
        Self(counts.filter(|(_, count)| *count > 0).collect())
    }

    /// The counts without those of `names`.
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
