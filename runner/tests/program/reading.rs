//! The commands that read a trace file.

use std::fs;

use serde_json::{Value, json};
use tracer::record::{CaisEvent, SessionEventMessage, SessionStatus};
use tracer::{Session, SessionOptions, Tracer, TracerOptions, Writer, WriterOptions, trace_json};

use crate::Place;

fn played() -> Place {
    let place = Place::new();
    place
        .play(&["--episodes", "2", "--max-steps", "50", "--quiet"])
        .exited(0);
    place
}

/// The documented shape that other programs rely on.
#[test]
fn the_report_has_its_documented_fields() {
    let report = played()
        .read("report", &["--format", "json"])
        .exited(0)
        .json();
    let fields = |value: &Value| -> Vec<String> {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    let has = |value: &Value, wanted: &[&str]| {
        let fields = fields(value);
        for name in wanted {
            assert!(
                fields.iter().any(|field| field == name),
                "{name} is not in {fields:?}"
            );
        }
    };
    has(
        &report,
        &[
            "experiment_id",
            "model",
            "observation",
            "episodes",
            "crafter_score",
            "progress",
            "success_rates",
            "endings",
            "invalid_actions",
            "usage",
        ],
    );
    has(
        &report["episodes"][0],
        &["seed", "ending", "steps", "turns", "reward", "achievements"],
    );
    has(&report["crafter_score"], &["value", "low", "high"]);
    has(&report["progress"], &["value", "se"]);
    assert_eq!(
        report["success_rates"].as_object().map(|rates| rates.len()),
        Some(22)
    );
    for (achievement, rate) in report["success_rates"].as_object().expect("rates") {
        let interval = &report["success_rate_intervals"][achievement];
        let [low, rate, high] = [&interval["low"], rate, &interval["high"]]
            .map(|figure| figure.as_f64().expect("a number"));
        assert!(
            low <= rate && rate <= high && low < high,
            "{achievement}: {interval}"
        );
    }
    assert_eq!(report["endings"], serde_json::json!({ "step_limit": 2 }));
    let score = report["crafter_score"]["value"].as_f64().expect("a score");
    assert!(score > 0.0);
}

#[test]
fn a_report_comes_in_every_form() {
    let place = Place::new();
    let arguments = ["--episodes", "2", "--max-steps", "300", "--quiet"];
    place
        .play(&[&arguments[..], &["--model", "embedded:random"]].concat())
        .exited(0);
    let form = |format: &str| place.read("report", &["--format", format]).exited(0).out;
    let text = form("text");
    assert!(text.contains("Published results"));
    assert_eq!(form("csv").lines().count(), 3);
    let document = form("markdown");
    assert!(document.contains("| Crafter score |"));
    let page = form("html");
    // What every form but the table of episodes has, with published figures as published.
    for form in [&text, &document, &page] {
        for part in [
            "first unlock",
            "why without effect",
            "Llama-8B",
            "landmarks",
        ] {
            assert!(form.contains(part), "{part} is not in:\n{form}");
        }
    }
    for figure in ["1.25", "2.35", "35.15", "10.35"] {
        assert!(text.contains(figure) && page.contains(figure), "{figure}");
    }
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    for outside in ["src=", "href=", "<script", "@import", "url("] {
        assert!(!page.contains(outside), "{outside} reaches out of the page");
    }

    let path = place.path("report.html");
    let path = path.to_str().expect("a path in Unicode");
    place
        .read("report", &["--format", "html", "--output", path])
        .exited(0);
    assert_eq!(
        std::fs::read_to_string(path).expect("the page").trim_end(),
        page.trim_end()
    );
}

/// This process writes the file, and the program is another one.
#[test]
fn a_file_that_is_being_written_is_read_as_it_was_a_moment_ago() {
    let place = played();
    let run = place.read("runs", &["--json"]).exited(0).json();
    let writer = Writer::open(place.traces(), WriterOptions::default()).expect("a trace file");
    let tracer = Tracer::new(TracerOptions {
        sink: Some(writer.sender()),
        ..TracerOptions::default()
    });
    let options = SessionOptions {
        id: Some("under-way".to_owned()),
        experiment_id: run[0]["experiment_id"].as_str().map(ToOwned::to_owned),
        metadata: [(
            "episode_config".to_owned(),
            json!({"index": 2, "seed": 2, "model": "embedded:expert"}),
        )]
        .into_iter()
        .collect(),
    };
    let session = tracer.start_session(options).expect("a new session");
    // Whatever the session before has recorded is committed when it has ended.
    let other = tracer.start_session(SessionOptions::default());
    let ended = other
        .expect("a new session")
        .end_blocking(SessionStatus::Completed);
    ended.expect("a file that can be written");

    for (command, arguments) in [
        ("sessions", &[][..]),
        ("show", &["under-way"]),
        ("runs", &[]),
        ("usage", &[]),
        ("errors", &[]),
        ("query", &["select 1"]),
        ("report", &[]),
        ("export", &["json", "--out", "exports"]),
        ("export", &["parquet", "--out", "tables"]),
    ] {
        let traces = place.traces();
        let traces = traces.to_str().expect("a path in Unicode");
        let rest = &["--traces", traces][..];
        let said = place.run(&[&[command], arguments, rest].concat()).exited(0);
        assert_eq!(said.err.matches("is writing").count(), 1, "{}", said.err);
        assert!(
            said.err.contains("this is what it held at "),
            "{}",
            said.err
        );
    }
    let listed = place.read("sessions", &["--json"]).exited(0).json();
    assert_eq!(listed[1]["session_id"], "under-way");
    let report = place.read("report", &["--format", "json"]).exited(0).json();
    assert_eq!(report["endings"], json!({ "step_limit": 2 }));
    // What writes has to wait.
    let said = place.play(&["--episodes", "1", "--quiet"]);
    said.refused(4, &["is in use by", "wait until it ends"]);
    drop(session);
    writer.finish().expect("a file that can be written");
}

#[test]
fn runs_sessions_and_usage_are_listed() {
    let place = played();
    let runs = place.read("runs", &["--json"]).exited(0).json();
    assert_eq!(
        (&runs[0]["planned"], &runs[0]["complete"]),
        (&2.into(), &2.into())
    );
    let id = runs[0]["experiment_id"].as_str().expect("an id").to_owned();
    assert!(place.read("runs", &[]).exited(0).out.contains(&id));

    let sessions = place
        .read("sessions", &["--json", "--run", &id])
        .exited(0)
        .json();
    assert_eq!(sessions.as_array().map(Vec::len), Some(2));
    assert_eq!(sessions[0]["model"], "embedded:expert");
    let seeds = [&sessions[0]["seed"], &sessions[1]["seed"]];
    assert!(seeds == [0, 1] || seeds == [1, 0], "{seeds:?}");
    let short = sessions[0]["short_id"].as_str().expect("an id");
    place.read("show", &[short]).exited(0);
    assert!(place.read("sessions", &[]).exited(0).out.contains(short));
    assert!(
        place
            .read("sessions", &[])
            .exited(0)
            .out
            .contains("completed")
    );

    let usage = place.read("usage", &["--json"]).exited(0).json();
    assert_eq!(usage[0]["model_name"], "embedded:expert");
    assert!(
        place
            .read("usage", &[])
            .exited(0)
            .out
            .contains("embedded:expert")
    );
}

#[test]
fn a_session_is_shown_by_the_beginning_of_its_id() {
    let place = played();
    let id = place.ask("select max(session_id) from session_traces");
    let id = id.as_str().expect("an id");
    let shown = place.read("show", &[&id[..id.len() - 2]]).exited(0).out;
    assert!(
        shown.contains("turn 0") && shown.contains("model embedded:expert"),
        "{shown}"
    );
    let shown = place.read("show", &[id, "--json"]).exited(0);
    assert_eq!(shown.json()["trace"]["session_id"], id);
    // It is what an export writes.
    place
        .run(&[
            "export",
            "json",
            id,
            "--traces",
            "traces.duckdb",
            "--out",
            "exported",
        ])
        .exited(0);
    let exported = fs::read_to_string(place.path(&format!("exported/{id}.json")));
    assert_eq!(exported.expect("the export"), shown.out);
}

#[test]
fn any_question_is_answered_in_two_forms() {
    let place = played();
    let sql = "select count(*) as sessions, cast(null as integer) as nothing from session_traces";
    let table = place.read("query", &[sql]).exited(0).out;
    assert!(
        table.contains("sessions") && table.contains("NULL") && table.contains("(1 row)"),
        "{table}"
    );
    let objects = place.read("query", &[sql, "--json"]).exited(0).json();
    assert_eq!(
        objects,
        serde_json::json!([{ "sessions": 2, "nothing": null }])
    );
}

#[test]
fn usage_and_errors_are_asked_for_by_time() {
    let place = played();
    let count = |command: &str, arguments: &[&str]| {
        let said = place.read(command, &[arguments, &["--json"]].concat());
        said.exited(0).json().as_array().map(Vec::len)
    };
    assert_eq!(count("usage", &["--from", "2026-01-01"]), Some(1));
    assert_eq!(count("usage", &["--to", "2026-01-01T12:00"]), Some(0));
    assert_eq!(count("usage", &["--dearest", "3"]), Some(3));
    let other = ["--dearest", "3", "--model", "gpt-x"];
    assert_eq!(count("usage", &other), Some(0));
    assert_eq!(count("errors", &[]), Some(0));
    assert_eq!(place.read("errors", &[]).exited(0).out, "nothing failed\n");
    place
        .read("errors", &["--from", "soon"])
        .refused(2, &["'soon'", "2026-01-31"]);
}

/// A place with a session in `foreign.duckdb` that no agent of this program recorded.
fn foreign(record: impl FnOnce(&Session)) -> (Place, String) {
    let place = Place::new();
    let session = Tracer::in_memory()
        .start_session(Default::default())
        .expect("a session");
    record(&session);
    let json = trace_json::write(&session.trace()).expect("JSON");
    fs::write(place.path("foreign.json"), json).expect("the file is written");
    place
        .run(&["import", "foreign.json", "--traces", "foreign.duckdb"])
        .exited(0);
    let id = session.id().to_owned();
    (place, id)
}

#[test]
fn what_a_model_said_commands_no_terminal() {
    const SAID: &str = "\u{1b}[2J\u{1b}]0;title\u{7}";
    let (place, id) = foreign(|session| {
        let observation = json!({ "text": format!("seen {SAID}") });
        let message = SessionEventMessage::new("observation", "a", "b", observation);
        let timestep = session.timestep(0).expect("a timestep");
        session.add_message(message).expect("recorded");
        let mut event = CaisEvent::new("agent");
        event.model_name = Some(format!("model {SAID}"));
        session.record_event(event).expect("recorded");
        timestep.complete().expect("completed");
        session.add_metadata("note", SAID).expect("recorded");
    });
    for arguments in [
        &["show", &id][..],
        &["usage"],
        &["query", "select content ->> '$.payload.text' from messages"],
    ] {
        let said = place
            .run(&[arguments, &["--traces", "foreign.duckdb"]].concat())
            .exited(0)
            .out;
        assert!(!said.contains(['\u{1b}', '\u{7}']), "{said:?}");
        assert!(said.contains("[U+001B]"), "{said:?}");
    }
}

#[test]
fn what_is_outside_of_turns_is_shown_too() {
    let place = played();
    let id = place.ask("select max(session_id) from session_traces");
    let shown = place.read("show", &[id.as_str().expect("an id")]).exited(0);
    let last = place.ask(
        "select content ->> '$.payload.text' from messages
         where session_id = (select max(session_id) from session_traces)
         order by seq desc limit 1",
    );
    let last = last.as_str().expect("the last observation");
    assert!(
        shown.out.contains(last),
        "{last:?} is not in:\n{}",
        shown.out
    );

    let (place, id) = foreign(|session| {
        let note = SessionEventMessage::new("note", "a", "b", "something said");
        session.add_message(note).expect("recorded");
        session
            .record_event(CaisEvent::new("some-agent"))
            .expect("recorded");
    });
    let shown = place
        .run(&["show", &id, "--traces", "foreign.duckdb"])
        .exited(0)
        .out;
    for said in [
        "outside of turns",
        "note something said",
        "model unknown, tokens unknown",
    ] {
        assert!(shown.contains(said), "{said:?} is not in:\n{shown}");
    }
}

#[test]
fn every_column_of_an_answer_is_in_its_json() {
    let place = played();
    let sql = "select 1 as b, 2 as a, 3 as b, 4 as b_2, 5 as b";
    let said = place.read("query", &[sql, "--json"]).exited(0).out;
    let compact: String = said.split_whitespace().collect();
    assert_eq!(compact, r#"[{"b":1,"a":2,"b_3":3,"b_2":4,"b_4":5}]"#);
}

#[test]
fn what_is_not_there_is_said() {
    let place = played();
    place
        .read("sessions", &["--run", "nope"])
        .refused(2, &["no run nope", "runner runs"]);
    place
        .read("show", &[""])
        .refused(2, &["the first characters", "runner sessions"]);
    place
        .read("usage", &["--dearest", "0"])
        .refused(2, &["--dearest"]);
    let none = place
        .read("usage", &["--dearest", "3", "--model", "nope"])
        .exited(0);
    assert!(none.err.contains("that was asked for"), "{}", none.err);
}
