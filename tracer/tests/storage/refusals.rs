//! A file that cannot be used is refused with one sentence that names it and the way out.

use std::fs;
use std::path::Path;

use duckdb::Connection;
use insta::assert_snapshot;
use tracer::store::Reach;
use tracer::{Store, StoreError, Writer, WriterOptions};

use crate::sample::{Scratch, everything, scratch};

/// What opening for writing says, with the path of the scratch folder left out.
fn writing(file: &Scratch, path: &Path) -> String {
    let error = Writer::open(path, WriterOptions::default())
        .err()
        .expect("it is refused");
    file.without_folder(&error.to_string())
}

/// The same of opening for reading.
fn reading(file: &Scratch, path: &Path) -> String {
    let error = Store::open_read_only(path).err().expect("it is refused");
    file.without_folder(&error.to_string())
}

#[test]
fn a_folder() {
    let file = scratch();
    let folder = file.path.parent().unwrap();
    assert_snapshot!(writing(&file, folder), @"FOLDER is a folder: name a file in it, such as FOLDER/traces.duckdb");
    assert_snapshot!(reading(&file, folder), @"FOLDER is a folder: name a file in it, such as FOLDER/traces.duckdb");
}

#[test]
fn a_path_through_a_file() {
    let file = scratch();
    fs::write(&file.path, "").unwrap();
    assert_snapshot!(writing(&file, &file.path.join("traces.duckdb")), @"FOLDER/traces.duckdb cannot be written (File exists (os error 17)): make it writable, or choose another place");
}

#[test]
fn a_folder_that_may_not_be_written() {
    // Nobody makes files there, not even root, whom permissions do not bind.
    for folder in ["/sys", "/proc"] {
        let path = Path::new(folder).join("traces.duckdb");
        let error = Writer::open(&path, WriterOptions::default())
            .err()
            .unwrap()
            .to_string();
        let start = format!("{} cannot be written (Cannot open file", path.display());
        assert!(error.starts_with(&start), "{error}");
        assert!(
            error.ends_with("): make it writable, or choose another place"),
            "{error}"
        );
    }
}

#[test]
fn nothing_to_read() {
    let file = scratch();
    assert_snapshot!(reading(&file, &file.path), @"FOLDER/traces.duckdb does not exist: check the path, or record something into it first");
}

#[test]
fn something_else() {
    let file = scratch();
    fs::write(
        &file.path,
        "To be, or not to be, that is the question.".repeat(1000),
    )
    .unwrap();
    let said = writing(&file, &file.path);
    assert_eq!(said, reading(&file, &file.path));
    assert_snapshot!(said, @"FOLDER/traces.duckdb is not a trace file (it is no DuckDB database): name another file; what was exported from one, `runner import` takes");
}

/// DuckDB would take these into a database in memory, and all that is recorded with it.
#[test]
fn a_table_of_something_else() {
    for name in ["traces.json", "traces.csv"] {
        let file = scratch();
        let path = file.path.with_file_name(name);
        fs::write(&path, "[1, 2]").unwrap();
        let said = writing(&file, &path);
        assert_eq!(said, reading(&file, &path));
        let expected = format!("FOLDER/{name} is not a trace file (it is no DuckDB database): ");
        assert!(said.starts_with(&expected), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "[1, 2]");
    }
}

#[test]
fn an_empty_file() {
    let file = scratch();
    fs::write(&file.path, "").unwrap();
    assert_snapshot!(writing(&file, &file.path), @"FOLDER/traces.duckdb is not a trace file (it is empty): name another file; what was exported from one, `runner import` takes");
}

#[test]
fn a_file_that_was_cut_short() {
    let file = scratch();
    file.record(|tracer| everything(tracer, "s", 200));
    let whole = fs::read(&file.path).unwrap();
    fs::write(&file.path, &whole[..whole.len() / 3]).unwrap();
    for message in [writing(&file, &file.path), reading(&file, &file.path)] {
        assert!(
            message.starts_with("FOLDER/traces.duckdb is damaged (it has "),
            "{message}"
        );
        assert!(
            message.ends_with(" bytes): move it away, or name another file"),
            "{message}"
        );
    }
}

#[test]
fn a_damaged_file() {
    let file = scratch();
    file.record(|tracer| everything(tracer, "s", 200));
    let mut bytes = fs::read(&file.path).unwrap();
    bytes
        .iter_mut()
        .skip(12_288)
        .step_by(97)
        .for_each(|byte| *byte ^= 0x55);
    fs::write(&file.path, bytes).unwrap();
    let message = reading(&file, &file.path);
    assert!(
        message.starts_with("FOLDER/traces.duckdb is damaged (Corrupt database file"),
        "{message}"
    );
}

#[test]
fn a_database_of_something_else() {
    let file = scratch();
    Connection::open(&file.path)
        .unwrap()
        .execute_batch("create table birds (name text)")
        .unwrap();
    assert_snapshot!(writing(&file, &file.path), @"FOLDER/traces.duckdb is a database without traces: name another file");
    assert_snapshot!(reading(&file, &file.path), @"FOLDER/traces.duckdb is a database without traces: name another file");
}

#[test]
fn a_file_of_a_newer_schema() {
    let file = scratch();
    file.writer().finish().unwrap();
    Connection::open(&file.path)
        .unwrap()
        .execute_batch("insert into schema_version values (99, make_timestamp(0), 'from tomorrow')")
        .unwrap();
    assert_snapshot!(writing(&file, &file.path), @"FOLDER/traces.duckdb was written by a newer version (schema 99, this one knows 3): update, or name another file");
    assert_snapshot!(reading(&file, &file.path), @"FOLDER/traces.duckdb was written by a newer version (schema 99, this one knows 3): update, or name another file");
}

#[test]
fn a_file_that_this_process_writes_already() {
    let file = scratch();
    let writer = file.writer();
    assert_snapshot!(writing(&file, &file.path), @"FOLDER/traces.duckdb is open in this process already: close it there first");
    assert_snapshot!(reading(&file, &file.path), @"FOLDER/traces.duckdb is open in this process already: close it there first");
    let copied = Store::open_copy(&file.path, Reach::Alone).err();
    assert!(matches!(copied, Some(StoreError::OpenHere { .. })));
    writer.finish().unwrap();
    file.writer().finish().unwrap();
}

#[test]
fn a_session_that_is_not_there() {
    let file = scratch();
    file.writer().finish().unwrap();
    let error = file.store().session_trace("nobody").unwrap_err();
    assert_snapshot!(file.without_folder(&error.to_string()), @r#"FOLDER/traces.duckdb holds no session "nobody": `select session_id from session_traces` lists them"#);
}
