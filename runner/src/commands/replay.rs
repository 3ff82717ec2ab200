//! `runner replay`: plays recorded episodes again and checks every record.

use console::style;
use serde::Serialize;
use serde_json::Value;
use tracer::record::SessionTrace;
use tracer::store::Store;

use super::export::sessions_of;
use crate::args::ReplayArgs;
use crate::episode::EpisodeConfig;
use crate::exit::Exit;
use crate::output;
use crate::rebuild::{RebuildError, Recording, find_session};
use crate::replay::{Difference, Replayed, misfiled, replay as play_again};
use crate::traces;

/// The JSON form of what was checked.
#[derive(Debug, Default, Serialize)]
struct Checked {
    /// Episodes that were played again.
    episodes: Vec<Replayed>,
    /// Episodes whose trace cannot be played again, and why.
    broken: Vec<Broken>,
    /// Sessions that are no episodes, which were passed over.
    others: u64,
}

#[derive(Debug, Serialize)]
struct Broken {
    session_id: String,
    error: String,
}

/// Replays one episode, or all of a file, and prints the first difference of each.
pub(super) fn replay(args: &ReplayArgs) -> anyhow::Result<Exit> {
    let store = traces::open(&args.file.traces)?;
    let checked = match &args.episode {
        Some(id) => {
            let trace = store.session_trace(&find_session(&store, id)?)?;
            Checked {
                episodes: vec![one_again(&store, &trace)?],
                ..Checked::default()
            }
        }
        None => all(&store, args.run.as_deref())?,
    };
    match args.json {
        true => output::json(&checked)?,
        false => output::line(&checked.printed())?,
    }
    Ok(match checked.holds() {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

fn all(store: &Store, run: Option<&str>) -> anyhow::Result<Checked> {
    let sessions = sessions_of(store, run)?;
    let progress = output::progress("replaying", sessions.len());
    let mut checked = Checked::default();
    for id in sessions {
        let trace = store.session_trace(&id)?;
        match one_again(store, &trace) {
            Ok(replayed) => checked.episodes.push(replayed),
            Err(error) if is_of_no_episode(&error) => checked.others += 1,
            Err(error) => checked.broken.push(Broken {
                session_id: id,
                error: format!("{error:#}"),
            }),
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(checked)
}

/// Plays one episode again, and then looks whether what is stored twice is the same.
fn one_again(store: &Store, trace: &SessionTrace) -> anyhow::Result<Replayed> {
    let recording = Recording::of(trace)?;
    let mut replayed = play_again(&recording)?;
    if replayed.difference.is_none() {
        let table = store.hook_results(&trace.session_id)?;
        replayed.difference = misfiled(trace, &recording, &table);
    }
    Ok(replayed)
}

fn is_of_no_episode(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(RebuildError::NoEpisode { missing, .. }) if *missing == EpisodeConfig::METADATA
    )
}

impl Checked {
    fn holds(&self) -> bool {
        self.broken.is_empty() && self.episodes.iter().all(|each| each.difference.is_none())
    }

    fn printed(&self) -> String {
        let mut lines: Vec<String> = match &self.episodes[..] {
            [only] if self.broken.is_empty() => vec![one(only)],
            episodes => {
                let different = episodes.iter().filter(|each| each.difference.is_some());
                different.map(one).collect()
            }
        };
        for Broken { session_id, error } in &self.broken {
            lines.push(format!(
                "{} {session_id}\n  {error}",
                style("✗").red().bold()
            ));
        }
        if self.episodes.len() + self.broken.len() != 1 {
            lines.push(self.summary());
        }
        lines.join("\n")
    }

    fn summary(&self) -> String {
        let all = self.episodes.len() + self.broken.len();
        let differ = self
            .episodes
            .iter()
            .filter(|each| each.difference.is_some());
        let (differ, broken) = (differ.count(), self.broken.len());
        let steps: u64 = self.episodes.iter().map(|each| each.steps).sum();
        let digests: u64 = self.episodes.iter().map(|each| each.digests).sum();
        match (all, differ + broken) {
            (0, _) => "There is no episode in the file.".to_owned(),
            (_, 0) => format!(
                "{} all {all} episodes are what their traces say: {steps} steps, {digests} state digests",
                style("✓").green().bold()
            ),
            (_, wrong) => format!(
                "{} {wrong} of {all} episodes are not what their traces say: {differ} differ, {broken} cannot be played again",
                style("✗").red().bold()
            ),
        }
    }
}

/// One episode in a few lines.
fn one(replayed: &Replayed) -> String {
    let Replayed {
        session_id,
        model,
        seed,
        steps,
        digests,
        achievements,
        finished,
        difference,
    } = replayed;
    let mark = match difference {
        None => style("✓").green().bold(),
        Some(_) => style("✗").red().bold(),
    };
    let head = format!(
        "{mark} {session_id}  {}",
        style(format!("{model}, seed {seed}")).dim()
    );
    let found = format!("{steps} steps, {digests} state digests and {achievements} achievements");
    let Some(Difference {
        step,
        turn,
        field,
        recorded,
        expected,
    }) = difference
    else {
        let end = match finished {
            true => "",
            false => "; the trace breaks off there",
        };
        return format!("{head}\n  {found} are as recorded{end}");
    };
    let turn = turn
        .map(|turn| format!(" of turn {turn}"))
        .unwrap_or_default();
    format!(
        "{head}\n  differs at step {step}{turn}: {}\n    the trace says  {}\n    the world says  {}\n  \
         before that, {found} are as recorded",
        style(field).bold(),
        shown(recorded),
        shown(expected),
    )
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    }
}
