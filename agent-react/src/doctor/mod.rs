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
    snippet: String,
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
/// `progress` is told what is asked about next, and how long that may take.
pub async fn examine(
    model: &OpenAiModel,
    mut progress: impl FnMut(&'static str, Duration) + Send,
) -> Report {
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
        snippet: model.config().described(&quirks),
        quirks,
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
    pub fn snippet(&self) -> &str {
        &self.snippet
    }
}
