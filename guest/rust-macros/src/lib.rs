//! The macros of `spakky-cache`, which re-exports them: use them from there.
#![forbid(unsafe_code)]

mod arguments;
mod duration;
mod function;
mod template;

use proc_macro::TokenStream;
use syn::{LitStr, parse_macro_input};

use crate::arguments::{Cacheable, Evict};
use crate::function::Function;
use crate::template::{Scope, Template};

/// Caches what a function returns: its body becomes the loader of
/// `Cache::get_or_load`.
///
/// ```
/// use spakky_cache::{Error, cacheable};
///
/// #[cacheable(key = "profile:{user_id}", ttl = "5m", tags = ["profiles", "user:{user_id}"])]
/// fn profile(user_id: u64) -> Result<String, Error> {
///     Ok(format!("the profile of {user_id}"))
/// }
///
/// assert_eq!(profile(7)?, "the profile of 7");
/// # Ok::<(), Error>(())
/// ```
///
/// | option | | |
/// | --- | --- | --- |
/// | `key` | the function's name and arguments | template of the key |
/// | `ttl` | forever | time to live: `"250ms"`, `"5m"`, `"1h30m"` (`ms`, `s`, `m`, `h`, `d`), or a `Duration` |
/// | `fresh_for` | `ttl` | past it, one caller refreshes while the others read on |
/// | `tags` | none | templates of the tags |
/// | `max_wait` | the host's | the longest wait for another caller's load |
/// | `retry_after` | at once | how long nobody tries again after the function failed |
/// | `stale_if_error` | `true` | whether a failed refresh returns the stale value |
/// | `strict` | | asks the backend, never the host's copies |
/// | `shared` | | of a method: all objects share its entries |
///
/// A template is a string with the function's arguments in braces: `{user_id}`, its position
/// `{0}`, a field `{user.id}` or `{self.region}`, a format specification as in `format!`
/// (`{page:04}`), and `{{` and `}}` for the braces themselves. A name that is no
/// argument does not compile. Arguments are `KeyPart` (numbers, texts, booleans and
/// more), and placeholders are kept apart by a `:`, so that different arguments make
/// different keys. An argument with a format specification, which may be empty as in
/// `{user:}`, is what the format makes of it, escaped.
///
/// The key of a method names something of its object, such as `{self.region}`, or the
/// attribute says `shared`.
///
/// Without a template, the key is the path of the function with its type parameters, and its
/// arguments: `shop.prices.price:7:eur`. The path is the one that the compiler gives it
/// ([`std::any::type_name`]). Write a template where other programs are to find the key.
///
/// Times are strings, or expressions of type `Duration`, such as constants.
///
/// The function returns `Result<T, E>`, where `T` is `Serialize + DeserializeOwned`
/// and `E` is `From<spakky_cache::Error>`. An `Err` of its body is returned unchanged and
/// is not stored. It is a plain function or a method; not `async`, since the contract
/// is not: a component that waits is suspended by its host.
///
/// A function that chooses how its value is stored, or not to store it, returns a
/// `spakky_cache::Loaded<T>`, or a `Result` of one.
///
/// A function that cannot fail returns `T`. Where the cache fails, whatever the reason (it
/// cannot be reached, the wait was too long, the key or the time is invalid, the value
/// cannot be stored), the body runs and its value is returned without being stored, and
/// the caller does not hear of it. Return a `Result` to hear of it.
///
/// ```
/// # use spakky_cache::cacheable;
/// # use std::time::Duration;
/// const DAILY: Duration = Duration::from_hours(24);
///
/// #[cacheable(key = "primes:{below}", ttl = DAILY)]
/// fn primes(below: u64) -> Vec<u64> {
///     (2..below).filter(|n| (2..*n).all(|divisor| n % divisor != 0)).collect()
/// }
///
/// assert_eq!(primes(8), [2, 3, 5, 7]);
/// ```
#[proc_macro_attribute]
pub fn cacheable(arguments: TokenStream, function: TokenStream) -> TokenStream {
    expand(function, |function| function.cacheable(&syn::parse::<Cacheable>(arguments)?))
}

/// Evicts entries once a function has succeeded.
///
/// ```
/// use spakky_cache::{Error, cache_evict};
///
/// #[cache_evict(key = "profile:{user_id}", tags = ["user:{user_id}"])]
/// fn rename(user_id: u64, name: &str) -> Result<(), Error> {
///     // ... store the name ...
///     Ok(())
/// }
///
/// #[cache_evict(all)]
/// fn import() -> Result<u64, Error> {
///     Ok(3)
/// }
///
/// rename(7, "Ann")?;
/// assert_eq!(import()?, 3);
/// # Ok::<(), Error>(())
/// ```
///
/// Options: `key = "…"`, `tags = ["…"]`, or both, with the templates of
/// `cacheable`; or `all`. The function returns a `Result` whose error is
/// `From<spakky_cache::Error>`. If it returns `Err`, nothing is evicted; if the
/// eviction fails, that error is returned in place of the function's value.
#[proc_macro_attribute]
pub fn cache_evict(arguments: TokenStream, function: TokenStream) -> TokenStream {
    expand(function, |function| function.cache_evict(&syn::parse::<Evict>(arguments)?))
}

/// A key or tag from a template over the variables in scope, escaped as in
/// `cacheable`: a `Result<String, spakky_cache::Error>`.
///
/// ```
/// use spakky_cache::key;
///
/// let (user, page) = ("ann:bob", 7);
/// assert_eq!(key!("posts:{user}:{page}")?, "posts:ann%3Abob:7");
/// # Ok::<(), spakky_cache::Error>(())
/// ```
#[proc_macro]
pub fn key(template: TokenStream) -> TokenStream {
    let literal = parse_macro_input!(template as LitStr);
    Template::parse(&literal)
        .and_then(|template| template.expand(&Scope::Surrounding))
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// What `with` makes of a function; or the function as it is, with the error, so that
/// the compiler does not go on to miss the function as well.
fn expand(
    function: TokenStream,
    with: impl FnOnce(&Function) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    syn::parse(function.clone()).and_then(|parsed| with(&parsed)).map_or_else(
        |error| TokenStream::from_iter([error.into_compile_error().into(), function]),
        Into::into,
    )
}
