use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::load::{self, Failure, Plain};
use crate::{
    Entry, EntryInfo, Error, Lease, LoadError, Loaded, Lookup, Options, Outcome, WriteError, cbor,
    raw,
};

/// The cache, for values of type `T`, which is `Serialize + DeserializeOwned`: what could
/// not be read back is not stored.
///
/// A handle without state: make one wherever it is needed, or keep one as a
/// constant. All handles read and write the same cache, and a key belongs to
/// whoever uses it: reading an entry of another type is an
/// [`Error::Serialization`], and loading replaces it.
///
/// ```
/// use spakky_cache::{Cache, Options};
/// use std::time::Duration;
///
/// const GREETINGS: Cache<String> = Cache::new();
///
/// GREETINGS.set("greeting:en", &"hello".to_owned(), Options::ttl(Duration::from_mins(1)))?;
/// assert_eq!(GREETINGS.get("greeting:en")?.as_deref(), Some("hello"));
/// assert_eq!(GREETINGS.get("greeting:eo")?, None);
/// # Ok::<(), spakky_cache::Error>(())
/// ```
pub struct Cache<T> {
    value: PhantomData<fn() -> T>,
}

impl<T> Cache<T> {
    /// A handle.
    pub const fn new() -> Self {
        Self { value: PhantomData }
    }

    /// What is known of the entry of `key` without its value; none for a miss. Not counted as
    /// a read.
    pub fn describe(&self, key: &str) -> Result<Option<EntryInfo>, Error> {
        raw::describe(key)
    }

    /// Removes an entry; says whether there was one.
    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        raw::delete(key)
    }

    /// Removes entries, in one round trip; says how many there were, or the first failure.
    pub fn delete_many(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<u64, Error> {
        let answers = with_strs(keys, raw::delete_many)?;
        answers.into_iter().try_fold(0, |count, deleted| Ok(count + u64::from(deleted?)))
    }
}

impl<T: Serialize + DeserializeOwned> Cache<T> {
    /// The value of `key`, or none. Never waits for a loader.
    pub fn get(&self, key: &str) -> Result<Option<T>, Error> {
        raw::get(key)?.as_deref().map(cbor::decode).transpose()
    }

    /// The values of `keys`, in their order, in one round trip. The first failure makes the
    /// whole fail, also that of an entry that is not a `T` ([`Error::Serialization`]).
    pub fn get_many(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Vec<Option<T>>, Error> {
        let entries = with_strs(keys, raw::get_many)?;
        entries.into_iter().map(|entry| entry?.as_deref().map(cbor::decode).transpose()).collect()
    }

    /// Finds `key`, or makes this caller its one loader in the whole fleet, or
    /// waits until the loader is done: what [`Cache::get_or_load`] is made of.
    ///
    /// Of `options`, it takes the tags that the entry will have, as far as they are
    /// known, the longest wait, whether it is strict, and the version that will not do.
    ///
    /// ```
    /// # use spakky_cache::{Cache, Lookup, Options};
    /// # let cache = Cache::<u64>::new();
    /// # let options = Options::forever();
    /// let answer = match cache.lookup("answer", &options)? {
    ///     Lookup::Hit(entry) | Lookup::Stale { entry, refresh: None, .. } => entry.value,
    ///     Lookup::Stale { refresh: Some(lease), .. } | Lookup::Miss(lease) => {
    ///         let loaded = 42;
    ///         lease.commit(&loaded, &options)?;
    ///         loaded
    ///     }
    ///     Lookup::Pass => 42,
    /// };
    /// # assert_eq!(answer, 42);
    /// # Ok::<(), spakky_cache::Error>(())
    /// ```
    pub fn lookup(&self, key: &str, options: impl Borrow<Options>) -> Result<Lookup<T>, Error> {
        let options = options.borrow().check()?;
        // A value that does not decode leaves here with its lease, which the drop
        // gives up.
        Ok(match raw::lookup(key, options.lookup())? {
            raw::Lookup::Hit(found) => Lookup::Hit(Entry::decode(&found)?),
            raw::Lookup::Stale { entry, fresh, refresh } => Lookup::Stale {
                entry: Entry::decode(&entry)?,
                fresh,
                refresh: refresh.map(Lease::new),
            },
            raw::Lookup::Miss(lease) => Lookup::Miss(Lease::new(lease)),
            raw::Lookup::Pass => Lookup::Pass,
        })
    }

    /// Stores an entry. A load of the same key that is under way can no longer be
    /// stored.
    pub fn set(&self, key: &str, value: &T, options: impl Borrow<Options>) -> Result<(), Error> {
        let options = options.borrow().check()?;
        raw::set(key, &cbor::encode(value)?, options.entry())
    }

    /// Stores entries that share their options, in one round trip. All of them are
    /// checked before any is written. Of a key named twice, the last stays. If some cannot
    /// be stored, this is the first failure.
    ///
    /// ```
    /// # use spakky_cache::{Cache, Options};
    /// # let cache = Cache::<u64>::new();
    /// cache.set_many([("one", 1), ("two", 2)], Options::forever())?;
    /// assert_eq!(cache.get_many(["two", "three", "one"])?, [Some(2), None, Some(1)]);
    /// # Ok::<(), spakky_cache::Error>(())
    /// ```
    pub fn set_many(
        &self,
        entries: impl IntoIterator<Item = (impl AsRef<str>, impl Borrow<T>)>,
        options: impl Borrow<Options>,
    ) -> Result<(), Error> {
        let options = options.borrow().check()?;
        let encoded = entries
            .into_iter()
            .map(|(key, value)| Ok((key, cbor::encode(value.borrow())?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let entries: Vec<_> =
            encoded.iter().map(|(key, value)| (key.as_ref(), value.as_slice())).collect();
        raw::set_many(&entries, options.entry())?.into_iter().collect()
    }

    /// Writes a value to its origin and to the cache: `writer` stores it in the
    /// origin, and while it does, readers of `key` miss and wait. If it succeeds,
    /// the value is cached (unless another write overtook this one), and its result
    /// comes back. If it fails, its error comes back unchanged, and the key is a
    /// miss.
    ///
    /// The writer's error can also be the cache's. After one of the cache's, the writer may
    /// have run: [`Cache::try_write_through`] tells.
    ///
    /// ```
    /// # use spakky_cache::{Cache, Error, Options};
    /// # let cache = Cache::<u64>::new();
    /// # fn store(visits: u64) -> Result<(), Error> { Ok(()) }
    /// cache.write_through("visits", &7, Options::forever(), |visits| store(*visits))?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn write_through<R, E: From<Error>>(
        &self,
        key: &str,
        value: &T,
        options: impl Borrow<Options>,
        writer: impl FnOnce(&T) -> Result<R, E>,
    ) -> Result<R, E> {
        self.try_write_through(key, value, options, writer).map_err(WriteError::flatten)
    }

    /// [`Cache::write_through`] for a writer with any error, or one that must not run twice:
    /// a [`WriteError`] tells whether the writer ran.
    pub fn try_write_through<R, E>(
        &self,
        key: &str,
        value: &T,
        options: impl Borrow<Options>,
        writer: impl FnOnce(&T) -> Result<R, E>,
    ) -> Result<R, WriteError<E>> {
        let options = options.borrow().check()?;
        // Before anything changes: a value that cannot be cached is not written.
        let bytes = cbor::encode(value)?;
        let lease = raw::begin_write(key, &options.tags)?;
        let result = writer(value).map_err(WriteError::Writer)?;
        lease.commit(&bytes, options.entry()).map_err(WriteError::Commit)?;
        Ok(result)
    }

    /// Caches a value, then writes it to its origin: readers see it before `writer`
    /// has stored it. If the writer fails, the entry is removed and its error comes
    /// back unchanged, also if the entry could not be removed:
    /// [`Cache::try_write_behind`] tells.
    ///
    /// A writer that traps takes the component with it, and the entry stays until
    /// its time to live ends. [`Cache::write_through`] has no such gap.
    pub fn write_behind<R, E: From<Error>>(
        &self,
        key: &str,
        value: &T,
        options: impl Borrow<Options>,
        writer: impl FnOnce(&T) -> Result<R, E>,
    ) -> Result<R, E> {
        self.try_write_behind(key, value, options, writer).map_err(WriteError::flatten)
    }

    /// [`Cache::write_behind`] for a writer with any error: a [`WriteError`] tells whether
    /// the writer ran, and whether the entry was removed.
    pub fn try_write_behind<R, E>(
        &self,
        key: &str,
        value: &T,
        options: impl Borrow<Options>,
        writer: impl FnOnce(&T) -> Result<R, E>,
    ) -> Result<R, WriteError<E>> {
        self.set(key, value, options)?;
        writer(value).map_err(|error| match raw::delete(key) {
            Ok(_) => WriteError::Writer(error),
            Err(cache) => WriteError::Rollback { writer: error, cache },
        })
    }

    /// The value of `key`; if there is none, or it is due to be refreshed, what
    /// `loader` returns, which is then stored. While the loader runs, no other
    /// caller in the whole fleet loads this key: the others wait for its value, or
    /// go on reading the stale one.
    ///
    /// An error of the loader's comes back unchanged as [`LoadError::Loader`]; nothing is
    /// stored then, and the next caller loads. But if a refresh fails, its caller gets the
    /// entry ([`Options::stale_if_error`]). A value that was loaded while its key was deleted,
    /// set or evicted is returned but not stored. So is one that is too large or cannot be
    /// encoded, and for a minute nobody waits for another such load.
    ///
    /// An entry that is not a `T` is loaded anew.
    ///
    /// ```
    /// # use spakky_cache::{Cache, Options};
    /// # use std::time::Duration;
    /// # let cache = Cache::<u64>::new();
    /// let options = Options::ttl(Duration::from_mins(5)).tags(["answers"]);
    /// let answer = cache.get_or_load("answer", &options, || "42".parse())?;
    /// assert_eq!(answer, 42);
    /// # Ok::<(), spakky_cache::LoadError<std::num::ParseIntError>>(())
    /// ```
    pub fn get_or_load<E>(
        &self,
        key: &str,
        options: impl Borrow<Options>,
        loader: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, LoadError<E>> {
        let loader = || loader().map(Loaded::new);
        self.get_or_load_outcome(key, options, loader).map(|outcome| outcome.value)
    }

    /// [`Cache::get_or_load`] for a loader that chooses how its value is stored, and for a
    /// caller that wants to know how the value was come by.
    ///
    /// ```
    /// # use spakky_cache::{Cache, Loaded, Options, Source};
    /// # use std::time::Duration;
    /// # let cache = Cache::<u64>::new();
    /// let outcome = cache.get_or_load_outcome("answer", Options::forever(), || {
    ///     "42".parse().map(|answer| Loaded::new(answer).ttl(Duration::from_mins(5)))
    /// })?;
    /// assert_eq!((outcome.value, outcome.source, outcome.stored), (42, Source::Loaded, true));
    /// # Ok::<(), spakky_cache::LoadError<std::num::ParseIntError>>(())
    /// ```
    pub fn get_or_load_outcome<E>(
        &self,
        key: &str,
        options: impl Borrow<Options>,
        loader: impl FnOnce() -> Result<Loaded<T>, E>,
    ) -> Result<Outcome<T, E>, LoadError<E>> {
        Ok(load::now(load::load(&Plain, key, options.borrow(), async || loader()))?)
    }

    /// [`Cache::get_or_load`] for a loader that cannot fail: where the cache does, the value
    /// is loaded and not stored.
    pub(crate) fn load(
        call: Result<(String, Options), Error>,
        loader: impl FnOnce() -> Loaded<T>,
    ) -> T {
        let mut loader = Some(loader);
        let mut run = || loader.take().expect("a loader runs once")();
        let outcome = call.map_err(Failure::Before).and_then(|(key, options)| {
            load::now(load::load(&Plain, &key, &options, async || Ok::<_, Infallible>(run())))
        });
        match outcome {
            Ok(outcome) => outcome.value,
            Err(Failure::Before(_)) => run().value,
            // The host's log has its failure.
            Err(Failure::After(_, value)) => value,
        }
    }

    /// [`Cache::get_or_load`] for a loader whose error can also be the cache's, so
    /// that the result has one kind of error, and `?` works.
    pub fn fetch<E: From<Error>>(
        &self,
        key: &str,
        options: impl Borrow<Options>,
        loader: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.get_or_load(key, options, loader).map_err(LoadError::flatten)
    }
}

// Derived, these would ask the same of `T`.
impl<T> Clone for Cache<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Cache<T> {}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Cache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

/// Evicts every entry that has one of `tags`, at once and however many there are.
/// Once this returns, no caller anywhere reads an entry whose load began before the
/// call.
///
/// ```
/// # use spakky_cache::{Cache, Options};
/// # let cache = Cache::<u64>::new();
/// cache.set("answer", &42, Options::forever().tags(["answers"]))?;
/// spakky_cache::evict_tags(["answers"])?;
/// assert_eq!(cache.get("answer")?, None);
/// # Ok::<(), spakky_cache::Error>(())
/// ```
pub fn evict_tags(tags: impl IntoIterator<Item = impl AsRef<str>>) -> Result<(), Error> {
    with_strs(tags, raw::evict_tags)
}

/// Evicts every entry of this component's cache, as [`evict_tags`] does.
pub fn clear() -> Result<(), Error> {
    raw::clear()
}

fn with_strs<R>(
    strings: impl IntoIterator<Item = impl AsRef<str>>,
    call: impl FnOnce(&[&str]) -> R,
) -> R {
    let strings: Vec<_> = strings.into_iter().collect();
    let strs: Vec<_> = strings.iter().map(AsRef::as_ref).collect();
    call(&strs)
}

#[cfg(test)]
mod tests;
