//! Defines what can be typed: options that run episodes, and subcommands.
//!
//! What was typed becomes a layer of configuration in `run`; nothing is decided
//! here beyond the types of single values.

mod export;
mod look;
mod run;
mod view;

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use env_crafter::Tier;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

pub use export::{
    ExportArgs, ExportFormat, FineTuningArgs, HtmlArgs, ImportArgs, JsonArgs, ParquetArgs,
    Selection,
};
pub use look::{ForkArgs, PlayArgs, RenderArgs, ReplayArgs};
pub use run::RunArgs;
pub use view::{AnswerArgs, ViewArgs};

use crate::traces::refuse_address;

const EXAMPLES: &str = "\
Examples:
  runner --episodes 10
      Ten episodes of the embedded expert: no key, no network.
  runner --episodes 10 --endpoint http://localhost:8080/v1 --model my-model
      The same ten worlds, played by a model at an OpenAI-compatible endpoint.
  runner --model embedded:expert --model embedded:random --max-steps 200
      Two models on the same seeds; `runner compare` puts them side by side.
  runner --model gpt-4.1-mini --max-cost 2 --dry-run
      What would be played and what it would cost, without playing.
  runner report
      The last run in traces/crafter.duckdb, with intervals and baselines.
  runner query \"select * from session_summary\"
      Any question, in SQL.

$OPENAI_API_KEY and $OPENAI_BASE_URL are used once a model is named that is not
embedded; a key alone spends nothing.";

/// Plays, scores and traces episodes of Crafter.
///
/// Without a subcommand it runs episodes and writes their traces into a DuckDB
/// file; the subcommands read such files.
#[derive(Debug, Parser)]
#[command(
    name = "runner",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    allow_negative_numbers = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do instead of running episodes.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to run episodes.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Everything but running episodes.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Continue a run: play what is missing, and what failed for reasons of the endpoint
    Resume(Box<ResumeArgs>),
    /// Print the figures of a run
    Report(ReportArgs),
    /// Compare runs, paired by seed
    Compare(CompareArgs),
    /// Make a task set: worlds with what is near their beginning, and how hard that is
    Tasks(TasksArgs),
    /// List the runs in a trace file
    Runs(TableArgs),
    /// List the sessions in a trace file
    Sessions(SessionsArgs),
    /// Print one session, turn by turn
    Show(ShowArgs),
    /// Print calls, tokens, cost and latency by model
    Usage(UsageArgs),
    /// Look at runs, episodes and steps in the browser
    View(ViewArgs),
    /// List what failed: the events that ended in an error, a panic or a cancellation
    Errors(ErrorsArgs),
    /// Ask a trace file anything, in SQL
    Query(QueryArgs),
    /// Answer one question of the page of `view`, read from the standard input
    #[command(hide = true)]
    Answer(AnswerArgs),
    /// Play an episode yourself in the terminal, or look on while a model plays
    Play(Box<PlayArgs>),
    /// Let models go on from a step of an episode: what was the decision worth?
    Fork(Box<ForkArgs>),
    /// Draw an episode as a GIF, a video or pictures, with what was done and why
    Render(RenderArgs),
    /// Play an episode again and check every record of it: the proof that a trace is true
    Replay(ReplayArgs),
    /// Write what a trace file holds in forms that other programs take
    Export(ExportArgs),
    /// Take sessions into a trace file: exported ones, and what could not be written to one
    Import(ImportArgs),
    /// Bring a trace file of an earlier version up to date, in place
    Upgrade(UpgradeArgs),
    /// Play one episode traced by attributes and by hand, and compare the traces
    Parity(ParityArgs),
    /// Examine an endpoint: what it can do, and what a run will do about the rest
    Doctor(DoctorArgs),
}

/// A trace file to read.
#[derive(Debug, Args)]
pub struct TraceFile {
    /// The trace file
    #[arg(long, value_name = "PATH", default_value = "traces/crafter.duckdb", value_parser = local())]
    pub traces: PathBuf,
}

/// `runner upgrade`
#[derive(Debug, Args)]
pub struct UpgradeArgs {
    /// The trace file; to keep it as it is, upgrade a copy
    #[arg(value_name = "FILE", value_parser = local())]
    pub path: PathBuf,
}

/// A path, and no address of something elsewhere.
pub(super) fn local() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| refuse_address(&path).map(|()| path))
}

/// `runner runs`
#[derive(Debug, Args)]
pub struct TableArgs {
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// `runner tasks`
#[derive(Debug, Args)]
pub struct TasksArgs {
    /// Saved sets to check instead: that their worlds are as listed, and that none is in two
    #[arg(value_name = "FILE", conflicts_with_all = ["seed", "worlds", "tier", "difficulty", "name", "held_out", "shuffle", "out"])]
    pub files: Vec<PathBuf>,
    /// The first seed to look at
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64 - 100_000))]
    pub seed: u64,
    /// How many worlds the set has, those held out included
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub worlds: u64,
    /// Only worlds whose beginning is easy, medium or hard
    #[arg(long, value_name = "NAME", value_parser = crate::commands::tier)]
    pub tier: Option<Tier>,
    /// Rules the worlds are made by: easy, normal, hard or peaceful
    #[arg(long, value_name = "NAME", default_value = "normal")]
    pub difficulty: String,
    /// What the set is called, and its file
    #[arg(long, value_name = "NAME", default_value = "tasks", value_parser = file_name)]
    pub name: String,
    /// Put so many worlds into a second set, NAME-test
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub held_out: u64,
    /// The seed of the shuffle that decides which
    #[arg(long, value_name = "N", default_value_t = 0, requires = "held_out")]
    pub shuffle: u32,
    /// Save the sets in this folder, as NAME.json
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `runner resume`
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// The run to continue [default: the last one in the file]
    pub id: Option<String>,
    /// What may be changed: limits, concurrency, where the endpoint is.
    #[command(flatten)]
    pub run: RunArgs,
    /// Continue although the configuration differs from that of the run
    #[arg(long)]
    pub allow_changes: bool,
}

/// `runner report`
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run [default: the last one in the file]
    pub id: Option<String>,
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write to a file instead of the standard output
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Count endpoint failures as episodes, with what they reached, instead of leaving them out
    #[arg(long)]
    pub include_failures: bool,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for a terminal.
    #[default]
    Text,
    /// One documented object for each model.
    Json,
    /// One line for each episode.
    Csv,
    /// Tables for a document.
    Markdown,
    /// One self-contained page with charts.
    Html,
}

/// `runner compare`
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Runs or models; with none, the models of the last run. RUN:MODEL picks one model of a run
    pub ids: Vec<String>,
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// Print JSON instead of tables
    #[arg(long)]
    pub json: bool,
}

/// `runner sessions`
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// Only those of this run
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// At most so many, the latest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// `runner show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The session, or the first characters of its id
    pub session: String,
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// Print the whole session as JSON, as `export json` writes it and `import` reads it
    #[arg(long)]
    pub json: bool,
}

/// `runner usage`
#[derive(Debug, Args)]
pub struct UsageArgs {
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// Only this model
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// In which time.
    #[command(flatten)]
    pub range: RangeArgs,
    /// List so many single calls instead, those that cost most first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub dearest: Option<u64>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// `runner errors`
#[derive(Debug, Args)]
pub struct ErrorsArgs {
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// In which time.
    #[command(flatten)]
    pub range: RangeArgs,
    /// At most so many, the latest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// A span of time.
#[derive(Debug, Clone, Copy, Args)]
pub struct RangeArgs {
    /// From this time on, in UTC: 2026-01-31, or 2026-01-31T12:00
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<Timestamp>,
    /// Up to this time, and without it
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Timestamp>,
}

/// A time as a person types it; what says nothing of a zone is in UTC.
fn moment(text: &str) -> Result<Timestamp, String> {
    let in_utc = |time: DateTime| time.to_zoned(TimeZone::UTC).map(|time| time.timestamp());
    text.parse()
        .or_else(|_| text.parse().and_then(in_utc))
        .or_else(|_| text.parse().and_then(|day: Date| in_utc(day.into())))
        .map_err(|_| "it is no time, such as 2026-01-31 or 2026-01-31T12:00".to_owned())
}

/// `runner query`
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// The question, in any SQL that DuckDB knows; the whole answer is held in memory
    pub sql: String,
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// `runner parity`
#[derive(Debug, Args)]
pub struct ParityArgs {
    /// The embedded model whose replies are traced twice
    #[arg(long, value_name = "NAME", default_value = "embedded:expert")]
    pub model: String,
    /// The world's seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Steps of the episode at most; its last call fails
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_steps: u64,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// `runner doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Base URL of the endpoint, the name of a known one, or a file that describes it
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// The model to ask for
    #[arg(long, value_name = "NAME")]
    pub model: String,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// A name that is also one of a file in a folder, for the command line.
fn file_name(name: &str) -> Result<String, String> {
    let is_plain = Path::new(name).file_name() == Some(name.as_ref());
    match is_plain {
        true => Ok(name.to_owned()),
        false => Err("it names a file, so give a name without folders".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_grammar_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_without_a_subcommand_run_episodes() {
        let cli = Cli::try_parse_from(["runner", "--episodes", "3"]).expect("valid");
        assert!(cli.command.is_none());
        assert_eq!(cli.run.episodes, Some(3));
    }

    #[track_caller]
    fn check_moment(text: &str, expected: Option<&str>) {
        let expected = expected.map(|it| it.parse().expect("a time"));
        assert_eq!(moment(text).ok(), expected, "{text}");
    }

    #[test]
    fn times_are_typed_as_far_as_they_matter() {
        check_moment("2026-01-31", Some("2026-01-31T00:00:00Z"));
        check_moment("2026-01-31T12:00", Some("2026-01-31T12:00:00Z"));
        check_moment("2026-01-31 12:00:01.5", Some("2026-01-31T12:00:01.5Z"));
        check_moment("2026-01-31T12:00:00+02:00", Some("2026-01-31T10:00:00Z"));
        check_moment("yesterday", None);
        check_moment("2026-02-31", None);
    }

    #[track_caller]
    fn check_error(arguments: &[&str], expected: &str) {
        let error = Cli::try_parse_from(arguments)
            .expect_err("an error")
            .to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        check_error(&["runner", "--episods", "3"], "'--episodes'");
        check_error(&["runner", "reprot"], "'report'");
        check_error(&["runner", "--episodes", "3", "report"], "report");
        check_error(&["runner", "--seed", "-1"], "-1");
        check_error(
            &["runner", "--seed", "18446744073709551616"],
            "18446744073709551616",
        );
        check_error(&["runner", "--quiet", "--json", "--episodes", "x"], "'x'");
    }
}
