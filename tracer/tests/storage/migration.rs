//! Files of earlier schema versions are brought up to date, with everything in them.

use duckdb::Connection;
use insta::assert_snapshot;
use serde_json::{Value, json};
use tracer::{Store, StoreError};

use crate::sample::{Scratch, everything, scratch};

/// The tables, views and columns of the file, as a fresh file has them.
const CATALOG: &str = "
    select table_name, column_name, data_type, is_nullable from duckdb_columns()
    where not internal order by all";

#[test]
fn a_file_of_the_first_version_becomes_one_of_this_version() {
    let version = "insert into schema_version values (1, make_timestamp(0));";
    let old = older(&[include_str!("schema_1.sql"), version]);
    let refused = tracer::Store::open_read_only(&old.path).err().unwrap();
    assert_snapshot!(old.without_folder(&refused.to_string()), @"FOLDER/traces.duckdb has the older schema 1 (this version reads 3): `runner upgrade FOLDER/traces.duckdb` brings it, or a copy of it, up to date");
    check(&old, &[json!(1), json!(3)]);
}

#[test]
fn a_file_of_the_previous_version_becomes_one_of_this_version() {
    let version = "insert into schema_version values (2, make_timestamp(0), '0.1.0');";
    let old = older(&[include_str!("schema_2.sql"), version, WHOLE_REQUEST]);
    check(&old, &[json!(2), json!(3)]);
    assert_eq!(
        old.store()
            .query("select request ->> '$.messages[0].content' from llm_calls where event_id = 99")
            .unwrap()
            .rows,
        [[json!("as it was kept before")]],
    );
}

#[test]
fn a_file_is_upgraded_without_recording_into_it() {
    let version = "insert into schema_version values (2, make_timestamp(0), '0.1.0');";
    let old = older(&[include_str!("schema_2.sql"), version]);
    assert_eq!(Store::upgrade(&old.path).expect("an upgrade"), 2);
    let ids = old.store().session_ids().expect("it can be read");
    assert_eq!(ids, ["cut", "old"]);
    assert_eq!(Store::upgrade(&old.path).expect("nothing to do"), 3);
    let none = old.path.with_extension("missing");
    assert!(matches!(
        Store::upgrade(&none),
        Err(StoreError::Missing { .. })
    ));
    assert!(!none.exists());
}

/// A call of the second version, which kept each request whole.
const WHOLE_REQUEST: &str = r#"
    insert into events (id, session_id, seq, event_type, system_instance_id, event_time,
                        llm_call_records, metadata, event_metadata)
    values (99, 'old', 1, 'cais', 'llm_agent', make_timestamp(0),
            '[{"request": {"messages": [{"content": "as it was kept before"}]}, "usage": {}}]',
            '{}', '[]');"#;

/// A file with a session that ended and one that was cut short.
fn older(script: &[&str]) -> Scratch {
    let old = scratch();
    Connection::open(&old.path)
        .expect("a database")
        .execute_batch(&format!(
            "{}
             insert into session_traces values
                 ('old', make_timestamp(0), make_timestamp(1), 'completed', 0, 0, 0, '[]', null),
                 ('cut', make_timestamp(0), null, 'running', 0, 0, 0, '[]', null);",
            script.join("\n")
        ))
        .expect("a query that works");
    old
}

fn check(old: &Scratch, versions: &[Value]) {
    let fresh = scratch();
    old.record(|tracer| everything(tracer, "new", 1));
    fresh.record(|tracer| everything(tracer, "new", 1));
    let catalog = |file: &Scratch| file.store().query(CATALOG).expect("a query that works");
    assert_eq!(catalog(old), catalog(&fresh));
    assert_eq!(
        old.store()
            .query("select session_id, status from session_summary")
            .expect("a query that works")
            .rows,
        [
            [json!("cut"), json!("abandoned")],
            [json!("old"), json!("completed")],
            [json!("new"), json!("completed")]
        ],
    );
    assert_eq!(
        old.store()
            .query("select version from schema_version order by all")
            .expect("a query that works")
            .rows
            .concat(),
        versions,
    );
}
