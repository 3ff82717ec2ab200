//! The `runner` program: see `runner --help`.

use std::process::ExitCode;

use clap::Parser;
use runner::args::Cli;
use runner::{commands, exit, output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match commands::dispatch(&cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            exit::of_error(&error).into()
        }
    }
}
