//! What can be had from a trace again: the states of the world, and whether they
//! are those that were recorded.

use runner::rebuild::{RebuildError, Recording};
use runner::replay::{Difference, misfiled, replay};
use serde_json::{Value, json};
use tracer::record::{EnvironmentEvent, Event, HookResult, RuntimeEvent, SessionTrace};
use tracer::store::Store;
use tracer::{Conflict, import, trace_json};

use crate::Place;
use crate::endpoint::{message, replying};

fn played(arguments: &[&str]) -> Place {
    let place = Place::new();
    let arguments = [&["--max-steps", "120", "--quiet"], arguments].concat();
    place.play(&arguments).exited(0);
    place
}

fn recordings(place: &Place) -> Vec<Recording> {
    let store = Store::open_read_only(place.traces()).expect("a trace file");
    let ids = store.session_ids().expect("sessions");
    let read = |id: &String| Recording::read(&store, id).expect("an episode");
    ids.iter().map(read).collect()
}

#[test]
fn every_recorded_state_is_rebuilt() {
    let place = played(&["--episodes", "2", "--seed", "3", "--difficulty", "hard"]);
    for recording in recordings(&place) {
        assert_eq!(recording.world.difficulty.name(), "hard");
        assert_eq!(recording.max_steps, Some(120));
        let mut states = recording.states().expect("a world");
        for observation in &recording.observations {
            states.advance_to(observation.step).expect("a step");
            let digest = states.env().digest();
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(digest, observation.digest, "step {}", observation.step);
        }
        assert_eq!(states.env().steps(), recording.last_step());
        assert!(states.next_step().is_none());
    }
}

#[test]
fn a_step_that_was_never_played_is_refused() {
    let place = played(&["--model", "embedded:noop", "--episodes", "1"]);
    let recording = &recordings(&place)[0];
    let mut states = recording.states().expect("a world");
    let error = states.advance_to(1000).expect_err("no such step");
    assert!(
        matches!(error, RebuildError::NoStep { step: 1000, first: 0, last, .. } if last <= 120),
        "{error}"
    );
}

fn traces(place: &Place) -> Vec<SessionTrace> {
    let store = Store::open_read_only(place.traces()).expect("a trace file");
    let ids = store.session_ids().expect("sessions");
    let read = |id: &String| store.session_trace(id).expect("a session");
    ids.iter().map(read).collect()
}

/// The step event with this number, counted from 1.
fn step(trace: &mut SessionTrace, number: usize) -> &mut EnvironmentEvent {
    let events = trace.event_history.iter_mut();
    let mut steps = events.filter_map(|event| match &mut event.record {
        Event::Environment(step) => Some(step),
        Event::Cais(_) | Event::Runtime(_) => None,
    });
    steps.nth(number - 1).expect("a step")
}

fn runtime(trace: &mut SessionTrace) -> &mut RuntimeEvent {
    let mut events = trace.event_history.iter_mut();
    let found = events.find_map(|event| match &mut event.record {
        Event::Runtime(runtime) => Some(runtime),
        Event::Cais(_) | Event::Environment(_) => None,
    });
    found.expect("a runtime's event")
}

fn remove_step(trace: &mut SessionTrace, number: usize) {
    let mut seen = 0;
    trace.event_history.retain(|event| {
        seen += usize::from(matches!(event.record, Event::Environment(_)));
        !matches!(event.record, Event::Environment(_)) || seen != number
    });
}

/// The number of the first step that another one of the same turn follows.
fn first_within_a_turn(trace: &SessionTrace) -> usize {
    let steps = Recording::of(trace).expect("an episode").steps;
    let mut pairs = steps.windows(2);
    let first = pairs.position(|pair| pair[0].turn == pair[1].turn);
    first.expect("a turn of several steps") + 1
}

fn first_difference(trace: &SessionTrace) -> Option<Difference> {
    let recording = Recording::of(trace).expect("an episode");
    replay(&recording).expect("a world").difference
}

#[test]
fn a_trace_that_was_tampered_with_is_found_out() {
    let place = played(&["--episodes", "1", "--seed", "3"]);
    let traces = traces(&place);
    assert_eq!(first_difference(&traces[0]), None);

    let check = |what: &str, tamper: &dyn Fn(&mut SessionTrace), at: (u64, &str)| {
        let mut trace = traces[0].clone();
        tamper(&mut trace);
        let found = first_difference(&trace).unwrap_or_else(|| panic!("{what} was not found"));
        assert_eq!((found.step, found.field.as_str()), at, "{what}: {found:?}");
    };
    let note = |trace: &mut SessionTrace, number, key: &str, value: Value| {
        let metadata = &mut step(trace, number).base.metadata;
        metadata.insert(key.to_owned(), value);
    };
    check(
        "a reward",
        &|trace| step(trace, 40).reward = Some(7.0),
        (40, "reward"),
    );
    check(
        "an action",
        &|trace| note(trace, 41, "action", json!("place_furnace")),
        (41, "action"),
    );
    check(
        "an effect",
        &|trace| note(trace, 42, "effect", json!("flew")),
        (42, "effect"),
    );
    let recording = Recording::of(&traces[0]).expect("an episode");
    let second_turn = recording.observations[1].step;
    let unlocks = recording
        .steps
        .iter()
        .position(|step| !step.unlocked.is_empty());
    let first_unlock = unlocks.expect("an unlock") as u64 + 1;
    let hook = |place: u64| &recording.steps[place as usize - 1].hooks[0].hook_name;
    let unlocked = format!("hook_results.{}", hook(first_unlock));
    let within = first_within_a_turn(&traces[0]);
    check(
        "a missing step within a turn",
        &|trace| remove_step(trace, within),
        (within as u64, "step"),
    );
    check(
        "a missing last step",
        &|trace| remove_step(trace, 120),
        (120, "action"),
    );
    check(
        "a state",
        &|trace| step(trace, 44).base.system_state_after["inventory"]["food"] = json!(77),
        (44, "after.inventory.food"),
    );
    check(
        "an achievement",
        &|trace| note(trace, 45, "unlocked", json!(["eat_plant"])),
        (45, "unlocked"),
    );
    check(
        "a digest",
        &|trace| {
            let mut messages = trace.message_history.iter_mut();
            let first = messages.find(|each| each.record.message_type == "observation");
            let first = first.expect("an observation");
            first.record.content.payload["digest"] = json!("00");
        },
        (0, "digest"),
    );
    let turn = |trace: &SessionTrace, at: usize| {
        let mut messages = trace.message_history.iter().enumerate();
        let found = messages
            .by_ref()
            .filter(|(_, each)| each.record.message_type == "observation");
        found
            .map(|(place, _)| place)
            .nth(at)
            .expect("an observation")
    };
    check(
        "what the agent read",
        &|trace| {
            let place = turn(trace, 1);
            let payload = &mut trace.message_history[place].record.content.payload;
            let text = payload["text"]
                .as_str()
                .expect("a text")
                .replace("Health", "Wealth");
            payload["text"] = json!(text);
        },
        (second_turn, "observation.text"),
    );
    check(
        "a turn without an observation",
        &|trace| {
            let place = turn(trace, 1);
            trace.message_history.remove(place);
        },
        (second_turn, "observation.turn"),
    );
    check(
        "what hooks reported",
        &|trace| {
            for event in &mut trace.event_history {
                if let Event::Environment(step) = &mut event.record
                    && step.base.metadata.contains_key("unlocked")
                {
                    step.base.event_metadata.clear();
                    return;
                }
            }
        },
        (first_unlock, &unlocked),
    );
    check(
        "how hooks described an unlock",
        &|trace| {
            let step = step(trace, first_unlock as usize);
            step.base.event_metadata[0].description = "unlocked collect_diamond".to_owned();
        },
        (first_unlock, &format!("{unlocked}.description")),
    );
    check(
        "what hooks reported of every step",
        &|trace| {
            for event in &mut trace.event_history {
                event.record.base_mut().event_metadata.clear();
            }
        },
        (first_unlock, &unlocked),
    );
    check(
        "what a step changed",
        &|trace| step(trace, 43).observation_diff["sleeping"] = json!([false, true]),
        (43, "observation_diff.sleeping"),
    );
    check(
        "the actions of the runtime's event",
        &|trace| runtime(trace).actions = vec![json!("noop")],
        (0, "runtime.actions"),
    );
    check(
        "the calls that the runtime found",
        &|trace| {
            let after = &mut runtime(trace).base.system_state_after;
            after["result"]["calls"][0]["actions"] = json!(["noop"]);
        },
        (0, "runtime.result"),
    );
    check(
        "the seed",
        &|trace| trace.metadata[0].data["seed"] = json!(4),
        (0, "digest"),
    );
    let results = |trace: &mut SessionTrace, key: &str, value: Value| {
        let results = trace.metadata.iter_mut();
        let mut results = results.filter(|entry| entry.metadata_type == "episode_results");
        results.next().expect("results").data[key] = value;
    };
    check(
        "the total",
        &|trace| results(trace, "reward", json!(22.0)),
        (120, "episode_results.reward"),
    );
    check(
        "the ending",
        &|trace| results(trace, "ending", json!("died")),
        (120, "episode_results.ending"),
    );
}

#[test]
fn what_hooks_said_of_actions_without_effect_is_compared() {
    let place = played(&["--episodes", "1", "--model", "embedded:random"]);
    let trace = traces(&place).remove(0);
    let steps = Recording::of(&trace).expect("an episode").steps;
    let mut invalid = (1..).zip(&steps).filter(|(_, step)| step.invalid.is_some());
    let (first, recorded) = invalid.next().expect("an action without effect");
    let check = |number: u64, tamper: &dyn Fn(&mut Vec<HookResult>), field: &str| {
        let mut trace = trace.clone();
        tamper(&mut step(&mut trace, number as usize).base.event_metadata);
        let found = first_difference(&trace).expect("a difference");
        assert_eq!(
            (found.step, found.field.as_str()),
            (number, field),
            "{found:?}"
        );
    };
    let of_hook = |results: &mut Vec<HookResult>, change: &dyn Fn(&mut HookResult)| {
        let mut results = results.iter_mut();
        let result = results.find(|result| result.hook_name == "invalid_action");
        change(result.expect("what the hook found"));
    };
    check(
        first,
        &|results| of_hook(results, &|result| result.data["invalid_so_far"] = json!(12)),
        "hook_results.invalid_action.data.invalid_so_far",
    );
    check(
        first,
        &|results| of_hook(results, &|result| result.description.push('!')),
        "hook_results.invalid_action.description",
    );
    check(
        first,
        &|results| results.clear(),
        "hook_results.invalid_action",
    );
    let finding = recorded.hooks.iter().find(|result| result.code == 'X');
    let valid = (1..).zip(&steps).find(|(_, step)| step.invalid.is_none());
    check(
        valid.expect("an action with an effect").0,
        &|results| results.extend(finding.cloned()),
        "hook_results.invalid_action",
    );
}

#[test]
fn the_program_says_where_a_file_differs_and_exits_so() {
    let place = played(&["--episodes", "2", "--seed", "3"]);
    let all = place.read("replay", &["--all", "--json"]).exited(0).json();
    assert_eq!(all["episodes"].as_array().map(Vec::len), Some(2));
    let mut trace = traces(&place).remove(0);
    let id = trace.session_id.clone();
    let said = place.read("replay", &[&id]).exited(0).out;
    assert!(said.contains("120 steps"), "{said}");

    step(&mut trace, 17).reward = Some(0.5);
    let json = place.path("tampered.json");
    std::fs::write(&json, trace_json::write(&trace).expect("JSON")).expect("a file");
    import(&place.traces(), &json, Conflict::Replace).expect("a session");
    let said = place.read("replay", &[&id]).exited(1).out;
    assert!(said.contains("differs at step 17"), "{said}");
    let said = place.read("replay", &["--all"]).exited(1).out;
    assert!(said.contains("1 of 2 episodes"), "{said}");
}

#[test]
fn turns_without_a_valid_call_are_replayed_as_they_were() {
    let act = message(&[("interact", r#"{"actions":["move_left","do"]}"#)]);
    let nonsense = message(&[("fly", "{}")]);
    let silence = r#"{"role":"assistant","content":"I would rather not."}"#.to_owned();
    let ends = message(&[
        ("interact", r#"{"actions":["noop"]}"#),
        ("terminate", r#"{"reason":"enough"}"#),
        ("interact", r#"{"actions":["do"]}"#),
    ]);
    let url = replying(vec![
        act.clone(),
        nonsense.clone(),
        act,
        silence,
        nonsense,
        ends,
    ]);
    for turns in ["9", "5"] {
        let place = Place::new();
        let config = place.path("ending.toml");
        std::fs::write(&config, "[agent]\nterminate = true\n").expect("a file");
        let config = config.to_str().expect("a path in Unicode");
        let run = [
            "--config",
            config,
            "--episodes",
            "1",
            "--model",
            "m",
            "--endpoint",
            &url,
        ];
        let limit = ["--max-turns", turns, "--concurrency", "1", "--quiet"];
        place.play(&[&run[..], &limit[..]].concat()).exited(0);
        let ending = "select count(*) from messages where message_type = 'observation' \
                      and content::varchar like '%do: not executed%'";
        assert_eq!(place.ask(ending), json!(u64::from(turns == "9")));
        let invalid = "select count(*) from messages where message_type = 'observation' \
                       and content::varchar like '%Nothing was executed%'";
        assert!(place.ask(invalid).as_u64() >= Some(3));
        place.read("replay", &["--all"]).exited(0);
    }
}

/// What hooks found, with the numbers of the events.
type Findings = Vec<(Option<u64>, HookResult)>;

#[test]
fn the_table_of_what_hooks_found_is_compared_too() {
    let place = played(&["--episodes", "1", "--model", "embedded:random"]);
    let trace = traces(&place).remove(0);
    let recording = Recording::of(&trace).expect("an episode");
    let store = Store::open_read_only(place.traces()).expect("a trace file");
    let table = store.hook_results(&trace.session_id).expect("a table");
    assert!(table.len() > 4);
    assert_eq!(misfiled(&trace, &recording, &table), None);
    let check = |tamper: &dyn Fn(&mut Findings), at: usize| {
        let mut tampered = table.clone();
        tamper(&mut tampered);
        let found = misfiled(&trace, &recording, &tampered).expect("a difference");
        let step = &recording.steps[found.step as usize - 1];
        assert_eq!(Some(step.seq), table[at].0, "{found:?}");
    };
    check(&|table| table[2].1.code = 'H', 2);
    check(&|table| table[3].1.data = json!({}), 3);
    check(&|table| table.insert(1, table[0].clone()), 0);
    check(&|table| table.clear(), 0);
}
