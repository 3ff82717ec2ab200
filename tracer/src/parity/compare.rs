//! Provides the answers, one function for each question.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::pairs::{Pair, Pairs};
use super::{Check, ParityItem, ParityReport, Play, Tolerance};
use crate::record::{Event, LlmCallRecord, Recorded, SessionTrace};

/// How many differences of a kind a report spells out.
const SPELLED_OUT: usize = 5;

/// How much of a value a difference shows.
const SHOWN_CHARS: usize = 120;

/// Compares a trace recorded by hand with one of the same episode recorded by attributes.
pub fn compare(
    manual: &SessionTrace,
    decorated: &SessionTrace,
    tolerance: &Tolerance,
) -> ParityReport {
    let sides = Sides {
        manual,
        decorated,
        tolerance,
        pairs: Pairs::of(manual, decorated),
    };
    report(&[sides])
}

/// Compares several plays of the same episode. What has to do with time is judged by the
/// best of them: an event is late if it was so in each play, and performance is that of the
/// play that took the least longer. Everything else has to hold in all of them.
pub fn compare_plays(plays: &[Play]) -> ParityReport {
    let plays = plays.iter().map(|play| Sides {
        manual: &play.manual,
        decorated: &play.decorated,
        tolerance: &play.tolerance,
        pairs: Pairs::of(&play.manual, &play.decorated),
    });
    report(&plays.collect::<Vec<_>>())
}

/// The two traces of a play, side by side.
struct Sides<'a> {
    manual: &'a SessionTrace,
    decorated: &'a SessionTrace,
    tolerance: &'a Tolerance,
    pairs: Pairs<'a>,
}

fn report(plays: &[Sides<'_>]) -> ParityReport {
    let worst = |answer: fn(&Sides<'_>) -> Answer| {
        let answers = plays.iter().map(answer);
        answers.max_by_key(|answer| answer.differences.len())
    };
    let answer = |check| match check {
        Check::Events => worst(events),
        Check::Timestamps => Some(timestamps(plays)),
        Check::States => worst(states),
        Check::Messages => worst(messages),
        Check::Metadata => worst(metadata),
        Check::Turns => worst(turns),
        Check::Errors => worst(errors),
        Check::Performance => {
            let answers = plays.iter().map(performance);
            answers.min_by_key(|answer| answer.differences.len())
        }
    };
    let answer = |check| answer(check).unwrap_or_else(|| Answer::of(exercised(0, String::new())));
    ParityReport {
        items: Check::ALL.map(|check| answer(check).item(check)).into(),
    }
}

/// What differs, and what was looked at.
struct Answer {
    compared: String,
    differences: Vec<String>,
}

impl Answer {
    fn of(compared: String) -> Self {
        Self {
            compared,
            differences: Vec::new(),
        }
    }

    fn differ(&mut self, what: String) {
        self.differences.push(what);
    }

    /// Notes two values of a pair that should be equal and are not.
    fn expect_equal<T: PartialEq + serde::Serialize>(
        &mut self,
        pair: &Pair<'_>,
        what: &str,
        manual: &T,
        decorated: &T,
    ) {
        if manual != decorated {
            let (manual, decorated) = (shown(manual), shown(decorated));
            self.differ(format!(
                "{}: {what} is {manual} by hand, {decorated} decorated",
                pair.key
            ));
        }
    }

    fn item(mut self, check: Check) -> ParityItem {
        let difference_count = self.differences.len();
        self.differences.truncate(SPELLED_OUT);
        ParityItem {
            check,
            holds: difference_count == 0,
            compared: self.compared,
            differences: self.differences,
            difference_count,
        }
    }
}

fn events(play: &Sides<'_>) -> Answer {
    let Sides {
        manual,
        decorated,
        pairs,
        ..
    } = play;
    let (by_hand, by_attribute) = (manual.event_history.len(), decorated.event_history.len());
    let mut answer = Answer::of(exercised(
        by_hand + by_attribute,
        format!("{by_hand} events by hand, {by_attribute} decorated"),
    ));
    for key in &pairs.missing {
        answer.differ(format!("{key}: only by hand"));
    }
    for key in &pairs.extra {
        answer.differ(format!("{key}: only decorated"));
    }
    if let Some(key) = &pairs.disorder {
        answer.differ(format!("{key}: comes earlier decorated than by hand"));
    }
    answer
}

/// An event is late where it is so in every play.
fn timestamps(plays: &[Sides<'_>]) -> Answer {
    let apart: Vec<Vec<Duration>> = plays.iter().map(apart).collect();
    let count = apart.iter().map(Vec::len).min().unwrap_or_default();
    let tolerance = plays.iter().map(|play| play.tolerance.time);
    let tolerance = tolerance.max().unwrap_or_default();
    let mut answer = Answer::of(exercised(count, format!("tolerance {tolerance:?}")));
    for event in 0..count {
        let late = plays.iter().zip(&apart).map(|(play, apart)| {
            let (apart, tolerance) = (apart[event], play.tolerance.time);
            (apart > tolerance).then_some((apart, tolerance))
        });
        let late: Option<Vec<_>> = late.collect();
        let least = late.into_iter().flatten().min();
        if let (Some((apart, tolerance)), Some(play)) = (least, plays.first()) {
            let key = &play.pairs.matched[event].key;
            answer.differ(format!("{key}: {apart:?} apart, beyond {tolerance:?}"));
        }
    }
    answer
}

/// How far apart the two moments of each event are, counted from the beginning of its
/// timestep, or of the session.
fn apart(play: &Sides<'_>) -> Vec<Duration> {
    let [ours, theirs] = [play.manual, play.decorated].map(|trace| {
        let steps = trace.timesteps.iter();
        steps
            .map(|step| (step.step_id.as_str(), step.started_at))
            .collect::<BTreeMap<_, _>>()
    });
    let offset =
        |starts: &BTreeMap<&str, Timestamp>, trace: &SessionTrace, event: &Recorded<Event>| {
            let start = event.step_id.as_deref().and_then(|id| starts.get(id));
            let start = start.copied().unwrap_or(trace.created_at);
            event
                .record
                .base()
                .time_record
                .event_time
                .duration_since(start)
        };
    let apart = play.pairs.matched.iter().map(|pair| {
        offset(&ours, play.manual, pair.manual) - offset(&theirs, play.decorated, pair.decorated)
    });
    apart.map(|apart| apart.unsigned_abs()).collect()
}

fn states(Sides { pairs, .. }: &Sides<'_>) -> Answer {
    let count = pairs.matched.len();
    let mut answer = Answer::of(exercised(count, format!("{count} state changes")));
    for pair in &pairs.matched {
        let (manual, decorated) = (&pair.manual.record, &pair.decorated.record);
        let (ours, theirs) = (manual.base(), decorated.base());
        let before = (&ours.system_state_before, &theirs.system_state_before);
        answer.expect_equal(pair, "the state before", before.0, before.1);
        let after = [&ours.system_state_after, &theirs.system_state_after].map(without_error);
        answer.expect_equal(pair, "the state after", &after[0], &after[1]);
        match (manual, decorated) {
            (Event::Runtime(manual), Event::Runtime(decorated)) => {
                answer.expect_equal(pair, "actions", &manual.actions, &decorated.actions);
            }
            (Event::Environment(manual), Event::Environment(decorated)) => {
                answer.expect_equal(pair, "reward", &manual.reward, &decorated.reward);
                let ends = [manual, decorated].map(|it| (it.terminated, it.truncated));
                answer.expect_equal(pair, "terminated and truncated", &ends[0], &ends[1]);
                let diffs = (&manual.observation_diff, &decorated.observation_diff);
                answer.expect_equal(pair, "observation_diff", diffs.0, diffs.1);
            }
            // Pairs are of one kind, and calls of models are compared with the metadata.
            (Event::Cais(_) | Event::Runtime(_) | Event::Environment(_), _) => {}
        }
    }
    answer
}

/// Errors have a question of their own.
fn without_error(state: &Value) -> Value {
    match state {
        Value::Object(entries) if entries.contains_key("error") => {
            let rest = entries.iter().filter(|(key, _)| *key != "error");
            Value::Object(
                rest.map(|(key, value)| (key.clone(), value.clone()))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

fn messages(play: &Sides<'_>) -> Answer {
    let Sides {
        manual, decorated, ..
    } = play;
    let (by_hand, by_attribute) = (&manual.message_history, &decorated.message_history);
    let counts = (by_hand.len(), by_attribute.len());
    let mut answer = Answer::of(exercised(
        counts.0 + counts.1,
        format!("{} messages by hand, {} decorated", counts.0, counts.1),
    ));
    if counts.0 != counts.1 {
        answer.differ(format!("{} by hand, {} decorated", counts.0, counts.1));
    }
    for (number, (ours, theirs)) in by_hand.iter().zip(by_attribute).enumerate() {
        let parts = [ours, theirs].map(|it| {
            let it = &it.record;
            (&it.message_type, &it.source_id, &it.target_id, &it.content)
        });
        if parts[0] != parts[1] {
            let (ours, theirs) = (shown(&parts[0]), shown(&parts[1]));
            answer.differ(format!(
                "message {number}: {ours} by hand, {theirs} decorated"
            ));
        }
    }
    answer
}

fn metadata(play: &Sides<'_>) -> Answer {
    let Sides {
        manual,
        decorated,
        pairs,
        ..
    } = play;
    let (events, entries) = (pairs.matched.len(), manual.metadata.len());
    let mut answer = Answer::of(exercised(
        events + entries,
        format!("{events} events, {entries} entries of the session"),
    ));
    for pair in &pairs.matched {
        let (manual, decorated) = (&pair.manual.record, &pair.decorated.record);
        let (ours, theirs) = (manual.base(), decorated.base());
        for (key, value) in ours.metadata.iter().filter(|(key, _)| !is_timing(key)) {
            let found = theirs.metadata.get(key).unwrap_or(&Value::Null);
            answer.expect_equal(pair, &format!("metadata {key}"), value, found);
        }
        answer.expect_equal(
            pair,
            "hook results",
            &ours.event_metadata,
            &theirs.event_metadata,
        );
        if let (Event::Cais(manual), Event::Cais(decorated)) = (manual, decorated) {
            let models = [manual, decorated].map(|it| (&it.model_name, &it.provider));
            answer.expect_equal(pair, "model", &models[0], &models[1]);
            answer.expect_equal(pair, "tokens", &manual.usage(), &decorated.usage());
            answer.expect_equal(pair, "cost", &manual.cost, &decorated.cost);
            let calls = [manual, decorated].map(|it| untimed(&it.llm_call_records));
            answer.expect_equal(pair, "calls of models", &calls[0], &calls[1]);
        }
    }
    let said = [manual, decorated].map(|trace| {
        let entries = trace.metadata.iter();
        entries
            .map(|it| (&it.metadata_type, &it.data))
            .collect::<Vec<_>>()
    });
    if said[0] != said[1] {
        let (ours, theirs) = (shown(&said[0]), shown(&said[1]));
        answer.differ(format!(
            "the session's metadata is {ours} by hand, {theirs} decorated"
        ));
    }
    let rewards = [manual, decorated].map(|trace| {
        let rewards = trace.rewards.iter();
        rewards
            .map(|it| (&it.kind, it.value, &it.annotation))
            .collect::<Vec<_>>()
    });
    if rewards[0] != rewards[1] {
        let (ours, theirs) = (shown(&rewards[0]), shown(&rewards[1]));
        answer.differ(format!(
            "the session's rewards are {ours} by hand, {theirs} decorated"
        ));
    }
    answer
}

/// What measures time differs from run to run.
fn is_timing(key: &str) -> bool {
    key.ends_with("_ms")
}

fn untimed(calls: &[LlmCallRecord]) -> Vec<LlmCallRecord> {
    let untimed = |call: &LlmCallRecord| LlmCallRecord {
        latency_ms: None,
        ..call.clone()
    };
    calls.iter().map(untimed).collect()
}

fn turns(play: &Sides<'_>) -> Answer {
    let Sides {
        manual, decorated, ..
    } = play;
    let count = manual.timesteps.len();
    let mut answer = Answer::of(exercised(count, format!("{count} turns")));
    let turns = [manual, decorated].map(|trace| {
        let steps = trace.timesteps.iter();
        steps
            .map(|it| (it.turn_number, it.completed_at.is_some()))
            .collect::<Vec<_>>()
    });
    let [ours, theirs] = &turns;
    if ours.len() != theirs.len() {
        answer.differ(format!(
            "{} by hand, {} decorated",
            ours.len(),
            theirs.len()
        ));
    }
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        if ours != theirs {
            let show = |(turn, is_complete): (u64, bool)| {
                let state = if is_complete { "completed" } else { "open" };
                format!("turn {turn}, {state}")
            };
            let (ours, theirs) = (show(*ours), show(*theirs));
            answer.differ(format!(
                "timestep {index}: {ours} by hand, {theirs} decorated"
            ));
        }
    }
    let positions = [manual, decorated].map(|trace| {
        let messages = trace.message_history.iter();
        messages
            .map(|it| it.record.time_record.message_time)
            .collect::<Vec<_>>()
    });
    for (number, (ours, theirs)) in positions[0].iter().zip(&positions[1]).enumerate() {
        if ours != theirs {
            answer.differ(format!(
                "message {number}: in turn {} by hand, {} decorated",
                shown(ours),
                shown(theirs)
            ));
        }
    }
    answer
}

fn errors(play: &Sides<'_>) -> Answer {
    let Sides {
        manual,
        decorated,
        pairs,
        ..
    } = play;
    let count = manual
        .event_history
        .iter()
        .filter(|it| it.record.error().is_some())
        .count();
    let mut answer = Answer::of(exercised(count, format!("{count} errors")));
    for pair in &pairs.matched {
        let errors = [&pair.manual.record, &pair.decorated.record].map(Event::error);
        answer.expect_equal(pair, "the error", &errors[0], &errors[1]);
    }
    if manual.status != decorated.status {
        let (ours, theirs) = (manual.status.name(), decorated.status.name());
        answer.differ(format!("the session {ours} by hand, {theirs} decorated"));
    }
    answer
}

fn performance(play: &Sides<'_>) -> Answer {
    let Sides {
        manual,
        decorated,
        tolerance,
        ..
    } = play;
    let [ours, theirs] = [manual, decorated].map(|trace| duration(trace));
    let mut answer = Answer::of(format!("{ours:?} by hand, {theirs:?} decorated"));
    let events = u32::try_from(decorated.event_history.len()).unwrap_or(u32::MAX);
    let allowed = tolerance.time + tolerance.overhead_per_event.saturating_mul(events);
    let over = theirs.saturating_sub(ours);
    if over > allowed {
        answer.differ(format!(
            "{over:?} longer, where {allowed:?} is allowed for {events} events"
        ));
    }
    answer
}

/// How long a session took: to its end, or to its last event if it is still running.
fn duration(trace: &SessionTrace) -> Duration {
    let last = trace
        .event_history
        .iter()
        .map(|it| it.record.base().time_record.event_time)
        .max();
    let end = trace.ended_at.or(last).unwrap_or(trace.created_at);
    Duration::try_from(end.duration_since(trace.created_at)).unwrap_or_default()
}

/// What was compared, or that there was nothing to compare.
fn exercised(count: usize, compared: String) -> String {
    match count {
        0 => "not exercised".to_owned(),
        _ => compared,
    }
}

fn shown(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string(value).unwrap_or_else(|error| error.to_string());
    if let Some((end, _)) = text.char_indices().nth(SHOWN_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}
