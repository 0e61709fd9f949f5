//! What a host has to contain.

use std::hint::black_box;

/// Traps, as a bug in generated code would.
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

/// Memory that is never freed.
#[derive(Debug, Default)]
pub(crate) struct Hoard(Vec<Vec<u8>>);

impl Hoard {
    /// Allocates `mib` MiB more; returns false if the allocator refuses.
    pub(crate) fn eat(&mut self, mib: usize) -> bool {
        (0..mib).all(|_| {
            let mut piece = Vec::new();
            if piece.try_reserve_exact(1 << 20).is_err() {
                return false;
            }
            // Written to, so that it is committed.
            piece.resize(1 << 20, 1);
            self.0.push(black_box(piece));
            true
        })
    }
}
