//! Decides what a configuration means: every name resolved, every range
//! checked, every episode listed. Nothing is played here.

use std::path::Path;
use std::sync::Arc;

use agent_react::agent::{AgentConfig, InvalidReplies, Limits};
use agent_react::history::{History, Shape};
use agent_react::model::{Protocol, Sampling};
use agent_react::observation::Format;
use agent_react::prompt::Prompt;
use agent_react::tools::{MAX_ACTIONS, ToolRules};
use env_crafter::{Difficulty, EnvConfig};
use tracer::prices::PriceTable;

use crate::config::{self, Config, ConfigError, Origin, Settings, nearest};
use crate::episode::EpisodeConfig;
use crate::players::{Players, is_embedded};

/// Seeds are kept in signed columns of the trace file and in TOML.
const LAST_SEED: u64 = i64::MAX as u64;

/// What is to be played, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Every episode, seed by seed, so that models advance together.
    pub episodes: Vec<EpisodeConfig>,
    /// Episodes at once.
    pub concurrency: usize,
    /// How each is played.
    pub agent: AgentConfig,
    /// The world, but for its seed.
    pub world: EnvConfig,
}

impl Plan {
    /// The plan of a configuration.
    ///
    /// # Errors
    ///
    /// The first value that makes no sense, with where it came from.
    pub fn new(
        config: &Config,
        settings: &Settings,
        players: &Players,
        prices: &Arc<PriceTable>,
    ) -> Result<Plan, ConfigError> {
        let check = Check { settings };
        let run = &config.run;
        if run.models.is_empty() {
            return check.refuse("run", "models", "it names no model".to_owned());
        }
        if let Some(twice) = run
            .models
            .iter()
            .enumerate()
            .find(|(i, m)| run.models[..*i].contains(m))
        {
            return check.refuse("run", "models", format!("model {} is named twice", twice.1));
        }
        if run.concurrency == Some(0) {
            return check.refuse(
                "run",
                "concurrency",
                "0 episodes at once play nothing".to_owned(),
            );
        }
        let plan = Plan {
            episodes: episodes(config, 0..run.episodes, &check)?,
            concurrency: run.concurrency.unwrap_or_else(|| players.concurrency()),
            agent: agent(config, prices, &check)?,
            world: world(config, &check)?,
        };
        Ok(plan)
    }
}

/// Episodes of each model in one run: far more than anybody plays, far fewer than
/// fill the memory with plans.
const MOST_EPISODES: u64 = 1_000_000;

/// The episodes of all models with these indices.
fn episodes(
    config: &Config,
    indices: std::ops::Range<u64>,
    check: &Check<'_>,
) -> Result<Vec<EpisodeConfig>, ConfigError> {
    if config.run.seeds.as_ref().is_some_and(Vec::is_empty) {
        let message = "the list is empty: name a seed, or leave it out".to_owned();
        return check.refuse("run", "seeds", message);
    }
    if indices.is_empty() {
        return check.refuse(
            "run",
            "episodes",
            "0 episodes are nothing to play: ask for at least 1".to_owned(),
        );
    }
    if indices.end > MOST_EPISODES {
        let message = format!(
            "{} episodes are more than a run may have: ask for at most {MOST_EPISODES}",
            indices.end
        );
        return check.refuse("run", "episodes", message);
    }
    let (run, first) = (&config.run, config.run.seed);
    if let Some(seeds) = &run.seeds {
        if let Some((place, twice)) = (1..)
            .zip(seeds)
            .find(|(place, seed)| seeds[*place..].contains(seed))
        {
            let message = format!("seed {twice} is listed twice, the first time as number {place}");
            return check.refuse("run", "seeds", message);
        }
        if indices.end > seeds.len() as u64 {
            let (asked, listed) = (indices.end, seeds.len());
            let message = format!("{asked} episodes, but only {listed} seeds are listed");
            return check.refuse("run", "episodes", message);
        }
    } else if first
        .checked_add(indices.end - 1)
        .is_none_or(|last| last > LAST_SEED)
    {
        let message = format!(
            "seeds {first} and up for {} episodes go beyond the last seed, {LAST_SEED}: start lower",
            indices.end
        );
        return check.refuse("run", "seed", message);
    }
    let each = |(index, seed)| {
        let episode = move |model: &String| EpisodeConfig {
            model: model.clone(),
            index,
            seed,
        };
        run.models.iter().map(episode)
    };
    let seeds = indices.filter_map(|index| Some((index, run.seed_of(index)?)));
    Ok(seeds.flat_map(each).collect())
}

fn agent(
    config: &Config,
    prices: &Arc<PriceTable>,
    check: &Check<'_>,
) -> Result<AgentConfig, ConfigError> {
    let (agent, limits, sampling) = (&config.agent, &config.limits, &config.sampling);
    if !(1..=MAX_ACTIONS).contains(&agent.max_actions) {
        let message = format!(
            "{} actions in a reply: it takes 1 to {MAX_ACTIONS}",
            agent.max_actions
        );
        return check.refuse("agent", "max_actions", message);
    }
    check_sampling(sampling, check)?;
    let zero = |value: Option<u64>| value == Some(0);
    for (key, is_zero) in [
        ("max_steps", limits.max_steps == 0),
        ("max_turns", zero(limits.max_turns)),
        ("max_tokens", zero(limits.max_tokens)),
        ("episode_tokens", zero(limits.episode_tokens)),
        ("max_invalid_replies", limits.max_invalid_replies == 0),
        (
            "episode_time",
            limits.episode_time.is_some_and(|time| time.is_zero()),
        ),
        (
            "run_time",
            limits.run_time.is_some_and(|time| time.is_zero()),
        ),
        (
            "call_time",
            limits.call_time.is_some_and(|time| time.is_zero()),
        ),
    ] {
        if is_zero {
            return check.refuse(
                "limits",
                key,
                "a limit of 0 leaves nothing to play".to_owned(),
            );
        }
    }
    let prices = (**prices).clone().with(&config.endpoint.prices, "of yours");
    let prices = check.parsed("endpoint", "prices", prices)?;
    if config.endpoint.max_attempts == Some(0) {
        let message = "the first attempt is one: give 1 or more".to_owned();
        return check.refuse("endpoint", "max_attempts", message);
    }
    let limited = limits.max_cost.or(limits.episode_cost).is_some();
    let unpriced = |model: &&String| !is_embedded(model) && prices.price(model).is_none();
    if let Some(model) = config.run.models.iter().find(unpriced).filter(|_| limited) {
        let message = format!(
            "no price is known for {model}, so its cost limits nothing: give one under \
             [endpoint.prices], {}, or use --max-tokens",
            price_example(model)
        );
        return check.refuse(
            "limits",
            if limits.max_cost.is_some() {
                "max_cost"
            } else {
                "episode_cost"
            },
            message,
        );
    }
    for (key, cost) in [
        ("max_cost", limits.max_cost),
        ("episode_cost", limits.episode_cost),
    ] {
        if cost.is_some_and(|cost| !(cost > 0.0 && cost.is_finite())) {
            return check.refuse(
                "limits",
                key,
                "it must be a positive number of US dollars".to_owned(),
            );
        }
    }
    Ok(AgentConfig {
        prompt: check.parsed("agent", "prompt", prompt(&agent.prompt))?,
        observation: check.parsed("agent", "observation", agent.observation.parse::<Format>())?,
        history: check.parsed(
            "agent",
            "history",
            history(&agent.history, agent.history_tokens),
        )?,
        conversation: check.parsed("agent", "conversation", shape(&agent.conversation))?,
        protocol: check.parsed("agent", "protocol", protocol(&agent.protocol))?,
        sampling: Sampling {
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            max_tokens: sampling.max_tokens,
            seed: sampling.seed,
        },
        tools: ToolRules {
            max_actions: agent.max_actions,
            terminate: agent.terminate,
        },
        invalid_replies: match agent.invalid_becomes_noop {
            true => InvalidReplies::BecomeNoop,
            false => InvalidReplies::Answered,
        },
        limits: Limits {
            turns: limits.max_turns,
            steps: Some(limits.max_steps),
            tokens: limits.episode_tokens,
            cost: limits.episode_cost,
            call_time: limits.call_time,
            episode_time: limits.episode_time,
            invalid_replies: limits.max_invalid_replies,
        },
        prices: Some(Arc::new(prices)),
    })
}

/// How a price is given that is not in the program's table.
pub fn price_example(model: &str) -> String {
    format!("{model:?} = {{ input = 0.50, output = 1.50 }} (USD per million tokens)")
}

/// What OpenAI's protocol allows; endpoints refuse the rest, or worse, take it.
fn check_sampling(sampling: &config::Sampling, check: &Check<'_>) -> Result<(), ConfigError> {
    let config::Sampling {
        temperature,
        top_p,
        max_tokens,
        seed: _,
    } = sampling;
    if let Some(value) = temperature.filter(|value| !(0.0..=2.0).contains(value)) {
        let message = format!("{value} is no temperature: it takes 0 to 2");
        return check.refuse("sampling", "temperature", message);
    }
    if let Some(value) = top_p.filter(|value| !(*value > 0.0 && *value <= 1.0)) {
        let message = format!("{value} is no share of probability: it takes more than 0, up to 1");
        return check.refuse("sampling", "top_p", message);
    }
    if *max_tokens == Some(0) {
        let message = "0 tokens hold no reply: it takes 1 or more".to_owned();
        return check.refuse("sampling", "max_tokens", message);
    }
    Ok(())
}

fn world(config: &Config, check: &Check<'_>) -> Result<EnvConfig, ConfigError> {
    let name = &config.world.difficulty;
    let difficulty = Difficulty::from_name(name)
        .ok_or_else(|| one_of("difficulty", name, &Difficulty::ALL.map(Difficulty::name)));
    let world = EnvConfig {
        seed: config.run.seed,
        length: Some(config.world.length),
        difficulty: check.parsed("world", "difficulty", difficulty)?,
        ..EnvConfig::default()
    };
    check.parsed("world", "length", world.validate())?;
    Ok(world)
}

fn prompt(name: &str) -> Result<Prompt, String> {
    Prompt::embedded(name).or_else(|unknown| match Path::new(name).is_file() {
        true => match std::fs::read_to_string(name) {
            Ok(text) if text.trim().is_empty() => Err(format!("the prompt {name} is empty")),
            Ok(text) => Ok(Prompt::from_text(name, &text)),
            Err(error) => Err(format!("cannot read {name}: {error}")),
        },
        false => Err(format!("{unknown}, or the path of a file")),
    })
}

fn history(name: &str, tokens: usize) -> Result<History, String> {
    match (name, name.parse()) {
        ("none", _) | (_, Ok(0)) => Ok(History::None),
        ("full", _) => Ok(History::Full { tokens }),
        (_, Ok(turns)) => Ok(History::Last(turns)),
        (_, Err(_)) => Err(format!(
            "unknown history {name:?}: none, a number of turns, or full"
        )),
    }
}

fn shape(name: &str) -> Result<Shape, String> {
    let found = Shape::NAMES.into_iter().find(|(known, _)| *known == name);
    found
        .map(|(_, shape)| shape)
        .ok_or_else(|| one_of("conversation", name, &Shape::NAMES.map(|(name, _)| name)))
}

fn protocol(name: &str) -> Result<Protocol, String> {
    Protocol::ALL
        .into_iter()
        .find(|protocol| protocol.name() == name)
        .ok_or_else(|| one_of("protocol", name, &Protocol::ALL.map(Protocol::name)))
}

/// What to say about a name that is none of `known`.
pub fn one_of(what: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("unknown {what} {name:?}: did you mean {near}?"),
        None => format!("unknown {what} {name:?}: it is one of {}", known.join(", ")),
    }
}

/// Turns what is wrong with a value into an error that says where it was set.
struct Check<'a> {
    settings: &'a Settings,
}

impl Check<'_> {
    fn parsed<T>(
        &self,
        section: &str,
        key: &str,
        parsed: Result<T, impl ToString>,
    ) -> Result<T, ConfigError> {
        parsed.or_else(|error| self.refuse(section, key, error.to_string()))
    }

    fn refuse<T>(&self, section: &str, key: &str, message: String) -> Result<T, ConfigError> {
        let origin = self
            .settings
            .origin(section, key)
            .cloned()
            .unwrap_or(Origin::Default);
        Err(ConfigError::Invalid {
            origin,
            message: format!("{section}.{key}: {message}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    fn plan(text: &str) -> Result<Plan, ConfigError> {
        let table = text.parse().expect("valid TOML");
        let (config, settings) = Config::load(&[Layer {
            origin: Origin::Flags,
            table,
        }])?;
        Plan::new(&config, &settings, &Players::default(), &Arc::default())
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        assert_eq!(plan(text).expect_err("an error").to_string(), expected);
    }

    #[test]
    fn every_model_plays_the_same_seeds_side_by_side() {
        let plan =
            plan("[run]\nepisodes = 2\nseed = 5\nmodels = ['embedded:noop', 'embedded:random']");
        let episodes = plan.expect("a plan").episodes;
        let played: Vec<_> = episodes
            .iter()
            .map(|e| (e.model.as_str(), e.index, e.seed))
            .collect();
        assert_eq!(
            played,
            [
                ("embedded:noop", 0, 5),
                ("embedded:random", 0, 5),
                ("embedded:noop", 1, 6),
                ("embedded:random", 1, 6),
            ]
        );
    }

    #[test]
    fn listed_seeds_are_played_in_their_order() {
        let listed = plan("[run]\nepisodes = 2\nseeds = [9, 4, 7]").expect("a plan");
        let seeds: Vec<u64> = listed.episodes.iter().map(|episode| episode.seed).collect();
        assert_eq!(seeds, [9, 4]);
        check_error(
            "[run]\nepisodes = 4\nseeds = [9, 4, 7]",
            "command line: run.episodes: 4 episodes, but only 3 seeds are listed",
        );
        check_error(
            "[run]\nepisodes = 2\nseeds = [9, 4, 9]",
            "command line: run.seeds: seed 9 is listed twice, the first time as number 1",
        );
    }

    #[test]
    fn nothing_to_play_is_said() {
        check_error(
            "[run]\nepisodes = 0",
            "command line: run.episodes: 0 episodes are nothing to play: ask for at least 1",
        );
        check_error(
            "[run]\nepisodes = 1000001",
            "command line: run.episodes: 1000001 episodes are more than a run may have: ask for at most 1000000",
        );
        check_error(
            "[run]\nmodels = []",
            "command line: run.models: it names no model",
        );
        check_error(
            "[limits]\nmax_steps = 0",
            "command line: limits.max_steps: a limit of 0 leaves nothing to play",
        );
    }

    #[test]
    fn seeds_end_where_they_end() {
        assert!(plan("[run]\nseed = 9223372036854775806\nepisodes = 2").is_ok());
        check_error(
            "[run]\nseed = 9223372036854775806\nepisodes = 3",
            "command line: run.seed: seeds 9223372036854775806 and up for 3 episodes go beyond the \
             last seed, 9223372036854775807: start lower",
        );
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_there_are() {
        check_error(
            "[world]\ndifficulty = 'harrd'",
            "command line: world.difficulty: unknown difficulty \"harrd\": did you mean hard?",
        );
        check_error(
            "[agent]\nprotocol = 'x'",
            "command line: agent.protocol: unknown protocol \"x\": it is one of function_calling, \
             json_schema, text, naive",
        );
        check_error(
            "[agent]\nhistory = 'some'",
            "command line: agent.history: unknown history \"some\": none, a number of turns, or full",
        );
        check_error(
            "[sampling]\ntemperature = -1.0",
            "command line: sampling.temperature: -1 is no temperature: it takes 0 to 2",
        );
        check_error(
            "[sampling]\ntemperature = nan",
            "command line: sampling.temperature: NaN is no temperature: it takes 0 to 2",
        );
        check_error(
            "[sampling]\ntop_p = 0.0",
            "command line: sampling.top_p: 0 is no share of probability: it takes more than 0, up to 1",
        );
        check_error(
            "[sampling]\nmax_tokens = 0",
            "command line: sampling.max_tokens: 0 tokens hold no reply: it takes 1 or more",
        );
        check_error(
            "[agent]\nmax_actions = 11",
            "command line: agent.max_actions: 11 actions in a reply: it takes 1 to 10",
        );
    }
}
