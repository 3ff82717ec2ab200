//! What is exported holds what the file holds.

use duckdb::Connection;
use tracer::export::FineTuning;
use tracer::privacy::Privacy;
use tracer::record::Event;
use tracer::{Conflict, StoreError, Tracer, TracerOptions, import, trace_json};

use crate::sample::{everything, scratch};

#[test]
fn every_table_becomes_a_parquet_file_with_the_same_rows() {
    let file = scratch();
    file.record(|tracer| everything(tracer, "s", 3));
    let folder = file.path.with_file_name("it's parquet");
    let store = file.store();
    for parquet in store.export_parquet(&folder).unwrap() {
        let table = parquet.file_stem().unwrap().to_str().unwrap();
        let path = parquet.to_str().unwrap().replace('\'', "''");
        let exported: u64 = Connection::open_in_memory()
            .unwrap()
            .query_row(&format!("select count(*) from '{path}'"), [], |row| {
                row.get(0)
            })
            .unwrap();
        let count = store
            .query(&format!("select count(*) from {table}"))
            .unwrap();
        assert_eq!(count.rows[0][0], exported, "{table}");
    }
}

#[test]
fn a_session_survives_export_and_import() {
    let file = scratch();
    let (trace, _) = file.record(|tracer| everything(tracer, "../s/1", 3));
    let folder = file.path.with_file_name("json");
    let exported = file.store().export_json("../s/1", &folder).unwrap();
    assert_eq!(exported, folder.join("%2E%2E%2Fs%2F1.json"));
    let text = std::fs::read_to_string(&exported).unwrap();
    assert_eq!(trace_json::read(&text).unwrap(), trace);

    let other = scratch();
    import(&other.path, &exported, Conflict::Refuse).unwrap();
    assert_eq!(other.store().session_trace("../s/1").unwrap(), trace);
}

#[test]
fn json_that_was_cut_short_is_refused_by_name() {
    let file = scratch();
    let (trace, _) = file.record(|tracer| everything(tracer, "s", 1));
    let json = file.path.with_extension("json");
    let text = trace_json::write(&trace).unwrap();
    std::fs::write(&json, &text[..text.len() / 2]).unwrap();
    let message = import(&file.path, &json, Conflict::Refuse)
        .unwrap_err()
        .to_string();
    let message = file.without_folder(&message);
    assert_eq!(
        message,
        "FOLDER/traces.json cannot be imported: it is cut short after line 1: export the session again"
    );
}

#[test]
fn the_parquet_file_of_calls_has_whole_requests() {
    let file = scratch();
    let (trace, _) = file.record(|tracer| everything(tracer, "s", 2));
    let folder = file.path.with_file_name("parquet");
    let files = file.store().export_parquet(&folder).unwrap();
    let calls = folder.join("llm_calls.parquet");
    assert!(files.contains(&calls));
    let request: String = Connection::open_in_memory()
        .unwrap()
        .query_row(
            &format!("select request from '{}' limit 1", calls.display()),
            [],
            |row| row.get(0),
        )
        .unwrap();
    let Event::Cais(sent) = &trace.event_history[1].record else {
        panic!("a call");
    };
    let request: serde_json::Value = serde_json::from_str(&request).unwrap();
    assert_eq!(request, sent.llm_call_records[0].request.to_value());
}

#[test]
fn a_session_that_cannot_be_read_is_left_out_and_named() {
    let file = scratch();
    file.record(|tracer| {
        everything(tracer, "deep", 1);
        everything(tracer, "good", 1);
    });
    Connection::open(&file.path)
        .unwrap()
        .execute_batch(
            "update session_traces set metadata = repeat('[', 200) || repeat(']', 200)
             where session_id = 'deep'",
        )
        .unwrap();
    let target = file.path.with_extension("jsonl");
    let tuned = file
        .store()
        .export_finetuning(&target, &FineTuning::default())
        .unwrap();
    assert_eq!((tuned.conversations, tuned.unreadable.len()), (1, 1));
    let message = file.without_folder(&tuned.unreadable[0].to_string());
    assert!(
        message.starts_with("FOLDER/traces.duckdb: session deep cannot be read ("),
        "{message}"
    );
    let error = file.store().export_json("deep", target.parent().unwrap());
    assert!(matches!(error, Err(StoreError::Unreadable { .. })));
}

#[test]
fn a_conversation_that_was_cut_is_not_trained_on() {
    let file = scratch();
    let writer = file.writer();
    let tracer = Tracer::new(TracerOptions {
        sink: Some(writer.sender()),
        privacy: Privacy {
            max_payload_bytes: Some(100),
            ..Privacy::default()
        },
        ..TracerOptions::default()
    });
    everything(&tracer, "s", 2);
    writer.finish().unwrap();
    let target = file.path.with_extension("jsonl");
    let tuned = file
        .store()
        .export_finetuning(&target, &FineTuning::default())
        .unwrap();
    assert_eq!((tuned.conversations, tuned.cut), (0, 1));
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "");
}
