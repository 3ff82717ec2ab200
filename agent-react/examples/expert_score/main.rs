//! Plays an embedded model through many worlds, without a database, and prints
//! what it reached: the tool by which the expert is tuned.
//!
//! ```text
//! expert_score --episodes 200                        # worlds of seeds 0 to 199
//! expert_score --episodes 200 --json > before.jsonl  # a line for each world
//! expert_score --episodes 200 --against before.jsonl # compared world by world
//! expert_score --why 7                               # what it says and does in one
//! ```

mod episode;
mod summary;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    thread,
};

use clap::Parser;

use crate::{
    episode::{Episode, Setting},
    summary::Summary,
};

#[derive(Parser)]
#[command(about = "Plays an embedded model through many worlds and prints what it reached")]
struct Args {
    /// Which embedded model plays
    #[arg(long, default_value = "embedded:expert")]
    model: String,
    /// How many worlds
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..1 << 62))]
    episodes: u64,
    /// The first world's seed; 0 to 4999 are for tuning
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..1 << 62))]
    seed: u64,
    /// Steps of an episode, at most
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Worlds played at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    threads: u64,
    /// Print a line of JSON for each world instead of a summary
    #[arg(long)]
    json: bool,
    /// Compare with the lines another version printed, by the worlds in both
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    against: Option<PathBuf>,
    /// Print what the model says and does in the world of this seed
    #[arg(long, value_name = "SEED", conflicts_with_all = ["json", "against"])]
    why: Option<u64>,
}

fn main() -> ExitCode {
    let Err(error) = run() else {
        return ExitCode::SUCCESS;
    };
    let error_of_io = error.downcast_ref::<io::Error>();
    if error_of_io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        // Whoever read along has seen enough.
        return ExitCode::SUCCESS;
    }
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    agent_react::embedded::model(&args.model, 0)?;
    let setting = Setting {
        model: &args.model,
        steps: args.steps,
    };
    let mut out = io::stdout().lock();
    if let Some(seed) = args.why {
        setting.play(seed, |turn| writeln!(out, "{turn}"))?;
        return Ok(());
    }
    let before = args.against.as_deref().map(episode::read).transpose()?;
    let episodes = play_all(setting, args.seed..args.seed + args.episodes, args.threads)?;
    if args.json {
        for episode in &episodes {
            serde_json::to_writer(&mut out, episode)?;
            writeln!(out)?;
        }
        return Ok(());
    }
    write!(out, "{}", Summary::of(&episodes))?;
    if let Some(before) = before {
        write!(out, "{}", summary::Comparison::of(&before, &episodes))?;
    }
    Ok(())
}

/// Every world in the order of its seed; each thread takes every so-manieth.
fn play_all(
    setting: Setting<'_>,
    seeds: std::ops::Range<u64>,
    threads: u64,
) -> io::Result<Vec<Episode>> {
    let share = |first: u64| {
        let seeds = seeds.clone().skip(first as usize).step_by(threads as usize);
        seeds.map(|seed| setting.play(seed, |_| Ok(()))).collect()
    };
    let mut episodes: Vec<Episode> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || share(first)))
            .collect();
        let played = workers.into_iter().map(|worker| match worker.join() {
            Ok(played) => played,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        played.collect::<io::Result<Vec<Vec<Episode>>>>()
    })?
    .concat();
    episodes.sort_by_key(|episode| episode.seed);
    Ok(episodes)
}
