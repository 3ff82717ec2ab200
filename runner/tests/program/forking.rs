//! Episodes that go on from another one.

use serde_json::{Value, json};
use tracer::record::Event;
use tracer::store::Store;
use tracer::{Conflict, import, trace_json};

use crate::Place;

fn fork(place: &Place, arguments: &[&str]) -> Value {
    let said = place.read("fork", &[arguments, &["--quiet", "--json"]].concat());
    said.exited(0).json()
}

#[test]
fn continuations_know_their_parent_and_replay() {
    let (place, id) = Place::with_episode("120");
    let report = fork(
        &place,
        &[
            &id,
            "--at-step",
            "40",
            "--model",
            "embedded:random",
            "--continuations",
            "3",
        ],
    );
    assert_eq!(
        (&report["session_id"], &report["step"]),
        (&json!(id), &json!(40))
    );
    assert_eq!(report["parent_went_on"]["steps"], json!(80.0));
    let model = &report["models"][0];
    assert_eq!(
        (&model["model"], &model["continuations"]),
        (&json!("embedded:random"), &json!(3))
    );
    assert!(model["reward_above_parent"]["low"].is_number());

    let forked = "select count(*) from session_traces where \
        json_extract_string(list_filter(from_json(metadata, '[\"json\"]'), \
        lambda entry: json_extract_string(entry, '$.metadata_type') = 'forked_from')[1], \
        '$.data.session_id') =";
    assert_eq!(place.ask(&format!("{forked} '{id}'")), json!(3));
    place.read("replay", &["--all"]).exited(0);

    // What takes a run takes a fork, where it can.
    let fork = "select id from experiments where json_exists(metadata, '$.fork')";
    let fork = place.ask(fork).as_str().expect("an id").to_owned();
    let replayed = place.read("replay", &["--all", "--run", &fork, "--json"]);
    let replayed = replayed.exited(0).json();
    assert_eq!(replayed["episodes"].as_array().map(Vec::len), Some(3));
    place
        .read("resume", &[&fork])
        .refused(2, &["it is a fork", "runner report"]);
}

#[test]
fn a_parent_counts_no_further_than_its_continuations_may_go() {
    let (place, id) = Place::with_episode("120");
    let limit = ["--max-steps", "60", "--continuations", "1"];
    let report = fork(
        &place,
        &[&[&id[..], "--at-step", "40"][..], &limit].concat(),
    );
    assert_eq!(report["parent_went_on"]["steps"], json!(20.0));
    assert_eq!(report["parent"]["until"], json!(60));
    // The same player goes on as its parent did.
    let same = &report["models"][0]["reward_above_parent"]["value"];
    assert_eq!(same, &json!(0.0));
    let fork = report["models"][0]["session_ids"][0]
        .as_str()
        .expect("an id");
    let said = place.read("fork", &[fork, "--at-step", "5"]).exited(2).err;
    assert!(
        said.contains(&format!("goes on from step 40 of {id}")),
        "{said}"
    );
}

#[test]
fn a_run_does_not_count_what_went_on_from_its_episodes() {
    let (place, id) = Place::with_episode("120");
    let before = place.read("report", &["--format", "json"]).exited(0).json();
    let forked = fork(&place, &[&id, "--at-step", "40", "--continuations", "2"]);
    assert_eq!(forked["models"][0]["all_alike"], json!(true));
    let after = place.read("report", &["--format", "json"]).exited(0).json();
    assert_eq!(before, after);
    let own = forked["experiment_id"].as_str().expect("an id");
    let again = place
        .read("report", &[own, "--format", "json"])
        .exited(0)
        .json();
    assert_eq!(again, forked);
}

#[test]
fn forks_are_listed_among_the_runs_with_their_parents() {
    let (place, id) = Place::with_episode("120");
    let forked = fork(&place, &[&id, "--at-step", "40", "--continuations", "2"]);
    let runs = place.read("runs", &["--json"]).exited(0).json();
    assert_eq!(
        (runs.as_array().map(Vec::len), &runs[0]["fork"]),
        (Some(2), &Value::Null)
    );
    let own = &runs[1];
    assert_eq!(own["experiment_id"], forked["experiment_id"]);
    assert_eq!(
        (
            &own["fork"]["session_id"],
            &own["fork"]["step"],
            &own["complete"]
        ),
        (&json!(id), &json!(40), &json!(2))
    );
    let said = place.read("runs", &[]).exited(0).out;
    assert!(
        said.contains(&format!("step 40 of {}", &id[..18])),
        "{said}"
    );
}

#[test]
fn continuations_that_do_the_same_in_another_order_are_not_alike() {
    let (place, id) = Place::with_episode("120");
    let forked = fork(&place, &[&id, "--at-step", "40", "--continuations", "2"]);
    let second = forked["models"][0]["session_ids"][1]
        .as_str()
        .expect("an id");
    let store = Store::open_read_only(place.traces()).expect("a trace file");
    let mut trace = store.session_trace(second).expect("a session");
    drop(store);
    let steps = trace.event_history.iter_mut();
    let mut actions = steps.filter_map(|event| match &mut event.record {
        Event::Environment(step) => step.base.metadata.get_mut("action"),
        Event::Cais(_) | Event::Runtime(_) => None,
    });
    let first = actions.next().expect("a step");
    let other = actions
        .find(|action| *action != first)
        .expect("another action");
    std::mem::swap(first, other);
    let json = place.path("swapped.json");
    std::fs::write(&json, trace_json::write(&trace).expect("JSON")).expect("a file");
    import(&place.traces(), &json, Conflict::Replace).expect("a session");
    let own = forked["experiment_id"].as_str().expect("an id");
    let report = place.read("report", &[own, "--format", "json"]);
    assert_eq!(
        report.exited(0).json()["models"][0]["all_alike"],
        json!(false)
    );
}

#[test]
fn a_continuation_can_be_continued_with_another_luck() {
    let (place, id) = Place::with_episode("120");
    let first = fork(
        &place,
        &[&id, "--at-step", "40", "--continuations", "2", "--reseed"],
    );
    let child = first["models"][0]["session_ids"][1]
        .as_str()
        .expect("an id")
        .to_owned();
    let second = fork(
        &place,
        &[
            &child,
            "--at-step",
            "70",
            "--continuations",
            "2",
            "--reseed",
        ],
    );
    assert_eq!(second["parent_went_on"]["steps"], json!(50.0));
    let said = place.read("replay", &["--all"]).exited(0).out;
    assert!(said.contains("all 5 episodes"), "{said}");
    let said = place.read("fork", &[&child, "--at-step", "20"]);
    said.refused(2, &["goes on from step 40", &id]);
}

#[test]
fn what_cannot_be_continued_is_refused() {
    let (place, id) = Place::with_episode("120");
    let refused = |arguments: &[&str], fragments: &[&str]| {
        let arguments = [&[id.as_str()], arguments].concat();
        place.read("fork", &arguments).refused(2, fragments);
    };
    refused(&["--at-step", "500"], &["no step 500", "0 to 120"]);
    refused(&["--at-step", "120"], &["over at step 120"]);
    refused(
        &["--at-step", "40", "--seed", "4"],
        &["--seed says nothing here"],
    );
    refused(
        &["--at-step", "40", "--max-steps", "40"],
        &["larger --max-steps"],
    );
    refused(
        &["--at-step", "40", "--model", "embedded:exprt"],
        &["did you mean embedded:expert"],
    );
}
