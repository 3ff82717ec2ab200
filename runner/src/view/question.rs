//! Has questions in SQL answered by processes of their own.
//!
//! The database looks at the time between the steps of a question: a single function that
//! builds gigabytes of text cannot be interrupted, and takes memory that is not counted.
//! A process can be bounded in memory and ended, and whatever happens to it, the page is
//! still served. It ends by itself when its time is up (`runner answer`), and with
//! whoever asked.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tracer::store::{AskLimits, Store};

use crate::exit::{Coded, Exit};

/// How long a question may take, in seconds.
const SECONDS: &str = "10";
/// So many questions are answered at once, and others wait.
const AT_ONCE: usize = 2;

/// What of an answer is shown.
const SHOWN: AskLimits = AskLimits {
    rows: 1000,
    time: Duration::ZERO,
    text: 100_000,
    bytes: 8_000_000,
};

/// Where questions in SQL are asked.
#[derive(Clone)]
pub(super) struct Desk {
    traces: PathBuf,
    program: PathBuf,
    room: Arc<Semaphore>,
}

impl Desk {
    /// For questions about a trace file.
    ///
    /// # Errors
    ///
    /// Where this program's own file is not known.
    pub(super) fn new(traces: &Path) -> anyhow::Result<Desk> {
        let program = match cfg!(target_os = "linux") {
            // This program also after its file was replaced.
            true => PathBuf::from("/proc/self/exe"),
            false => std::env::current_exe().context("this program's own file is not known")?,
        };
        Ok(Desk {
            traces: traces.to_owned(),
            program,
            room: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// The answer as JSON. Dropping the future ends the question.
    ///
    /// # Errors
    ///
    /// Where it is no question, takes too long or too much memory, or the file cannot be
    /// read.
    pub(super) async fn ask(&self, question: &str) -> anyhow::Result<Vec<u8>> {
        let _room = self.room.acquire().await?;
        let mut process = Command::new(&self.program)
            .args(["answer", "--seconds", SECONDS, "--traces"])
            .arg(&self.traces)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a process for the question")?;
        // Held until there is an answer: the process ends when it is let go.
        let mut leash = process.stdin.take().context("no way to ask")?;
        let line = format!("{}\n", json!(question));
        // One that has ended already says why.
        drop(leash.write_all(line.as_bytes()).await);
        let ended = process.wait_with_output().await;
        drop(leash);
        let ended = ended.context("no answer can be read")?;
        match ended.status.success() {
            true => Ok(ended.stdout),
            false => Err(refusal(ended.status, &ended.stderr)),
        }
    }
}

/// Why a process gave no answer.
fn refusal(status: ExitStatus, said: &[u8]) -> anyhow::Error {
    let said = String::from_utf8_lossy(said);
    let said = said.trim().trim_start_matches("error: ");
    match status.code() {
        Some(code) if code != Exit::Usage as i32 => anyhow::anyhow!("{said}"),
        _ if said.is_empty() => Coded::usage("the question took too much: ask for less").into(),
        _ => Coded::usage(said).into(),
    }
}

/// The answer to a question, as the page takes it.
///
/// # Errors
///
/// As [`Store::ask`].
pub fn answer(store: &Store, question: &str, time: Duration) -> anyhow::Result<Value> {
    let answer = store.ask(question, AskLimits { time, ..SHOWN })?;
    let columns = answer.table.columns.iter();
    Ok(json!({
        "columns": columns
            .map(|column| json!({ "name": column.name, "numeric": column.is_numeric }))
            .collect::<Vec<_>>(),
        "rows": answer.table.rows,
        "cut": answer.cut,
    }))
}
