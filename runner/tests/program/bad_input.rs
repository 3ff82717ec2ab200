//! What makes no sense is refused in one sentence that names it and the way out.

use std::fs;

use tracer::{Writer, WriterOptions};

use crate::Place;

#[track_caller]
fn check(arguments: &[&str], code: i32, fragments: &[&str]) {
    let place = Place::new();
    place.play(arguments).refused(code, fragments);
    assert!(
        !place.traces().exists(),
        "nothing was played, so nothing is written"
    );
}

#[test]
fn flags_and_values() {
    check(&["--episods", "3"], 2, &["--episods", "--episodes"]);
    check(&["--episodes", "ten"], 2, &["'ten'", "--episodes"]);
    check(&["--episodes", "0"], 2, &["run.episodes", "at least 1"]);
    check(
        &["--set", "run.seeds=[]"],
        2,
        &["run.seeds", "the list is empty"],
    );
    check(&["--set", "rn.seed=4"], 2, &["rn", "did you mean `run`?"]);
    check(&["--concurrency", "0"], 2, &["run.concurrency"]);
    check(&["--max-steps", "0"], 2, &["limits.max_steps"]);
    check(&["--max-cost", "-1"], 2, &["limits.max_cost", "positive"]);
    check(
        &["--max-actions", "11"],
        2,
        &["agent.max_actions", "1 to 10"],
    );
    check(&["--time-limit", "soon"], 2, &["'soon'", "5m"]);
    check(
        &["--difficulty", "hrad"],
        2,
        &["world.difficulty", "did you mean hard?"],
    );
    check(
        &["--observation", "synth/9"],
        2,
        &["agent.observation", "synth/1"],
    );
    check(
        &["--set", "run.sed=4"],
        2,
        &["run.sed", "did you mean `run.seed`?"],
    );
}

#[test]
fn task_sets_that_cannot_be_meant() {
    let check = |arguments: &[&str], reason: &str| {
        Place::new().run(arguments).refused(2, &[reason]);
    };
    check(&["tasks", "--name", "../x"], "a name without folders");
    check(&["tasks", "--name", "a/b"], "a name without folders");
    check(&["tasks", "--seed", "18446744073709551615"], "--seed");
    check(&["parity", "--max-steps", "0"], "--max-steps");
}

#[test]
fn embedded_models_that_cannot_be_meant() {
    check(
        &["--model", "embedded:expert?noise=1.5"],
        2,
        &["embedded:expert?noise=1.5", "?noise=0 to 1"],
    );
    check(
        &["--model", "expert?noise=0.2"],
        2,
        &["did you mean embedded:expert?noise=0.2?"],
    );
    check(
        &["--observation", "grid/1"],
        2,
        &["embedded:expert", "grid/1", "--observation synth/1"],
    );
    check(
        &["--config", "balrog", "--model", "embedded:novice"],
        2,
        &["embedded:novice", "balrog/1"],
    );
}

#[test]
fn flags_that_contradict_each_other() {
    check(
        &["--json", "--events", "-"],
        2,
        &["--json", "--events -", "file"],
    );
    check(
        &["--show-config", "--dry-run"],
        2,
        &["--show-config", "--dry-run"],
    );
}

#[test]
fn what_is_no_trace_file_is_neither_read_nor_written() {
    let place = Place::new();
    fs::write(place.path("x.json"), "{}").expect("a file");
    let wrong = ["x.json is not a trace file", "runner import"];
    place
        .run(&["--episodes", "1", "--traces", "x.json"])
        .refused(4, &wrong);
    place
        .run(&["sessions", "--traces", "x.json"])
        .refused(4, &wrong);
    place.run(&["upgrade", "x.json"]).refused(4, &wrong);
    let missing = place.run(&["upgrade", "y.duckdb"]);
    missing.refused(2, &["y.duckdb does not exist: check the path\n"]);

    let address = "s3://bucket/x.duckdb";
    fs::write(place.path("c.toml"), format!("run.traces = \"{address}\"")).expect("a file");
    for arguments in [
        &["--traces", address][..],
        &["sessions", "--traces", address],
        &["view", address],
        &["view", "--traces", address],
        &["upgrade", address],
        &["--set", "run.traces=http://example.com/x.duckdb"],
        &["--config", "c.toml"],
        &["resume", "--config", "c.toml"],
    ] {
        let said = place.run(arguments);
        said.refused(2, &["a trace file lies on this machine"]);
    }
}

#[test]
fn seeds_out_of_range() {
    check(
        &["--seed", "9223372036854775800", "--episodes", "9"],
        2,
        &["run.seed", "start lower"],
    );
    check(
        &["--seed", "99999999999999999999"],
        2,
        &["99999999999999999999", "--seed"],
    );
    check(&["--seed", "-1"], 2, &["-1"]);
}

#[test]
fn models_and_endpoints() {
    check(
        &["--model", "embedded:exprt"],
        2,
        &["embedded:exprt", "did you mean embedded:expert?"],
    );
    check(
        &["--model", "expert"],
        2,
        &["did you mean embedded:expert?"],
    );
    check(
        &["--model", "gpt-x"],
        2,
        &["gpt-x", "--endpoint", "OPENAI_API_KEY"],
    );
    check(
        &["--endpoint", "http://localhost:1"],
        2,
        &["--endpoint needs --model"],
    );
    check(
        &["--model", "m", "--endpoint", "not a url"],
        2,
        &["not a url"],
    );
    check(
        &[
            "--model",
            "m",
            "--endpoint",
            "http://localhost:1/v1",
            "--max-cost",
            "1",
        ],
        2,
        &["limits.max_cost", "no price", "--max-tokens"],
    );
    check(
        &["--model", "embedded:noop", "--model", "embedded:noop"],
        2,
        &["named twice"],
    );
}

/// A key in the environment spends nothing: nobody named a model.
#[test]
fn a_key_alone_changes_nothing() {
    let place = Place::new();
    let said = place
        .command(&["--episodes", "1", "--max-steps", "20", "--json"])
        .env("OPENAI_API_KEY", "sk-test")
        .env("OPENAI_BASE_URL", "http://127.0.0.1:1")
        .output()
        .expect("the program starts");
    let said = crate::Said::from(said).exited(0);
    assert_eq!(said.json()["model"], "embedded:expert");
}

#[test]
fn configuration_files() {
    let place = Place::new();
    place
        .play(&["--config", "none.toml"])
        .refused(2, &["none.toml: No such file", "; the presets are balrog"]);
    fs::write(place.path("my.toml"), "[limits]\nmax_stepps = 3").expect("a file");
    place.play(&["--config", "my.toml"]).refused(
        2,
        &[
            "limits.max_stepps",
            "my.toml",
            "did you mean `limits.max_steps`?",
        ],
    );
    fs::write(place.path("my.toml"), "[limits\n").expect("a file");
    place
        .play(&["--config", "my.toml"])
        .refused(2, &["my.toml", "not valid TOML", "line 1"]);
}

#[test]
fn trace_files() {
    let place = Place::new();
    let play = |path: &str| place.run(&["--episodes", "1", "--max-steps", "20", "--traces", path]);
    play(".").refused(4, &["is a folder", "name a file"]);

    fs::write(
        place.path("text.duckdb"),
        "no database, only text, and enough of it".repeat(200),
    )
    .expect("a file");
    play("text.duckdb").refused(4, &["text.duckdb"]);

    let _locked =
        Writer::open(place.path("locked.duckdb"), WriterOptions::default()).expect("a file");
    play("locked.duckdb").refused(4, &["locked.duckdb", "in use by"]);

    place
        .read("report", &[])
        .refused(4, &["traces.duckdb", "does not exist"]);
}

#[test]
fn a_read_only_folder() {
    // Nobody makes files there, not even root, whom permissions do not bind.
    Place::new()
        .run(&["--episodes", "1", "--traces", "/sys/t.duckdb"])
        .refused(4, &["/sys/t.duckdb", "cannot be written"]);
}

#[test]
fn runs_and_sessions_that_are_not_there() {
    let place = Place::new();
    place
        .play(&["--episodes", "1", "--max-steps", "20", "--quiet"])
        .exited(0);
    place
        .read("report", &["nothing"])
        .refused(2, &["no run nothing", "runner runs"]);
    place
        .read("show", &["nothing"])
        .refused(2, &["no session \"nothing\""]);
    place
        .read("compare", &[])
        .refused(2, &["only", "to compare"]);
    place
        .read("resume", &["--json", "--events", "-"])
        .refused(2, &["--json", "--events -", "file"]);
    place
        .read("resume", &["--temperature", "0.3"])
        .refused(2, &["sampling.temperature was unset and is 0.3;"]);
    place
        .read("report", &["-o", "nowhere/x.html"])
        .refused(2, &["no folder nowhere", "make it first"]);
    place
        .read("query", &["select nonsense"])
        .refused(2, &["nonsense"]);
}

#[test]
fn a_game_takes_a_terminal_and_one_player() {
    let place = Place::new();
    place
        .run(&["play"])
        .refused(2, &["takes a terminal", "runner render"]);
    place
        .run(&["play", "--episodes", "2"])
        .refused(2, &["--episodes", "one episode"]);
    place
        .run(&["play", "--fork", "x"])
        .refused(2, &["--at-step"]);
}

#[test]
fn an_address_is_no_trace_file() {
    let place = Place::new();
    for arguments in [&["--episodes", "1"][..], &["runs"], &["import", "x.json"]] {
        let traces = ["--traces", "http://localhost/x.duckdb"];
        place
            .run(&[arguments, &traces].concat())
            .refused(2, &["http://localhost/x.duckdb", "on this machine"]);
    }
    assert!(!place.path("http:").exists());
}
