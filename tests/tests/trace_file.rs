//! The trace file among processes: locked, killed, out of room.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tracer::record::now;
use tracer::store::{Reach, StoreError};
use tracer::{Conflict, Store, Writer, WriterOptions};

const TRACE_WRITER: &str = env!("CARGO_BIN_EXE_trace-writer");

/// A writer in a process of its own.
struct Victim {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Victim {
    /// Starts it and waits until it has the file open.
    fn start(path: &Path, work: [&str; 5]) -> Self {
        let mut child = writer(path, work).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { child, output }
    }

    /// Lets it end by itself.
    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }

    /// Kills it without warning. Gives the timesteps that it said were completed:
    /// session, turn and time.
    fn kill(mut self) -> Vec<(String, u64, i64)> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut said = String::new();
        self.output.read_to_string(&mut said).unwrap();
        said.lines()
            .filter_map(|line| {
                let mut words = line.split(' ');
                Some((
                    words.next()?.to_owned(),
                    words.next()?.parse().ok()?,
                    words.next()?.parse().ok()?,
                ))
            })
            .collect()
    }
}

/// A writer that is to do this: the name of its sessions, their number, the turns of each,
/// the bytes of an event, and the milliseconds between turns.
fn writer(path: &Path, work: [&str; 5]) -> Command {
    let mut command = Command::new(TRACE_WRITER);
    command.arg(path).args(work);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn scratch() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.duckdb");
    (folder, path)
}

/// The rows of a query, as JSON objects.
fn query(path: &Path, sql: &str) -> Vec<Value> {
    let table = Store::open_read_only(path).unwrap().query(sql).unwrap();
    table.to_objects().into_iter().map(Value::from).collect()
}

/// Fails if any count differs from what is there, or anything is there twice.
fn assert_sound(path: &Path) {
    let broken = query(
        path,
        "select session_id from session_traces s
         where num_timesteps <> (select count(*) from session_timesteps t where t.session_id = s.session_id)
            or num_events <> (select count(*) from events e where e.session_id = s.session_id)
            or num_messages <> (select count(*) from messages m where m.session_id = s.session_id)
         union all
         select session_id from session_timesteps t
         where num_events <> (select count(*) from events e where e.timestep_id = t.id)
            or num_messages <> (select count(*) from messages m where m.timestep_id = t.id)
         union all
         select session_id from
             (select session_id, seq from events union all select session_id, seq from messages
              union all select session_id, seq from session_timesteps)
         group by session_id, seq having count(*) > 1
         union all
         select session_id from events
         where timestep_id not in (select id from session_timesteps)",
    );
    assert_eq!(broken, Vec::<Value>::new());
}

#[test]
fn a_file_that_another_process_writes_is_refused_by_name_and_number() {
    let (_folder, path) = scratch();
    let other = Victim::start(&path, ["none", "0", "0", "0", "0"]);
    let holder = format!("(PID {})", other.child.id());
    for error in [
        Writer::open(&path, WriterOptions::default()).err().unwrap(),
        Store::open_read_only(&path).err().unwrap(),
    ] {
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("{} is in use by ", path.display())),
            "{message}"
        );
        assert!(message.contains(&holder), "{message}");
        assert!(
            message.ends_with(": wait until it ends, or name another file"),
            "{message}"
        );
    }
    other.kill();
    Writer::open(&path, WriterOptions::default())
        .unwrap()
        .finish()
        .unwrap();
}

#[test]
fn a_file_that_another_process_writes_can_be_read_in_a_copy() {
    let (_folder, path) = scratch();
    let other = Victim::start(&path, ["busy", "2", "1000000", "3000", "1"]);
    let mut earlier = 0;
    for _ in 0..3 {
        let begun = now();
        let copy = loop {
            match Store::open_copy(&path, Reach::Alone) {
                Ok(copy) => break copy,
                // Before the first commit there is nothing in it.
                Err(StoreError::NotTraces { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(copy.path(), path);
        assert!(copy.copied_at().is_some_and(|time| time >= begun));
        let turns = copy.query("select count(*) from session_timesteps");
        let turns = turns.unwrap().rows[0][0].as_u64().unwrap();
        assert!(turns >= earlier);
        earlier = turns;
        std::thread::sleep(Duration::from_millis(300));
    }
    assert!(earlier > 0);
    other.kill();
    assert!(Store::open_read_only(&path).unwrap().copied_at().is_none());
}

#[test]
fn without_room_the_records_are_kept_beside_the_file_and_imported_once() {
    let (folder, path) = scratch();
    // No file may grow beyond two megabytes (in blocks of 512 bytes), and there are three of
    // records, so that the file beside the database has room for what the database has not.
    let limited = r#"trap "" XFSZ; ulimit -f 4096; exec "$@""#;
    let mut command = Command::new("sh");
    command.args(["-c", limited, "sh", TRACE_WRITER]).arg(&path);
    command.args(["session", "2", "100", "5000", "10"]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{message}");
    assert!(
        message.starts_with(&format!("error: {} could not be written (", path.display())),
        "{message}"
    );

    let mut asides: Vec<PathBuf> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(".unsaved.jsonl"))
        .collect();
    assert_eq!(asides.len(), 1, "{message}");
    let aside = asides.remove(0);
    assert!(
        message.contains(&format!(" records are kept in {}", aside.display())),
        "{message}"
    );
    assert_sound(&path);

    for _ in 0..2 {
        tracer::import(&path, &aside, Conflict::Refuse).unwrap();
        assert_sound(&path);
        assert_eq!(
            query(
                &path,
                "select session_id, status, num_events, num_messages from session_summary order by all"
            ),
            ["session-0", "session-1"].map(|id| json!({
                "session_id": id, "status": "completed", "num_events": 300, "num_messages": 100,
            })),
        );
    }
}

/// Kills writers at random moments, one after the other on one file, as a run that is
/// killed and resumed again and again.
#[test]
fn a_killed_writer_loses_no_timestep_older_than_the_flush_interval() {
    /// For a machine that has other things to do: it may hold up the commit, and it may run
    /// the victim on between the clock's reading and the kill. An idle one needs 20 ms of it.
    const MARGIN: Duration = Duration::from_millis(500);
    let bound = WriterOptions::default().flush_interval + MARGIN;
    let (_folder, path) = scratch();
    for round in 0..20_u64 {
        // 2,000 records a second are far from what would make the writer fall behind.
        let name = format!("round-{round}");
        let victim = Victim::start(&path, [&name, "4", "1000000", "300", "10"]);
        std::thread::sleep(Duration::from_millis(50 + random_below(400)));
        let killed_at = now().as_microsecond();
        let completed = victim.kill();
        assert_sound(&path);
        let there = last_turns(&path);
        let lost = completed
            .iter()
            .filter(|(session, turn, _)| there.get(session).is_none_or(|last| turn > last))
            .map(|(_, _, at)| killed_at - at)
            .max()
            .unwrap_or_default();
        let lost = Duration::from_micros(u64::try_from(lost).unwrap_or_default());
        assert!(lost < bound, "lost {lost:?} of work, more than {bound:?}");
    }
    Victim::start(&path, ["last", "1", "5", "300", "0"]).end();
    assert_sound(&path);
    assert_eq!(
        query(
            &path,
            "select session_id like 'last%' as is_last, status from session_traces
             group by all order by all",
        ),
        [
            json!({"is_last": false, "status": "abandoned"}),
            json!({"is_last": true, "status": "completed"}),
        ]
    );
}

/// As fast as it goes, so that commits are large, the queue is full and checkpoints happen.
#[test]
fn a_writer_that_is_killed_at_full_speed_leaves_a_sound_file() {
    let (_folder, path) = scratch();
    for round in 0..8_u64 {
        let name = format!("round-{round}");
        let victim = Victim::start(&path, [&name, "4", "1000000", "3000", "0"]);
        std::thread::sleep(Duration::from_millis(100 + random_below(900)));
        assert!(!victim.kill().is_empty());
        assert_sound(&path);
    }
}

/// The last completed turn of each session.
fn last_turns(path: &Path) -> BTreeMap<String, u64> {
    let rows = query(
        path,
        "select session_id, max(turn_number) as turn from session_timesteps
         where completed_at is not null group by session_id",
    );
    rows.into_iter()
        .map(|row| {
            let session = row["session_id"].as_str().unwrap().to_owned();
            (session, row["turn"].as_u64().unwrap())
        })
        .collect()
}

/// A number below `limit`, another one in every process.
fn random_below(limit: u64) -> u64 {
    RandomState::new().hash_one("moment") % limit
}
