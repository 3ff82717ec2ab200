//! What is recorded, seen from outside: by hand, by macros, by hooks and by tasks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod channel;
mod context;
mod futures;
mod hooks;
mod isolation;
mod macros;
mod parity;
mod privacy;
mod program;
mod sessions;
mod support;
mod v1;
