//! The program at a terminal, as `script` provides one.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::{Place, Said};

/// What a terminal is sent so that the shell's screen is there again.
const SCREEN_IS_BACK: &str = "\u{1b}[?1049l";

/// Starts the program in a terminal of 100 columns and 30 rows; its id goes to the file `pid`.
fn start(place: &Place, arguments: &str) -> Child {
    let runner = env!("CARGO_BIN_EXE_runner");
    let line = format!("stty cols 100 rows 30; echo $$ > pid; exec {runner} {arguments}");
    Command::new("script")
        .args([
            "--quiet",
            "--return",
            "--flush",
            "--command",
            &line,
            "/dev/null",
        ])
        .current_dir(place.folder.path())
        .env("TERM", "xterm-256color")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script starts")
}

/// Runs the program in a terminal, pressing `key` and Enter, which leaves what is over,
/// again and again until it ends.
fn at_a_terminal(place: &Place, arguments: &str, key: u8) -> Said {
    let mut child = start(place, arguments);
    let mut keys = child.stdin.take().expect("keys");
    let typing = thread::spawn(move || {
        while keys
            .write_all(&[key, b'\r'])
            .and_then(|()| keys.flush())
            .is_ok()
        {
            thread::sleep(Duration::from_millis(50));
        }
    });
    let mut out = Vec::new();
    let mut screen = child.stdout.take().expect("a screen");
    screen.read_to_end(&mut out).expect("output");
    let status = child.wait().expect("an end");
    typing.join().expect("keys were pressed");
    Said {
        out: String::from_utf8_lossy(&out).into_owned(),
        err: String::new(),
        code: status.code(),
    }
}

#[test]
fn a_person_plays_an_episode_like_any_model() {
    let place = Place::new();
    let said = at_a_terminal(
        &place,
        "play --seed 3 --max-steps 4 --traces traces.duckdb",
        b'n',
    );
    let said = said.exited(0).out;
    assert!(said.contains("wasd move"), "{said}");
    assert!(said.contains(SCREEN_IS_BACK), "{said}");
    let sessions = "select count(*) from session_traces where status = 'completed'";
    assert_eq!(place.ask(sessions), json!(1));
    let report = place.read("report", &["--format", "json"]).exited(0).json();
    assert_eq!(
        (&report["model"], &report["scored_episodes"]),
        (&json!("human"), &json!(1))
    );
    assert_eq!(report["episodes"][0]["steps"], json!(4));
    place.read("replay", &["--all"]).exited(0);
}

#[test]
fn in_real_time_who_presses_nothing_waits() {
    let place = Place::new();
    // Another view is no action.
    let arguments = "play --seed 3 --max-steps 4 --fps 20 --traces traces.duckdb";
    at_a_terminal(&place, arguments, b'm').exited(0);
    let actions = "select list(metadata ->> '$.action' order by seq) from events \
        where event_type = 'environment'";
    let waited = json!(["noop", "noop", "noop", "noop"]);
    assert_eq!(place.ask(actions), waited);
    place.read("replay", &["--all"]).exited(0);

    let place = Place::new();
    at_a_terminal(&place, arguments, b'A').exited(0);
    let moved = "select count(*) from events where metadata ->> '$.action' = 'move_left'";
    assert!(place.ask(moved).as_u64() >= Some(2));
}

#[test]
fn who_leaves_early_is_not_scored() {
    let place = Place::new();
    let said = at_a_terminal(&place, "play --seed 3 --traces traces.duckdb", b'q');
    let said = said.exited(130).out;
    assert!(said.contains(SCREEN_IS_BACK), "{said}");
    let sessions = "select count(*) from session_traces where status = 'completed'";
    assert_eq!(place.ask(sessions), json!(0));
    let report = place.read("report", &[]).exited(0).out;
    assert!(!report.contains("resume"), "{report}");
    place
        .read("resume", &[])
        .refused(2, &["a person", "runner play --seed 3"]);
}

#[test]
fn a_signal_ends_the_episode_and_gives_the_terminal_back() {
    let place = Place::new();
    let mut child = start(&place, "play --seed 3 --traces traces.duckdb");
    let keys = child.stdin.take();
    let mut screen = child.stdout.take().expect("a screen");
    let (mut out, mut some) = (Vec::new(), [0; 4096]);
    let shown = |out: &[u8], text: &str| String::from_utf8_lossy(out).contains(text);
    let mut ended = false;
    loop {
        let read = screen.read(&mut some).expect("output");
        out.extend_from_slice(&some[..read]);
        if read == 0 {
            break;
        }
        if !ended && shown(&out, "wasd move") {
            ended = true;
            let kill = "kill -TERM $(cat pid)";
            let mut kill = Command::new("sh")
                .args(["-c", kill])
                .current_dir(place.folder.path())
                .spawn()
                .expect("sh starts");
            assert!(kill.wait().expect("an end").success());
        }
    }
    drop(keys);
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    let out = String::from_utf8_lossy(&out);
    assert!(out.contains(SCREEN_IS_BACK), "{out}");
    assert!(out.contains("1 cancelled"), "{out}");
    let sessions = "select list(status) from session_traces where ended_at is not null";
    assert_eq!(place.ask(sessions), json!(["cancelled"]));
}

#[test]
fn a_model_can_be_looked_at() {
    let place = Place::new();
    let said = at_a_terminal(
        &place,
        "play --watch embedded:random --seed 3 --max-steps 6 --traces traces.duckdb",
        b'n',
    );
    let said = said.exited(0).out;
    assert!(said.contains("embedded:random"), "{said}");
    place.read("replay", &["--all"]).exited(0);
}
