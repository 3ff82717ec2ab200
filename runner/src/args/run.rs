//! Defines the options of a run, and turns them into a layer of configuration.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::{Arg, Args};
use env_crafter::Tier;
use toml::{Table, Value};

use super::local;
use crate::config::{Layer, Origin};

/// The options of a run. All are optional: what is not given comes from the
/// configuration file or the defaults.
#[derive(Debug, Clone, Default, Args)]
pub struct RunArgs {
    /// Episodes of each model
    #[arg(long, value_name = "N", value_parser = count(), help_heading = "What is played")]
    pub episodes: Option<i64>,
    /// World seed of the first episode; the next ones count up
    #[arg(long, value_name = "N", value_parser = count(), help_heading = "What is played")]
    pub seed: Option<i64>,
    /// Who plays: embedded:expert, embedded:novice, embedded:random or embedded:noop (each also as in 'embedded:expert?noise=0.2', a share of random actions), or a model of the endpoint; repeat for several
    #[arg(long = "model", value_name = "NAME", help_heading = "What is played")]
    pub models: Vec<String>,
    /// Play the worlds of a task set, made with `runner tasks`; repeat for several
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "seed",
        help_heading = "What is played"
    )]
    pub tasks: Vec<PathBuf>,
    /// Play only worlds whose beginning is easy, medium or hard: those of the task sets, or from --seed up
    #[arg(long, value_name = "NAME", value_parser = crate::commands::tier, help_heading = "What is played")]
    pub tier: Option<Tier>,
    /// Rules: easy, normal, hard or peaceful
    #[arg(long, value_name = "NAME", help_heading = "What is played")]
    pub difficulty: Option<String>,
    /// Episodes at once
    #[arg(long, value_name = "N", value_parser = count(), help_heading = "What is played")]
    pub concurrency: Option<i64>,
    /// Play on, seed after seed, until two models are told apart or a limit is reached
    #[arg(long, help_heading = "What is played")]
    pub until_decided: bool,

    /// Base URL of an OpenAI-compatible endpoint, or a name such as openai, groq, ollama
    #[arg(long, value_name = "URL", help_heading = "How the model is asked")]
    pub endpoint: Option<String>,
    /// function_calling, json_schema, text or naive
    #[arg(long, value_name = "NAME", help_heading = "How the model is asked")]
    pub protocol: Option<String>,
    /// Observation format, such as synth/1
    #[arg(long, value_name = "NAME", help_heading = "How the model is asked")]
    pub observation: Option<String>,
    /// Earlier turns the model sees: none, a number, or full
    #[arg(long, value_name = "TURNS", help_heading = "How the model is asked")]
    pub history: Option<String>,
    /// Actions in one reply, 1 to 10
    #[arg(long, value_name = "N", value_parser = count(), help_heading = "How the model is asked")]
    pub max_actions: Option<i64>,
    /// Sampling temperature
    #[arg(long, value_name = "T", help_heading = "How the model is asked")]
    pub temperature: Option<f64>,

    /// Steps of an episode
    #[arg(long, value_name = "N", value_parser = count(), help_heading = "Limits")]
    pub max_steps: Option<i64>,
    /// Turns of an episode
    #[arg(long, value_name = "N", value_parser = count(), help_heading = "Limits")]
    pub max_turns: Option<i64>,
    /// Wall time of an episode, such as 90s or 5m
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Limits")]
    pub episode_time_limit: Option<Duration>,
    /// Wall time of the run, such as 30m or 2h
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Limits")]
    pub time_limit: Option<Duration>,
    /// US dollars of the run
    #[arg(long, value_name = "USD", help_heading = "Limits")]
    pub max_cost: Option<f64>,
    /// Tokens of the run; what is under way when they are spent is cut short, so that fewer episodes at once leave more of them whole
    #[arg(long, value_name = "N", value_parser = count(), help_heading = "Limits")]
    pub max_tokens: Option<i64>,

    /// The trace file; several runs share one
    #[arg(long, value_name = "PATH", value_parser = local(), help_heading = "Files and output")]
    pub traces: Option<PathBuf>,
    /// A configuration file, or one of balrog, synth, smoke; repeat to lay one over the other
    #[arg(
        long = "config",
        value_name = "FILE",
        help_heading = "Files and output"
    )]
    pub configs: Vec<PathBuf>,
    /// Set any key of the configuration, such as sampling.top_p=0.9; repeat for several
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment, help_heading = "Files and output")]
    pub assignments: Vec<Assignment>,
    /// Keep every reply of the models in a folder, to play the run again without them
    #[arg(long, value_name = "DIR", help_heading = "Files and output")]
    pub record: Option<PathBuf>,
    /// Play the run recorded in a folder again, offline; stop at the first request that differs
    #[arg(long, value_name = "DIR", conflicts_with_all = ["record", "endpoint"], help_heading = "Files and output")]
    pub replay: Option<PathBuf>,
    /// Print the configuration, where each value came from and which keys are unset, and stop
    #[arg(long, help_heading = "Files and output")]
    pub show_config: bool,
    /// Print what would be played, with an estimate of tokens and cost, and stop
    #[arg(
        long,
        conflicts_with_all = ["show_config", "json"],
        help_heading = "Files and output"
    )]
    pub dry_run: bool,
    /// Print the report as JSON
    #[arg(long, help_heading = "Files and output")]
    pub json: bool,
    /// Print nothing while running, and only the scores at the end; why a run stopped early is said all the same
    #[arg(long, short, help_heading = "Files and output")]
    pub quiet: bool,
    /// Write one JSON line for each event of the run; - is the standard output; `resume` adds to the file
    #[arg(long, value_name = "FILE", help_heading = "Files and output")]
    pub events: Option<PathBuf>,
}

/// A `section.key=value` typed with `--set`.
#[derive(Debug, Clone)]
pub struct Assignment {
    section: String,
    key: String,
    value: Value,
}

/// Leaves options, by the names of their fields, out of the help of a command that refuses
/// them.
pub(super) fn without(refused: &[&str]) -> impl Fn(Arg) -> Arg {
    move |option| match refused.contains(&option.get_id().as_str()) {
        true => option.hide(true),
        false => option,
    }
}

impl RunArgs {
    /// The layer these options are.
    pub fn layer(&self) -> Layer {
        let mut layer = Layer::new(Origin::Flags);
        layer.set("run", "episodes", self.episodes);
        layer.set("run", "seed", self.seed);
        layer.set(
            "run",
            "models",
            (!self.models.is_empty()).then(|| self.models.clone()),
        );
        layer.set("run", "concurrency", self.concurrency);
        layer.set("run", "until_decided", self.until_decided.then_some(true));
        let traces = self.traces.as_ref();
        layer.set(
            "run",
            "traces",
            traces.map(|path| path.to_string_lossy().into_owned()),
        );
        layer.set("world", "difficulty", self.difficulty.clone());
        layer.set("endpoint", "base_url", self.endpoint.clone());
        layer.set("agent", "protocol", self.protocol.clone());
        layer.set("agent", "observation", self.observation.clone());
        layer.set("agent", "history", self.history.clone());
        layer.set("agent", "max_actions", self.max_actions);
        layer.set("sampling", "temperature", self.temperature);
        layer.set("limits", "max_steps", self.max_steps);
        layer.set("limits", "max_turns", self.max_turns);
        layer.set(
            "limits",
            "episode_time",
            self.episode_time_limit.map(printed),
        );
        layer.set("limits", "run_time", self.time_limit.map(printed));
        layer.set("limits", "max_cost", self.max_cost);
        layer.set("limits", "max_tokens", self.max_tokens);
        for Assignment {
            section,
            key,
            value,
        } in &self.assignments
        {
            layer.set(section, key, Some(value.clone()));
        }
        layer
    }
}

/// Parses what is counted. TOML has signed integers, so there the range ends.
fn count() -> impl TypedValueParser<Value = i64> {
    |text: &str| {
        let number = text.parse().ok().filter(|number: &i64| *number >= 0);
        number.ok_or_else(|| format!("it takes a whole number from 0 to {}", i64::MAX))
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "write it like 90s, 5m or 1h 30m".to_owned())?;
    Duration::try_from(parsed).map_err(|_| "a time limit is not negative".to_owned())
}

/// As the configuration file writes it.
fn printed(duration: Duration) -> String {
    jiff::SignedDuration::try_from(duration).map_or_else(|_| "max".to_owned(), |d| format!("{d:#}"))
}

fn assignment(text: &str) -> Result<Assignment, String> {
    let grammar = "write it like sampling.top_p=0.9";
    let (path, value) = text.split_once('=').ok_or(grammar)?;
    let (section, key) = path.trim().split_once('.').ok_or(grammar)?;
    // What is no TOML value is text: --set agent.protocol=text needs no quotes.
    let parsed = format!("value = {value}").parse::<Table>().ok();
    let parsed = parsed.and_then(|mut table| table.remove("value"));
    Ok(Assignment {
        section: section.to_owned(),
        key: key.to_owned(),
        value: parsed.unwrap_or_else(|| value.trim().into()),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::args::Cli;
    use crate::config::{Config, Settings};

    fn load(arguments: &[&str]) -> (Config, Settings) {
        let cli = Cli::try_parse_from([&["runner"], arguments].concat()).expect("valid");
        Config::load(&[cli.run.layer()]).expect("a valid configuration")
    }

    #[test]
    fn no_options_change_nothing() {
        assert_eq!(load(&[]).0, Config::defaults().expect("the defaults"));
    }

    #[test]
    fn options_become_configuration() {
        let (config, settings) = load(&[
            "--model",
            "embedded:expert",
            "--model",
            "my-model",
            "--time-limit",
            "1h 30m",
            "--max-cost",
            "0.5",
            "--seed",
            "7",
            "--traces",
            "t.duckdb",
        ]);
        assert_eq!(config.run.models, ["embedded:expert", "my-model"]);
        assert_eq!(
            config.limits.run_time.map(|time| time.as_secs()),
            Some(5400)
        );
        assert_eq!((config.limits.max_cost, config.run.seed), (Some(0.5), 7));
        let origin = settings.origin("run", "traces").map(ToString::to_string);
        assert_eq!(origin.as_deref(), Some("command line"));
    }

    #[test]
    fn any_key_can_be_set_with_or_without_quotes() {
        let (config, _) = load(&[
            "--set",
            "sampling.top_p=0.9",
            "--set",
            "agent.protocol=text",
            "--set",
            "endpoint.headers={ X-Team = \"a=b\" }",
        ]);
        assert_eq!(config.sampling.top_p, Some(0.9));
        assert_eq!(config.agent.protocol, "text");
        assert_eq!(config.endpoint.headers["X-Team"], "a=b");
    }
}
