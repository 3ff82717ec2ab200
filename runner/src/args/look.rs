//! Defines the options of what looks at single episodes.

use std::path::PathBuf;

use clap::{Args, value_parser};

use super::run::without;
use super::{RunArgs, TraceFile};

/// `runner render`
#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub struct RenderArgs {
    /// The session that holds the episode, or the first characters of its id
    pub episode: String,
    /// Where to: a .gif, an .mp4 (made by the system's ffmpeg), or a folder for PNGs
    #[arg(long, short, value_name = "PATH")]
    pub out: PathBuf,
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// Pixels of a cell of the map; multiples of 16 are sharpest
    #[arg(long, value_name = "N", default_value_t = 48)]
    pub scale: u32,
    /// Steps a second
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = value_parser!(u16).range(1..=50))]
    pub fps: u16,
    /// The first step to draw; 0 is the beginning
    #[arg(long, value_name = "STEP")]
    pub from: Option<u64>,
    /// The last step to draw
    #[arg(long, value_name = "STEP")]
    pub to: Option<u64>,
    /// Leave out the panel with step, action, effect, achievements and reasons
    #[arg(long)]
    pub no_captions: bool,
    /// A folder of PNGs to draw with, named like the game's textures
    #[arg(long, value_name = "DIR")]
    pub textures: Option<PathBuf>,
}

/// `runner replay`
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The session that holds the episode, or the first characters of its id
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub episode: Option<String>,
    /// Every episode in the file
    #[arg(long)]
    pub all: bool,
    /// With --all, only those of this run
    #[arg(long, value_name = "ID", requires = "all")]
    pub run: Option<String>,
    /// Which file.
    #[command(flatten)]
    pub file: TraceFile,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

const FORK_EXAMPLES: &str = "\
What is not given is as in the run of the episode that is gone on from.

Examples:
  runner fork 01a205bf --at-step 200 --model embedded:expert --model embedded:random
      What either makes of the same moment, five times each.
  runner fork 01a205bf --at-step 200 --reseed --continuations 10
      What might have happened to the same model with another luck.";

/// `runner fork`
#[derive(Debug, Args)]
#[command(after_help = FORK_EXAMPLES, allow_negative_numbers = true, mut_args(without(&[
    "episodes", "seed", "difficulty", "tasks", "tier", "until_decided", "record", "replay",
])))]
pub struct ForkArgs {
    /// The session that holds the episode, or the first characters of its id
    pub episode: String,
    /// The step after which others go on; 0 is the beginning
    #[arg(long, value_name = "STEP")]
    pub at_step: u64,
    /// How often each model goes on from there
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = value_parser!(u16).range(1..))]
    pub continuations: u16,
    /// Give each continuation a luck of its own, instead of the parent's
    #[arg(long)]
    pub reseed: bool,
    /// How they are played. What is not given is as in the parent's run.
    #[command(flatten)]
    pub run: RunArgs,
}

const PLAY_EXAMPLES: &str = "\
Keys are the original game's: w a s d or the arrows move, the space bar does what there is
to do, q leaves. The screen shows the others.

Examples:
  runner play --seed 3
      A world of your choice, recorded under the name human.
  runner play --watch embedded:expert
      Look on while a player that is built in plays.
  runner play --fork 01a205bf --at-step 200
      Go on where a model stood.";

/// `runner play`
#[derive(Debug, Args)]
#[command(after_help = PLAY_EXAMPLES, allow_negative_numbers = true, mut_args(without(&[
    "models", "episodes", "tasks", "tier", "concurrency", "until_decided", "record", "replay",
    "dry_run", "events",
])), mut_arg("seed", |seed| seed.help("World seed")))]
pub struct PlayArgs {
    /// Look on while this model plays, instead of playing
    #[arg(long, value_name = "NAME", conflicts_with = "models")]
    pub watch: Option<String>,
    /// Play in real time, so many steps a second: who presses no key waits. Without it, time
    /// passes with each key
    #[arg(long, value_name = "N", conflicts_with = "watch", value_parser = value_parser!(u16).range(1..=30))]
    pub fps: Option<u16>,
    /// Go on from a step of this episode, instead of beginning a world
    #[arg(long, value_name = "EPISODE", requires = "at_step")]
    pub fork: Option<String>,
    /// With --fork, the step
    #[arg(long, value_name = "STEP", requires = "fork")]
    pub at_step: Option<u64>,
    /// How it is played and where it is recorded.
    #[command(flatten)]
    pub run: RunArgs,
}
