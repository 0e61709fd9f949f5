//! What may happen next, and what must always hold.

use crate::actions::Steps;
use crate::checks::Check;
use crate::configuration::{Call, Configuration, Event};
use crate::world::{At, Caller, Message, RedisKey, Step, World};

/// The protocol, as the callers of one configuration play it.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// The callers.
    pub configuration: Configuration,
    /// The check that is left out.
    pub without: Option<Check>,
}

/// What happens next. Callers and processes are given by number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Call(usize, Call),
    /// A caller takes a step.
    Step(usize, Step),
    /// A caller wakes up to the reply to its step.
    Wake(usize, Step),
    /// A caller has waited long enough.
    ReadAgain(usize),
    /// A process handles the message at this place of its inbox.
    Handle(usize, usize, Message),
    LeaseExpires,
    LeaseRenewed(usize),
    /// Whether Redis notifies those that track the epoch.
    EpochLost(RedisKey, bool),
    /// Whether what the callers were about to send is lost as well.
    ConnectionLost(usize, bool),
    Killed(usize),
}

/// What must hold in every world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// G1: while the lease of a loader is not taken away, nobody else loads.
    OneLoad,
    /// G2 and G6: nobody gets what is older than the changes that had returned when
    /// it called, and no commit stores it alive.
    NothingStale,
    /// G3: a commit, and a lease that is given up, change only what the lease holds.
    OwnersOnly,
    /// G4: every run ends, and every caller has returned then. None waits for a
    /// lease that has ended, nor for the time limit of one unless its holder was
    /// killed or lost its connection.
    EverybodyReturns,
}

impl Guarantee {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::OneLoad, Self::NothingStale, Self::OwnersOnly, Self::EverybodyReturns];

    /// Whether it holds in a world, which is the last one if nothing can follow.
    pub(crate) fn holds(self, world: &World, is_last: bool) -> bool {
        match self {
            Self::OneLoad => {
                let is_rightful = |caller: &&Caller| {
                    caller.loads() && caller.lease.as_ref().is_some_and(|lease| !lease.void)
                };
                world.callers.iter().filter(is_rightful).count() <= 1
            }
            Self::NothingStale => !world.stale,
            Self::OwnersOnly => !world.overreached,
            Self::EverybodyReturns => !is_last || world.callers.iter().all(Caller::is_done),
        }
    }
}

impl Protocol {
    /// All that may happen next.
    pub(crate) fn actions(&self, world: &World) -> Vec<Action> {
        let end_of_lease_wakes = self.without != Some(Check::EndOfLeaseWakes);
        let mut actions = Vec::new();
        for (caller, &(_, call)) in self.configuration.callers.iter().enumerate() {
            actions.extend(match world.callers[caller].at {
                At::Start => Some(Action::Call(caller, call)),
                At::About(step) => Some(Action::Step(caller, step)),
                At::Told(step) => Some(Action::Wake(caller, step)),
                At::Waiting if world.wait_is_over(caller, end_of_lease_wakes) => {
                    Some(Action::ReadAgain(caller))
                }
                At::Waiting | At::Asked(..) | At::Done(_) => None,
            });
        }
        let in_order = self.without != Some(Check::RepliesInOrder);
        for (process, connection) in world.connections.iter().enumerate() {
            let inbox = connection.inbox.iter().enumerate();
            let next = inbox.filter(|&(place, message)| {
                place == 0 || (!in_order && matches!(message, Message::Reply(_)))
            });
            actions.extend(next.map(|(place, &message)| Action::Handle(process, place, message)));
        }
        // That of a killed process expires without fail.
        if world.orphan_is_out() && !world.events.contains(&Event::LeaseExpires) {
            actions.push(Action::LeaseExpires);
        }
        for event in &world.events {
            self.event(world, *event, &mut actions);
        }
        actions
    }

    fn event(&self, world: &World, event: Event, actions: &mut Vec<Action>) {
        let callers = 0..world.callers.len();
        let is_used = |process: &usize| {
            self.configuration.callers_of(*process).any(|caller| !world.callers[caller].is_done())
        };
        let processes = (0..world.connections.len()).filter(is_used);
        let either = [false, true];
        match event {
            Event::LeaseExpires => actions.extend(world.holder().map(|_| Action::LeaseExpires)),
            Event::LeaseRenewed => {
                let loads = callers.filter(|&caller| world.callers[caller].loads());
                actions.extend(loads.map(Action::LeaseRenewed));
            }
            Event::EpochLost => {
                let lost = |epoch: &RedisKey| either.map(|told| Action::EpochLost(*epoch, told));
                actions.extend(world.store.epochs.keys().flat_map(lost));
            }
            Event::ConnectionLost => {
                let lost = |process| either.map(|sent| Action::ConnectionLost(process, sent));
                actions.extend(processes.flat_map(lost));
            }
            Event::Killed => actions.extend(processes.map(Action::Killed)),
        }
    }

    /// The world after `action`.
    pub(crate) fn after(&self, world: &World, action: Action) -> World {
        let Self { configuration, without } = self;
        let mut world = world.clone();
        let mut steps = Steps { configuration, without: *without, world: &mut world };
        match action {
            Action::Call(caller, call) => steps.call(caller, call),
            Action::Step(caller, step) => steps.step(caller, step),
            Action::Wake(caller, step) => steps.answered(caller, step, false),
            Action::ReadAgain(caller) => steps.step(caller, Step::Read),
            Action::Handle(process, place, message) => steps.handle(process, place, message),
            Action::LeaseExpires => steps.lease_expires(),
            Action::LeaseRenewed(caller) => steps.lease_renewed(caller),
            Action::EpochLost(epoch, reported) => steps.epoch_lost(epoch, reported),
            Action::ConnectionLost(process, sent) => steps.connection_lost(process, sent),
            Action::Killed(process) => steps.killed(process),
        }
        world.tidy(configuration);
        world
    }
}
