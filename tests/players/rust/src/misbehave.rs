//! What a host has to stand.

use std::hint::black_box;

/// Traps, as a bug in the generated code would.
pub(crate) fn trap() -> ! {
    // `unreachable`, on this target.
    std::process::abort()
}

/// Never returns, and never calls the host.
pub(crate) fn spin() -> ! {
    loop {
        black_box(());
    }
}

/// Calls itself until the stack is used up.
pub(crate) fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if depth == u64::MAX {
        return depth;
    }
    overflow(depth + 1) + frame[(depth % 64) as usize]
}

/// Memory that was taken and is not given back.
#[derive(Debug, Default)]
pub(crate) struct Hoard(Vec<Vec<u8>>);

impl Hoard {
    /// Takes `mib` MiB more; false if there is not that much.
    pub(crate) fn eat(&mut self, mib: usize) -> bool {
        (0..mib).all(|_| {
            let mut piece = Vec::new();
            if piece.try_reserve_exact(1 << 20).is_err() {
                return false;
            }
            // Touched, so that it is real.
            piece.resize(1 << 20, 1);
            self.0.push(black_box(piece));
            true
        })
    }
}
