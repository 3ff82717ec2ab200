//! Opens the models that play: embedded ones, and those of an endpoint.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agent_react::embedded;
use agent_react::endpoint::{EndpointConfig, Secret};
use agent_react::model::{ChatModel, Listener};
use agent_react::openai::OpenAiModel;
use agent_react::recording::{Recorder, Replayed};

use crate::config::{Config, Endpoint};
use crate::exit::Coded;
use crate::plan::one_of;

/// Where models go that are not embedded, unless another endpoint is named.
const OPENAI: &str = "openai";

/// Whether a model needs no endpoint.
pub fn is_embedded(name: &str) -> bool {
    name.starts_with(embedded::PREFIX)
}

/// The models of a run, by name.
#[derive(Clone, Default)]
pub struct Players {
    players: BTreeMap<String, Player>,
    /// Where their replies are kept, if anywhere.
    record: Option<PathBuf>,
}

#[derive(Clone)]
enum Player {
    /// Made anew for each episode, because it remembers what it was shown.
    Embedded(String),
    /// Shared by all episodes, and with it what was learned of the endpoint.
    Endpoint {
        model: Arc<dyn ChatModel>,
        /// Calls that the endpoint is thought to bear at once.
        calls: usize,
        secrets: Vec<Secret>,
    },
    /// Plays what was recorded in this folder, and is sent nothing.
    Recorded(PathBuf),
}

impl Players {
    /// Opens every model of the configuration. Nothing is sent anywhere yet.
    ///
    /// # Errors
    ///
    /// Where a name or the endpoint cannot be meant.
    pub fn open(config: &Config) -> Result<Players, Coded> {
        let open = |name: &String| Ok((name.clone(), Player::open(name, config)?));
        config
            .run
            .models
            .iter()
            .map(open)
            .collect::<Result<_, _>>()
            .map(|players| Players {
                players,
                record: None,
            })
    }

    /// Plays these models by what was recorded of them in a folder.
    pub fn recorded(models: &[String], folder: &Path) -> Players {
        let player = |name: &String| (name.clone(), Player::Recorded(folder.to_owned()));
        Players {
            players: models.iter().map(player).collect(),
            record: None,
        }
    }

    /// Keeps every reply in a folder.
    #[must_use]
    pub fn recording_to(self, folder: &Path) -> Players {
        Players {
            record: Some(folder.to_owned()),
            ..self
        }
    }

    /// How many episodes to play at once where nobody said: as many as an endpoint
    /// is thought to bear, or one for each processor core.
    pub fn concurrency(&self) -> usize {
        let endpoints = self.players.values().filter_map(|player| match player {
            Player::Embedded(_) | Player::Recorded(_) => None,
            Player::Endpoint { calls, .. } => Some(*calls),
        });
        endpoints
            .max()
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// What must never be seen in a trace, a log or an error.
    pub fn secrets(&self) -> Vec<String> {
        let real = self.held().filter(|secret| !secret.is_placeholder());
        real.map(|secret| secret.expose().to_owned()).collect()
    }

    fn held(&self) -> impl Iterator<Item = &Secret> {
        self.players.values().flat_map(|player| match player {
            Player::Embedded(_) | Player::Recorded(_) => &[],
            Player::Endpoint { secrets, .. } => &secrets[..],
        })
    }

    /// A model of one's own, which plays under the name it gives itself. Where that
    /// is one of the others, it takes their place, and keeps their secrets.
    pub fn with(mut self, model: Arc<dyn ChatModel>) -> Players {
        let name = model.name().to_owned();
        let secrets = match self.players.remove(&name) {
            Some(Player::Endpoint { secrets, .. }) => secrets,
            Some(Player::Embedded(_) | Player::Recorded(_)) | None => Vec::new(),
        };
        self.players.insert(
            name,
            Player::Endpoint {
                model,
                calls: 1,
                secrets,
            },
        );
        self
    }

    /// The model for an episode of that seed. `listener` is told what it has to say.
    ///
    /// # Errors
    ///
    /// Where there is no such model, or its replies cannot be recorded or are not.
    pub fn model(
        &self,
        name: &str,
        seed: u64,
        listener: Listener,
    ) -> Result<Arc<dyn ChatModel>, Coded> {
        let usage = |error: &dyn std::fmt::Display| Coded::usage(error.to_string());
        let model = match self.players.get(name) {
            Some(Player::Embedded(name)) => {
                embedded::model(name, seed).map_err(|unknown| usage(&unknown))?
            }
            Some(Player::Endpoint { model, .. }) => Arc::clone(model),
            Some(Player::Recorded(folder)) => {
                let replayed = Replayed::open(folder, name, seed);
                Arc::new(replayed.map_err(|error| usage(&error))?)
            }
            None => {
                return Err(usage(&format!("model {name} is not part of this run")));
            }
        };
        model.listen(listener);
        let Some(folder) = &self.record else {
            return Ok(model);
        };
        let secrets = self.held().cloned().collect();
        let recorder = Recorder::create(model, seed, folder, secrets);
        Ok(Arc::new(recorder.map_err(|error| usage(&error))?))
    }
}

impl Player {
    fn open(name: &str, config: &Config) -> Result<Player, Coded> {
        if is_embedded(name) {
            check_embedded(name, &config.agent.observation)?;
            return Ok(Player::Embedded(name.to_owned()));
        }
        let prefixed = format!("{}{name}", embedded::PREFIX);
        if embedded::model(&prefixed, 0).is_ok() && config.endpoint.base_url.is_none() {
            return Err(Coded::usage(format!(
                "unknown model {name:?}: did you mean {prefixed}?"
            )));
        }
        let endpoint = endpoint(name, config)?;
        let secrets = endpoint.secrets();
        let model = OpenAiModel::new(endpoint).map_err(|error| Coded::usage(error.to_string()))?;
        Ok(Player::Endpoint {
            calls: model.config().concurrency,
            model: Arc::new(model),
            secrets,
        })
    }
}

/// Sees to it that there is such an embedded model, and that it can read what it is
/// shown: it would stand still otherwise, and be scored for it.
fn check_embedded(name: &str, observation: &str) -> Result<(), Coded> {
    const READ: &str = "synth/1";
    if let Err(unknown) = embedded::model(name, 0) {
        return Err(Coded::usage(match name.contains('?') {
            true => unknown.to_string(),
            false => one_of("model", name, &embedded::NAMES),
        }));
    }
    if embedded::reads(name) && !observation.split('+').any(|part| part == READ) {
        return Err(Coded::usage(format!(
            "model {name:?} reads {READ} alone, and agent.observation is {observation:?}: \
             give --observation {READ}, or another --model"
        )));
    }
    Ok(())
}

/// Sees to it that a model that needs an endpoint has one.
///
/// # Errors
///
/// Where no endpoint is named and there is no key for the usual one.
pub fn check_endpoint(config: &Config) -> Result<(), Coded> {
    let needs_one = |name: &&String| !is_embedded(name);
    let Some(model) = config.run.models.iter().find(needs_one) else {
        return Ok(());
    };
    let endpoint = endpoint(model, config)?;
    if config.endpoint.base_url.is_none() && endpoint.api_key.is_none() {
        return Err(Coded::usage(format!(
            "model {model:?} is not embedded and needs an endpoint: give --endpoint URL, or set \
             ${} to use {}",
            endpoint.key_variable,
            endpoint.address()
        )));
    }
    let has_key = endpoint.api_key.is_some() || endpoint.headers.keys().any(|name| is_key(name));
    if endpoint.wants_key() && !has_key {
        return Err(Coded::usage(format!(
            "{} takes no call without a key: set ${}",
            endpoint.address(),
            endpoint.key_variable
        )));
    }
    Ok(())
}

/// Whether a header is one that keys are sent in.
fn is_key(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    header.contains("auth") || header.contains("key")
}

/// Where and how a model is asked. The key comes from the environment.
///
/// # Errors
///
/// Where the endpoint cannot be meant.
pub fn endpoint(model: &str, config: &Config) -> Result<EndpointConfig, Coded> {
    let Endpoint {
        base_url,
        api_key_env,
        request_timeout,
        max_attempts,
        headers,
        query,
        // Looked at by the plan.
        prices: _,
    } = &config.endpoint;
    if model.trim().is_empty() {
        return Err(Coded::usage(
            "a model's name is empty: give --model the name the endpoint knows it by",
        ));
    }
    let given = base_url.as_deref().unwrap_or(OPENAI);
    let mut endpoint = EndpointConfig::resolve(given, model)
        .map_err(|error| Coded::usage(format!("endpoint.base_url: {error}")))?;
    if let Some(variable) = api_key_env {
        endpoint.key_variable.clone_from(variable);
    }
    let key = std::env::var(&endpoint.key_variable)
        .ok()
        .filter(|key| !key.is_empty());
    endpoint.api_key = key.as_deref().map(Secret::new);
    let secret = |(name, value): (&String, &String)| (name.clone(), Secret::new(value));
    endpoint.headers.extend(headers.iter().map(secret));
    endpoint.query.extend(query.iter().map(secret));
    if let Some(time) = *request_timeout {
        endpoint.timeouts.total = time;
        endpoint.timeouts.headers = endpoint.timeouts.headers.min(time);
    }
    if let Some(attempts) = *max_attempts {
        endpoint.retry.max_attempts = attempts;
    }
    if let Some(concurrency) = config.run.concurrency {
        endpoint.concurrency = concurrency;
    }
    Ok(endpoint)
}
