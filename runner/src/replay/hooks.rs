//! Lets the game's hooks look at a recorded episode again.
//!
//! The actions are played in a session that nobody keeps, by the code that a run plays
//! them with, so that the hooks are asked as they were when the trace was made.

use std::collections::{BTreeMap, BTreeSet};

use agent_react::environment::{Environment, EnvironmentOptions};
use agent_react::hooks::{HookOptions, crafter_hooks};
use serde_json::{Value, json};
use tracer::record::{Event, HookResult, SessionStatus};
use tracer::{SessionOptions, TraceError, Tracer, TracerOptions};

use crate::rebuild::{RebuildError, RecordedStep, Recording};

/// What the game's hooks have to say of each step of an episode.
pub(super) struct Hooks {
    names: BTreeSet<String>,
    /// Step by step, by the names of the hooks.
    expected: Vec<Value>,
}

impl Hooks {
    /// Plays the recorded actions and asks the hooks.
    ///
    /// # Errors
    ///
    /// Where the world cannot be rebuilt.
    pub(super) fn of(recording: &Recording) -> Result<Hooks, RebuildError> {
        let factories = crafter_hooks(HookOptions::default());
        let names: BTreeSet<String> = factories
            .iter()
            .map(|make| make().name().to_owned())
            .collect();
        let tracer = Tracer::new(TracerOptions {
            hooks: factories,
            ..TracerOptions::default()
        });
        let states = recording.states()?;
        let options = EnvironmentOptions {
            max_steps: recording.max_steps,
            ..EnvironmentOptions::default()
        };
        let environment = Environment::resume(states.env().clone(), states.total_reward(), options);
        let expected = asked(&tracer, environment, recording);
        let expected = expected.map_err(|source| RebuildError::Hooks {
            session_id: recording.session_id.clone(),
            source,
        })?;
        Ok(Hooks { names, expected })
    }

    /// What was reported of a step, and what is to be reported of the one with this
    /// place among the episode's own.
    pub(super) fn at(&self, place: usize, recorded: &RecordedStep) -> (Value, Value) {
        let known = recorded.hooks.iter();
        let known = known.filter(|result| self.names.contains(&result.hook_name));
        let expected = self.expected.get(place);
        (
            by_name(known),
            expected.cloned().unwrap_or_else(|| json!({})),
        )
    }
}

fn asked(
    tracer: &Tracer,
    mut environment: Environment,
    recording: &Recording,
) -> Result<Vec<Value>, TraceError> {
    let session = tracer.start_session(SessionOptions::default())?;
    session.scope(|| {
        environment.execute(recording.steps.iter().map(|step| step.action));
    });
    let trace = session.end_blocking(SessionStatus::Completed)?;
    let steps = trace.event_history.into_iter();
    let steps = steps.filter_map(|event| match event.record {
        Event::Environment(step) => Some(by_name(step.base.event_metadata.iter())),
        Event::Cais(_) | Event::Runtime(_) => None,
    });
    Ok(steps.collect())
}

/// What hooks found in a step, by their names: one finding, or a list of several.
fn by_name<'a>(results: impl Iterator<Item = &'a HookResult>) -> Value {
    let mut found: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for result in results {
        let finding = json!({
            "code": result.code,
            "description": result.description,
            "data": result.data,
        });
        found.entry(&result.hook_name).or_default().push(finding);
    }
    let found = found.into_iter().map(|(name, mut findings)| {
        let findings = match findings.len() {
            1 => findings.remove(0),
            _ => findings.into(),
        };
        (name.to_owned(), findings)
    });
    Value::Object(found.collect())
}
