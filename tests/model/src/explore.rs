//! Visits every world that callers can get into.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use crate::protocol::{Guarantee, Protocol};
use crate::world::{At, World};

/// What was explored.
#[derive(Clone, Debug)]
pub struct Explored {
    /// The number of worlds.
    pub states: usize,
    /// The names of all outcomes of calls that were seen.
    pub outcomes: BTreeSet<String>,
}

/// The worlds that were reached, numbered in the order of their distance.
#[derive(Default)]
struct Worlds {
    /// Worlds are told apart by 64 bits of a hash.
    numbers: HashMap<u64, u32>,
    hash: BuildHasherDefault<DefaultHasher>,
    /// From which world each was reached first, and by which of its actions.
    from: Vec<(u32, u8)>,
    /// Those that are still to be visited.
    unvisited: VecDeque<World>,
    /// The worlds that can follow each visited one.
    next: Vec<Vec<u32>>,
}

impl Worlds {
    /// The number of a world that `from` leads to.
    fn reach(&mut self, world: World, from: (u32, u8)) -> u32 {
        *self.numbers.entry(self.hash.hash_one(&world)).or_insert_with(|| {
            self.from.push(from);
            self.unvisited.push_back(world);
            u32::try_from(self.from.len() - 1).expect("fewer worlds than 2^32")
        })
    }

    /// The run to a world, in which `guarantee` falls.
    fn run(&self, protocol: &Protocol, guarantee: Guarantee, mut number: u32) -> String {
        let mut choices = Vec::new();
        while number != 0 {
            let (from, choice) = self.from[number as usize];
            choices.push(choice);
            number = from;
        }
        let mut run = format!("{guarantee:?} falls after {} steps:\n", choices.len());
        let mut world = World::new(&protocol.configuration);
        for (number, choice) in (1..).zip(choices.into_iter().rev()) {
            let action = protocol.actions(&world)[usize::from(choice)];
            let _ = writeln!(run, "{number:>4} {action:?}");
            world = protocol.after(&world, action);
        }
        run
    }

    /// A world that some run comes back to: what is left after removing, again
    /// and again, the worlds that nothing leads to.
    fn cycle(&self) -> Option<u32> {
        let mut leading_to = vec![0_u32; self.next.len()];
        self.next.iter().flatten().for_each(|world| leading_to[*world as usize] += 1);
        let mut free = vec![0];
        while let Some(world) = free.pop() {
            for follower in &self.next[world as usize] {
                leading_to[*follower as usize] -= 1;
                if leading_to[*follower as usize] == 0 {
                    free.push(*follower);
                }
            }
        }
        let left = leading_to.iter().position(|left| *left > 0)?;
        u32::try_from(left).ok()
    }
}

/// Visits all worlds, breadth first, and checks `guarantees` in each.
///
/// # Errors
/// The shortest run that breaks one of them.
pub fn explore(protocol: &Protocol, guarantees: &[Guarantee]) -> Result<Explored, String> {
    let mut worlds = Worlds::default();
    let mut outcomes = BTreeSet::new();
    worlds.reach(World::new(&protocol.configuration), (0, 0));
    for number in 0.. {
        let Some(world) = worlds.unvisited.pop_front() else { break };
        let actions = protocol.actions(&world);
        let is_last = actions.is_empty();
        if let Some(broken) = guarantees.iter().find(|it| !it.holds(&world, is_last)) {
            return Err(worlds.run(protocol, *broken, number));
        }
        for caller in world.callers.iter().filter(|_| is_last) {
            if let At::Done(outcome) = caller.at {
                outcomes.insert(format!("{outcome:?}"));
            }
        }
        let next = (0..)
            .zip(actions)
            .map(|(choice, action)| worlds.reach(protocol.after(&world, action), (number, choice)));
        let next = next.collect();
        worlds.next.push(next);
    }
    match worlds.cycle() {
        Some(world) if guarantees.contains(&Guarantee::EverybodyReturns) => {
            Err(worlds.run(protocol, Guarantee::EverybodyReturns, world))
        }
        _ => Ok(Explored { states: worlds.from.len(), outcomes }),
    }
}
