//! Defines what can be typed after `view`, and what its page asks by.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{TraceFile, local};

const EXAMPLES: &str = "\
Arrow keys step through an episode, the space bar plays it, and ? lists the other
keys. Frames are drawn from seed and actions. Nothing is written to the trace file,
and nothing is asked of anybody else.

While a run is writing the file, the page reads a copy of it that is made anew
every few seconds.

Examples:
  runner view
      The runs in traces/crafter.duckdb.
  runner view old.duckdb --port 9000 --open
      Another file, at a port of your choice, in your browser at once.";

/// `runner view`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ViewArgs {
    /// The trace file, also one that a run is still writing; the same as --traces
    #[arg(value_name = "TRACES", conflicts_with = "traces", value_parser = local())]
    path: Option<PathBuf>,
    /// Which file.
    #[command(flatten)]
    file: TraceFile,
    /// The address to listen on; others than this machine's own let others read the traces
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: String,
    /// The port to listen on [default: 8642, or any that is free]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,
}

impl ViewArgs {
    /// The trace file, whichever way it was named.
    pub fn traces(&self) -> &Path {
        self.path.as_deref().unwrap_or(&self.file.traces)
    }
}

/// `runner answer`
#[derive(Debug, Args)]
pub struct AnswerArgs {
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// How long the answer may take
    #[arg(long, value_name = "N")]
    pub seconds: u64,
}
