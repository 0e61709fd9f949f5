//! The protocol as a model that `stateright` checks.

use stateright::{Model, Property};

use crate::caller::{Answer, At, Call, Caller, Outcome, Step};
use crate::checks::Check;
use crate::configuration::{Configuration, Possible};
use crate::connection::Message;
use crate::keys::{EPOCHS, RedisKey};
use crate::steps::Steps;
use crate::world::World;

/// The protocol, played by the callers of one configuration.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// Which callers.
    pub configuration: Configuration,
    /// A check that is left out.
    pub without: Option<Check>,
}

/// What happens next. Callers and processes are named by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A caller calls.
    Call(usize, Call),
    /// A caller learns whether it leads or follows.
    Role(usize),
    /// A caller takes a step.
    Step(usize, Step),
    /// A caller wakes up to its reply.
    Wake(usize, Answer),
    /// A caller has waited long enough, and queues again.
    LookAgain(usize),
    /// A process handles this message, which is at this place of its inbox.
    Handle(usize, usize, Message),
    /// The lease that is out ends.
    LeaseExpires,
    /// The election ends.
    ElectionExpires,
    /// A caller's lease is renewed.
    Renew(usize),
    /// Redis loses an epoch.
    EpochLost(RedisKey),
    /// An epoch expires, of which Redis tells when it is touched next.
    EpochExpires(RedisKey),
    /// Redis loses the eviction mark.
    MarkLost,
    /// Redis loses what the key holds.
    EntryLost,
    /// A process loses its connection; whether what callers were about to send
    /// is lost with it.
    ConnectionLost(usize, bool),
    /// Redis is started anew, and empty.
    Restarted,
    /// A process is killed.
    Killed(usize),
    /// A caller traps.
    Traps(usize),
}

/// While the lease of a loader is not taken away (by its expiry, by a loss, or by
/// what voids loads), nobody else loads.
pub const ONE_LOAD: &str = "G1: one load";
/// No caller gets what is older than the changes of the origin whose calls had
/// returned when it called, and no commit stores, alive, what is older than the
/// same for when it began; also where data or connections are lost.
pub const NOTHING_STALE: &str = "G2, G6: nothing stale";
/// A commit or a giving up changes nothing but what its own lease holds.
pub const OWNERS_ONLY: &str = "G3: owners only";
/// Every caller that lives returns: none waits for a lease that has ended, and,
/// unless its holder's process was killed, none has to wait until its time is
/// over.
pub const EVERYBODY_RETURNS: &str = "G4: nobody waits for the dead";

/// What DESIGN.md promises of sets.
pub const OWN_SETS_LIVE: &str = "a set after an eviction of its own process lives";

impl Protocol {
    /// The whole protocol.
    pub fn of(configuration: &Configuration) -> Self {
        Self { configuration: configuration.clone(), without: None }
    }

    /// The protocol without one of its checks.
    pub fn without(configuration: &Configuration, check: Check) -> Self {
        Self { configuration: configuration.clone(), without: Some(check) }
    }

    fn steps<'a>(&'a self, world: &'a mut World) -> Steps<'a> {
        Steps { configuration: &self.configuration, without: self.without, world }
    }

    /// What a caller does next, unless it waits for somebody else.
    fn next_of(&self, world: &World, caller: usize) -> Option<Action> {
        let (process, call) = self.configuration.callers[caller];
        let end_of_lease_wakes = self.without != Some(Check::EndOfLeaseWakes);
        let at = world.callers[caller].at;
        match at {
            At::Start => Some(Action::Call(caller, call)),
            At::Queued if world.processes[process].flight.leader.is_none() => {
                Some(Action::Role(caller))
            }
            At::Waiting { .. } if world.wait_is_over(at, end_of_lease_wakes) => {
                Some(Action::LookAgain(caller))
            }
            At::About(step) => Some(Action::Step(caller, step)),
            At::Told(answer) => Some(Action::Wake(caller, answer)),
            At::Queued | At::Waiting { .. } | At::Asked(_) | At::Done(_) => None,
        }
    }

    /// What a connection may hand over next.
    fn deliveries(&self, world: &World, actions: &mut Vec<Action>) {
        let in_order = self.without != Some(Check::RepliesInOrder);
        for (number, process) in world.processes.iter().enumerate() {
            let inbox = process.connection.inbox.iter().enumerate();
            let next = inbox.filter(|&(place, message)| {
                place == 0 || (!in_order && matches!(message, Message::Reply(_)))
            });
            actions.extend(next.map(|(place, &message)| Action::Handle(number, place, message)));
        }
    }

    /// What may happen from outside.
    fn events(&self, world: &World, actions: &mut Vec<Action>) {
        let left = world.left;
        let callers = 0..world.callers.len();
        let processes = 0..world.processes.len();
        let is_used = |process: &usize| {
            self.configuration.callers_of(*process).any(|caller| !world.callers[caller].is_done())
        };
        if world.orphan_is_out() || (left.expiries > 0 && world.lease_is_out()) {
            actions.push(Action::LeaseExpires);
        }
        if left.expiries > 0 && world.store.elected.is_some() {
            actions.push(Action::ElectionExpires);
        }
        if left.renewals > 0 {
            let loads = callers.clone().filter(|caller| world.callers[*caller].loads());
            actions.extend(loads.map(Action::Renew));
        }
        if left.epochs_lost > 0 {
            let named = self.configuration.epochs_named();
            let there = world.store.epochs.of(named).keys();
            let lost = (0..EPOCHS).map(RedisKey::Epoch).filter(|key| there.has(*key));
            actions
                .extend(lost.flat_map(|key| [Action::EpochLost(key), Action::EpochExpires(key)]));
            actions.extend(world.store.mark.map(|_| Action::MarkLost));
        }
        if left.entries_lost > 0 && world.store.key.is_some() {
            actions.push(Action::EntryLost);
        }
        if left.connections_lost > 0 {
            let lost = |process| [false, true].map(|sent| Action::ConnectionLost(process, sent));
            actions.extend(processes.clone().filter(is_used).flat_map(lost));
        }
        if left.restarts > 0 {
            actions.push(Action::Restarted);
        }
        if left.kills > 0 {
            actions.extend(processes.filter(is_used).map(Action::Killed));
        }
        if left.traps > 0 {
            let call = |caller: usize| self.configuration.callers[caller].1;
            let trap = callers.filter(|&caller| world.callers[caller].may_trap(call(caller)));
            actions.extend(trap.map(Action::Traps));
        }
    }

    fn act(&self, world: &mut World, action: Action) {
        let left = &mut world.left;
        match action {
            Action::Renew(_) => left.renewals -= 1,
            Action::ElectionExpires => left.expiries -= 1,
            Action::EpochLost(_) | Action::EpochExpires(_) | Action::MarkLost => {
                left.epochs_lost -= 1;
            }
            Action::EntryLost => left.entries_lost -= 1,
            Action::Restarted => left.restarts -= 1,
            Action::ConnectionLost(..) => left.connections_lost -= 1,
            Action::Killed(_) => left.kills -= 1,
            Action::Traps(_) => left.traps -= 1,
            _ => {}
        }
        let mut steps = self.steps(world);
        match action {
            Action::Call(caller, _) => steps.call(caller),
            Action::Role(caller) => steps.role(caller),
            Action::Step(caller, step) => steps.step(caller, step),
            Action::Wake(caller, answer) => steps.go_on(caller, answer),
            Action::LookAgain(caller) => steps.world.callers[caller].at = At::Queued,
            Action::Handle(process, place, _) => steps.handle(process, place),
            Action::LeaseExpires => {
                // That of a killed process ends without fail, so it is not one
                // of those that may.
                let due = steps.world.orphan_is_out();
                steps.world.left.expiries -= u8::from(!due);
                steps.lease_expires();
            }
            Action::ElectionExpires => steps.election_expires(),
            Action::Renew(caller) => steps.renew(caller),
            Action::EpochLost(key) => {
                steps.epoch_expires(key);
                steps.changed(key);
            }
            Action::EpochExpires(key) => steps.epoch_expires(key),
            Action::MarkLost => steps.world.store.mark = None,
            Action::EntryLost => steps.entry_lost(),
            Action::ConnectionLost(process, sent) => steps.connection_lost(process, sent),
            Action::Restarted => steps.restarted(),
            Action::Killed(process) => steps.killed(process),
            Action::Traps(caller) => steps.traps(caller),
        }
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.configuration)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions.extend((0..world.callers.len()).filter_map(|caller| self.next_of(world, caller)));
        self.deliveries(world, actions);
        self.events(world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut world = world.clone();
        self.act(&mut world, action);
        world.tidy(&self.configuration);
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(ONE_LOAD, |_, world: &World| world.rightful_loads() <= 1),
            Property::always(NOTHING_STALE, |_, world: &World| {
                !world.callers.iter().any(|caller| caller.broke.stale)
            }),
            Property::always(OWNERS_ONLY, |_, world: &World| {
                !world.callers.iter().any(|caller| caller.broke.overreached)
            }),
            // Its condition never ceases to hold, so stateright's check at the
            // ends of paths is exact; that every path has an end is checked by
            // `every_run_ends`.
            Property::eventually(EVERYBODY_RETURNS, |_, world: &World| {
                world.callers.iter().all(Caller::is_done)
            }),
        ];
        if self.configuration.is_one_process() {
            properties.push(Property::always(OWN_SETS_LIVE, |_, world: &World| {
                !world.callers.iter().any(|caller| caller.broke.dead_on_arrival)
            }));
        }
        properties.extend(self.configuration.possible.iter().map(|possible| possible.property()));
        properties
    }
}

impl Possible {
    /// What it is called in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "a value comes from the cache",
            Self::Stored => "a load is stored",
            Self::Refused => "a commit is refused",
            Self::Woken => "a waiter is woken by a change",
            Self::OutlastsALease => "a waiter is woken by the end of a lease",
            Self::DeadReplaced => "what is dead is replaced by a lease",
            Self::Refreshed => "a stale entry is refreshed",
            Self::TwoLoads => "two load, since a lease was taken away",
        }
    }

    fn property(self) -> Property<Protocol> {
        Property::sometimes(
            self.name(),
            match self {
                Self::Hit => |_, world| any_at(world, At::Done(Outcome::Hit)),
                Self::Stored => |model, world| {
                    let is_stored = |&caller: &usize| {
                        world.callers[caller].at == At::Done(Outcome::Stored)
                            && model.configuration.callers[caller].1.looks_up()
                    };
                    (0..world.callers.len()).any(|caller| is_stored(&caller))
                },
                Self::Refused => |_, world| any_at(world, At::Done(Outcome::Refused)),
                Self::Woken => |_, world| {
                    let woken = |at| matches!(at, At::Waiting { fired: true, .. });
                    world.callers.iter().any(|caller| woken(caller.at))
                },
                Self::OutlastsALease => |_, world| {
                    let outlasts = |at| matches!(at, At::Waiting { holder, fired: false } if world.over.contains(&holder));
                    world.callers.iter().any(|caller| outlasts(caller.at))
                },
                Self::DeadReplaced => |_, world| {
                    world.callers.iter().any(|caller| {
                        caller.seen.is_some() && caller.at == At::Asked(Answer::Taken(true))
                    })
                },
                Self::Refreshed => |_, world| {
                    let refreshed = At::Asked(Answer::Released(Outcome::Stored));
                    any_at(world, refreshed)
                },
                Self::TwoLoads => {
                    |_, world| world.callers.iter().filter(|caller| caller.loads()).count() > 1
                }
            },
        )
    }
}

fn any_at(world: &World, at: At) -> bool {
    world.callers.iter().any(|caller| caller.at == at)
}
