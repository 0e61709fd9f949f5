//! Any calls of the contract, and what the cache makes of them.

mod calls;
mod play;
mod reference;
mod refusals;
mod seeds;

use tokio::runtime::Builder;

use crate::input::Input;
use play::Play;
pub use seeds::seeds;

/// Calls of one input, at most.
const MOST_CALLS: usize = 48;

/// Makes the calls that `bytes` choose, to three caches on one embedded store,
/// by sessions of which some may not write, on a clock that is moved by hand.
///
/// # Panics
/// A promise is broken: something panics, or does not end; a call answers
/// something else than a plain table of keys and values would; a refused call
/// changes something, or is refused for another reason than its own; one cache
/// sees what was done to another; a count is wrong; or something is left when
/// all leases are dropped.
pub fn contract(bytes: &[u8]) {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let mut input = Input::new(bytes);
        let mut play = Play::new();
        for _ in 0..MOST_CALLS {
            if input.is_over() {
                break;
            }
            let (caller, call) = calls::choose(&mut input);
            play.make(caller, call).await;
        }
        play.end().await;
    });
}
