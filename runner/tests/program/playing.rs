//! Runs that go well.

use serde_json::Value;

use crate::Place;

#[test]
fn episodes_are_played_scored_and_traced() {
    let place = Place::new();
    let said = place
        .play(&["--episodes", "3", "--max-steps", "60", "--seed", "5"])
        .exited(0);
    for fragment in [
        "embedded:expert",
        "collect_wood",
        "Crafter score",
        "progress",
        "invalid actions",
        "duckdb ",
    ] {
        assert!(
            said.out.contains(fragment),
            "{fragment} is not in:\n{}",
            said.out
        );
    }
    assert!(
        said.err.contains("[3/3]"),
        "progress goes to the standard error:\n{}",
        said.err
    );

    assert_eq!(
        place.ask("select count(*) from session_summary where status = 'completed'"),
        3
    );
    assert_eq!(
        place.ask("select sum(num_events) = (select count(*) from events) from session_traces"),
        true
    );
    assert_eq!(place.ask("select count(*) from experiments"), 1);
    let seeds = place.ask(
        "select list_sort(list(cast(data ->> '$.seed' as bigint))) from (select unnest([data]) as data \
         from session_metadata where metadata_type = 'episode_config')",
    );
    assert_eq!(seeds, serde_json::json!([5, 6, 7]));
}

#[test]
fn the_same_seed_plays_the_same_episode_whatever_runs_beside_it() {
    let place = Place::new();
    let report = |arguments: &[&str]| {
        let said = place
            .play(&[&["--max-steps", "80", "--json"], arguments].concat())
            .exited(0);
        let mut report = said.json();
        // What differs between two runs by nature.
        let episodes = report["episodes"].as_array_mut().expect("episodes");
        for episode in episodes {
            episode
                .as_object_mut()
                .expect("an object")
                .remove("session_id");
        }
        report["episodes"].clone()
    };
    let together = report(&["--episodes", "4", "--concurrency", "4"]);
    let alone = report(&["--episodes", "1", "--seed", "2"]);
    assert_eq!(together[2], alone[0]);
}

#[test]
fn several_models_play_the_same_seeds() {
    let place = Place::new();
    let arguments = [
        "--episodes",
        "2",
        "--max-steps",
        "40",
        "--model",
        "embedded:random",
        "--model",
        "embedded:noop",
    ];
    let said = place
        .play(&[&arguments[..], &["--json"]].concat())
        .exited(0);
    let reports = said.json();
    let of = |place: usize, field: &str| reports[place][field].clone();
    assert_eq!(
        (of(0, "model"), of(1, "model")),
        ("embedded:random".into(), "embedded:noop".into())
    );
    assert_eq!(of(0, "episodes")[1]["seed"], of(1, "episodes")[1]["seed"]);

    let said = place.read("compare", &[]).exited(0).out;
    assert!(
        said.contains("embedded:random minus embedded:noop, on "),
        "{said}"
    );
    let compared = place.read("compare", &["--json"]).exited(0).json();
    assert_eq!(compared[0]["pairs"], 2);
}

#[test]
fn every_event_is_a_line_of_json() {
    let place = Place::new();
    let said = place
        .play(&[
            "--episodes",
            "2",
            "--max-steps",
            "30",
            "--events",
            "-",
            "--quiet",
        ])
        .exited(0);
    let events: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let names: Vec<&str> = events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert_eq!(
        (names[0], names[names.len() - 1]),
        ("run_started", "run_ended")
    );
    let count = |name: &str| names.iter().filter(|each| **each == name).count();
    assert_eq!((count("episode_started"), count("episode_ended")), (2, 2));
    assert!(count("episode_progress") >= 2);
    assert_eq!(events[0]["episodes"], 2);
}

#[test]
fn the_configuration_is_shown_with_its_origins_and_nothing_is_played() {
    let place = Place::new();
    std::fs::write(place.path("my.toml"), "[world]\ndifficulty = 'easy'").expect("a file");
    let said = place
        .play(&["--config", "my.toml", "--episodes", "3", "--show-config"])
        .exited(0);
    let origin = |line: &str| {
        said.out
            .lines()
            .find(|each| each.starts_with(line))
            .unwrap_or_default()
    };
    assert!(
        origin("difficulty = \"easy\"").ends_with("# my.toml"),
        "{}",
        said.out
    );
    assert!(origin("episodes = 3").ends_with("# command line"));
    assert!(origin("max_actions = 5").ends_with("# default"));
    assert_eq!(origin("# max_turns"), "# max_turns is unset");
    assert!(!place.traces().exists());
}

#[test]
fn a_dry_run_says_what_it_would_take_and_plays_nothing() {
    let place = Place::new();
    // Neither an endpoint nor a key: nothing is asked of anyone.
    let said = place
        .play(&["--model", "gpt-4o-mini", "--dry-run"])
        .exited(0);
    assert!(said.out.contains("seeds 0 to 9"), "{}", said.out);
    assert!(
        said.out.contains("gpt-4o-mini: ") && said.out.contains('$'),
        "{}",
        said.out
    );
    assert!(!place.traces().exists());
}

#[test]
fn two_models_play_on_until_they_are_told_apart() {
    let place = Place::new();
    let models = ["--model", "embedded:expert", "--model", "embedded:noop"];
    let limits = ["--episodes", "1", "--max-steps", "60", "--until-decided"];
    place
        .play(&[&models[..], &limits[..]].concat())
        .refused(2, &["--until-decided", "--time-limit"]);
    place
        .play(&[&models[..], &limits[..], &["--time-limit", "5m", "--quiet"]].concat())
        .exited(0);
    let said = place.read("compare", &[]).exited(0).out;
    assert!(
        said.contains("embedded:expert minus embedded:noop, on ")
            && said.contains("looked at at any time"),
        "{said}"
    );
    let compared = place.read("compare", &["--json"]).exited(0).json();
    assert_eq!(compared[0]["decided"], true);
    assert_eq!(compared[0]["stopping"], "once_decided");
    let pairs = compared[0]["pairs"].as_u64().expect("a number");
    assert!(pairs >= 7, "{compared}");

    // What was played beyond the plan is listed, and the mode stays with the run.
    let runs = place.read("runs", &["--json"]).exited(0).json();
    assert_eq!(runs[0]["worlds"], format!("seeds 0 to {}", pairs - 1));
    assert_eq!(runs[0]["config"]["run"]["until_decided"], true);
    let dry = place.read("resume", &["--dry-run"]).exited(0).out;
    assert!(
        dry.contains("decided already: nothing would be played"),
        "{dry}"
    );
    place.read("resume", &["--quiet"]).exited(0);
    let again = place.read("compare", &["--json"]).exited(0).json();
    assert_eq!(again[0]["pairs"], pairs, "what is decided is not played on");

    // A fork of it compares nothing.
    let session = place.ask("select session_id from session_traces limit 1");
    let session = session.as_str().expect("an id");
    place
        .read("fork", &[session, "--at-step", "5", "--quiet"])
        .exited(0);
}

#[test]
fn a_comparison_that_was_stopped_goes_on_and_counts_what_it_adds() {
    let place = Place::new();
    let limits = ["--episodes", "1", "--max-steps", "60", "--quiet"];
    let models = ["--model", "embedded:expert", "--model", "embedded:noop"];
    place.play(&[&models[..], &limits[..]].concat()).exited(0);
    let said = place
        .read("resume", &["--until-decided", "--time-limit", "5m"])
        .exited(0);
    assert!(
        said.err
            .contains("Not decided after 1 pair: 10 episodes more"),
        "{}",
        said.err
    );
    assert!(said.err.contains("[10/10]"), "{}", said.err);
    let compared = place.read("compare", &["--json"]).exited(0).json();
    assert_eq!(compared[0]["decided"], true, "{compared}");
}

#[test]
fn a_comparison_says_what_else_differs_and_whether_the_rankings_agree() {
    let place = Place::new();
    let play = |more: &[&str]| {
        let run = ["--episodes", "2", "--max-steps", "60", "--quiet"];
        place.play(&[&run[..], more].concat()).exited(0);
        place.ask("select id from experiments order by created_at desc, id desc limit 1")
    };
    let first = play(&["--model", "embedded:expert"]);
    let more = ["--model", "embedded:noop", "--temperature", "0.2"];
    let second = play(&more);
    let (first, second) = (
        first.as_str().expect("an id"),
        second.as_str().expect("an id"),
    );
    let said = place.read("compare", &[first, second]).exited(0).out;
    assert!(
        said.contains("caveat: sampling.temperature: unset and 0.2"),
        "{said}"
    );
    assert!(
        said.contains("score and progress rank them the same way"),
        "{said}"
    );
    assert!(said.contains("fewer than 6 seeds decide nothing"), "{said}");
    place
        .read("compare", &[first, first])
        .refused(2, &["is named twice", "nothing differs from itself"]);
}

#[test]
fn a_spent_budget_of_time_ends_the_run_under_its_own_code() {
    let place = Place::new();
    let arguments = ["--episodes", "500", "--time-limit", "1s", "--quiet"];
    let said = place.play(&arguments).exited(5);
    assert!(said.err.contains("stopped early") && said.err.contains("runner resume"));
}

#[test]
fn tracing_by_hand_and_by_attributes_says_the_same() {
    let place = Place::new();
    let said = place.run(&["parity", "--max-steps", "60"]).exited(0);
    assert_eq!(said.out.matches("yes  ").count(), 8, "{}", said.out);
    // Two replies that ask for nothing valid, and a call that fails.
    assert!(said.out.contains("(3 errors)"), "{}", said.out);
    assert!(!said.out.contains("not exercised"), "{}", said.out);
    place
        .run(&["parity", "--model", "expert"])
        .refused(2, &["\"expert\"", "embedded:expert"]);
}
