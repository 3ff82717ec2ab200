//! Plays a recorded episode again and compares every record of it with what the
//! world says: observations, decisions, states, rewards, effects, achievements, what
//! hooks reported, digests and results.

mod hooks;
mod table;

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use agent_react::agent::NOTHING_EXECUTED;
use agent_react::observation::{ActionReport, Executed, Format, Scene};
use agent_react::outcome::Ending;
use agent_react::state::PublicState;
use env_crafter::{Achievement, Env};
use serde::Serialize;
use serde_json::{Value, json};
use tracer::record::SessionStatus;

use self::hooks::Hooks;
pub use self::table::misfiled;
use crate::episode::EpisodeResults;
use crate::rebuild::{
    RebuildError, RecordedDecision, RecordedObservation, RecordedStep, Recording, States,
    Validated, hex,
};

/// What came of playing an episode again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replayed {
    /// The session that holds the trace.
    pub session_id: String,
    /// The model that played.
    pub model: String,
    /// The world's seed.
    pub seed: u64,
    /// Steps that were found as recorded.
    pub steps: u64,
    /// Digests of the whole state that were found as recorded.
    pub digests: u64,
    /// Achievements that were unlocked in those steps.
    pub achievements: u64,
    /// Whether the trace says what came of the episode: one that broke off is
    /// compared as far as it goes.
    pub finished: bool,
    /// The first difference, if there is one.
    pub difference: Option<Difference>,
}

/// A record that is not what the world says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The step it belongs to, counted from 1; 0 is the world's beginning.
    pub step: u64,
    /// The turn it belongs to, from 0; absent where it belongs to none.
    pub turn: Option<u64>,
    /// What differs, such as `reward` or `after.inventory.wood`.
    pub field: String,
    /// What the trace says.
    pub recorded: Value,
    /// What the world says.
    pub expected: Value,
}

/// Plays an episode again, up to the first difference.
///
/// # Errors
///
/// Where the world cannot be rebuilt at all.
pub fn replay(recording: &Recording) -> Result<Replayed, RebuildError> {
    let mut check = Check {
        recording,
        states: recording.states()?,
        decided: VecDeque::new(),
        too_late: &[],
        observed: None,
        reports: Vec::new(),
        hooks: Hooks::of(recording)?,
        steps: 0,
        digests: 0,
        unlocks: Vec::new(),
        actions: BTreeMap::new(),
        invalid: BTreeMap::new(),
    };
    let difference = match check.all() {
        Ok(()) => None,
        Err(Stopped::Different(difference)) => Some(*difference),
        Err(Stopped::Broken(error)) => return Err(error),
    };
    Ok(Replayed {
        session_id: recording.session_id.clone(),
        model: recording.config.model.clone(),
        seed: recording.config.seed,
        steps: check.steps,
        digests: check.digests,
        achievements: check.unlocks.len() as u64,
        finished: recording.results.is_some(),
        difference,
    })
}

/// Why comparing stopped.
enum Stopped {
    Different(Box<Difference>),
    Broken(RebuildError),
}

impl From<RebuildError> for Stopped {
    fn from(error: RebuildError) -> Stopped {
        Stopped::Broken(error)
    }
}

/// A record that something can be said about.
#[derive(Clone, Copy)]
enum Record<'a> {
    Observation(&'a RecordedObservation),
    Decision(&'a RecordedDecision),
    Step(&'a RecordedStep),
}

impl Record<'_> {
    fn seq(&self) -> u64 {
        match self {
            Record::Observation(observation) => observation.seq,
            Record::Decision(decision) => decision.seq,
            Record::Step(step) => step.seq,
        }
    }
}

struct Check<'a> {
    recording: &'a Recording,
    states: States<'a>,
    /// What was decided and has no step yet.
    decided: VecDeque<&'a str>,
    /// What was asked for after the call that ends the episode.
    too_late: &'a [String],
    /// The turn of the latest observation.
    observed: Option<u64>,
    /// What the actions of the latest turn came to.
    reports: Vec<ActionReport>,
    /// What the game's hooks have to report.
    hooks: Hooks,
    steps: u64,
    digests: u64,
    /// Achievement, step and turn.
    unlocks: Vec<(String, u64, u64)>,
    actions: BTreeMap<String, u64>,
    /// By action and reason.
    invalid: BTreeMap<(String, String), u64>,
}

impl<'a> Check<'a> {
    fn all(&mut self) -> Result<(), Stopped> {
        let recording = self.recording;
        if let Some(fork) = &recording.fork {
            let digest = hex(&self.env().digest());
            Place::at(fork.step, None).same("forked_from.digest", &fork.digest, &digest)?;
        }
        let mut records: Vec<Record<'a>> = Vec::new();
        records.extend(recording.observations.iter().map(Record::Observation));
        records.extend(recording.decisions.iter().map(Record::Decision));
        records.extend(recording.steps.iter().map(Record::Step));
        records.sort_by_key(Record::seq);
        for record in records {
            match record {
                Record::Observation(observation) => self.observation(observation)?,
                Record::Decision(decision) => self.decision(decision)?,
                Record::Step(step) => self.step(step)?,
            }
        }
        match &recording.results {
            Some(results) => {
                self.nothing_is_missing(None)?;
                self.results(results)
            }
            None if recording.status == SessionStatus::Completed => {
                let step = self.env().steps();
                let here = Place::at(step, None);
                here.differs(EpisodeResults::METADATA, Value::Null, json!({}))
            }
            None => Ok(()),
        }
    }

    fn observation(&mut self, observation: &RecordedObservation) -> Result<(), Stopped> {
        let RecordedObservation { turn, step, .. } = observation;
        let now = self.env().steps();
        let here = Place::at(now, *turn);
        self.nothing_is_missing(*turn)?;
        // An invalid reply was answered with that, as if it had asked for no action.
        if observation.text.starts_with(NOTHING_EXECUTED) {
            self.reports.clear();
        }
        // What was asked for beyond the end of the episode is reported, too.
        let too_late = mem::take(&mut self.too_late).iter().map(String::as_str);
        let beyond = self.decided.drain(..).chain(too_late);
        let beyond = beyond.filter_map(|name| name.parse().ok());
        self.reports.extend(beyond.map(|action| ActionReport {
            action,
            executed: None,
        }));
        here.same("observation.step", step, &now)?;
        here.same("digest", &observation.digest, &hex(&self.env().digest()))?;
        self.text(here, observation)?;
        self.digests += 1;
        self.observed = *turn;
        Ok(())
    }

    /// Compares what the agent read, which may begin with something else it was told.
    fn text(&self, here: Place, observation: &RecordedObservation) -> Result<(), Stopped> {
        let format = match observation.format.parse() {
            Ok(Format::Text(words) | Format::ImageAndText(words)) => Format::Text(words),
            // An image is as true as the state, and other formats are not known here.
            Ok(Format::Image) | Err(_) => return Ok(()),
        };
        let rendered = format.render(&Scene {
            env: self.env(),
            step_limit: self.recording.step_limit(),
            reports: &self.reports,
        });
        match observation.text.ends_with(&rendered.text) {
            true => Ok(()),
            false => {
                let (recorded, expected) = first_other_line(&observation.text, &rendered.text);
                here.same("observation.text", recorded, expected)
            }
        }
    }

    fn decision(&mut self, decision: &'a RecordedDecision) -> Result<(), Stopped> {
        self.nothing_is_missing(decision.turn)?;
        let here = Place::at(self.env().steps(), decision.turn);
        here.same("observation.turn", &self.observed, &decision.turn)?;
        if let Some(Validated {
            actions, called, ..
        }) = &decision.validated
        {
            here.same("runtime.actions", actions, &decision.actions)?;
            here.same("runtime.result", called, &decision.actions)?;
        }
        self.decided = decision.actions.iter().map(String::as_str).collect();
        self.too_late = decision.validated.as_ref().map_or(&[], |it| &it.too_late);
        self.reports.clear();
        Ok(())
    }

    /// Whatever was decided was played, unless the episode was over.
    fn nothing_is_missing(&self, turn: Option<u64>) -> Result<(), Stopped> {
        match self.decided.front() {
            Some(missing) if !self.is_over() => {
                let step = self.env().steps() + 1;
                Place::at(step, turn).differs("action", Value::Null, json!(missing))
            }
            _ => Ok(()),
        }
    }

    fn step(&mut self, recorded: &RecordedStep) -> Result<(), Stopped> {
        let number = self.env().steps() + 1;
        let turn = recorded.turn;
        let here = Place::at(number, turn);
        // A step that is missing shows here first.
        if let Some(before) = recorded.before["step"].as_u64() {
            here.same("step", &(before + 1), &number)?;
        }
        let action = recorded.action.name();
        let decided = match self.is_over() {
            true => None,
            false => self.decided.pop_front(),
        };
        here.same("action", &Some(action), &decided)?;
        self.state(here, "before", &recorded.before)?;
        let before = PublicState::of(self.env(), self.recording.step_limit());
        let Some((_, step)) = self.states.advance()? else {
            return Ok(());
        };
        let after = PublicState::of(self.env(), self.recording.step_limit());

        let unlocked = step.unlocked.iter().map(|each| each.name().to_owned());
        let unlocked: Vec<String> = unlocked.collect();
        let reason = step.effect.reason().map(|reason| reason.name().to_owned());
        let effect = Some(step.effect.to_string());
        let truncated = !step.terminated && self.is_over();
        here.same("effect", &recorded.effect, &effect)?;
        here.same("invalid", &recorded.invalid, &reason)?;
        here.same("reward", &recorded.reward, &Some(step.reward))?;
        here.same("unlocked", &recorded.unlocked, &unlocked)?;
        let (reported, expected) = self.hooks.at(self.steps as usize, recorded);
        here.same_document("hook_results", &reported, &expected)?;
        here.same("terminated", &recorded.terminated, &step.terminated)?;
        here.same("truncated", &recorded.truncated, &truncated)?;
        self.state(here, "after", &recorded.after)?;
        here.same_document(
            "observation_diff",
            &recorded.diff,
            &before.diff(&after).into(),
        )?;

        self.steps += 1;
        self.reports.push(ActionReport {
            action: recorded.action,
            executed: Some(Executed {
                effect: step.effect,
                reward: step.reward,
                unlocked: step.unlocked,
            }),
        });
        *self.actions.entry(action.to_owned()).or_default() += 1;
        if let Some(reason) = reason {
            *self.invalid.entry((action.to_owned(), reason)).or_default() += 1;
        }
        let unlocks = unlocked
            .into_iter()
            .map(|name| (name, number, turn.unwrap_or_default()));
        self.unlocks.extend(unlocks);
        Ok(())
    }

    /// Compares a public state, where one was recorded.
    fn state(&self, here: Place, which: &str, recorded: &Value) -> Result<(), Stopped> {
        if recorded.is_null() {
            return Ok(());
        }
        let expected = json!(PublicState::of(self.env(), self.recording.step_limit()));
        here.same_document(which, recorded, &expected)
    }

    fn results(&self, results: &EpisodeResults) -> Result<(), Stopped> {
        let env = self.env();
        let step = env.steps();
        let counted = Achievement::ALL.iter().zip(env.achievement_counts());
        let counted = counted.filter(|(_, count)| **count > 0);
        let counts: BTreeMap<String, u32> = counted
            .map(|(achievement, count)| (achievement.name().to_owned(), *count))
            .collect();
        let unlocks = results.unlocks.iter();
        let unlocks: Vec<(String, u64, u64)> = unlocks
            .map(|unlock| (unlock.achievement.clone(), unlock.step, unlock.turn))
            .collect();
        let invalid = results.invalid_actions.iter();
        let invalid: BTreeMap<(String, String), u64> = invalid
            .map(|each| ((each.action.clone(), each.reason.clone()), each.count))
            .collect();
        let ending = match (env.is_dead(), self.is_over(), results.ending) {
            (true, _, _) => Some(Ending::Died),
            (false, true, _) => Some(Ending::StepLimit),
            (false, false, Ending::Died | Ending::StepLimit) => None,
            (false, false, any) => Some(any),
        };
        let total = self.states.total_reward();
        let here = Place::at(step, None);
        here.same("episode_results.ending", &Some(results.ending), &ending)?;
        here.same("episode_results.steps", &results.steps, &step)?;
        here.same("episode_results.reward", &results.reward, &total)?;
        here.same(
            "episode_results.achievement_counts",
            &results.achievement_counts,
            &counts,
        )?;
        here.same("episode_results.unlocks", &unlocks, &self.unlocks)?;
        here.same("episode_results.actions", &results.actions, &self.actions)?;
        here.same(
            "episode_results.invalid_actions",
            &listed(&invalid),
            &listed(&self.invalid),
        )
    }

    fn env(&self) -> &Env {
        self.states.env()
    }

    fn is_over(&self) -> bool {
        self.recording.is_over(self.env())
    }
}

/// Where in an episode something is compared.
#[derive(Clone, Copy)]
struct Place {
    step: u64,
    turn: Option<u64>,
}

impl Place {
    fn at(step: u64, turn: Option<u64>) -> Place {
        Place { step, turn }
    }

    fn same<T: PartialEq + Serialize + ?Sized>(
        self,
        field: &str,
        recorded: &T,
        expected: &T,
    ) -> Result<(), Stopped> {
        match recorded == expected {
            true => Ok(()),
            false => self.differs(field, json!(recorded), json!(expected)),
        }
    }

    /// Compares leaf by leaf, so that the difference is no larger than it is.
    fn same_document(self, field: &str, recorded: &Value, expected: &Value) -> Result<(), Stopped> {
        match first_difference(field, recorded, expected) {
            Some((field, recorded, expected)) => self.differs(&field, recorded, expected),
            None => Ok(()),
        }
    }

    fn differs(self, field: &str, recorded: Value, expected: Value) -> Result<(), Stopped> {
        Err(Stopped::Different(Box::new(Difference {
            step: self.step,
            turn: self.turn,
            field: field.to_owned(),
            recorded,
            expected,
        })))
    }
}

/// The first leaf in which two documents differ, with its path.
fn first_difference(
    path: &str,
    recorded: &Value,
    expected: &Value,
) -> Option<(String, Value, Value)> {
    if let (Value::Object(recorded), Value::Object(expected)) = (recorded, expected) {
        let keys = expected.keys();
        let more = recorded.keys().filter(|key| !expected.contains_key(*key));
        return keys.chain(more).find_map(|key| {
            let at = |of: &serde_json::Map<String, Value>| of.get(key).cloned().unwrap_or_default();
            first_difference(&format!("{path}.{key}"), &at(recorded), &at(expected))
        });
    }
    (recorded != expected).then(|| (path.to_owned(), recorded.clone(), expected.clone()))
}

/// The first line in which an observation is not what was rendered, or both whole where that
/// is not one line. Lines are counted from the end: a recorded text may have something else
/// at its beginning.
fn first_other_line<'a>(recorded: &'a str, expected: &'a str) -> (&'a str, &'a str) {
    let notice = recorded
        .lines()
        .count()
        .checked_sub(expected.lines().count());
    let lines = notice.map(|lines| recorded.lines().skip(lines).zip(expected.lines()));
    let mut lines = lines.into_iter().flatten();
    lines
        .find(|(recorded, expected)| recorded != expected)
        .unwrap_or((recorded, expected))
}

/// How often each action had no effect for which reason, as traces list it.
fn listed(counts: &BTreeMap<(String, String), u64>) -> Vec<(&str, &str, u64)> {
    counts
        .iter()
        .map(|((action, reason), count)| (action.as_str(), reason.as_str(), *count))
        .collect()
}
