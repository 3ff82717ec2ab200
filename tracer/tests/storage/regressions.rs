//! Defects of an earlier tracer that must not come back, each named after what it guards.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;

use duckdb::Connection;
use serde_json::{Value, json};
use tracer::export::{FineTuning, Window};
use tracer::record::{CaisEvent, RuntimeEvent, SessionStatus, now};
use tracer::store::{Experiment, SystemVersion};
use tracer::{Conflict, SessionOptions, Store, StoreError, TimeRange, import, trace_json};

use crate::sample::{everything, model_call, scratch, tracer};

/// A session whose middle event the database cannot take: it has no such number.
fn with_a_bad_row(tracer: &tracer::Tracer) {
    let options = SessionOptions {
        id: Some("s".to_owned()),
        ..SessionOptions::default()
    };
    let session = tracer.start_session(options).unwrap();
    session.record_event(RuntimeEvent::new("before")).unwrap();
    let mut bad = CaisEvent::new("bad");
    bad.total_tokens = Some(u64::MAX);
    session.record_event(bad).unwrap();
    session.record_event(RuntimeEvent::new("after")).unwrap();
    let error = session.end_blocking(SessionStatus::Completed).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("session s was recorded, but not saved"),
        "{error}"
    );
}

#[test]
fn a_bad_row_is_reported_and_takes_no_other_with_it() {
    let file = scratch();
    let writer = file.writer();
    with_a_bad_row(&tracer(&writer));
    let Err(StoreError::SetAside { records, aside, .. }) = writer.finish() else {
        panic!("the bad row is not reported");
    };
    assert_eq!(records, 1);
    assert!(
        fs::read_to_string(&aside[0])
            .unwrap()
            .contains("18446744073709551615")
    );
    let row = file.row("select status, num_events from session_traces");
    assert_eq!(row, json!({"status": "completed", "num_events": 2}));
}

#[test]
fn a_session_can_be_written_again_after_a_row_failed() {
    let file = scratch();
    let writer = file.writer();
    with_a_bad_row(&tracer(&writer));
    writer.finish().unwrap_err();

    let (trace, _) = scratch().record(|tracer| everything(tracer, "s", 2));
    let json = file.path.with_extension("json");
    fs::write(&json, trace_json::write(&trace).unwrap()).unwrap();
    for _ in 0..2 {
        import(&file.path, &json, Conflict::Replace).unwrap();
        assert_eq!(file.store().session_trace("s").unwrap(), trace);
    }
    assert_eq!(
        file.row("select count(*) as n from session_traces"),
        json!({"n": 1})
    );
    assert_eq!(
        file.row("select count(*) as n from events"),
        json!({"n": 7})
    );
}

#[test]
fn costs_are_stored_unrounded_and_not_multiplied_by_messages() {
    let file = scratch();
    let cost = 0.000_123_456_789_012_3;
    file.record(|tracer| {
        let session = tracer.start_session(SessionOptions::default()).unwrap();
        session.record_event(model_call(0)).unwrap();
        for _ in 0..5 {
            session
                .add_message(tracer::record::SessionEventMessage::new(
                    "note", "a", "b", "text",
                ))
                .unwrap();
        }
        session.end_blocking(SessionStatus::Completed).unwrap();
    });
    assert_eq!(file.store().sessions().unwrap()[0].total_cost, Some(cost));
    assert_eq!(
        file.store().usage(TimeRange::default()).unwrap()[0].cost,
        Some(cost)
    );
    assert_eq!(
        file.store()
            .expensive_calls(TimeRange::default(), 9)
            .unwrap()[0]
            .cost,
        cost
    );
}

#[test]
fn an_experiment_is_linked_and_its_systems_are_registered_once() {
    let file = scratch();
    let experiment = |id: &str| Experiment {
        id: id.to_owned(),
        name: "models compared".to_owned(),
        description: None,
        created_at: now(),
        metadata: json!({"episodes": 10}),
        systems: vec![SystemVersion {
            name: "react_agent".to_owned(),
            commit: Some("abc".to_owned()),
            ..SystemVersion::default()
        }],
    };
    for id in ["experiment-1", "experiment-1", "experiment-2"] {
        let writer = file.writer();
        writer.register(&experiment(id)).unwrap();
        everything(&tracer(&writer), id, 1);
        writer.finish().unwrap();
    }
    let store = file.store();
    let experiments = store.experiments().unwrap();
    assert_eq!(experiments.len(), 2);
    assert_eq!(experiments[0].session_count, 2);
    assert_eq!(experiments[0].total_tokens, Some(2200));
    assert_eq!(
        store.experiment_systems("experiment-2").unwrap()[0].name,
        "react_agent"
    );
    assert_eq!(
        file.row("select count(*) as n from systems"),
        json!({"n": 1})
    );
    assert_eq!(
        file.row("select count(*) as n from system_versions"),
        json!({"n": 1})
    );
}

#[test]
fn events_know_their_timestep_their_turn_and_their_own_time() {
    let file = scratch();
    let (trace, _) = file.record(|tracer| everything(tracer, "s", 3));
    let rows = file
        .store()
        .query(
            "select e.seq, t.step_id, t.turn_number, e.event_time
             from events e left join session_timesteps t on t.id = e.timestep_id order by e.seq",
        )
        .unwrap()
        .to_objects();
    for (row, event) in rows.iter().zip(&trace.event_history) {
        let time = event.record.base().time_record.event_time;
        assert_eq!(row["step_id"], json!(event.step_id));
        assert_eq!(
            row["event_time"],
            json!(time.strftime("%Y-%m-%d %H:%M:%S%.f").to_string())
        );
    }
    assert_eq!(rows[0]["step_id"], Value::Null);
    assert_eq!(rows[1]["turn_number"], json!(0), "turn 0 is a turn");
}

#[test]
fn json_columns_hold_json() {
    let file = scratch();
    file.record(|tracer| everything(tracer, "s", 2));
    let row =
        file.row("select data from hook_results where hook_name = 'easy_achievement' limit 1");
    assert_eq!(row, json!({"data": {"achievements": ["collect_wood"]}}));
    for (column, kind) in [
        ("actions", "runtime"),
        ("observation_diff", "environment"),
        ("llm_call_records", "cais"),
    ] {
        let sql = format!(
            "select count(*) as n from events where event_type = '{kind}' and json_valid({column})
             and timestep_id is not null"
        );
        assert_eq!(file.row(&sql), json!({"n": 2}), "{column}");
    }
}

#[test]
fn a_large_session_keeps_its_token_counts() {
    let file = scratch();
    let (trace, _) = file.record(|tracer| everything(tracer, "s", 2000));
    assert_eq!(file.store().session_trace("s").unwrap(), trace);
    let usage = &file.store().usage(TimeRange::default()).unwrap()[0];
    assert_eq!(usage.call_count, 2000);
    assert_eq!(usage.completion_tokens, Some(200_000));
}

#[test]
fn fine_tuning_data_comes_out_whole_by_window_by_reward_and_by_achievement() {
    let file = scratch();
    file.record(|tracer| everything(tracer, "s", 5));
    let target = file.path.with_extension("jsonl");
    let export = |store: &Store, what: FineTuning| -> Vec<Value> {
        let count = store
            .export_finetuning(&target, &what)
            .unwrap()
            .conversations;
        let lines = fs::read_to_string(&target).unwrap();
        let lines: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len() as u64, count);
        lines
    };
    let store = file.store();
    let whole = export(&store, FineTuning::default());
    let roles: Vec<&str> = whole[0]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles[..3], ["system", "user", "assistant"]);
    assert_eq!(roles.len(), 1 + 5 * 2);

    let window = |timesteps, min_reward| FineTuning {
        window: Some(Window {
            timesteps,
            min_reward,
        }),
        ..FineTuning::default()
    };
    assert_eq!(export(&store, window(2, 0.0)).len(), 3);
    assert_eq!(
        export(&store, window(2, 0.2)).len(),
        2,
        "the last window has one step of 0.1"
    );
    assert_eq!(export(&store, window(2, 9.0)).len(), 0);

    let sessions = |condition: &str| FineTuning {
        sessions: Some(condition.to_owned()),
        ..FineTuning::default()
    };
    assert_eq!(
        export(
            &store,
            sessions("total_reward > 0.4 and num_hook_results = 5")
        )
        .len(),
        1
    );
    assert_eq!(export(&store, sessions("total_reward > 0.6")).len(), 0);
    let unlocked = |achievement: &str| {
        let hook = "select session_id from hook_results where list_contains(
                        cast(data -> 'achievements' as varchar[]), ";
        sessions(&format!("session_id in ({hook} '{achievement}'))"))
    };
    assert_eq!(export(&store, unlocked("collect_wood")).len(), 1);
    assert_eq!(export(&store, unlocked("collect_diamond")).len(), 0);
}

#[test]
fn a_session_without_rewards_is_not_trained_on_by_reward() {
    let file = scratch();
    file.record(|tracer| {
        let session = tracer.start_session(SessionOptions::default()).unwrap();
        let step = session.timestep(0).unwrap();
        session.record_event(model_call(0)).unwrap();
        drop(step);
        session.end_blocking(SessionStatus::Completed).unwrap();
    });
    let target = file.path.with_extension("jsonl");
    for what in [
        FineTuning {
            sessions: Some("total_reward >= -1".to_owned()),
            window: None,
        },
        FineTuning {
            sessions: None,
            window: Some(Window {
                timesteps: 3,
                min_reward: -1.0,
            }),
        },
    ] {
        let tuned = file.store().export_finetuning(&target, &what).unwrap();
        assert_eq!(tuned.conversations, 0);
    }
}

#[test]
fn a_session_whose_process_was_killed_does_not_read_as_running() {
    let file = scratch();
    let (_, _) = file.record(|tracer| everything(tracer, "s", 1));
    Connection::open(&file.path)
        .unwrap()
        .execute_batch("update session_traces set status = 'running', ended_at = null")
        .unwrap();
    let store = file.store();
    assert_eq!(
        store.session_trace("s").unwrap().status,
        SessionStatus::Abandoned
    );
    assert_eq!(store.sessions().unwrap()[0].status, "abandoned");
    assert_eq!(store.session_summary("s").unwrap().status, "abandoned");
}
