//! Seeded interleavings of many callers, and a checker that knows a stale read.
