//! Writes the events of a run as lines of JSON.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::events::{Reporter, Stamped};

/// One line of JSON for each event.
pub struct EventLog {
    out: Box<dyn Write + Send>,
}

impl EventLog {
    /// A log into a file, or to the standard output where the path is `-`. What is in
    /// the file already stays there where the run is continued.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn open(path: &Path, continued: bool) -> anyhow::Result<EventLog> {
        let out: Box<dyn Write + Send> = match path.as_os_str() == "-" {
            true => Box::new(io::stdout()),
            false => {
                let mut options = OpenOptions::new();
                let options = options.create(true).write(true);
                let file = match continued {
                    true => options.append(true),
                    false => options.truncate(true),
                };
                let file = file
                    .open(path)
                    .with_context(|| format!("cannot write events to {}", path.display()))?;
                Box::new(BufWriter::new(file))
            }
        };
        Ok(EventLog { out })
    }
}

impl Reporter for EventLog {
    fn report(&mut self, event: &Stamped) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, event)?;
        self.out.write_all(b"\n")?;
        // A reader follows the file while the run goes on.
        self.out.flush()
    }
}
