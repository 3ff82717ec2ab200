//! Provides the configuration of a run: embedded defaults, a file and flags,
//! merged into one checked value.
//!
//! The commented `configs/default.toml` is the documentation of every key. What
//! is here is shape: which keys exist, of which type, and what to say about a
//! key that does not.

mod changes;
mod fields;
mod layers;
mod presets;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Table;
use tracer::prices::Price;

pub use changes::{Change, Decides, changes};
pub use fields::nearest;
pub use layers::{Layer, Origin, Settings};
pub use presets::file_layer;

use crate::traces::refuse_address;

/// The embedded defaults, as text.
pub const DEFAULTS: &str = include_str!("../../../configs/default.toml");

/// What stands for a secret in a configuration that is stored.
pub const NOT_STORED: &str = "(not stored)";

/// A complete configuration, as `configs/default.toml` documents it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is played.
    pub run: Run,
    /// What ends an episode or the run.
    pub limits: Limits,
    /// The world.
    pub world: World,
    /// How the model is asked.
    pub agent: Agent,
    /// How the model draws its replies.
    #[serde(default)]
    pub sampling: Sampling,
    /// Where the model is.
    pub endpoint: Endpoint,
    /// What of it is kept.
    pub tracing: Tracing,
}

/// `[run]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Episodes of each model.
    pub episodes: u64,
    /// The world seed of the first episode.
    pub seed: u64,
    /// The world seeds of all episodes, instead of counting up from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<Vec<u64>>,
    /// What the list of seeds is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<String>,
    /// The models that play.
    pub models: Vec<String>,
    /// Episodes at once; unset is automatic.
    pub concurrency: Option<usize>,
    /// Whether to play on, seed after seed, until two models are told apart.
    #[serde(default)]
    pub until_decided: bool,
    /// The trace file.
    #[serde(deserialize_with = "local_path")]
    pub traces: PathBuf,
}

fn local_path<'de, D: Deserializer<'de>>(value: D) -> Result<PathBuf, D::Error> {
    let path = PathBuf::deserialize(value)?;
    refuse_address(&path).map_err(D::Error::custom)?;
    Ok(path)
}

impl Run {
    /// The world seed of an episode, or `None` beyond the last there can be.
    pub fn seed_of(&self, index: u64) -> Option<u64> {
        match &self.seeds {
            Some(seeds) => seeds.get(usize::try_from(index).ok()?).copied(),
            None => self.seed.checked_add(index),
        }
    }
}

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Steps of an episode.
    pub max_steps: u64,
    /// Turns of an episode.
    pub max_turns: Option<u64>,
    /// Wall time of an episode.
    #[serde(
        default,
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional"
    )]
    pub episode_time: Option<Duration>,
    /// US dollars of an episode.
    pub episode_cost: Option<f64>,
    /// Tokens of an episode.
    pub episode_tokens: Option<u64>,
    /// Wall time of one call, retries included.
    #[serde(
        default,
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional"
    )]
    pub call_time: Option<Duration>,
    /// Consecutive replies without a valid call.
    pub max_invalid_replies: u32,
    /// Wall time of the run.
    #[serde(
        default,
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional"
    )]
    pub run_time: Option<Duration>,
    /// US dollars of the run.
    pub max_cost: Option<f64>,
    /// Tokens of the run.
    pub max_tokens: Option<u64>,
}

/// `[world]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The name of the difficulty preset.
    pub difficulty: String,
    /// Steps after which the world ends an episode.
    pub length: u64,
}

/// `[agent]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The name of the protocol.
    pub protocol: String,
    /// The name and version of the observation format.
    pub observation: String,
    /// The name of an embedded prompt, or the path of one.
    pub prompt: String,
    /// How much history the model sees.
    pub history: String,
    /// How the conversation is put together.
    #[serde(default = "turns")]
    pub conversation: String,
    /// The budget of a full history.
    pub history_tokens: usize,
    /// Actions in one reply.
    pub max_actions: usize,
    /// Whether the model may end its episode.
    pub terminate: bool,
    /// Whether a reply without a valid call executes `noop`.
    pub invalid_becomes_noop: bool,
}

/// What runs that say nothing of their conversation were played with.
fn turns() -> String {
    "turns".to_owned()
}

/// `[sampling]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// Sampling temperature.
    pub temperature: Option<f32>,
    /// Nucleus sampling.
    pub top_p: Option<f32>,
    /// Tokens of one reply.
    pub max_tokens: Option<u32>,
    /// The model's own seed.
    pub seed: Option<i64>,
}

/// `[endpoint]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The base URL, or the name of a known endpoint.
    pub base_url: Option<String>,
    /// The environment variable that holds the key.
    pub api_key_env: Option<String>,
    /// Longest wait for a request.
    #[serde(
        default,
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional"
    )]
    pub request_timeout: Option<Duration>,
    /// Attempts at one request.
    pub max_attempts: Option<u32>,
    /// Extra headers.
    pub headers: BTreeMap<String, String>,
    /// Extra query parameters.
    pub query: BTreeMap<String, String>,
    /// What models cost there, laid over the prices that come with the program.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
}

/// `[tracing]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tracing {
    /// Whether personal data is masked.
    pub mask: bool,
    /// Bytes after which a payload is cut.
    pub max_payload_bytes: Option<usize>,
}

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {error}; {hint}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not. No source, as what may have been meant is said after it.
        error: std::io::Error,
        /// The presets there are, one of which may have been meant.
        hint: String,
    },
    /// The file is no TOML.
    #[error("{} is not valid TOML", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why not.
        source: toml::de::Error,
    },
    /// A key that does not exist.
    #[error("unknown key `{key}` in {origin}: {hint}")]
    UnknownKey {
        /// The key, with its section.
        key: String,
        /// Where it was set.
        origin: Origin,
        /// The nearest key there is, or all of them.
        hint: String,
    },
    /// A value of the wrong type or out of range.
    #[error("{origin}: {message}")]
    Invalid {
        /// Where it was set.
        origin: Origin,
        /// What is wrong with it.
        message: String,
    },
}

impl Config {
    /// The embedded defaults alone.
    pub fn defaults() -> Result<Config, ConfigError> {
        Ok(Config::load(&[])?.0)
    }

    /// The same without what must not be stored: what is in headers and query
    /// parameters, and credentials in the endpoint's address.
    #[must_use]
    pub fn without_secrets(&self) -> Config {
        let mut config = self.clone();
        let Endpoint {
            base_url,
            headers,
            query,
            ..
        } = &mut config.endpoint;
        let values = headers.values_mut().chain(query.values_mut());
        values.for_each(|value| *value = NOT_STORED.to_owned());
        if let Some(address) = base_url {
            *address = address_without_secrets(address);
        }
        config
    }

    /// Lays `layers` over the embedded defaults, in order, and checks each as
    /// it comes, so that an error names the layer it is in.
    pub fn load(layers: &[Layer]) -> Result<(Config, Settings), ConfigError> {
        let mut settings = Settings::default();
        let mut config = apply(&mut settings, &defaults()?)?;
        for layer in layers {
            config = apply(&mut settings, layer)?;
        }
        Ok((config, settings))
    }
}

/// An endpoint's address without its query and credentials; a name stays as it is.
fn address_without_secrets(address: &str) -> String {
    let Ok(mut url) = url::Url::parse(address) else {
        return address.to_owned();
    };
    url.set_query(None);
    match url.set_password(None).and_then(|()| url.set_username("")) {
        Ok(()) => url.to_string(),
        Err(()) => NOT_STORED.to_owned(),
    }
}

fn defaults() -> Result<Layer, ConfigError> {
    let table = DEFAULTS.parse().map_err(|source| ConfigError::Syntax {
        path: "configs/default.toml".into(),
        source,
    })?;
    Ok(Layer {
        origin: Origin::Default,
        table,
    })
}

fn apply(settings: &mut Settings, layer: &Layer) -> Result<Config, ConfigError> {
    fields::check_keys(layer)?;
    settings.apply(layer);
    Table::try_into(settings.table()).map_err(|error: toml::de::Error| ConfigError::Invalid {
        origin: layer.origin.clone(),
        message: in_words(&error.to_string().trim_end().replace('\n', " ")),
    })
}

/// What is wrong with a value, in words rather than in types of the program.
fn in_words(message: &str) -> String {
    const COUNT: &str = "expected a whole number from 0 up";
    const TYPES: [(&str, &str); 6] = [
        ("expected u64", COUNT),
        ("expected u32", COUNT),
        ("expected usize", COUNT),
        ("expected i64", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected f32", "expected a number"),
    ];
    match message.rsplit_once(" in `") {
        Some((reason, key)) if reason.contains("duration format") => {
            format!("expected a time such as \"90s\" or \"1h 30m\" in `{key}")
        }
        _ => TYPES
            .iter()
            .fold(message.to_owned(), |said, (name, words)| {
                said.replace(name, words)
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str) -> Layer {
        Layer {
            origin: Origin::File("my.toml".into()),
            table: text.parse().expect("valid TOML"),
        }
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        let error = Config::load(&[layer(text)]).expect_err("an error");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn the_description_of_an_endpoint_is_told_from_a_configuration() {
        check_error(
            "base_url = \"http://h\"",
            "my.toml: this describes an endpoint: give it with --endpoint",
        );
    }

    #[test]
    fn the_embedded_defaults_are_complete() {
        let config = Config::defaults().expect("the defaults");
        assert_eq!(config.run.models, ["embedded:expert"]);
        assert_eq!(config.limits.max_steps, 1000);
        assert_eq!(config.limits.max_cost, None);
    }

    /// Every key the program knows is in the documented defaults, set or
    /// commented out, and the other way round.
    #[test]
    fn the_documented_keys_are_those_that_exist() {
        let mut documented = Vec::new();
        let mut section = "";
        for line in DEFAULTS.lines() {
            let line = line.trim_start_matches("# ");
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = name;
            } else if let Some((key, _)) = line.split_once(" = ") {
                documented.push(format!("{section}.{key}"));
            }
        }
        let mut known = fields::known_keys();
        documented.sort();
        known.sort();
        assert_eq!(documented, known);
    }

    #[test]
    fn a_value_from_a_file_replaces_the_default() {
        let (config, settings) =
            Config::load(&[layer("[limits]\nepisode_time = '90s'")]).expect("valid");
        assert_eq!(config.limits.episode_time, Some(Duration::from_secs(90)));
        assert_eq!(
            settings
                .origin("limits", "episode_time")
                .map(ToString::to_string)
                .as_deref(),
            Some("my.toml")
        );
    }

    #[test]
    fn what_is_stored_holds_no_secret() {
        let (config, _) = Config::load(&[layer(
            "[endpoint]\nbase_url = 'https://me:secret1@host/v1?key=secret2'\n\
             headers = { X-Key = 'secret3' }\nquery = { token = 'secret4' }",
        )])
        .expect("valid");
        let stored = format!("{:?}", config.without_secrets());
        assert!(
            !stored.contains("secret") && stored.contains("https://host/v1"),
            "{stored}"
        );
    }

    #[test]
    fn a_misspelt_key_is_named_with_the_nearest_known() {
        check_error(
            "[run]\nepisods = 3",
            "unknown key `run.episods` in my.toml: did you mean `run.episodes`?",
        );
        check_error(
            "[limit]\nmax_steps = 3",
            "unknown key `limit` in my.toml: did you mean `limits`?",
        );
        check_error(
            "[world]\nseedd = 3",
            "unknown key `world.seedd` in my.toml: did you mean `run.seed`?",
        );
        check_error(
            "[worl]\ndifficulty = 'hard'",
            "unknown key `worl` in my.toml: did you mean `world`?",
        );
    }

    #[test]
    fn a_key_in_the_wrong_section_is_found_in_its_own() {
        check_error(
            "[run]\nmax_steps = 3",
            "unknown key `run.max_steps` in my.toml: did you mean `limits.max_steps`?",
        );
        check_error(
            "episodes = 3",
            "unknown key `episodes` in my.toml: did you mean `run.episodes`?",
        );
    }

    #[test]
    fn a_wrong_type_names_the_key_and_the_file() {
        check_error(
            "[run]\nepisodes = 'ten'",
            "my.toml: invalid type: string \"ten\", expected a whole number from 0 up in `run.episodes`",
        );
        check_error(
            "[run]\nseed = -1",
            "my.toml: invalid value: integer `-1`, expected a whole number from 0 up in `run.seed`",
        );
        check_error(
            "[limits]\nrun_time = '-5s'",
            "my.toml: expected a time such as \"90s\" or \"1h 30m\" in `limits.run_time`",
        );
    }
}
