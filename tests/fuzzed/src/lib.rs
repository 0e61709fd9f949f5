//! What is fed garbage.
