//! Shows a run while it runs: bars on a terminal, plain lines elsewhere.
//!
//! Both write to the standard error, so that the standard output carries
//! results alone.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use console::{Term, style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::events::{EpisodeEnded, EpisodeId, Reporter, RunEvent, RunStarted, Stamped};
use crate::output::{counted, visible};

/// Below this width the bars give way to the text beside them.
const ROOM_FOR_BARS: u16 = 70;

/// What is shown while a run runs, as the standard error can show it.
pub fn reporter() -> Box<dyn Reporter> {
    let terminal = Term::stderr();
    if terminal.is_term() && std::env::var_os("TERM").is_none_or(|name| name != "dumb") {
        Box::new(Bars::new(&terminal))
    } else {
        Box::new(Lines::new(io::stderr()))
    }
}

/// How far the whole run is.
#[derive(Debug, Default)]
struct Tally {
    planned: u64,
    ended: u64,
    achievements: usize,
}

impl Tally {
    fn add(&mut self, achievements: usize) {
        self.ended += 1;
        self.achievements += achievements;
    }

    fn mean(&self) -> f64 {
        self.achievements as f64 / self.ended.max(1) as f64
    }
}

/// One line for each episode that ends.
#[derive(Debug)]
pub struct Lines<W> {
    out: W,
    tally: Tally,
    said: Said,
}

/// What went wrong last: a fault that befalls many episodes is told in full once.
#[derive(Debug, Default)]
struct Said(Option<String>);

impl Said {
    fn shorter<'a>(&mut self, error: Option<&'a str>) -> Option<&'a str> {
        let error = error?;
        match self.0.as_deref() == Some(error) {
            true => Some("the same"),
            false => {
                self.0 = Some(error.to_owned());
                Some(error)
            }
        }
    }
}

impl<W: Write + Send> Lines<W> {
    /// Lines to `out`.
    pub fn new(out: W) -> Lines<W> {
        Lines {
            out,
            tally: Tally::default(),
            said: Said::default(),
        }
    }
}

impl<W: Write + Send> Reporter for Lines<W> {
    fn report(&mut self, stamped: &Stamped) -> io::Result<()> {
        match &stamped.event {
            RunEvent::RunStarted(run) => {
                self.tally.planned = run.episodes;
                writeln!(self.out, "{}", headline(run))
            }
            RunEvent::EpisodeEnded(ended) => {
                self.tally.add(ended.achievements.len());
                let done = format!("{}/{}", self.tally.ended, self.tally.planned);
                let line = ended_line(ended, &mut self.said);
                writeln!(self.out, "[{done}] {line}")
            }
            RunEvent::RoundStarted { pairs, episodes } => {
                self.tally.planned += episodes;
                writeln!(self.out, "{}", round(*pairs, *episodes))
            }
            RunEvent::Notice { text } => writeln!(self.out, "note: {text}"),
            RunEvent::Stopping { reason } => writeln!(self.out, "{}", stopping(reason)),
            RunEvent::EpisodeStarted { .. }
            | RunEvent::EpisodeProgress { .. }
            | RunEvent::AchievementUnlocked { .. }
            | RunEvent::RunEnded { .. } => Ok(()),
        }
    }
}

/// A bar for the run and a line for each running episode.
struct Bars {
    all: MultiProgress,
    run: ProgressBar,
    tally: Tally,
    said: Said,
    max_steps: u64,
    /// The running episodes; those that find no room have no line.
    episodes: BTreeMap<EpisodeId, Option<ProgressBar>>,
    room: usize,
    wide: bool,
}

impl Bars {
    fn new(terminal: &Term) -> Bars {
        let (height, width) = terminal.size();
        let all = MultiProgress::new();
        let run = all.add(ProgressBar::no_length());
        let wide = width >= ROOM_FOR_BARS;
        run.set_style(template(match wide {
            true => "{bar:24.green/dim} {pos}/{len} episodes  {elapsed}  {wide_msg:.dim}",
            false => "{pos}/{len} episodes  {elapsed}",
        }));
        Bars {
            all,
            run,
            tally: Tally::default(),
            said: Said::default(),
            max_steps: 0,
            episodes: BTreeMap::new(),
            room: usize::from(height).saturating_sub(3).clamp(1, 32),
            wide,
        }
    }

    /// A new line for an episode, unless there is no room for it.
    fn line(&self, episode: &EpisodeId) -> Option<ProgressBar> {
        let shown = self.episodes.values().flatten().count();
        (shown < self.room).then(|| {
            let line = self
                .all
                .insert_before(&self.run, ProgressBar::new(self.max_steps));
            line.set_style(template(match self.wide {
                true => "  {prefix} {bar:18.cyan/dim} {wide_msg}",
                false => "{prefix} {wide_msg}",
            }));
            line.set_prefix(format!("seed {:<5}", episode.seed));
            line
        })
    }
}

impl Reporter for Bars {
    fn report(&mut self, stamped: &Stamped) -> io::Result<()> {
        match &stamped.event {
            RunEvent::RunStarted(run) => {
                self.max_steps = run.max_steps;
                self.run.set_length(run.episodes + run.kept);
                self.run.set_position(run.kept);
                self.run.enable_steady_tick(Duration::from_millis(200));
                self.all.println(headline(run))?;
            }
            RunEvent::RoundStarted { pairs, episodes } => {
                self.run.inc_length(*episodes);
                self.all.println(round(*pairs, *episodes))?;
            }
            RunEvent::EpisodeStarted { episode } => {
                let line = self.line(episode);
                self.episodes.insert(episode.clone(), line);
            }
            RunEvent::EpisodeProgress {
                episode,
                step,
                health,
                achievements,
                turn,
                ..
            } => {
                let line = match self.episodes.get(episode) {
                    Some(Some(line)) => Some(line.clone()),
                    Some(None) => self.line(episode),
                    None => None,
                };
                if let Some(line) = line {
                    line.set_position(*step);
                    line.set_message(format!(
                        "step {step:<5} turn {turn:<5} health {health}  {achievements:>2} achievements  {}",
                        style(&episode.model).dim()
                    ));
                    self.episodes.insert(episode.clone(), Some(line));
                }
            }
            RunEvent::AchievementUnlocked { .. } | RunEvent::RunEnded { .. } => {}
            RunEvent::EpisodeEnded(ended) => {
                if let Some(Some(line)) = self.episodes.remove(&ended.episode) {
                    self.all.remove(&line);
                }
                self.tally.add(ended.achievements.len());
                self.run.inc(1);
                self.run
                    .set_message(format!("{:.1} achievements an episode", self.tally.mean()));
                self.all.println(ended_line(ended, &mut self.said))?;
            }
            RunEvent::Notice { text } => self.all.println(format!("note: {}", visible(text)))?,
            RunEvent::Stopping { reason } => {
                self.all
                    .println(style(stopping(reason)).yellow().to_string())?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.run.finish_and_clear();
        self.all.clear()
    }
}

/// The templates are constants; a mistake in one shows as an unstyled bar.
fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

fn headline(run: &RunStarted) -> String {
    let models = run.models.join(", ");
    let episodes = match (run.episodes, run.kept) {
        (0, kept @ 1..) => {
            let kept = counted(kept, "episode");
            return format!(
                "Run {}: {kept} of {models}, all finished",
                run.experiment_id
            );
        }
        (episodes, 0) => counted(episodes, "episode"),
        (episodes, kept) => format!(
            "{} (of {}; {kept} kept)",
            counted(episodes, "more episode"),
            episodes + kept
        ),
    };
    let at_once = run
        .concurrency
        .min(usize::try_from(run.episodes).unwrap_or(usize::MAX));
    format!(
        "Run {}: {episodes} of {models}, {at_once} at once",
        run.experiment_id
    )
}

fn round(pairs: u64, episodes: u64) -> String {
    let pairs = counted(pairs, "pair");
    format!(
        "Not decided after {pairs}: {} more",
        counted(episodes, "episode")
    )
}

fn ended_line(ended: &EpisodeEnded, said: &mut Said) -> String {
    let EpisodeEnded {
        episode,
        ending,
        steps,
        achievements,
        reward,
        ..
    } = ended;
    let (model, seed) = (&episode.model, episode.seed);
    let mut line = format!(
        "{model} seed {seed}: {ending} after {}, {}, reward {reward:.1}",
        counted(*steps, "step"),
        counted(achievements.len() as u64, "achievement")
    );
    if let Some(error) = said.shorter(ended.error.as_deref()) {
        line.push_str(": ");
        line.push_str(&visible(error));
    }
    line
}

fn stopping(reason: &str) -> String {
    format!("Stopping: {reason}. No new turns are begun; what was played is kept.")
}

#[cfg(test)]
mod tests {
    use agent_react::outcome::Ending;
    use jiff::Timestamp;

    use super::*;
    use crate::episode::UsageRecord;

    fn ended(seed: u64, error: Option<&str>) -> RunEvent {
        RunEvent::EpisodeEnded(EpisodeEnded {
            episode: EpisodeId {
                session_id: "s".into(),
                model: "embedded:noop".into(),
                seed,
            },
            ending: Ending::Died,
            complete: true,
            steps: 40,
            turns: 8,
            reward: 1.1,
            achievements: vec!["collect_wood", "wake_up"],
            usage: UsageRecord::ZERO,
            error: error.map(ToOwned::to_owned),
        })
    }

    #[test]
    fn plain_lines_say_what_ended_and_how_far_the_run_is() {
        let mut out = Vec::new();
        let mut lines = Lines::new(&mut out);
        let events = [
            RunEvent::RunStarted(RunStarted {
                experiment_id: "r1".into(),
                models: vec!["embedded:noop".into()],
                episodes: 2,
                kept: 1,
                concurrency: 4,
                max_steps: 1000,
                traces: "t.duckdb".into(),
            }),
            ended(3, None),
            RunEvent::Stopping {
                reason: "interrupted".into(),
            },
            ended(4, Some("the endpoint is gone")),
            RunEvent::RoundStarted {
                pairs: 1,
                episodes: 4,
            },
            ended(5, Some("the endpoint is gone")),
        ];
        for event in events {
            let stamped = Stamped {
                time: Timestamp::UNIX_EPOCH,
                event,
            };
            lines.report(&stamped).expect("a vector takes everything");
        }
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
        Run r1: 2 more episodes (of 3; 1 kept) of embedded:noop, 2 at once
        [1/2] embedded:noop seed 3: died after 40 steps, 2 achievements, reward 1.1
        Stopping: interrupted. No new turns are begun; what was played is kept.
        [2/2] embedded:noop seed 4: died after 40 steps, 2 achievements, reward 1.1: the endpoint is gone
        Not decided after 1 pair: 4 episodes more
        [3/6] embedded:noop seed 5: died after 40 steps, 2 achievements, reward 1.1: the same
        ");
    }
}
