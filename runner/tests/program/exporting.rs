//! `export` and `import`: what leaves a trace file comes back the same.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Place, ask};

fn played() -> Place {
    let place = Place::new();
    place
        .play(&["--episodes", "2", "--max-steps", "30", "--quiet"])
        .exited(0);
    place
}

/// The files of an export as JSON, in a folder that is named.
fn exported(place: &Place, arguments: &[&str]) -> Vec<PathBuf> {
    let out = place.path("exported");
    let mut all = vec!["json", "--out", "exported", "--traces", "traces.duckdb"];
    all.extend(arguments);
    place.run(&[&["export"], all.as_slice()].concat()).exited(0);
    let mut files: Vec<PathBuf> = fs::read_dir(out)
        .expect("the folder")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    files
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in Unicode")
}

#[test]
fn sessions_travel_to_another_file_and_back() {
    let place = played();
    let files = exported(&place, &[]);
    assert_eq!(files.len(), 2);
    let import = |says: &str| {
        let sources: Vec<&str> = files.iter().map(|file| text(file)).collect();
        let arguments = [&["import", "--traces", "other.duckdb"], sources.as_slice()].concat();
        let said = place.run(&arguments).exited(0).out;
        assert_eq!(said.lines().count(), 2);
        assert!(said.lines().all(|line| line.ends_with(says)), "{said}");
    };
    import(": 1 session imported");
    import(": 1 session there already");
    let sql = "select to_json(list(s order by session_id)) from session_summary s";
    assert_eq!(
        ask(&place.path("other.duckdb"), sql),
        ask(&place.traces(), sql)
    );
}

#[test]
fn imported_sessions_name_a_run_that_stayed_where_it_was() {
    let place = played();
    for file in exported(&place, &[]) {
        let import = ["import", "--traces", "other.duckdb", text(&file)];
        place.run(&import).exited(0);
    }
    let run = place.ask("select any_value(experiment_id) from session_traces");
    let run = run.as_str().expect("an id");
    let other =
        |arguments: &[&str]| place.run(&[arguments, &["--traces", "other.duckdb"]].concat());
    other(&["export", "json", "--run", run, "--out", "again"]).exited(0);
    let again = std::fs::read_dir(place.path("again")).expect("a folder");
    assert_eq!(again.count(), 2);
    other(&["report"]).refused(2, &["stayed in the files they were played into"]);
    other(&["report", run]).refused(2, &[run, "only sessions of it are here"]);
}

#[test]
fn a_session_with_other_contents_is_replaced_only_when_asked() {
    let place = played();
    let id = place.ask("select min(session_id) from session_traces");
    let id = id.as_str().expect("an id");
    let file = exported(&place, &[id]).remove(0);
    let changed = fs::read_to_string(&file)
        .expect("the session")
        .replace("\"completed\"", "\"failed\"");
    fs::write(&file, changed).expect("the file is written");
    place
        .run(&["import", "--traces", "traces.duckdb", text(&file)])
        .refused(2, &["holds another session", id, "--replace"]);
    let status = format!("select status from session_traces where session_id = '{id}'");
    assert_eq!(place.ask(&status), "completed");
    place
        .run(&[
            "import",
            "--traces",
            "traces.duckdb",
            "--replace",
            text(&file),
        ])
        .exited(0);
    assert_eq!(place.ask(&status), "failed");
    assert_eq!(place.ask("select count(*) from session_traces"), 2);
}

#[test]
fn what_is_no_whole_session_is_refused_and_leaves_no_file() {
    let place = played();
    let file = exported(&place, &[]).remove(0);
    let whole = fs::read_to_string(&file).expect("the session");
    let check = |contents: &[u8], reason: &str| {
        fs::write(place.path("bad.json"), contents).expect("the file is written");
        place
            .run(&["import", "--traces", "new.duckdb", "bad.json"])
            .refused(2, &["bad.json cannot be imported: ", reason]);
        assert!(!place.path("new.duckdb").exists());
    };
    check(
        &whole.as_bytes()[..whole.len() / 2],
        "it is cut short after line 1",
    );
    check(
        whole.replace("\"version\":1", "\"version\":9").as_bytes(),
        "it has version 9 of the format, and this program knows 1: update",
    );
    check(
        b"{\"record\":\"trace_records\",\"version\":9}\n",
        "it has version 9",
    );
    check(b"{\"a\": 1}", "it is not a session");
    check(b"", "it is cut short");
    check(&[0xff, 0xfe, 0x00, 0x0a], "it is not a session");
    for (source, reason) in [
        ("nowhere.json", "does not exist"),
        ("exported", "is a folder"),
    ] {
        place
            .run(&["import", "--traces", "new.duckdb", source])
            .refused(2, &[source, reason]);
    }
}

#[test]
fn sessions_may_come_one_a_line_up_to_where_they_are_whole() {
    let place = played();
    let files = exported(&place, &[]);
    let lines: Vec<String> = files
        .iter()
        .map(|file| fs::read_to_string(file).expect("the session"))
        .collect();
    let cut = lines[0].len() / 2;
    fs::write(
        place.path("all.jsonl"),
        [&lines[0], &lines[1], &lines[0][..cut]].concat(),
    )
    .expect("the file is written");
    place
        .run(&["import", "--traces", "all.duckdb", "all.jsonl"])
        .refused(
            2,
            &["all.jsonl, line 3,", "everything before it was imported"],
        );
    let count = ask(
        &place.path("all.duckdb"),
        "select count(*) from session_traces",
    );
    assert_eq!(count, 2);
}

#[test]
fn tables_are_exported_for_other_programs() {
    let place = played();
    let said = place
        .run(&[
            "export",
            "parquet",
            "--traces",
            "traces.duckdb",
            "-o",
            "tables",
        ])
        .exited(0);
    assert_eq!(said.out, "11 tables and the view llm_calls in tables\n");
    let exported = place.path("tables/events.parquet");
    assert_eq!(
        place.ask(&format!("select count(*) from '{}'", exported.display())),
        place.ask("select count(*) from events")
    );
}

#[test]
fn fine_tuning_data_says_when_there_is_none() {
    let place = played();
    let export = |arguments: &[&str]| {
        let begin = [
            "export",
            "finetuning",
            "--traces",
            "traces.duckdb",
            "--out",
            "ft.jsonl",
        ];
        place.run(&[&begin, arguments].concat())
    };
    let said = export(&[]).exited(0);
    assert_eq!(said.out, "0 conversations in ft.jsonl\n");
    assert!(
        said.err.contains("embedded ones have no conversation"),
        "{}",
        said.err
    );
    // What was there stays until there is a whole new file, and nothing else does.
    fs::write(place.path("ft.jsonl"), "earlier").expect("a file");
    export(&["--where", "total_reward > 5 or"]).refused(2, &["Parser Error"]);
    let left = fs::read_to_string(place.path("ft.jsonl"));
    assert_eq!(left.expect("the file"), "earlier");
    let files = fs::read_dir(place.folder.path()).expect("the folder");
    assert_eq!(files.count(), 2);
    export(&["--where", "reward > 5"]).refused(2, &["Binder Error", "\"reward\""]);
    export(&["--min-reward", "1"]).refused(2, &["--window"]);
    export(&["--window", "0"]).refused(2, &["--window"]);
}

#[test]
fn an_unknown_session_run_or_form_is_refused_by_name() {
    let place = played();
    let check = |arguments: &[&str], fragments: &[&str]| {
        let begin = ["export"];
        place
            .run(&[&begin, arguments].concat())
            .refused(2, fragments);
    };
    let json = ["json", "--out", "x", "--traces", "traces.duckdb"];
    check(
        &[&json[..], &["zz"]].concat(),
        &["no session \"zz\"", "lists them"],
    );
    check(&[&json[..], &["0"]].concat(), &["2 sessions", "say more"]);
    check(
        &[&json[..], &["--run", "zz"]].concat(),
        &["no run zz", "runner runs"],
    );
    check(&["jsn", "--out", "x"], &["'jsn'", "'json'"]);
}

#[test]
fn wrong_sql_is_a_usage_error_and_an_unreadable_file_is_not() {
    let place = played();
    place
        .read("query", &["selct 1"])
        .refused(2, &["Parser Error"]);
    place
        .read("query", &["delete from events"])
        .refused(2, &["only read here", "copy the file"]);
    place
        .read("show", &["zz"])
        .refused(2, &["no session \"zz\"", "lists them"]);
    place
        .run(&["query", "select 1", "--traces", "nowhere.duckdb"])
        .refused(4, &["nowhere.duckdb does not exist"]);
    let nothing = place
        .read("query", &["select null as it", "--json"])
        .exited(0);
    assert_eq!(nothing.json()[0]["it"], Value::Null);
}

#[test]
fn no_command_writes_over_a_trace_file() {
    let place = played();
    let whole = fs::read(place.traces()).expect("the trace file");
    fs::copy(place.traces(), place.path("other.duckdb")).expect("a copy");
    fs::hard_link(place.traces(), place.path("linked")).expect("a link");
    let id = place.ask("select min(session_id) from session_traces");
    let id = id.as_str().expect("an id");
    for out in ["traces.duckdb", "./traces.duckdb", "linked", "other.duckdb"] {
        let check = |arguments: &[&str]| {
            let traces = ["--traces", "traces.duckdb"];
            place
                .run(&[arguments, &traces].concat())
                .refused(2, &[out, "which would be lost"]);
        };
        check(&["report", "--output", out]);
        check(&["export", "html", id, "--out", out]);
        check(&["export", "finetuning", "--out", out]);
        check(&["export", "json", "--out", out]);
        check(&["export", "parquet", "--out", out]);
        check(&["render", id, "--out", out]);
        check(&["--episodes", "1", "--max-steps", "1", "--events", out]);
    }
    for path in [place.traces(), place.path("other.duckdb")] {
        assert!(fs::read(path).expect("the file") == whole, "it was changed");
    }
    // Neither where the trace file is yet to be made.
    place
        .run(&["--traces", "new.duckdb", "--events", "new.duckdb"])
        .refused(2, &["new.duckdb is the trace file"]);
    assert!(!place.path("new.duckdb").exists());
}

#[test]
fn files_of_other_people_are_not_written_among() {
    let place = played();
    let id = place.ask("select min(session_id) from session_traces");
    let id = id.as_str().expect("an id");
    fs::create_dir(place.path("home")).expect("a folder");
    fs::write(place.path("home/letter.txt"), "Dear").expect("a file");
    fs::write(place.path("home/.hidden"), "").expect("a file");
    let check = |arguments: &[&str], fragments: &[&str]| {
        let traces = ["--traces", "traces.duckdb"];
        place
            .run(&[arguments, &traces].concat())
            .refused(2, fragments);
    };
    for command in [
        &["export", "json"][..],
        &["export", "parquet"],
        &["render", id],
    ] {
        let into = |out| [command, &["--out", out]].concat();
        check(&into("home"), &["home/letter.txt", "name another folder"]);
        place
            .run(&[&into("new")[..], &["--traces", "traces.duckdb"]].concat())
            .exited(0);
        // Once more over what it has written itself.
        place
            .run(&[&into("new")[..], &["--traces", "traces.duckdb"]].concat())
            .exited(0);
        fs::remove_dir_all(place.path("new")).expect("the folder");
    }
    check(
        &["export", "json", "--out", "home/letter.txt"],
        &["is a file: name a folder"],
    );
    fs::write(place.path("tasks.json"), "{\"mine\": 1}").expect("a file");
    place
        .run(&["tasks", "--worlds", "1", "--out", "."])
        .refused(2, &["./tasks.json is no task set", "would be lost"]);
    place
        .run(&["tasks", "--worlds", "1", "--out", "tasks.json"])
        .refused(2, &["tasks.json is a file: name a folder"]);
    assert_eq!(
        fs::read_to_string(place.path("tasks.json")).expect("the file"),
        "{\"mine\": 1}"
    );
}

#[test]
fn a_query_reaches_no_other_file() {
    let place = played();
    fs::copy(place.traces(), place.path("other.duckdb")).expect("a copy");
    let whole = fs::read(place.traces()).expect("the trace file");
    for sql in [
        "copy (select 1) to 'traces.duckdb'",
        "copy (select 1) to 'new.csv'",
        "attach 'other.duckdb' as other (read_write)",
        "attach 'other.duckdb' as other (read_write); delete from other.events",
        "export database 'new'",
        "select * from 'other.duckdb'",
    ] {
        place.read("query", &[sql]).refused(
            2,
            &["reaches nothing but", "traces.duckdb", "duckdb program"],
        );
    }
    place
        .read("query", &["set enable_external_access = true"])
        .refused(2, &["locked"]);
    for path in [place.traces(), place.path("other.duckdb")] {
        assert!(fs::read(path).expect("the file") == whole, "it was changed");
    }
    assert!(!place.path("new.csv").exists() && !place.path("new").exists());
}
