//! Defines what can be typed after `export` and `import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{TraceFile, local};

/// `runner export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// In which form.
    #[command(subcommand)]
    pub format: ExportFormat,
}

/// The forms, a subcommand each.
#[derive(Debug, Subcommand)]
pub enum ExportFormat {
    /// Whole sessions, each a JSON file that `runner import` reads back without loss
    Json(JsonArgs),
    /// All tables, each a Parquet file for DuckDB, pandas, Polars, Spark, …
    Parquet(ParquetArgs),
    /// One episode as one page with the player of `runner view`, which opens anywhere
    Html(HtmlArgs),
    /// Conversations with the model as JSONL, to train a model on
    #[command(after_help = FINETUNING_EXAMPLES)]
    Finetuning(FineTuningArgs),
}

const FINETUNING_EXAMPLES: &str = "\
Each line is {\"messages\": […]}, with \"tools\" where the model had some.

Examples:
  runner export finetuning --out good.jsonl --where \"total_reward >= 5\"
      The episodes that reached something, each as one conversation.
  runner export finetuning --out good.jsonl --window 10 --min-reward 1
      Stretches of ten turns in which the reward was at least 1.

--where takes any condition on the columns of the view session_summary:
  runner query \"describe session_summary\"";

/// Which sessions.
#[derive(Debug, Args)]
pub struct Selection {
    /// The sessions, or the first characters of their ids [default: all]
    #[arg(value_name = "SESSION")]
    pub sessions: Vec<String>,
    /// Only those of this run
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
}

/// `runner export html`
#[derive(Debug, Args)]
pub struct HtmlArgs {
    /// The session that holds the episode, or the first characters of its id
    pub episode: String,
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// The page to write [default: episode-ID.html]
    #[arg(long, short, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

/// `runner export json`
#[derive(Debug, Args)]
pub struct JsonArgs {
    /// Which sessions.
    #[command(flatten)]
    pub selection: Selection,
    /// The folder to write to; each file has the name of its session
    #[arg(long, short, value_name = "FOLDER")]
    pub out: PathBuf,
}

/// `runner export parquet`
#[derive(Debug, Args)]
pub struct ParquetArgs {
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// The folder to write to; each file has the name of its table
    #[arg(long, short, value_name = "FOLDER")]
    pub out: PathBuf,
}

/// `runner export finetuning`
#[derive(Debug, Args)]
pub struct FineTuningArgs {
    /// Which sessions.
    #[command(flatten)]
    pub selection: Selection,
    /// The file to write
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Only sessions for which this holds: SQL on the columns of session_summary
    #[arg(long = "where", value_name = "CONDITION")]
    pub condition: Option<String>,
    /// Cut each session into conversations of so many turns
    #[arg(long, value_name = "TURNS", value_parser = clap::value_parser!(u32).range(1..))]
    pub window: Option<u32>,
    /// Only windows whose rewards add up to this
    #[arg(
        long,
        value_name = "REWARD",
        requires = "window",
        default_value_t = 0.0
    )]
    pub min_reward: f64,
}

/// `runner import`
#[derive(Debug, Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub struct ImportArgs {
    /// Files of `runner export json`, and `.unsaved.jsonl` files, which an error names
    #[arg(required = true, value_name = "FILE")]
    pub sources: Vec<PathBuf>,
    /// The trace file to import into; it is made where there is none
    #[arg(long, value_name = "PATH", default_value = "traces/crafter.duckdb", value_parser = local())]
    pub traces: PathBuf,
    /// Put a session in the place of another one with the same id, instead of refusing it
    #[arg(long)]
    pub replace: bool,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

const IMPORT_EXAMPLES: &str = "\
Importing a file again changes nothing.

Examples:
  runner import exports/*.json
      Sessions from another trace file, into traces/crafter.duckdb.
  runner import --traces all.duckdb a/*.json b/*.json
      Sessions of several machines, together in a new file.
  runner import traces/crafter.duckdb.*.unsaved.jsonl
      What could not be written while the disk was full: the message of the run
      that failed names the file.";
