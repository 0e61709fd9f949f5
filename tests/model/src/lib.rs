//! A model of the protocol's steps, run exhaustively.
