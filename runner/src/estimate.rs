//! Estimates what a run would take, without playing it.

use std::collections::{BTreeMap, BTreeSet};

use agent_react::environment::Environment;
use agent_react::history::{History, estimate_tokens};
use agent_react::prompt::Prompt;
use env_crafter::EnvConfig;
use tracer::record::Usage;

use crate::config::{self, Config, Decides};
use crate::episode::{EpisodeRecord, UsageRecord};
use crate::experiment::Job;
use crate::output::counted;
use crate::players::is_embedded;
use crate::report::words::{self, grouped};
use crate::run::{Exhausted, exhausted};
use crate::{report, traces};

/// What a short reply with its tool call takes, in tokens.
const REPLY_TOKENS: f64 = 80.0;

/// Tokens of one episode.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tokens {
    prompt: f64,
    completion: f64,
}

/// What would be played, with tokens and cost as far as they can be told.
///
/// # Errors
///
/// Where the trace file, which past runs are taken from, cannot be read.
pub fn describe(job: &Job) -> anyhow::Result<String> {
    let run = &job.config.run;
    let (what, worlds) = match &job.start {
        Some(start) => {
            let fork = start.info();
            let from = format!("from step {} of seed {}", fork.step, fork.seed);
            ("continuation", from)
        }
        None => ("episode", seeds(run, 0)),
    };
    let mut lines = vec![format!(
        "{} of each model, {worlds}, {} at once, at most {}, into {}",
        counted(run.episodes, what),
        job.plan.concurrency,
        counted(job.config.limits.max_steps, "step"),
        run.traces.display()
    )];
    let kept = job.earlier.iter().filter(|record| record.complete).count();
    if kept > 0 {
        let of_them = if run.until_decided { "" } else { "of them " };
        lines.push(format!("{kept} {of_them}are finished already and kept"));
    }
    let (past, missing) = (past_episodes(job)?, job.missing());
    for model in &run.models {
        let episodes = missing
            .iter()
            .filter(|episode| episode.model == *model)
            .count() as f64;
        lines.push(match past.get(model).and_then(|past| past.estimate()) {
            _ if is_embedded(model) => format!("{model}: no tokens, no cost"),
            Some((tokens, basis)) => line(job, model, episodes, tokens, &basis),
            None => {
                let tokens = at_most(job)?;
                line(
                    job,
                    model,
                    episodes,
                    tokens,
                    "at most, by the size of the prompt and one action a turn",
                )
            }
        });
    }
    if missing.is_empty() && job.is_decided() {
        lines.push("The difference is decided already: nothing would be played.".to_owned());
    } else if run.until_decided {
        lines.push("Then seed after seed, until the difference is decided.".to_owned());
    }
    lines.extend(budget(&job.config.limits, &job.earlier));
    Ok(lines.join("\n"))
}

/// What the run may spend, and what of that earlier parts have.
fn budget(limits: &config::Limits, earlier: &[EpisodeRecord]) -> Vec<String> {
    let spent = earlier.iter().map(EpisodeRecord::usage);
    let spent = spent.fold(UsageRecord::ZERO, UsageRecord::plus);
    if let Some(Exhausted { reason, more }) = exhausted(limits, spent) {
        let more = more.map(|more| format!(": with {more} it goes on"));
        let more = more.unwrap_or_default();
        return vec![format!("Nothing would be played, as {reason}{more}.")];
    }
    let of_which = |spent: Option<String>| match spent {
        Some(spent) if !earlier.is_empty() => format!(", of which {spent} are"),
        _ => String::new(),
    };
    let cost = limits.max_cost.map(|limit| {
        let spent = of_which(spent.cost.map(|cost| format!("${cost:.4}")));
        format!("The run stops when ${limit:.4} are spent{spent}.")
    });
    let tokens = limits.max_tokens.map(|limit| {
        let spent = of_which(Some(grouped(spent.total_tokens + spent.estimated_tokens)));
        format!(
            "The run stops when {} tokens are spent{spent}.",
            grouped(limit)
        )
    });
    cost.into_iter().chain(tokens).collect()
}

/// Which worlds a run plays, or has played where it went on for longer than planned.
pub fn seeds(run: &config::Run, played: u64) -> String {
    match (&run.tasks, &run.seeds, run.episodes.max(played)) {
        (Some(tasks), _, _) => format!("tasks {tasks}"),
        (None, Some(_), _) => "seeds as listed".to_owned(),
        (None, None, 1) => format!("seed {}", run.seed),
        (None, None, episodes) => format!("seeds {} to {}", run.seed, run.seed + episodes - 1),
    }
}

fn line(job: &Job, model: &str, episodes: f64, tokens: Tokens, basis: &str) -> String {
    let Tokens { prompt, completion } = tokens;
    let usage = Usage {
        prompt_tokens: Some((prompt * episodes) as u64),
        completion_tokens: Some((completion * episodes) as u64),
        ..Usage::default()
    };
    let prices = job.plan.agent.prices.as_ref();
    let cost = match prices.and_then(|prices| prices.cost(model, &usage)) {
        Some(cost) => words::cost(Some(cost)),
        None => "a cost that is unknown (no price for this model)".to_owned(),
    };
    format!(
        "{model}: {} prompt and {} reply tokens, {cost} ({basis})",
        rounded(prompt * episodes),
        rounded(completion * episodes)
    )
}

/// A number of tokens, in a unit that leaves digits to see.
fn rounded(tokens: f64) -> String {
    match tokens {
        many if many >= 1e6 => format!("{:.2} million", many / 1e6),
        few => grouped(few as u64),
    }
}

/// Finished episodes of one model in the trace file, as far as they tell what another
/// one takes.
#[derive(Debug, Default)]
struct Past {
    /// Tokens of those that were played as this run plays.
    alike: Vec<Tokens>,
    /// Tokens of those with another limit of steps or turns, scaled to this run's.
    scaled: Vec<Tokens>,
    /// The limits that those had.
    limits: BTreeSet<u64>,
}

impl Past {
    /// Takes note of the finished episodes of a run of this configuration.
    fn note(&mut self, config: &Config, now: &Config, took: &[Tokens]) -> anyhow::Result<()> {
        let changes = config::changes(config, now)?;
        let mut matter = changes.iter().filter(|it| it.decides() == Decides::Play);
        let limits = ["limits.max_steps", "limits.max_turns"];
        if matter.clone().next().is_none() {
            self.alike.extend(took);
        } else if matter.all(|change| limits.contains(&change.key.as_str())) {
            let (then, now) = (turns(&config.limits), turns(&now.limits));
            let share = now as f64 / then as f64;
            self.scaled.extend(took.iter().map(|tokens| Tokens {
                prompt: tokens.prompt * share,
                completion: tokens.completion * share,
            }));
            self.limits.insert(then);
        }
        Ok(())
    }

    /// What an episode takes by these, and which those are; nothing without any.
    fn estimate(&self) -> Option<(Tokens, String)> {
        let past = |them: &[Tokens]| counted(them.len() as u64, "past episode");
        if !self.alike.is_empty() {
            let basis = format!("as {} with these settings took", past(&self.alike));
            return Some((mean(&self.alike), basis));
        }
        let limits: Vec<String> = self.limits.iter().map(u64::to_string).collect();
        let basis = format!(
            "scaled up or down from {} of at most {} turns",
            past(&self.scaled),
            limits.join(" or ")
        );
        (!self.scaled.is_empty()).then(|| (mean(&self.scaled), basis))
    }
}

/// The turns that an episode has at most, with one action in each.
fn turns(limits: &config::Limits) -> u64 {
    limits.max_turns.unwrap_or(u64::MAX).min(limits.max_steps)
}

fn mean(all: &[Tokens]) -> Tokens {
    let mean =
        |tokens: fn(&Tokens) -> f64| all.iter().map(tokens).sum::<f64>() / all.len().max(1) as f64;
    Tokens {
        prompt: mean(|tokens| tokens.prompt),
        completion: mean(|tokens| tokens.completion),
    }
}

/// What the trace file has of each model, if there is one. Runs that were mixed say
/// nothing of which episode was played how.
fn past_episodes(job: &Job) -> anyhow::Result<BTreeMap<String, Past>> {
    let mut past = BTreeMap::<String, Past>::new();
    if !job.config.run.traces.exists() {
        return Ok(past);
    }
    let store = traces::open(&job.config.run.traces)?;
    for run in report::runs(&store)? {
        if !run.mixed()?.is_empty() {
            continue;
        }
        let mut took = BTreeMap::<String, Vec<Tokens>>::new();
        let records = report::sessions(&store, &run)?;
        // Where no answer counted its tokens, they are unknown.
        let counts = |record: &EpisodeRecord| record.results.usage.total_tokens > 0;
        for record in records.into_iter().filter(|it| it.complete && counts(it)) {
            let usage = record.results.usage;
            took.entry(record.config.model).or_default().push(Tokens {
                prompt: usage.prompt_tokens as f64,
                completion: usage.completion_tokens as f64,
            });
        }
        for (model, took) in took {
            let past = past.entry(model).or_default();
            past.note(&run.config, &job.config, &took)?;
        }
    }
    Ok(past)
}

/// An episode that lasts to its limit with one action a turn, every turn with as
/// much history as the model is shown.
fn at_most(job: &Job) -> anyhow::Result<Tokens> {
    let (plan, limits) = (&job.plan, &job.config.limits);
    let world = EnvConfig {
        seed: job.config.run.seed,
        ..plan.world.clone()
    };
    let shown = Environment::new(world, plan.agent.environment())?.observe();
    let observation = estimate_tokens(&shown.text) as f64;
    let prompt: &Prompt = &plan.agent.prompt;
    let system = estimate_tokens(&prompt.system_message(plan.agent.tools.max_actions)) as f64;
    let remembered = match plan.agent.history {
        History::None => 0.0,
        History::Last(turns) => turns as f64 * (observation + REPLY_TOKENS),
        History::Full { tokens } => tokens as f64,
    };
    let turns = turns(limits) as f64;
    Ok(Tokens {
        prompt: turns * (system + observation + remembered),
        completion: turns * REPLY_TOKENS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Tokens = Tokens {
        prompt: 1000.0,
        completion: 100.0,
    };

    fn estimate(change: impl FnOnce(&mut Config)) -> Option<(f64, String)> {
        let now = Config::defaults().expect("the defaults");
        let mut then = now.clone();
        change(&mut then);
        let mut past = Past::default();
        past.note(&then, &now, &[TOOK; 4]).expect("comparable");
        let (tokens, basis) = past.estimate()?;
        Some((tokens.prompt, basis))
    }

    #[test]
    fn only_episodes_that_are_alike_are_a_basis() {
        let alike = estimate(|then| then.run.concurrency = Some(3));
        let basis = "as 4 past episodes with these settings took".to_owned();
        assert_eq!(alike, Some((1000.0, basis)));
        let shorter = estimate(|then| then.limits.max_steps = 20);
        let basis = "scaled up or down from 4 past episodes of at most 20 turns".to_owned();
        assert_eq!(shorter, Some((50_000.0, basis)));
        assert_eq!(estimate(|then| then.agent.history = "none".into()), None);
    }

    #[test]
    fn tokens_keep_digits_to_see() {
        let said = [1356.0, 15790.4, 2_345_000.0].map(rounded);
        assert_eq!(said, ["1,356", "15,790", "2.35 million"]);
    }
}
