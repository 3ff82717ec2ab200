//! Plays a world and prints the records the reference's oracle would print,
//! or compares a trace the oracle wrote with the world.
//!
//! ```text
//! trace --seed 3 --actions "move_left do do sleep" --out trace.jsonl
//! trace --seed 3 --actions actions.txt --steps 500 --noise separate
//! trace --like golden.jsonl.gz            # the same settings and actions
//! trace --check golden.jsonl.gz
//! trace --check golden.jsonl.gz --textures site-packages/crafter/assets
//! ```
//!
//! With `--check` the last line says `agrees` or names the first difference,
//! and the exit code is 0 or 1; it is 2 if there is nothing to compare. Images
//! are compared if the textures are those of the trace: without `--textures`,
//! the embedded ones.

mod check;
mod record;
mod recorder;

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use env_crafter::{Action, Textures, UnknownName};

use crate::record::Config;

/// The options that say what is played, which a given trace says, too.
const SETTINGS: [&str; 12] = [
    "actions",
    "seed",
    "episodes",
    "steps",
    "area",
    "view",
    "size",
    "length",
    "noise",
    "past_done",
    "dump_every",
    "frame_every",
];

#[derive(Parser)]
#[command(about = "Plays a world as the reference's oracle does, or compares the two")]
struct Args {
    /// Compare this trace with the world, instead of printing one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["like", "out"], conflicts_with_all = SETTINGS)]
    check: Option<PathBuf>,
    /// Print a trace with the settings and actions of this one
    #[arg(long, value_name = "FILE", conflicts_with_all = SETTINGS)]
    like: Option<PathBuf>,
    /// The actions: names or numbers, or a file of them with # comments; then noop
    #[arg(
        long,
        default_value = "",
        value_name = "LIST or FILE",
        hide_default_value = true
    )]
    actions: String,
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = parse_seed)]
    seed: u64,
    #[arg(long, default_value_t = 1)]
    episodes: u64,
    /// Steps of an episode, at most [default: as many as there are actions]
    #[arg(long)]
    steps: Option<u64>,
    #[arg(long, num_args = 2, default_values_t = [64, 64], value_names = ["W", "H"])]
    area: Vec<u32>,
    #[arg(long, num_args = 2, default_values_t = [9, 9], value_names = ["W", "H"])]
    view: Vec<u32>,
    #[arg(long, num_args = 2, default_values_t = [64, 64], value_names = ["W", "H"])]
    size: Vec<u32>,
    /// Steps after which an episode ends; 0 for no limit
    #[arg(long, default_value_t = 10_000)]
    length: u64,
    /// Where night noise is drawn from: world (as the reference does) or separate
    #[arg(long, default_value = "world", value_parser = ["world", "separate"])]
    noise: String,
    /// Play on after the end
    #[arg(long)]
    past_done: bool,
    /// List all objects every so many steps
    #[arg(long, default_value_t = 50)]
    dump_every: u64,
    /// Give the image every so many steps
    #[arg(long, default_value_t = 100)]
    frame_every: u64,
    /// Draw with the PNGs of this folder instead of the embedded ones
    #[arg(long, value_name = "DIR")]
    textures: Option<PathBuf>,
    /// Where to write the trace [default: standard output]
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Why nothing came of it.
enum Failure {
    /// Nobody reads on.
    Closed,
    Message(String),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Message(error.to_string()),
        }
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::Message(message)) => {
            eprintln!("trace: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<ExitCode, Failure> {
    let textures = match &args.textures {
        Some(folder) => Arc::new(Textures::load(folder).map_err(|error| describe(&error))?),
        None => Textures::embedded(),
    };
    if let Some(path) = &args.check {
        return Ok(compare(&check::read(path)?, &textures)?);
    }
    let (mut config, actions) = match &args.like {
        Some(path) => check::config_and_actions(&check::read(path)?)?,
        None => {
            let actions = parse_actions(&args.actions)?;
            (config(args, actions.len() as u64), actions)
        }
    };
    let hash = textures.hash();
    // There is no log of draws here.
    config.rng_log = false;
    config.textures = Some(hash).filter(|hash| hash != Textures::REFERENCE_HASH);
    let out: Box<dyn Write> = match &args.out {
        Some(path) => {
            Box::new(File::create(path).map_err(|error| format!("{}: {error}", path.display()))?)
        }
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::new(out);
    recorder::play(&config, actions.into_iter(), Some(&textures), |record| {
        let line = serde_json::to_string(&record).map_err(|error| error.to_string())?;
        writeln!(out, "{line}").map_err(Failure::from)
    })?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn compare(lines: &[serde_json::Value], textures: &Arc<Textures>) -> Result<ExitCode, String> {
    let outcome = check::check(lines, textures)?;
    println!(
        "compared: {} steps or worlds, {} images",
        outcome.agreed, outcome.images
    );
    if !outcome.ignored.is_empty() {
        println!("not compared: {}", outcome.ignored.join(", "));
    }
    for reason in &outcome.left_out {
        println!("not compared: {reason}");
    }
    match outcome.difference {
        None => {
            println!("agrees");
            Ok(ExitCode::SUCCESS)
        }
        Some(difference) => {
            println!("differs at {difference}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// An error with what caused it.
fn describe(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", describe(source)),
        None => error.to_string(),
    }
}

fn config(args: &Args, actions: u64) -> Config {
    Config {
        seed: args.seed.into(),
        area: [args.area[0], args.area[1]],
        view: [args.view[0], args.view[1]],
        size: [args.size[0], args.size[1]],
        length: Some(args.length).filter(|&length| length > 0),
        reward: true,
        episodes: args.episodes,
        steps: args.steps.unwrap_or(actions),
        total_steps: 0,
        policy: "scripted".to_owned(),
        policy_seed: args.seed.into(),
        dump_every: args.dump_every,
        frame_every: args.frame_every,
        past_done: args.past_done,
        rng_log: false,
        noise: Some(args.noise.clone()).filter(|noise| noise != "world"),
        textures: None,
    }
}

fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("seeds are 0 to {}", u64::MAX))
}

/// Actions by name or number, from a file if there is one of that name.
fn parse_actions(list: &str) -> Result<Vec<Action>, String> {
    let is_file = Path::new(list).is_file();
    let text = if is_file {
        fs::read_to_string(list).map_err(|error| format!("{list}: {error}"))?
    } else {
        list.to_owned()
    };
    let words = text
        .lines()
        .flat_map(|line| line.split('#').next().unwrap_or("").split_whitespace());
    let action = |word: &str| match word.parse::<u8>() {
        Ok(id) => Action::try_from(id),
        Err(_) => word.parse(),
    };
    let unknown = |error: UnknownName| {
        let place = if is_file { list } else { "--actions" };
        let no_file = if !is_file && error.name == list {
            ", and there is no file of this name"
        } else {
            ""
        };
        format!("{place}: {error}{no_file}")
    };
    words.map(|word| action(word).map_err(unknown)).collect()
}
