//! Examines an endpoint: what it can do, and what playing on it will be like.
//!
//! A handful of small calls, made the way an episode makes them, so that what is
//! found out here is what an episode would find out. Prints nothing: see [`Report`].

mod probes;

use std::time::Duration;

use crate::endpoint::Quirks;
use crate::openai::OpenAiModel;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Where.
    pub address: String,
    /// Which model.
    pub model: String,
    /// One finding for each question, in order. If the endpoint cannot be used, the
    /// last one says why.
    pub findings: Vec<Finding>,
    /// How requests will look, after what was learned.
    pub quirks: Quirks,
    key_variable: String,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was asked, in a word or two.
    pub topic: &'static str,
    /// How it stands.
    pub standing: Standing,
    /// What was found.
    pub detail: String,
    /// What a run does about it; empty if nothing is needed.
    pub consequence: String,
    /// How long it took to find out.
    pub took: Duration,
}

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Good,
    /// Not there, and playing goes on without it.
    Limited,
    /// Playing is not possible.
    Failed,
}

impl Standing {
    /// The word a report uses.
    pub const fn name(self) -> &'static str {
        match self {
            Standing::Good => "ok",
            Standing::Limited => "limited",
            Standing::Failed => "failed",
        }
    }
}

/// Examines the endpoint by about ten calls. Each is bounded in tokens and time, so
/// that a slow machine is examined in some minutes, a usual endpoint in some seconds.
/// `progress` is told what is asked about next.
pub async fn examine(model: &OpenAiModel, mut progress: impl FnMut(&'static str) + Send) -> Report {
    let (findings, protocol) = probes::all(model, &mut progress).await;
    let learned = model.quirks();
    let quirks = Quirks {
        protocol: learned.protocol.max(protocol.unwrap_or(learned.protocol)),
        ..learned
    };
    Report {
        address: model.config().address(),
        model: model.config().model.clone(),
        findings,
        quirks,
        key_variable: model.config().key_variable.clone(),
    }
}

impl Report {
    /// Whether an episode can be played.
    pub fn is_playable(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.standing != Standing::Failed)
    }

    /// A description of the endpoint with what was learned, to be kept in a file
    /// that `--endpoint` takes.
    pub fn snippet(&self) -> String {
        let mut text = format!(
            "base_url = {:?}\nkey_variable = {:?}\n",
            self.address, self.key_variable
        );
        let table = |quirks: &Quirks| toml::Table::try_from(quirks).unwrap_or_default();
        let usual = table(&Quirks::default());
        let learned: toml::Table = table(&self.quirks)
            .into_iter()
            .filter(|(key, value)| usual.get(key) != Some(value))
            .collect();
        if !learned.is_empty() {
            text.push_str(&format!("\n[quirks]\n{learned}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Preset;
    use crate::model::Protocol;

    #[test]
    fn the_snippet_is_a_description_of_the_endpoint() {
        let quirks = Quirks {
            protocol: Protocol::JsonSchema,
            omit: ["seed".to_owned()].into(),
            ..Quirks::default()
        };
        let report = Report {
            address: "http://h:1/v1".into(),
            model: "m".into(),
            findings: Vec::new(),
            quirks: quirks.clone(),
            key_variable: "KEY".into(),
        };
        let preset = Preset::from_toml("mine", &report.snippet()).expect("a valid description");
        assert_eq!(
            (preset.base_url.as_str(), preset.quirks),
            ("http://h:1/v1", quirks)
        );
        assert!(
            !report.snippet().contains("stream"),
            "only what was learned"
        );
    }
}
