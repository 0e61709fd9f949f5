//! Whether every run of the model ends.
//!
//! `stateright` looks at the ends of paths, and not at cycles: this does.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use stateright::Model as _;

use crate::model::{Action, Protocol};
use crate::world::World;

/// A state on the way to the one that is looked at.
struct Visit {
    world: World,
    fingerprint: u64,
    /// The action that is looked at; there are no more after the last.
    actions: Vec<Action>,
    next: usize,
}

/// How many states there are, if no run comes back to a state that it was in;
/// else the actions up to there.
pub fn every_run_ends(protocol: &Protocol) -> Result<usize, Vec<Action>> {
    let hash = BuildHasherDefault::<DefaultHasher>::default();
    // True: on the way to the state that is looked at.
    let mut seen: HashMap<u64, bool> = HashMap::new();
    let visit = |world: World| {
        let mut actions = Vec::new();
        protocol.actions(&world, &mut actions);
        Visit { fingerprint: hash.hash_one(&world), world, actions, next: 0 }
    };
    let mut way: Vec<Visit> = protocol.init_states().into_iter().map(&visit).collect();
    seen.extend(way.iter().map(|visit| (visit.fingerprint, true)));
    while let Some(last) = way.last_mut() {
        let Some(&action) = last.actions.get(last.next) else {
            seen.insert(last.fingerprint, false);
            way.pop();
            continue;
        };
        last.next += 1;
        let Some(world) = protocol.next_state(&last.world, action) else { continue };
        match seen.get(&hash.hash_one(&world)) {
            Some(true) => {
                return Err(way.iter().map(|visit| visit.actions[visit.next - 1]).collect());
            }
            Some(false) => {}
            None => {
                let visit = visit(world);
                seen.insert(visit.fingerprint, true);
                way.push(visit);
            }
        }
    }
    Ok(seen.len())
}
