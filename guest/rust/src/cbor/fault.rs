//! Why a value could not be written or read, and where in it.

use std::any::type_name;
use std::fmt::{self, Display};

/// A failure of serde, with the path to the field, which grows on the way out.
#[derive(Debug)]
pub(super) struct Fault {
    path: String,
    reason: String,
}

impl Fault {
    pub(super) fn new(reason: impl Display) -> Self {
        Self { path: String::new(), reason: reason.to_string() }
    }

    /// The same, seen from around the field `name`.
    pub(super) fn in_field(self, name: &str) -> Self {
        self.below(format_args!(".{name}"))
    }

    /// The same, seen from around the list.
    pub(super) fn in_item(self, index: usize) -> Self {
        self.below(format_args!("[{index}]"))
    }

    /// The same, seen from around the map. A key that is no text may be long: it is left out.
    pub(super) fn in_entry(self, key: Option<&str>) -> Self {
        match key {
            Some(key) => self.in_field(key),
            None => self.below(format_args!("[]")),
        }
    }

    /// The same, with `why` before its reason.
    pub(super) fn because(self, why: &str) -> Self {
        Self { reason: format!("{why}: {}", self.reason), path: self.path }
    }

    fn below(self, segment: fmt::Arguments<'_>) -> Self {
        Self { path: format!("{segment}{}", self.path), reason: self.reason }
    }

    /// Names the path from a `T`: `Order.lines[0].price`.
    pub(super) fn describe<T>(&self) -> String {
        format!("`{}{}`: {}", short_name::<T>(), self.path, self.reason)
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Fault {}

impl serde::ser::Error for Fault {
    fn custom<T: Display>(reason: T) -> Self {
        Self::new(reason)
    }
}

impl serde::de::Error for Fault {
    fn custom<T: Display>(reason: T) -> Self {
        Self::new(reason)
    }
}

/// The name of `T` without modules: `Vec<Order>`.
fn short_name<T>() -> String {
    type_name::<T>()
        .split_inclusive(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':')))
        .map(|name| name.rsplit("::").next().unwrap_or(name))
        .collect()
}
