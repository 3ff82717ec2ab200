//! Talks to any endpoint that speaks OpenAI's chat protocol, or nearly does.
//!
//! Requests are built with `async-openai`'s types; answers are read by tolerant
//! types of our own, because real endpoints leave fields out, change their types and
//! invent new ones. What an endpoint refuses is learned once and remembered for the
//! run. A fault of the endpoint ends as a [`ModelError`](crate::model::ModelError),
//! never as a reply.
//!
//! Not here: what tools there are, and whether a call makes sense.
//!
//! One call, from top to bottom: [`OpenAiModel`] asks `request` for a body, and that
//! `messages` for the conversation; sends it by `transport`, which cuts a stream into
//! `events` and joins them in `stream`; reads the answer's JSON by `body` and what it says
//! by `reply`. `verdict` takes it, or else learns from the refusal by `adapt` or tries
//! again as [`crate::retry`] says.

mod adapt;
mod body;
mod call;
mod client;
mod events;
mod fault;
mod ids;
mod messages;
mod reply;
mod request;
mod stream;
mod thinking;
mod transport;
mod truncation;
mod verdict;
mod wire;

#[cfg(test)]
mod fuzz;

pub use client::OpenAiModel;
