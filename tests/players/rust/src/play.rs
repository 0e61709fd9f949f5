//! Plays steps, and answers each.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use spakky_cache::raw::{self, EntryOptions, LookupOptions};
use spakky_cache::{
    Cache, Detail, Endpoint, Error, HealthStatus, InfoGroup, LoadError, Options, Outcome, Source,
    clear, config, evict_tags, health, info, key, metrics,
};

use crate::answer::{self, Answer, Failure};
use crate::cached;
use crate::misbehave::{self, Hoard};
use crate::misuse;
use crate::step::{self, EvictBy, Placeholders, RawOptions, Step, Work};
use crate::value::{self, Any};

const CACHE: Cache<Any> = Cache::new();

/// Plays steps. Loaders and writers play steps, too, while an outer step is under
/// way, so everything here is shared.
pub(crate) struct Player<I, O> {
    input: RefCell<I>,
    output: RefCell<O>,
    leases: RefCell<HashMap<String, raw::Lease>>,
    versions: RefCell<HashMap<String, u64>>,
    hoard: RefCell<Hoard>,
    pauses: Cell<u32>,
}

impl<I: BufRead, O: Write> Player<I, O> {
    pub(crate) fn new(input: I, output: O) -> Self {
        Self {
            input: RefCell::new(input),
            output: RefCell::new(output),
            leases: RefCell::default(),
            versions: RefCell::default(),
            hoard: RefCell::default(),
            pauses: Cell::new(0),
        }
    }

    /// Plays the lines of the input until it ends, or a pause does.
    pub(crate) fn play_input(&self) -> io::Result<()> {
        loop {
            let mut line = String::new();
            if self.input.borrow_mut().read_line(&mut line)? == 0 || self.play_line(&line)? {
                return Ok(());
            }
        }
    }

    /// Plays a line; says whether it ended a pause.
    pub(crate) fn play_line(&self, line: &str) -> io::Result<bool> {
        let (answer, resumed) = match serde_json::from_str(line) {
            Ok(Step::Resume {}) if self.pauses.get() > 0 => (Ok(Value::Null), true),
            Ok(step) => (self.perform(&step), false),
            Err(error) => (Err(Failure::protocol(&error.to_string())), false),
        };
        self.answer(answer).map(|()| resumed)
    }

    fn answer(&self, answer: Answer) -> io::Result<()> {
        let mut output = self.output.borrow_mut();
        writeln!(output, "{}", answer::line(answer))?;
        output.flush()
    }

    fn perform(&self, step: &Step) -> Answer {
        match step {
            Step::Get { key } => found(CACHE.get(key)?),
            Step::GetMany { keys } => {
                let values: Result<Vec<_>, _> =
                    CACHE.get_many(keys)?.into_iter().map(found).collect();
                values.map(Value::Array)
            }
            Step::Set { key, value, options } => {
                Ok(json!(CACHE.set(key, &Any::from_json(value)?, to_options(options)?)?))
            }
            Step::SetMany { entries, options } => {
                let entries = entries.iter().map(|(key, value)| Ok((key, Any::from_json(value)?)));
                let entries = entries.collect::<Result<Vec<_>, Failure>>()?;
                Ok(json!(CACHE.set_many(entries, to_options(options)?)?))
            }
            Step::Describe { key } => describe(key),
            Step::Delete { key } => Ok(json!(CACHE.delete(key)?)),
            Step::DeleteMany { keys } => Ok(json!(CACHE.delete_many(keys)?)),
            Step::EvictTags { tags } => Ok(json!(evict_tags(tags)?)),
            Step::Clear {} => Ok(json!(clear()?)),
            Step::GetOrLoad { key, options, loader } => self.get_or_load(key, options, loader),
            Step::GetOrLoadOutcome { key, options, loader } => {
                let outcome = self.outcome(key, options, loader, &Cell::default())?;
                Ok(json!({
                    "value": outcome.value.to_json()?,
                    "source": match outcome.source {
                        Source::Hit => "hit",
                        Source::Stale => "stale",
                        Source::Loaded => "loaded",
                        Source::Passed => "passed",
                    },
                    "stored": outcome.stored,
                    "error": outcome.error.map(|error| match error {
                        LoadError::Cache(error) => error.kind(),
                        LoadError::Loader(_) => "loader",
                    }),
                    "entry": outcome.version.is_some() && outcome.age.is_some(),
                }))
            }
            Step::WriteThrough { key, value, options, writer } => {
                let (value, options) = (Any::from_json(value)?, to_options(options)?);
                Ok(json!(CACHE.try_write_through(key, &value, options, |_| self.work(writer))?))
            }
            Step::WriteBehind { key, value, options, writer } => {
                let (value, options) = (Any::from_json(value)?, to_options(options)?);
                Ok(json!(CACHE.try_write_behind(key, &value, options, |_| self.work(writer))?))
            }
            Step::Cacheable { id, part, fail, by } => {
                let function = match by {
                    Some(Placeholders::Position) => cached::by_position,
                    None => cached::profile,
                };
                let value = function(id, part, fail.as_deref())?;
                Ok(json!({ "value": value, "calls": cached::calls() }))
            }
            Step::CacheableDefault { id, part } => {
                let (id, part) = (Any::from_json(id)?, Any::from_json(part)?);
                let (id, part) = cached::default_key(id, part)?;
                let value = [id.to_json()?, part.to_json()?];
                Ok(json!({ "value": value, "calls": cached::calls() }))
            }
            Step::CacheEvict { by, id, part, fail } => {
                let fail = fail.as_deref();
                Ok(json!(match by {
                    EvictBy::Key => cached::evict_key(id, part, fail)?,
                    EvictBy::Tags => cached::evict_tags(id, fail)?,
                    EvictBy::All => cached::evict_all(fail)?,
                }))
            }
            Step::Key { value } => {
                let value = Any::from_json(value)?;
                Ok(json!(key!("k:{value}")?))
            }
            Step::Metrics {} => Ok(counts()),
            Step::Config {} => Ok(settings()),
            Step::Health { endpoint } => report(endpoint),
            Step::Info {} => sections(),
            _ => self.perform_raw(step),
        }
    }

    /// Plays the steps that only this player has: those that call the contract without the
    /// library, and those that do something to the instance.
    fn perform_raw(&self, step: &Step) -> Answer {
        match step {
            Step::Lookup { key, tags, max_wait_ms, unless, strict, lease } => {
                let options = LookupOptions {
                    tags: &strs(tags),
                    max_wait: *max_wait_ms,
                    unless: unless.then(|| self.version(key)).transpose()?,
                    strict: *strict,
                };
                self.lookup(key, options, lease.as_ref())
            }
            Step::BeginWrite { key, tags, lease } => {
                let found = raw::begin_write(key, &strs(tags))?;
                Ok(json!(self.keep(lease.as_ref().unwrap_or(key), found)))
            }
            Step::Commit { lease, value, hex, bytes, options } => {
                let content = content(value.as_ref(), hex.as_deref(), *bytes)?;
                let tags = strs(&options.tags);
                self.held(lease, |lease| lease.commit(&content, entry(options, &tags)))
            }
            Step::Pass { lease, duration_ms } => self.held(lease, |lease| lease.pass(*duration_ms)),
            Step::Fail { lease, retry_after_ms } => {
                self.held(lease, |lease| lease.fail(*retry_after_ms))
            }
            Step::Release { lease } => self.held(lease, raw::Lease::release),
            Step::Drop { lease } => Ok(json!(drop(self.take(lease)?))),
            Step::Leak { lease } => Ok(json!(std::mem::forget(self.take(lease)?))),
            Step::RawGet { key } => Ok(match raw::get(key)? {
                Some(bytes) => json!({ "hit": true, "hex": value::to_hex(&bytes) }),
                None => json!({ "hit": false }),
            }),
            Step::RawSet { key, value, hex, bytes, options } => {
                let content = content(value.as_ref(), hex.as_deref(), *bytes)?;
                Ok(json!(raw::set(key, &content, entry(options, &strs(&options.tags)))?))
            }
            Step::Misuse {} => Ok(json!(misuse::not_refused())),
            Step::Abandon { key, how } => Ok(json!(misuse::abandon(key, *how)?)),
            Step::Hits { key, times } => {
                let mut hits = 0_u64;
                for _ in 0..*times {
                    hits += u64::from(CACHE.get(key)?.is_some());
                }
                Ok(json!(hits))
            }
            Step::Sleep { ms } => Ok(json!(thread::sleep(Duration::from_millis(*ms)))),
            Step::Pause {} => {
                self.pauses.update(|pauses| pauses + 1);
                let played = self.play_input();
                self.pauses.update(|pauses| pauses - 1);
                Ok(json!(played.map_err(|error| Failure::protocol(&error.to_string()))?))
            }
            Step::Trap {} => misbehave::trap(),
            Step::Panic {} => panic!("as asked"),
            Step::Loop {} => misbehave::spin(),
            Step::Overflow {} => Ok(json!(misbehave::overflow(0))),
            Step::Eat { mib } => {
                let eaten = self.hoard.borrow_mut().eat(*mib);
                let failure = || Failure::new("memory", "there is no more");
                eaten.then_some(Value::Null).ok_or_else(failure)
            }
            Step::Exit { code } => std::process::exit(*code),
            _ => Err(Failure::protocol("nothing is paused here")),
        }
    }

    fn get_or_load(&self, key: &str, options: &step::Options, loader: &Work) -> Answer {
        let ran = Cell::new(false);
        let value = if loader.chooses() {
            self.outcome(key, options, loader, &ran)?.value
        } else {
            let (value, options) = (Any::from_json(&loader.value)?, to_options(options)?);
            CACHE.get_or_load(key, options, || {
                ran.set(true);
                self.work(loader).map(|()| value)
            })?
        };
        Ok(json!({ "value": value.to_json()?, "loaded": ran.get() }))
    }

    fn outcome(
        &self,
        key: &str,
        options: &step::Options,
        loader: &Work,
        ran: &Cell<bool>,
    ) -> Result<Outcome<Any, String>, Failure> {
        let (value, options) = (Any::from_json(&loader.value)?, to_options(options)?);
        Ok(CACHE.get_or_load_outcome(key, options, || {
            ran.set(true);
            self.work(loader).map(|()| loader.choose(value))
        })?)
    }

    /// What a loader or writer does.
    fn work(&self, work: &Work) -> Result<(), String> {
        for step in &work.then {
            self.answer(self.perform(step)).map_err(|error| error.to_string())?;
        }
        thread::sleep(Duration::from_millis(work.sleep_ms));
        if work.trap {
            misbehave::trap();
        }
        work.fail.clone().map_or(Ok(()), Err)
    }

    fn lookup(&self, key: &str, options: LookupOptions<'_>, lease: Option<&String>) -> Answer {
        let name = lease.map_or(key, String::as_str);
        let found = |entry: &raw::Found| -> Result<_, Failure> {
            self.versions.borrow_mut().insert(key.to_owned(), entry.version);
            Ok(match Any::decode(&entry.value) {
                Ok(value) => ("value", value.to_json()?),
                Err(_) => ("hex", value::to_hex(&entry.value).into()),
            })
        };
        Ok(match raw::lookup(key, options)? {
            raw::Lookup::Hit(entry) => {
                let (form, value) = found(&entry)?;
                json!({ "result": "hit", form: value })
            }
            raw::Lookup::Stale { entry, fresh, refresh } => {
                let (form, value) = found(&entry)?;
                let refresh = refresh.map(|lease| self.keep(name, lease)).is_some();
                json!({ "result": "stale", form: value, "fresh": fresh, "refresh": refresh })
            }
            raw::Lookup::Pass => json!({ "result": "pass" }),
            raw::Lookup::Miss(lease) => {
                self.keep(name, lease);
                json!({ "result": "miss" })
            }
        })
    }

    /// Of the entry that the last lookup of this key found.
    fn version(&self, key: &str) -> Result<u64, Failure> {
        let version = self.versions.borrow().get(key).copied();
        version.ok_or_else(|| Failure::protocol("no lookup has found an entry of this key"))
    }

    fn held<T: Serialize>(
        &self,
        name: &str,
        call: impl FnOnce(&raw::Lease) -> Result<T, Error>,
    ) -> Answer {
        let leases = self.leases.borrow();
        let lease = leases.get(name).ok_or_else(|| no_lease(name))?;
        Ok(json!(call(lease)?))
    }

    fn keep(&self, name: &str, lease: raw::Lease) {
        self.leases.borrow_mut().insert(name.to_owned(), lease);
    }

    fn take(&self, name: &str) -> Result<raw::Lease, Failure> {
        self.leases.borrow_mut().remove(name).ok_or_else(|| no_lease(name))
    }
}

fn no_lease(name: &str) -> Failure {
    Failure::protocol(&format!("no lease `{name}` is held"))
}

fn strs(strings: &[String]) -> Vec<&str> {
    strings.iter().map(String::as_str).collect()
}

fn to_options(options: &step::Options) -> Result<Options, Failure> {
    let mut made = match (options.ttl_ms, &options.ttl_s) {
        (None, None) => Options::forever(),
        (Some(ttl), None) => Options::ttl(Duration::from_millis(ttl)),
        (None, Some(ttl)) => Options::ttl_seconds(value::float(ttl)?)?,
        (Some(_), Some(_)) => return Err(Failure::protocol("both `ttl_ms` and `ttl_s`")),
    };
    if let Some(fresh) = options.fresh_ms {
        made = made.fresh_for(Duration::from_millis(fresh));
    }
    if let Some(stale_if_error) = options.stale_if_error {
        made = made.stale_if_error(stale_if_error);
    }
    if let Some(pause) = options.retry_after_ms {
        made = made.retry_after(Duration::from_millis(pause));
    }
    if let Some(wait) = options.max_wait_ms {
        made = made.max_wait(Duration::from_millis(wait));
    }
    Ok(made.strict(options.strict).tags(&options.tags))
}

fn entry<'a>(options: &RawOptions, tags: &'a [&'a str]) -> EntryOptions<'a> {
    EntryOptions { ttl: options.ttl_ms, fresh_for: options.fresh_ms, tags }
}

/// The bytes of a value: encoded, given, or just so many.
fn content(
    value: Option<&Value>,
    hex: Option<&str>,
    bytes: Option<usize>,
) -> Result<Vec<u8>, Failure> {
    match (value, hex, bytes) {
        (Some(value), None, None) => Any::from_json(value)?.encode(),
        (None, Some(hex), None) => value::from_hex(hex),
        (None, None, Some(bytes)) => Ok(vec![0; bytes]),
        _ => Err(Failure::protocol("one of `value`, `hex` and `bytes`")),
    }
}

fn found(value: Option<Any>) -> Answer {
    Ok(match value {
        Some(value) => json!({ "hit": true, "value": value.to_json()? }),
        None => json!({ "hit": false }),
    })
}

fn describe(key: &str) -> Answer {
    let Some(entry) = CACHE.describe(key)? else { return Ok(Value::Null) };
    Ok(json!({
        "version": entry.version,
        "age_ms": milliseconds(entry.age),
        "fresh_ms": entry.fresh_for.map(milliseconds),
        "ttl_ms": entry.ttl.map(milliseconds),
        "tags": entry.tags,
        "size": entry.size,
        "load_ms": milliseconds(entry.load_time),
    }))
}

pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn counts() -> Value {
    let counts = metrics();
    json!({
        "hits": counts.hits,
        "misses": counts.misses,
        "writes": counts.writes,
        "deletes": counts.deletes,
        "clears": counts.clears,
        "tag_evictions": counts.tag_evictions,
        "stampede_waits": counts.stampede_waits,
        "rejections": counts.rejections,
    })
}

fn settings() -> Value {
    let config = config();
    json!({
        "host": config.host,
        "port": config.port,
        "db": config.db,
        "use_ssl": config.use_ssl,
        "key_prefix": config.key_prefix,
        "socket_timeout_ms": milliseconds(config.socket_timeout),
        "scheme": config.scheme,
        "connection_url": config.connection_url,
    })
}

fn report(endpoint: &str) -> Answer {
    let report = health(match endpoint {
        "health" => Endpoint::Health,
        "readiness" => Endpoint::Readiness,
        "liveness" => Endpoint::Liveness,
        other => return Err(Failure::protocol(&format!("no endpoint is named `{other}`"))),
    });
    let components: Result<Vec<_>, Failure> = report
        .components
        .iter()
        .map(|component| {
            Ok(json!({
                "name": component.name,
                "status": status(component.status),
                "required": component.required,
                "details": details(&component.details)?,
            }))
        })
        .collect();
    let endpoint = match report.endpoint {
        Endpoint::Health => "health",
        Endpoint::Readiness => "readiness",
        Endpoint::Liveness => "liveness",
    };
    Ok(json!({
        "endpoint": endpoint,
        "status": status(report.status),
        "components": components?,
    }))
}

fn sections() -> Answer {
    let group =
        |group: &InfoGroup| Ok(json!({ "name": group.name, "entries": details(&group.entries)? }));
    let section = |section: spakky_cache::InfoSection| {
        let groups: Result<Vec<_>, Failure> = section.groups.iter().map(group).collect();
        Ok(json!({ "name": section.name, "groups": groups? }))
    };
    info().into_iter().map(section).collect::<Result<Vec<_>, Failure>>().map(Value::Array)
}

fn status(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Healthy => "healthy",
        HealthStatus::Unhealthy => "unhealthy",
    }
}

fn details(details: &[(String, Detail)]) -> Result<Value, Failure> {
    let detail = |(name, detail): &(String, Detail)| {
        let value = match detail {
            Detail::Text(text) => text.clone().into(),
            Detail::Integer(number) => (*number).into(),
            Detail::Number(number) => (*number).into(),
            Detail::Flag(flag) => (*flag).into(),
        };
        Ok((name.clone(), Any::Cbor(value).to_json()?))
    };
    details.iter().map(detail).collect::<Result<_, Failure>>().map(Value::Object)
}
