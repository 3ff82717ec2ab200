//! Sessions to write, and files to write them to.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;
use tracer::record::{
    CaisEvent, EnvironmentEvent, HookResult, LlmAttempt, LlmCallRecord, LlmToolCall, RuntimeEvent,
    SessionEventMessage, SessionStatus, SessionTrace, Usage,
};
use tracer::{SessionOptions, Store, Tracer, TracerOptions, Writer, WriterOptions, WriterReport};

/// A folder of its own for each test, with the path of a trace file that is not there yet.
pub(crate) struct Scratch {
    folder: TempDir,
    pub(crate) path: PathBuf,
}

pub(crate) fn scratch() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.duckdb");
    Scratch { folder, path }
}

impl Scratch {
    pub(crate) fn writer(&self) -> Writer {
        Writer::open(&self.path, WriterOptions::default()).unwrap()
    }

    pub(crate) fn store(&self) -> Store {
        Store::open_read_only(&self.path).unwrap()
    }

    /// Records with `record` into the file and closes it.
    pub(crate) fn record<T>(&self, record: impl FnOnce(&Tracer) -> T) -> (T, WriterReport) {
        let writer = self.writer();
        let made = record(&tracer(&writer));
        (made, writer.finish().unwrap())
    }

    /// A message without the path of the folder, which differs every time.
    pub(crate) fn without_folder(&self, message: &str) -> String {
        message.replace(self.folder.path().to_str().unwrap(), "FOLDER")
    }

    /// The only row of a query, as JSON.
    pub(crate) fn row(&self, sql: &str) -> serde_json::Value {
        let objects = self.store().query(sql).unwrap().to_objects();
        assert_eq!(objects.len(), 1, "{sql}");
        objects[0].clone().into()
    }
}

pub(crate) fn tracer(writer: &Writer) -> Tracer {
    Tracer::new(TracerOptions {
        sink: Some(writer.sender()),
        ..TracerOptions::default()
    })
}

/// A session that uses every field there is, and values that are easily lost.
pub(crate) fn everything(tracer: &Tracer, id: &str, turns: u64) -> SessionTrace {
    let session = tracer
        .start_session(SessionOptions {
            id: Some(id.to_owned()),
            metadata: [(
                "episode_config".to_owned(),
                json!({"seed": u64::MAX, "noise": 0.1}),
            )]
            .into_iter()
            .collect(),
            experiment_id: Some("experiment-1".to_owned()),
        })
        .unwrap();
    session
        .record_event(RuntimeEvent::new("outside of any timestep"))
        .unwrap();
    for turn in 0..turns {
        let step = session.timestep(turn).unwrap();
        step.add_metadata(
            "note",
            json!({"text": "line\nbreak, \"quotes\", \u{1f43b}, \u{0}"}),
        )
        .unwrap();
        session
            .add_message(SessionEventMessage::new(
                "observation",
                "environment",
                "llm_agent",
                json!({"health": 9}),
            ))
            .unwrap();
        session.record_event(model_call(turn)).unwrap();
        let mut validated = RuntimeEvent::new("runtime");
        validated.actions = vec![json!("move_left"), json!({"id": 5, "weight": 1e300})];
        session.record_event(validated).unwrap();
        let event = session.record_event(world_step(turn)).unwrap();
        session
            .track_reward("achievement", 0.1 + 0.2, Some("collect_wood"))
            .unwrap();
        assert!(event.0 > 0);
    }
    session
        .add_metadata(
            "episode_results",
            json!({"reward": 0.1 + 0.2, "unlocked": []}),
        )
        .unwrap();
    session.end_blocking(SessionStatus::Completed).unwrap()
}

pub(crate) fn model_call(turn: u64) -> CaisEvent {
    let mut event = CaisEvent::new("llm_agent");
    event.base.system_state_before = json!({"args": {"observation": "tree"}});
    event.base.system_state_after = json!({"result": ["move_left"]});
    event
        .base
        .metadata
        .insert("duration_ms".to_owned(), json!(1.25));
    event.model_name = Some("gpt-4o-mini".to_owned());
    event.provider = Some("openai".to_owned());
    event.prompt_tokens = Some(1000 + turn);
    event.completion_tokens = Some(100);
    event.total_tokens = Some(1100 + turn);
    event.cached_tokens = Some(500);
    event.reasoning_tokens = Some(40);
    event.cost = Some(0.000_123_456_789_012_3);
    event.latency_ms = Some(250.5 + turn as f64);
    event.span_id = Some("span".to_owned());
    event.trace_id = Some("trace".to_owned());
    event.llm_call_records = vec![LlmCallRecord {
        model_name: Some("gpt-4o-mini".to_owned()),
        request: json!({"messages": [
            {"role": "system", "content": "play, as is said in every turn ".repeat(9)},
            {"role": "user", "content": format!("observation {turn}")},
        ], "odd": {"$part": 0}})
        .into(),
        response: json!({"choices": [{"message": {"role": "assistant", "content": "left"}}]}),
        output_text: Some("left".to_owned()),
        tool_calls: vec![LlmToolCall {
            id: Some("call_1".to_owned()),
            name: "interact".to_owned(),
            arguments: "{\"actions\":[\"move_left\"".to_owned(),
        }],
        finish_reason: Some("tool_calls".to_owned()),
        usage: Usage {
            prompt_tokens: Some(1000),
            ..Usage::default()
        },
        latency_ms: Some(0.1),
        failed_attempts: vec![LlmAttempt {
            error: "overloaded".to_owned(),
            status: Some(529),
            waited_ms: 1.5,
        }],
        ..LlmCallRecord::default()
    }];
    event
}

pub(crate) fn world_step(turn: u64) -> EnvironmentEvent {
    let mut event = EnvironmentEvent::new("environment");
    event.reward = Some(0.1);
    event.terminated = turn == 2;
    event.truncated = turn == 1;
    event.observation_diff = json!({"wood": [0, 1]});
    event.base.event_metadata = vec![HookResult {
        hook_name: "easy_achievement".to_owned(),
        code: 'E',
        priority: 3,
        description: "collected wood".to_owned(),
        data: json!({"achievements": ["collect_wood"]}),
    }];
    event
}
