//! `runner export`: what a trace file holds, in forms that other programs take.

use anyhow::Context as _;
use tracer::export::{FineTuning, Window};
use tracer::store::{Store, StoreError};

use crate::args::{
    ExportArgs, ExportFormat, FineTuningArgs, HtmlArgs, JsonArgs, ParquetArgs, Selection,
};
use crate::exit::{Coded, Exit};
use crate::output::{self, counted};
use crate::overwrite::{refuse_database, refuse_foreign};
use crate::rebuild::find_session;
use crate::report::{find_run_id, quoted};
use crate::{traces, view};

/// Writes the files, and says which.
pub(super) fn export(args: &ExportArgs) -> anyhow::Result<Exit> {
    match &args.format {
        ExportFormat::Json(args) => json(args),
        ExportFormat::Parquet(args) => parquet(args),
        ExportFormat::Html(args) => html(args),
        ExportFormat::Finetuning(args) => finetuning(args),
    }
}

fn json(args: &JsonArgs) -> anyhow::Result<Exit> {
    refuse_database(&args.out, &args.selection.file.traces)?;
    refuse_foreign(&args.out, "json")?;
    let store = traces::open(&args.selection.file.traces)?;
    let ids = selected(&store, &args.selection)?;
    let progress = output::progress("exporting", ids.len());
    let mut unreadable = Vec::new();
    for id in &ids {
        match store.export_json(id, &args.out) {
            Ok(_) => {}
            Err(error @ StoreError::Unreadable { .. }) => unreadable.push(error),
            Err(error) => return Err(error.into()),
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    let sessions = counted((ids.len() - unreadable.len()) as u64, "session");
    output::line(&format!("{sessions} in {}", args.out.display()))?;
    Ok(left_out(&unreadable))
}

/// Names the sessions that are not in the export, of which the exit code tells too.
fn left_out(unreadable: &[StoreError]) -> Exit {
    for error in unreadable {
        output::note(&format!("warning: left out: {error}"));
    }
    match unreadable.is_empty() {
        true => Exit::Done,
        false => Exit::Traces,
    }
}

fn parquet(args: &ParquetArgs) -> anyhow::Result<Exit> {
    refuse_database(&args.out, &args.file.traces)?;
    refuse_foreign(&args.out, "parquet")?;
    let store = traces::open(&args.file.traces)?;
    let progress = output::spinner("exporting the tables");
    let files = store.export_parquet(&args.out)?;
    progress.finish_and_clear();
    let tables = counted(files.len() as u64 - 1, "table");
    output::line(&format!(
        "{tables} and the view llm_calls in {}",
        args.out.display()
    ))?;
    Ok(Exit::Done)
}

fn html(args: &HtmlArgs) -> anyhow::Result<Exit> {
    let store = traces::open(&args.file.traces)?;
    let id = find_session(&store, &args.episode)?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => format!("episode-{id}.html").into(),
    };
    refuse_database(&out, &args.file.traces)?;
    let page = view::page(&store, &id)?;
    std::fs::write(&out, &page)
        .with_context(|| format!("cannot write the page to {}", out.display()))?;
    let kilobytes = page.len().div_ceil(1000);
    output::line(&format!("{kilobytes} kB in {}", out.display()))?;
    Ok(Exit::Done)
}

fn finetuning(args: &FineTuningArgs) -> anyhow::Result<Exit> {
    refuse_database(&args.out, &args.selection.file.traces)?;
    let store = traces::open(&args.selection.file.traces)?;
    let ids = selected(&store, &args.selection)?;
    let ids: Vec<String> = ids.iter().map(|id| quoted(id)).collect();
    let condition = args.condition.as_deref().unwrap_or("true");
    let what = FineTuning {
        sessions: Some(format!(
            "({condition}\n) and session_id in ({})",
            ids.join(", ")
        )),
        window: args.window.map(|timesteps| Window {
            timesteps: timesteps as usize,
            min_reward: args.min_reward,
        }),
    };
    let progress = output::spinner("exporting conversations");
    let tuned = store.export_finetuning(&args.out, &what)?;
    progress.finish_and_clear();
    let conversations = counted(tuned.conversations, "conversation");
    output::line(&format!("{conversations} in {}", args.out.display()))?;
    if tuned.cut > 0 {
        let cut = counted(tuned.cut, "conversation");
        output::note(&format!(
            "note: {cut} left out, of which tracing.max_payload_bytes cut something off"
        ));
    } else if tuned.conversations == 0 && tuned.unreadable.is_empty() {
        let hint = "note: no session matches, or the players that do talk to no model: \
                    embedded ones have no conversation";
        output::note(hint);
    }
    Ok(left_out(&tuned.unreadable))
}

/// The ids of the sessions of a run or of all, in the order in which they began.
pub(super) fn sessions_of(store: &Store, run: Option<&str>) -> anyhow::Result<Vec<String>> {
    let run = run.map(|run| find_run_id(store, run)).transpose()?;
    let sessions = store.sessions()?.into_iter();
    Ok(sessions
        .filter(|session| run.is_none() || session.experiment_id == run)
        .map(|session| session.session_id)
        .collect())
}

/// The ids of the sessions that were asked for, in the order in which they began.
fn selected(store: &Store, selection: &Selection) -> anyhow::Result<Vec<String>> {
    let mut ids = sessions_of(store, selection.run.as_deref())?;
    if !selection.sessions.is_empty() {
        let wanted: Vec<String> = selection
            .sessions
            .iter()
            .map(|begin| find_session(store, begin))
            .collect::<anyhow::Result<_>>()?;
        ids.retain(|id| wanted.contains(id));
    }
    match ids.is_empty() {
        true => {
            let path = store.path().display();
            Err(Coded::usage(format!("{path} holds no session yet: `runner` plays some")).into())
        }
        false => Ok(ids),
    }
}
