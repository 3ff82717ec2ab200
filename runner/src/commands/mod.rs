//! The commands, a file each: what was asked for, done and printed.

mod answer;
mod compare;
mod doctor;
mod errors;
mod export;
mod fork;
mod import;
mod parity;
mod play;
mod query;
mod render;
mod replay;
mod report;
mod resume;
mod run;
mod runs;
mod sessions;
mod show;
mod tasks;
mod upgrade;
mod usage;
mod view;

pub(crate) use tasks::tier;

use crate::args::{Cli, Command};
use crate::exit::Exit;

/// Does what was typed.
///
/// # Errors
///
/// Where it cannot be done; [`exit::of_error`](crate::exit::of_error) knows the
/// exit code.
pub fn dispatch(cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        None => run::run(&cli.run),
        Some(Command::Resume(args)) => resume::resume(args),
        Some(Command::Report(args)) => report::report(args),
        Some(Command::Compare(args)) => compare::compare(args),
        Some(Command::Tasks(args)) => tasks::tasks(args),
        Some(Command::Runs(args)) => runs::runs(args),
        Some(Command::Sessions(args)) => sessions::sessions(args),
        Some(Command::Show(args)) => show::show(args),
        Some(Command::Usage(args)) => usage::usage(args),
        Some(Command::View(args)) => view::view(args),
        Some(Command::Errors(args)) => errors::errors(args),
        Some(Command::Query(args)) => query::query(args),
        Some(Command::Answer(args)) => answer::answer(args),
        Some(Command::Play(args)) => play::play(args),
        Some(Command::Fork(args)) => fork::fork(args),
        Some(Command::Render(args)) => render::render(args),
        Some(Command::Replay(args)) => replay::replay(args),
        Some(Command::Export(args)) => export::export(args),
        Some(Command::Import(args)) => import::import(args),
        Some(Command::Upgrade(args)) => upgrade::upgrade(args),
        Some(Command::Parity(args)) => parity::parity(args),
        Some(Command::Doctor(args)) => doctor::doctor(args),
    }
}
