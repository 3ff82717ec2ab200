//! Reads runs and their episodes out of a trace file.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde::Deserialize as _;
use serde_json::Value;
use tracer::record::SessionStatus;
use tracer::store::{Store, Table};

use super::so_far::so_far;
use super::{Latency, Report, RunInfo};
use crate::config::nearest;
use crate::episode::{EpisodeConfig, EpisodeRecord};
use crate::exit::Coded;
use crate::fork;

/// Every run in the file, in the order in which they began. Experiments that
/// are no runs of this program are passed over.
///
/// # Errors
///
/// Where the file cannot be read.
pub fn runs(store: &Store) -> anyhow::Result<Vec<RunInfo>> {
    let found = store.query("select metadata from experiments order by created_at, id")?;
    let infos = found.rows.iter().flatten();
    Ok(infos
        .filter_map(|metadata| RunInfo::deserialize(document(metadata)?).ok())
        .collect())
}

/// The run with this id, or with an id that begins so; without one the last.
///
/// # Errors
///
/// Where there is no such run, or more than one.
pub fn find_run(store: &Store, id: Option<&str>) -> anyhow::Result<RunInfo> {
    let mut runs = runs(store)?;
    let path = store.path().display();
    let Some(id) = id else {
        if let Some(last) = runs.pop() {
            return Ok(last);
        }
        return Err(Coded::usage(match runs_elsewhere(store)?.is_empty() {
            true => format!("{path} holds no run yet: `runner` plays one"),
            false => format!(
                "{path} holds sessions of runs that stayed in the files they were played into: \
                 `runner sessions` lists them"
            ),
        })
        .into());
    };
    if let Some(exact) = runs.iter().position(|run| run.experiment_id == id) {
        return Ok(runs.swap_remove(exact));
    }
    let known: Vec<String> = runs.iter().map(|run| run.experiment_id.clone()).collect();
    let mut begun = runs
        .into_iter()
        .filter(|run| run.experiment_id.starts_with(id));
    match (begun.next(), begun.next()) {
        (Some(run), None) => Ok(run),
        (Some(_), Some(_)) => Err(Coded::usage(format!(
            "{path} holds several runs that begin with {id}: say more of it"
        ))
        .into()),
        (None, _) => {
            let elsewhere = runs_elsewhere(store)?;
            let hint = match nearest(id, &known) {
                _ if fork::find(store, id)?.is_some() => {
                    format!("it is a fork, and `runner report {id}` says what came of it")
                }
                _ if elsewhere.iter().any(|run| run.starts_with(id)) => {
                    "it stayed in the file it was played into, and only sessions of it are here"
                        .to_owned()
                }
                Some(near) => format!("did you mean {near}?"),
                None => "`runner runs` lists them".to_owned(),
            };
            Err(Coded::usage(format!("{path} holds no run {id}: {hint}")).into())
        }
    }
}

/// The whole id of a run or a fork whose sessions are in the file, from how it begins. The
/// run itself may be elsewhere, as where its sessions were imported.
///
/// # Errors
///
/// Where there is no such run, or more than one.
pub fn find_run_id(store: &Store, id: &str) -> anyhow::Result<String> {
    let missing = match find_run(store, Some(id)) {
        Ok(run) => return Ok(run.experiment_id),
        Err(missing) => missing,
    };
    if let Some((_, fork)) = fork::find(store, id)? {
        return Ok(fork.experiment_id);
    }
    let mut elsewhere = runs_elsewhere(store)?;
    elsewhere.retain(|run| run.starts_with(id));
    match (elsewhere.pop(), elsewhere.is_empty()) {
        (Some(run), true) => Ok(run),
        _ => Err(missing),
    }
}

/// The ids of runs of which sessions are in the file, but not the run.
fn runs_elsewhere(store: &Store) -> anyhow::Result<Vec<String>> {
    let found = store.query(
        "select distinct experiment_id from session_traces \
         where experiment_id is not null and experiment_id not in (select id from experiments) \
         order by experiment_id",
    )?;
    let ids = found.rows.iter().flatten();
    Ok(ids.map(|id| Table::text(id).into_owned()).collect())
}

/// Every session of a run that is an episode, in the order in which they began. What is
/// still being played, as the file of a run that goes on has it, is none yet.
///
/// # Errors
///
/// Where the file cannot be read, or a session says of itself what this version
/// does not understand.
pub fn sessions(store: &Store, run: &RunInfo) -> anyhow::Result<Vec<EpisodeRecord>> {
    Ok(played(store, run)?.0)
}

/// The episodes of a run that are over, and those that are being played.
fn played(
    store: &Store,
    run: &RunInfo,
) -> anyhow::Result<(Vec<EpisodeRecord>, BTreeSet<EpisodeConfig>)> {
    let found = store.query(&format!(
        "select session_id, status, metadata from session_traces where experiment_id = {} \
         order by created_at, session_id",
        quoted(&run.experiment_id)
    ))?;
    let mut so_far = so_far(store)?;
    let (mut records, mut under_way) = (Vec::new(), BTreeSet::new());
    for row in &found.rows {
        let [id, status, metadata] = &row[..] else {
            continue;
        };
        let id = Table::text(id);
        let status = SessionStatus::deserialize(status)?;
        let metadata = document(metadata);
        let entries = metadata.iter().filter_map(Value::as_array).flatten();
        let entries: Vec<(String, Value)> = entries
            .filter_map(|entry| {
                Some((
                    entry["metadata_type"].as_str()?.to_owned(),
                    entry["data"].clone(),
                ))
            })
            .collect();
        let mut record = EpisodeRecord::read(&id, status, &entries).with_context(|| {
            format!("session {id} of {} cannot be read", store.path().display())
        })?;
        if status == SessionStatus::Running && store.copied_at().is_some() {
            under_way.extend(record.map(|record| record.config));
            continue;
        }
        if let (Some(record), Some(so_far)) = (&mut record, so_far.remove(&*id)) {
            so_far.fill(&mut record.results);
        }
        records.extend(record);
    }
    Ok((records, under_way))
}

/// One record for each episode: of several attempts the complete one, else the
/// last.
pub fn episodes(sessions: Vec<EpisodeRecord>) -> Vec<EpisodeRecord> {
    let mut kept = BTreeMap::<EpisodeConfig, EpisodeRecord>::new();
    for record in sessions {
        if kept
            .get(&record.config)
            .is_none_or(|before| !before.complete)
        {
            kept.insert(record.config.clone(), record);
        }
    }
    kept.into_values().collect()
}

/// The reports of a run, one for each model, in the order of the configuration.
///
/// # Errors
///
/// Where the file cannot be read, or no episode was begun.
pub fn load(store: &Store, run: &RunInfo, include_failures: bool) -> anyhow::Result<Vec<Report>> {
    let (sessions, under_way) = played(store, run)?;
    let mut by_model = BTreeMap::<String, Vec<EpisodeRecord>>::new();
    for record in episodes(sessions) {
        by_model
            .entry(record.config.model.clone())
            .or_default()
            .push(record);
    }
    if by_model.is_empty() {
        let id = &run.experiment_id;
        let message = match store.copied_at() {
            Some(_) => format!("no episode of run {id} is over yet: wait for the first"),
            None => format!("run {id} has no episodes yet: `runner resume {id}` plays them"),
        };
        return Err(Coded::usage(message).into());
    }
    let mut latencies = latencies(store, run)?;
    let mixed = run.mixed()?;
    let models = run.models().into_iter();
    Ok(models
        .filter_map(|model| {
            let records = by_model.remove(model)?;
            let latency = latencies.remove(model).unwrap_or_default();
            let report = Report::new(run, model, records, latency, include_failures);
            let report = match under_way.is_empty() {
                true => report,
                false => {
                    report.with_under_way(under_way.iter().filter(|config| config.model == model))
                }
            };
            Some(Report {
                mixed: mixed.clone(),
                ..report
            })
        })
        .collect())
}

fn latencies(store: &Store, run: &RunInfo) -> anyhow::Result<BTreeMap<String, Latency>> {
    let found = store.query(&format!(
        "select model_name, quantile_cont(latency_ms, 0.5), quantile_cont(latency_ms, 0.9), \
         quantile_cont(latency_ms, 0.95), quantile_cont(latency_ms, 0.99) \
         from events join session_traces using (session_id) \
         where experiment_id = {} and event_type = 'cais' and model_name is not null \
         group by model_name",
        quoted(&run.experiment_id)
    ))?;
    Ok(found
        .rows
        .iter()
        .map(|row| {
            let at = |column: usize| row.get(column).and_then(Value::as_f64);
            let latency = Latency {
                p50: at(1),
                p90: at(2),
                p95: at(3),
                p99: at(4),
            };
            (Table::text(&row[0]).into_owned(), latency)
        })
        .collect())
}

/// A JSON column's value, which is a document or the text of one.
pub(crate) fn document(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        document => Some(document.clone()),
    }
}

/// A string as SQL writes it.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
