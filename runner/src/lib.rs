//! Plays, scores and traces episodes of Crafter.
//!
//! The binary is thin; what it does is here, so that tests and other programs
//! can do it too. What was typed ([`args`]) becomes a [`config`], a config
//! becomes a [`plan`], an [`experiment`] plays the plan with the scheduler in
//! [`run`] and tells what happens as [`events`]; what the trace file holds
//! afterwards becomes a [`report`].
//!
//! *Invariant: composes.* The world, the agent and the tracer are libraries of
//! their own; here are the command line, scheduling, limits and presentation.
//!
//! The figures are pure functions:
//!
//! ```
//! use env_crafter::{Achievement, AchievementSet};
//! use runner::statistics::{crafter_score, progress, success_rates};
//!
//! let wood: AchievementSet = [Achievement::CollectWood].into_iter().collect();
//! let episodes = [wood, AchievementSet::EMPTY];
//! let rates = success_rates(&episodes);
//! assert_eq!(rates[Achievement::CollectWood as usize], 50.0);
//! assert!((crafter_score(&rates) - 0.1957).abs() < 1e-4);
//! assert!((progress(&episodes).expect("two episodes").value - 2.2727).abs() < 1e-4);
//! ```

/// Here and not beside `main`, so that benches measure what the program does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod args;
pub mod config;
pub mod plan;
pub mod players;
pub mod replies;
pub mod tasks;

pub mod experiment;
pub mod run;

pub mod event_log;
pub mod events;
pub mod terminal;

pub mod baselines;
pub mod by_hand;
pub mod decide;
pub mod episode;
pub mod estimate;
pub mod fork;
pub mod play;
pub mod rebuild;
pub mod render;
pub mod replay;
pub mod report;
pub mod statistics;

pub mod view;

pub mod commands;
pub mod exit;
pub mod output;
pub mod overwrite;
pub mod traces;
