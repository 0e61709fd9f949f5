//! Plays steps of JSON on the cache. `../README.md` describes the protocol.
#![forbid(unsafe_code)]

mod answer;
mod cached;
mod misbehave;
mod misuse;
mod play;
mod step;
mod value;

use std::io;

use crate::play::Player;

fn main() -> io::Result<()> {
    let player = Player::new(io::stdin().lock(), io::stdout().lock());
    let steps: Vec<String> = std::env::args().skip(1).collect();
    if steps.is_empty() {
        return player.play_input();
    }
    steps.iter().try_for_each(|step| player.play_line(step).map(drop))
}
