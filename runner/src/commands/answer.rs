//! `runner answer`: one question of the page, in a process that ends in any case.

use std::io;
use std::process;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use tracer::store::{Reach, Store, StoreError};

use crate::args::AnswerArgs;
use crate::exit::{Coded, Exit};
use crate::output;
use crate::view;

/// What the process may take, the gigabyte that the database counts included.
const MEMORY: u64 = 3 << 30;
/// What the database has to notice that its time is up, before the process ends.
const GRACE: Duration = Duration::from_secs(1);

/// Prints the answer as JSON.
pub(super) fn answer(args: &AnswerArgs) -> anyhow::Result<Exit> {
    bound_memory().context("cannot bound the memory of a question")?;
    let mut question = String::new();
    io::stdin().read_line(&mut question)?;
    let question: String = serde_json::from_str(&question)
        .map_err(|error| Coded::usage(format!("no question as a line of JSON: {error}")))?;
    end_with_asker()?;
    let store = match Store::open(&args.file.traces, Reach::Confined) {
        Err(StoreError::Locked { .. }) => Store::open_copy(&args.file.traces, Reach::Confined),
        opened => opened,
    }?;
    let time = Duration::from_secs(args.seconds);
    end_in_time(time)?;
    output::document(&view::answer(&store, &question, time)?.to_string())?;
    Ok(Exit::Done)
}

/// Ends the process when nobody waits for the answer any more.
fn end_with_asker() -> io::Result<()> {
    end_after(|| {
        // What is said after the question is not for this process.
        drop(io::copy(&mut io::stdin().lock(), &mut io::sink()));
    })
}

/// Ends the process when the database did not heed that its time is up.
fn end_in_time(time: Duration) -> io::Result<()> {
    end_after(move || {
        thread::sleep(time + GRACE);
        let seconds = time.as_secs();
        output::note(&format!("error: {}", StoreError::TooLong { seconds }));
    })
}

/// Ends the process at once, in the middle of whatever it does.
fn end_after(wait: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .spawn(|| {
            wait();
            process::abort();
        })
        .map(drop)
}

#[cfg(unix)]
fn bound_memory() -> io::Result<()> {
    use rlimit::Resource;
    // Nothing is to be left of a process that ends amid its work.
    Resource::CORE.set(0, 0)?;
    let (_, most) = Resource::DATA.get()?;
    Resource::DATA.set(MEMORY.min(most), most)
}

#[cfg(not(unix))]
fn bound_memory() -> io::Result<()> {
    Ok(())
}
