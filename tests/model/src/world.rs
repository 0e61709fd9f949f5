//! The state: Redis, the origin, processes and callers.

use crate::caller::{At, Caller};
use crate::configuration::{Configuration, Events, Known, Start};
use crate::connection::Connection;
use crate::keys::{EPOCHS, RedisKey};
use crate::names::{Name, Named, Names, Numbering};
use crate::single_flight::Flight;
use crate::store::{Content, Envelope, Epochs, Store, Version};

/// One process: what its callers share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Process {
    /// To Redis.
    pub connection: Connection,
    /// Of the key.
    pub flight: Flight,
}

/// Everything, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// Redis.
    pub store: Store,
    /// How often the origin was changed.
    pub origin: Version,
    /// What a call that has returned promised: who calls from now on gets
    /// nothing older.
    pub published: Version,
    /// Each with its connection.
    pub processes: Vec<Process>,
    /// In the order of the configuration.
    pub callers: Vec<Caller>,
    /// What may still happen from outside.
    pub left: Events,
    /// The leases whose time is over, as far as anybody waits for them.
    pub over: Vec<Name>,
    /// The leases that died with their process: nobody renews them.
    pub orphans: Vec<Name>,
    /// Where new names come from.
    pub names: Names,
}

impl World {
    /// The world in which `configuration` starts.
    pub fn new(configuration: &Configuration) -> Self {
        let mut names = Names::NEW;
        // What the entry at the start depends on; missing ones were lost since.
        let captured = Epochs(std::array::from_fn(|_| Some(names.fresh())));
        let missing = configuration.epochs == Known::Missing;
        let epochs = if missing { Epochs::default() } else { captured };
        let mut entry = |stale| Envelope {
            id: names.fresh(),
            epochs: captured.of(configuration.start_epochs()),
            content: Content::Entry { version: 0, stale },
        };
        let key = match configuration.start {
            Start::Nothing => None,
            Start::Fresh => Some(entry(false)),
            Start::Stale => Some(entry(true)),
            Start::Dead => {
                let mut entry = entry(false);
                entry.epochs.0[0] = Some(names.fresh()); // Cleared since.
                Some(entry)
            }
        };
        let mut connection = Connection::default();
        if configuration.epochs == Known::All {
            connection.table = epochs;
            (0..EPOCHS).for_each(|epoch| connection.track(RedisKey::Epoch(epoch)));
        }
        let processes =
            1 + configuration.callers.iter().map(|(process, _)| *process).max().unwrap_or(0);
        let mark = (!missing).then(|| names.fresh());
        let mut world = Self {
            store: Store { key, epochs, mark, elected: None },
            origin: 0,
            published: 0,
            processes: vec![Process { connection, flight: Flight::default() }; processes],
            callers: vec![Caller::NEW; configuration.callers.len()],
            left: configuration.events,
            over: Vec::new(),
            orphans: Vec::new(),
            names,
        };
        world.tidy(configuration);
        world
    }

    /// Forgets what can make no difference any more, and numbers the names anew.
    pub fn tidy(&mut self, configuration: &Configuration) {
        for (number, process) in self.processes.iter_mut().enumerate() {
            let all = &self.callers;
            let mut callers = configuration.callers_of(number).map(|caller| all[caller]);
            for caller in configuration.callers_of(number).filter(|&caller| all[caller].is_done()) {
                process.flight.answers.forget(caller);
                process.flight.leader.iter_mut().for_each(|(_, arrived)| arrived.forget(caller));
            }
            // The flight ends with its last caller.
            let is_here = |caller: Caller| matches!(caller.at, At::Queued | At::Waiting { .. });
            if process.flight.leader.is_none() && !callers.clone().any(is_here) {
                process.flight = Flight::default();
            }
            // A connection that serves nobody tells nobody anything.
            if callers.all(|caller| caller.is_done()) {
                *process = Process::default();
            }
        }
        let mut numbering = Numbering::NEW;
        let see = &mut |name: &mut Name| numbering.number(name);
        self.store.names(see);
        self.callers.iter_mut().for_each(|caller| caller.names(see));
        for process in &mut self.processes {
            process.connection.names(see);
            process.flight.names(see);
        }
        self.over.retain_mut(|name| numbering.keep(name));
        self.orphans.retain_mut(|name| numbering.keep(name));
        self.names = numbering.names();
    }

    /// How many load, beside those whose lease was taken away by something that
    /// may do so.
    pub fn rightful_loads(&self) -> usize {
        let rightful =
            |caller: &&Caller| caller.loads() && caller.lease.is_some_and(|lease| !lease.void);
        self.callers.iter().filter(rightful).count()
    }
}
