//! Estimates what a run would take, without playing it.

use std::collections::BTreeMap;

use agent_react::environment::Environment;
use agent_react::history::{History, estimate_tokens};
use agent_react::prompt::Prompt;
use env_crafter::EnvConfig;
use tracer::record::Usage;

use crate::config;
use crate::episode::EpisodeRecord;
use crate::experiment::Job;
use crate::output::counted;
use crate::players::is_embedded;
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
        None => ("episode", seeds(run)),
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
        lines.push(format!("{kept} of them are finished already and kept"));
    }
    let (past, missing) = (past_episodes(job)?, job.missing());
    for model in &run.models {
        let episodes = missing
            .iter()
            .filter(|episode| episode.model == *model)
            .count() as f64;
        lines.push(match past.get(model) {
            _ if is_embedded(model) => format!("{model}: no tokens, no cost"),
            Some(records) => {
                let tokens = mean_tokens(records);
                let past = counted(records.len() as u64, "past episode");
                let basis = format!("as {past} in the file took");
                line(job, model, episodes, tokens, &basis)
            }
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
    let limits = &job.config.limits;
    if let Some(cost) = limits.max_cost {
        lines.push(format!("The run stops when ${cost} are spent."));
    }
    if let Some(tokens) = limits.max_tokens {
        lines.push(format!("The run stops when {tokens} tokens are spent."));
    }
    Ok(lines.join("\n"))
}

/// Which worlds a run plays.
pub fn seeds(run: &config::Run) -> String {
    match (&run.tasks, &run.seeds, run.episodes) {
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
    let cost = match job
        .plan
        .agent
        .prices
        .as_ref()
        .and_then(|prices| prices.cost(model, &usage))
    {
        Some(cost) => format!("${cost:.2}"),
        None => "a cost that is unknown (no price for this model)".to_owned(),
    };
    let millions = |tokens: f64| format!("{:.2} million", tokens * episodes / 1e6);
    format!(
        "{model}: {} prompt and {} reply tokens, {cost} ({basis})",
        millions(prompt),
        millions(completion)
    )
}

/// The finished episodes of each model in the trace file, if there is one.
fn past_episodes(job: &Job) -> anyhow::Result<BTreeMap<String, Vec<EpisodeRecord>>> {
    let mut past = BTreeMap::<String, Vec<EpisodeRecord>>::new();
    if !job.config.run.traces.exists() {
        return Ok(past);
    }
    let store = traces::open(&job.config.run.traces)?;
    for run in report::runs(&store)? {
        for record in report::sessions(&store, &run)?
            .into_iter()
            .filter(|record| record.complete)
        {
            past.entry(record.config.model.clone())
                .or_default()
                .push(record);
        }
    }
    Ok(past)
}

fn mean_tokens(records: &[EpisodeRecord]) -> Tokens {
    let mean = |tokens: fn(&EpisodeRecord) -> u64| {
        records.iter().map(tokens).sum::<u64>() as f64 / records.len().max(1) as f64
    };
    Tokens {
        prompt: mean(|record| record.results.usage.prompt_tokens),
        completion: mean(|record| record.results.usage.completion_tokens),
    }
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
    let turns = limits.max_turns.unwrap_or(u64::MAX).min(limits.max_steps) as f64;
    Ok(Tokens {
        prompt: turns * (system + observation + remembered),
        completion: turns * REPLY_TOKENS,
    })
}
