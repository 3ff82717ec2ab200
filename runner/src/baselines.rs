//! Provides published results to hold a run against, with where they come from
//! and under which protocol they were made.
//!
//! Figures of different protocols do not compare as they stand: every entry
//! names its protocol, and whoever prints an entry prints that too.

use std::collections::BTreeMap;

use env_crafter::Achievement;
use serde::Deserialize;

use crate::statistics::Rates;

/// Everything published that the runner knows of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baselines {
    /// What the entries' protocols are, by their ids.
    pub protocols: BTreeMap<String, Protocol>,
    /// The results: human and random first, then by protocol.
    pub entries: Vec<Baseline>,
}

/// How results were made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// A short name.
    pub title: String,
    /// What was played, with which limits.
    pub description: String,
    /// Where the figures come from and what was computed here.
    pub source: String,
}

/// One published result. Rates, scores and progress are in percent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The player.
    pub name: String,
    /// The id of the protocol.
    pub protocol: String,
    /// The submission the figures were computed from.
    pub submission: Option<String>,
    /// The number of episodes.
    pub episodes: Option<u32>,
    /// The Crafter score.
    pub crafter_score: Option<f64>,
    /// Its deviation over seeds.
    pub crafter_score_deviation: Option<f64>,
    /// Mean progress.
    pub progress: Option<f64>,
    /// Its standard error.
    pub progress_se: Option<f64>,
    /// Mean reward of an episode.
    pub reward: Option<f64>,
    /// Its deviation.
    pub reward_deviation: Option<f64>,
    /// Mean steps of an episode.
    pub steps: Option<f64>,
    /// Mean prompt tokens of an episode.
    pub input_tokens: Option<f64>,
    /// Mean achievements of an episode.
    pub achievements: Option<f64>,
    rates: Option<BTreeMap<String, f64>>,
}

/// A published result that is shown beside a run's own rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Landmark {
    /// The protocol of the entry.
    pub protocol: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What a column of it is called.
    pub label: &'static str,
}

/// People, random play, and of the language models in BALROG's text track the one with
/// the most progress and a small one that many know.
pub const LANDMARKS: [Landmark; 4] = [
    Landmark {
        protocol: "human",
        name: "human",
        label: "human",
    },
    Landmark {
        protocol: "random",
        name: "random",
        label: "random",
    },
    Landmark {
        protocol: "balrog-text",
        name: "Grok-4",
        label: "Grok-4",
    },
    Landmark {
        protocol: "balrog-text",
        name: "Llama-3.1-8B-Instruct",
        label: "Llama-8B",
    },
];

impl Baselines {
    /// The embedded results.
    ///
    /// # Errors
    ///
    /// Where the embedded file does not parse, which a test rules out.
    pub fn published() -> Result<Baselines, serde_json::Error> {
        serde_json::from_str(include_str!("../data/baselines.json"))
    }

    /// The success rates of a landmark, where published.
    pub fn rates(&self, landmark: &Landmark) -> Option<Rates> {
        self.find(landmark.protocol, landmark.name)?.rates()
    }

    /// The entry of that name under that protocol.
    pub fn find(&self, protocol: &str, name: &str) -> Option<&Baseline> {
        self.entries
            .iter()
            .find(|entry| entry.protocol == protocol && entry.name == name)
    }
}

impl Baseline {
    /// The success rate of each achievement, where published.
    pub fn rates(&self) -> Option<Rates> {
        let rates = self.rates.as_ref()?;
        Some(Achievement::ALL.map(|each| rates.get(each.name()).copied().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_consistent() {
        let published = Baselines::published().expect("the embedded baselines");
        for entry in &published.entries {
            assert!(
                published.protocols.contains_key(&entry.protocol),
                "{}",
                entry.name
            );
            let names: Vec<_> = entry.rates.iter().flat_map(|rates| rates.keys()).collect();
            assert!(
                names.is_empty() || names == Achievement::ALL.map(|each| each.name()).each_ref(),
                "{}: {names:?}",
                entry.name
            );
        }
        for landmark in LANDMARKS {
            assert!(published.rates(&landmark).is_some(), "{}", landmark.name);
        }
    }
}
