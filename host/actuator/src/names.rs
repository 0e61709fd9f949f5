//! Unique names.

use std::collections::HashSet;

/// The names in use.
#[derive(Debug, Default)]
pub(crate) struct Names(HashSet<String>);

impl Names {
    /// Takes `name` or, if it is taken, one made of `origin` and `name`.
    pub(crate) fn claim(&mut self, name: &str, origin: Option<&str>) -> String {
        let qualified = origin.map_or_else(|| name.to_owned(), |origin| format!("{origin}/{name}"));
        let numbered = (2_usize..).map(|number| format!("{qualified}#{number}"));
        let free = [name.to_owned(), qualified.clone()]
            .into_iter()
            .chain(numbered)
            .find(|name| !self.0.contains(name))
            .expect("numbers do not run out");
        self.0.insert(free.clone());
        free
    }
}
