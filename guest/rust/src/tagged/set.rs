use ciborium::tag::Required;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A collection that is stored as a set, which other languages read as their own type for sets.
/// The collection is one that serde writes as a sequence, such as a `HashSet` or a `BTreeSet`;
/// stored by itself, that is a list.
///
/// In a field, the attribute `with` does the same without a type of its own:
///
/// ```
/// use std::collections::BTreeSet;
///
/// use serde::{Deserialize, Serialize};
/// use spakky_cache::{Cache, Options, Set};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Article {
///     #[serde(with = "spakky_cache::set")]
///     tags: BTreeSet<String>,
/// }
///
/// let article = Article { tags: BTreeSet::from(["news".to_owned()]) };
/// Cache::new().set("article", &article, Options::forever())?;
/// Cache::new().set("tags", &Set(article.tags), Options::forever())?;
/// # Ok::<(), spakky_cache::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set<C>(pub C);

impl<C: Serialize> Serialize for Set<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de, C: Deserialize<'de>> Deserialize<'de> for Set<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

/// Writes a collection as a set.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<C: Serialize, S: Serializer>(items: &C, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        return items.serialize(serializer);
    }
    Required::<_, 258>(items).serialize(serializer)
}

/// Reads a set as a collection.
///
/// # Errors
/// Those of the deserializer, and what is no set.
pub fn deserialize<'de, C: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<C, D::Error> {
    if deserializer.is_human_readable() {
        return C::deserialize(deserializer);
    }
    Required::<C, 258>::deserialize(deserializer).map(|Required(items)| items)
}
