//! The trace file: what is written is there, exactly once, whatever happens.

mod asking;
mod exports;
mod hardship;
mod imports;
mod migration;
mod queries;
mod refusals;
mod regressions;
mod round_trip;
mod sample;
