//! Runs the program as a user does, and looks at what it says, how it exits and
//! what is in the trace file.

mod bad_input;
mod endpoint;
mod exporting;
mod forking;
mod interruption;
mod playing;
mod reading;
mod rebuilding;
mod recording;
mod rendering;
mod tasks;
#[cfg(target_os = "linux")]
mod terminal;
mod viewing;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use tracer::store::Store;

/// A folder of its own for each test, with a trace file in it.
struct Place {
    folder: TempDir,
}

/// What the program said and how it exited.
struct Said {
    out: String,
    err: String,
    code: Option<i32>,
}

impl Place {
    fn new() -> Place {
        Place {
            folder: tempfile::tempdir().expect("a folder for the test"),
        }
    }

    /// A place with one episode of at most so many steps, and its session's id.
    fn with_episode(max_steps: &str) -> (Place, String) {
        let place = Place::new();
        place
            .play(&[
                "--episodes",
                "1",
                "--seed",
                "3",
                "--max-steps",
                max_steps,
                "--quiet",
            ])
            .exited(0);
        let id = place.ask("select session_id from session_traces");
        let id = id.as_str().expect("an id").to_owned();
        (place, id)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn traces(&self) -> PathBuf {
        self.path("traces.duckdb")
    }

    /// The program in this place, without a user's environment, not yet started.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("OPENAI_API_KEY")
            .env_remove("OPENAI_BASE_URL")
            .env("NO_COLOR", "1");
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments)
            .output()
            .expect("the program starts")
            .into()
    }

    /// Plays into this place's trace file.
    fn play(&self, arguments: &[&str]) -> Said {
        let traces = self.traces();
        let traces = traces.to_str().expect("a path in Unicode");
        self.run(&[&["--traces", traces], arguments].concat())
    }

    fn read(&self, command: &str, arguments: &[&str]) -> Said {
        let traces = self.traces();
        let traces = traces.to_str().expect("a path in Unicode");
        self.run(&[&[command, "--traces", traces], arguments].concat())
    }

    /// The only value that a query gives.
    fn ask(&self, sql: &str) -> Value {
        ask(&self.traces(), sql)
    }
}

fn ask(traces: &Path, sql: &str) -> Value {
    let store = Store::open_read_only(traces).expect("a trace file");
    let mut answer = store.query(sql).expect("an answer");
    answer.rows.remove(0).remove(0)
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        Said {
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
            code: output.status.code(),
        }
    }
}

impl Said {
    #[track_caller]
    fn exited(self, code: i32) -> Said {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.out,
            self.err
        );
        self
    }

    /// Checks that the program failed with this code and one sentence that says
    /// all of this.
    #[track_caller]
    fn refused(self, code: i32, fragments: &[&str]) {
        let said = self.exited(code).err;
        for fragment in fragments {
            assert!(said.contains(fragment), "{fragment:?} is not in:\n{said}");
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in:\n{}", self.out))
    }
}
