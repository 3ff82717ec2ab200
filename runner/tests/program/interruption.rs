//! Runs that are interrupted, killed and continued.

use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use runner::report;
use serde_json::Value;
use tracer::store::Store;

use crate::{Place, Said};

const RUN: [&str; 8] = [
    "--episodes",
    "6",
    "--max-steps",
    "400",
    "--model",
    "embedded:random",
    "--difficulty",
    "peaceful",
];

/// No file may grow beyond a megabyte (in blocks of 512 bytes).
#[test]
fn an_episode_whose_trace_finds_no_room_has_come_as_far_as_it_came() {
    let place = Place::new();
    let limited = r#"trap "" XFSZ; ulimit -f 2100; exec "$@""#;
    let run = place.command(&["--episodes", "1", "--max-steps", "400", "--events", "-"]);
    let mut command = Command::new("sh");
    command.args(["-c", limited, "sh"]).arg(run.get_program());
    command
        .args(run.get_args())
        .args(["--traces", "traces.duckdb"]);
    command.current_dir(place.folder.path());
    let said = Said::from(command.output().expect("the program starts")).exited(4);
    let events = said
        .out
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).expect("an event") });
    let ended: Vec<Value> = events
        .filter(|event| event["event"] == "episode_ended")
        .collect();
    let [ended] = &ended[..] else {
        panic!("one episode: {}", said.out)
    };
    assert_eq!(ended["ending"], "step_limit", "{ended}");
    assert_eq!(
        (&ended["steps"], &ended["complete"]),
        (&400.into(), &false.into())
    );
    assert!(ended["reward"].as_f64() > Some(1.0), "{ended}");
    let error = ended["error"].as_str().expect("a reason");
    assert!(error.contains("recorded, but not saved"), "{error}");
}

/// Starts [`RUN`] and waits for so many events of a kind.
fn start(place: &Place, kind: &str, times: usize) -> (Child, BufReader<std::process::ChildStdout>) {
    start_of(place, &RUN, kind, times)
}

/// Starts a run with these options and waits for so many events of a kind.
fn start_of(
    place: &Place,
    run: &[&str],
    kind: &str,
    times: usize,
) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = place
        .command(run)
        .args(["--concurrency", "2", "--events", "-"])
        .arg("--traces")
        .arg(place.traces())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut events = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut seen = 0;
    let mut line = String::new();
    while seen < times && events.read_line(&mut line).expect("an event") > 0 {
        seen += usize::from(line.contains(&format!("\"event\":\"{kind}\"")));
        line.clear();
    }
    (child, events)
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill is there").success());
}

/// The report without what differs between two runs by nature.
fn comparable(place: &Place) -> Value {
    let mut report = place.read("report", &["--format", "json"]).exited(0).json();
    for time in ["experiment_id", "started_at"] {
        report.as_object_mut().expect("an object").remove(time);
    }
    for episode in report["episodes"].as_array_mut().expect("episodes") {
        episode
            .as_object_mut()
            .expect("an object")
            .remove("session_id");
    }
    let usage = report["usage"].as_object_mut().expect("an object");
    usage.retain(|name, _| !name.ends_with("seconds") && name != "latency_ms");
    report
}

fn uninterrupted() -> Value {
    let place = Place::new();
    place.play(&[&RUN[..], &["--quiet"]].concat()).exited(0);
    comparable(&place)
}

#[test]
fn ctrl_c_keeps_everything_and_the_run_can_go_on() {
    let place = Place::new();
    let (child, mut events) = start(&place, "episode_ended", 1);
    signal(&child, "-INT");
    let mut rest = String::new();
    while events.read_line(&mut rest).expect("an event") > 0 {}
    let said = Said::from(child.wait_with_output().expect("an end")).exited(130);
    assert!(
        rest.contains("\"stopping\"") && rest.contains("\"run_ended\""),
        "{rest}"
    );
    assert!(said.err.contains("interrupted"), "{}", said.err);
    assert_eq!(
        place.ask("select count(*) from session_traces where ended_at is null"),
        0
    );
    assert_eq!(
        place.ask("select count(*) from session_timesteps where completed_at is null"),
        0
    );
    let report = place.read("report", &["--format", "json"]).exited(0).json();
    let begun = report["episodes"].as_array().expect("episodes").len() as u64;
    assert_eq!(report["planned_episodes"], 6);
    assert_eq!(report["not_begun"], 6 - begun);
    let said = place.read("report", &[]).exited(0).out;
    assert!(said.contains("6 planned episodes begun"), "{said}");

    place.read("resume", &["--quiet"]).exited(0);
    assert_eq!(comparable(&place), uninterrupted());
}

#[test]
fn a_report_of_a_run_that_goes_on_counts_what_is_under_way() {
    let place = Place::new();
    let mut run = RUN;
    (run[1], run[3]) = ("40", "2000");
    let (child, mut events) = start_of(&place, &run, "episode_ended", 1);
    let report = || place.read("report", &["--format", "json"]).exited(0).json();
    // A copy may be from just between two episodes.
    let report = (0..20)
        .map(|_| report())
        .find(|report| report["under_way"] != 0);
    signal(&child, "-INT");
    io::copy(&mut events, &mut io::sink()).expect("the rest of the events");
    let said = Said::from(child.wait_with_output().expect("an end")).exited(130);

    let report = report.unwrap_or_else(|| panic!("nothing was under way: {}", said.err));
    let listed = report["episodes"].as_array().expect("episodes").len() as u64;
    let under_way = report["under_way"].as_u64().expect("a count");
    assert!((1..=2).contains(&under_way), "{report}");
    assert_eq!(report["planned_episodes"], 40);
    assert_eq!(report["not_begun"], 40 - listed - under_way);
    assert_eq!(comparable(&place)["under_way"], 0);
}

#[test]
fn a_second_ctrl_c_ends_at_once_and_the_file_is_whole() {
    let place = Place::new();
    let (mut child, events) = start(&place, "episode_progress", 20);
    // The events are not read any more: soon the pipe is full, and the program
    // waits for its reader at its polite end. Where the machine is so slow that the
    // pipe is not full yet, the first signal is enough.
    std::thread::sleep(Duration::from_secs(3));
    signal(&child, "-INT");
    std::thread::sleep(Duration::from_millis(500));
    if child.try_wait().expect("a child").is_none() {
        signal(&child, "-INT");
    }
    let told = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        assert!(told.elapsed() < Duration::from_secs(60), "it never ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(events);
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    place.read("resume", &["--quiet"]).exited(0);
    assert_eq!(comparable(&place), uninterrupted());
}

#[test]
fn a_killed_run_goes_on_as_if_nothing_had_been() {
    let expected = uninterrupted();
    // The moments after the first are other ones each time the test runs.
    let random = |most: u64| 1 + (RandomState::new().hash_one(most) % most) as usize;
    let moments = [
        ("run_started", 1),
        ("episode_started", random(2)),
        ("episode_progress", random(100)),
        ("episode_ended", random(3)),
        ("episode_progress", random(300)),
        ("episode_progress", random(300)),
    ];
    // Chance may spare all episodes a kill in their midst: then there are more.
    let more = (1..20).map(|nth| ("episode_progress", 1 + (random(300) + 61 * nth) % 300));
    let mut broken_off = 0;
    for (n, (kind, times)) in moments.into_iter().chain(more).enumerate() {
        if n >= moments.len() && broken_off > 0 {
            break;
        }
        let place = Place::new();
        let (mut child, _events) = start(&place, kind, times);
        child.kill().expect("a running program");
        child.wait().expect("an end");
        broken_off += steps_broken_off(&place);
        place.read("resume", &["--quiet"]).exited(0);
        assert_eq!(comparable(&place), expected, "killed after {times} {kind}");
    }
    assert!(broken_off > 0, "no kill came in the midst of an episode");
}

/// The steps of the episodes that broke off, as reports have them, checked against what
/// was recorded.
fn steps_broken_off(place: &Place) -> u64 {
    let store = Store::open_read_only(place.traces()).expect("a trace file");
    let run = report::find_run(&store, None).expect("a run");
    let sessions = report::sessions(&store, &run).expect("its sessions");
    let broken_off = sessions.iter().filter(|session| !session.complete);
    let steps = broken_off.map(|session| {
        let recorded = place.ask(&format!(
            "select count(*) from events where event_type = 'environment' and session_id = {}",
            report::quoted(&session.session_id)
        ));
        assert_eq!(recorded, session.results.steps);
        session.results.steps
    });
    steps.sum()
}

#[test]
fn a_scheduler_may_end_it_and_events_are_added_to() {
    let place = Place::new();
    let file = place.path("events.jsonl");
    let mut child = place
        .command(&RUN)
        .args(["--concurrency", "1", "--quiet", "--events"])
        .arg(&file)
        .arg("--traces")
        .arg(place.traces())
        .spawn()
        .expect("the program starts");
    let ended = |text: &str| text.matches("\"event\":\"episode_ended\"").count();
    let told = Instant::now();
    while ended(&std::fs::read_to_string(&file).unwrap_or_default()) == 0 {
        assert!(
            told.elapsed() < Duration::from_secs(60),
            "nothing was ever played"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert_eq!(
        place.ask("select count(*) from session_traces where ended_at is null"),
        0
    );
    let file = file.to_str().expect("a path in Unicode");
    place
        .read("resume", &["--quiet", "--events", file])
        .exited(0);
    let events = std::fs::read_to_string(file).expect("events");
    assert_eq!(events.matches("\"event\":\"run_started\"").count(), 2);
    assert_eq!(comparable(&place), uninterrupted());
}

#[test]
fn a_run_that_was_changed_says_so_and_keeps_what_it_was_begun_with() {
    let place = Place::new();
    place
        .play(&["--episodes", "1", "--max-steps", "20", "--quiet"])
        .exited(0);
    let changed = ["--max-steps", "40", "--allow-changes", "--quiet"];
    // Nothing is left to play, so nothing is mixed.
    place.read("resume", &changed).exited(0);
    let report = || place.read("report", &["--format", "json"]).exited(0).json();
    assert_eq!(report()["mixed"], serde_json::json!([]));

    let more = [&changed[..], &["--episodes", "2"]].concat();
    place.read("resume", &more).exited(0);
    let report = report();
    assert_eq!(report["max_steps"], 20);
    let mixed = report["mixed"][0].as_str().expect("a change");
    assert!(
        mixed.starts_with("limits.max_steps was 20 and is 40 since "),
        "{mixed}"
    );
    assert_eq!(report["episodes"][1]["steps"], 40);
    for format in ["text", "markdown", "html"] {
        let said = place.read("report", &["--format", format]).exited(0).out;
        assert!(said.contains("Mixed: this run was continued"), "{said}");
    }
    assert_eq!(
        place.ask(
            "select cast(metadata ->> '$.config.limits.max_steps' as bigint) from experiments"
        ),
        20
    );
    // As it goes on, it goes on as it was last.
    place
        .read("resume", &["--episodes", "3", "--quiet"])
        .exited(0);
    let steps = "select max(num_timesteps) > 0 from session_traces";
    assert_eq!(place.ask(steps), true);
}

#[test]
fn a_run_is_not_continued_as_another() {
    let place = Place::new();
    let (child, _) = start(&place, "episode_ended", 1);
    signal(&child, "-INT");
    child.wait_with_output().expect("an end");
    place.read("resume", &["--max-steps", "30"]).refused(
        2,
        &["limits.max_steps was 400 and is 30", "--allow-changes"],
    );
    place
        .read("resume", &["nothing"])
        .refused(2, &["no run nothing"]);
}

#[test]
fn a_dry_resume_plays_nothing() {
    let place = Place::new();
    place
        .play(&["--episodes", "1", "--max-steps", "20", "--quiet"])
        .exited(0);
    let said = place
        .read("resume", &["--episodes", "3", "--dry-run"])
        .exited(0);
    assert!(said.out.contains("1 of them"), "{}", said.out);
    assert_eq!(place.ask("select count(*) from session_traces"), 1);
}
