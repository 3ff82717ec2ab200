//! Lists what a trace file holds: its runs and its episodes, in a form that is
//! quick to filter.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracer::record::SessionStatus;
use tracer::store::{Store, Table};

use super::runs::Run;
use crate::episode::EpisodeRecord;
use crate::rebuild::Fork;
use crate::report::{self, SoFar};

/// Every run and every session of a trace file.
pub(super) struct Catalog {
    runs: Vec<Run>,
    rows: Vec<Row>,
}

/// An episode in the list, or a session that is none.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    id: String,
    pub(super) run: Option<String>,
    pub(super) model: Option<String>,
    seed: Option<u64>,
    /// How it ended; `running`; for a session that is no episode its status.
    pub(super) ending: String,
    pub(super) complete: bool,
    steps: u64,
    turns: u64,
    pub(super) reward: f64,
    /// What was unlocked, before a fork included.
    pub(super) achievements: Vec<String>,
    /// The step of the parent at which it begins, if it is a fork.
    forked_at: Option<u64>,
    invalid: u64,
    tokens: u64,
    cost: Option<f64>,
    started: String,
    seconds: Option<f64>,
    error: Option<String>,
}

/// Which episodes are wanted, and in what order.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Filter {
    run: Option<String>,
    model: Option<String>,
    ending: Option<String>,
    achievement: Option<String>,
    /// At least so many achievements.
    min: Option<usize>,
    /// At most so many achievements.
    max: Option<usize>,
    seed: Option<u64>,
    sort: Sort,
    descending: bool,
    offset: usize,
    limit: Option<usize>,
}

/// What episodes are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    Started,
    Seed,
    Model,
    Ending,
    Steps,
    Turns,
    Reward,
    Achievements,
    Cost,
}

/// Some of the episodes, and what could be asked for.
#[derive(Debug, Serialize)]
pub(super) struct Page<'a> {
    rows: Vec<&'a Row>,
    /// How many pass the filter.
    total: usize,
    models: BTreeSet<&'a str>,
    endings: BTreeSet<&'a str>,
}

/// Episodes on a page, unless another number is asked for.
const USUAL_LIMIT: usize = 100;
const HIGHEST_LIMIT: usize = 1000;

impl Catalog {
    /// Reads what the file holds. While it is `live`, what has no end yet is running.
    pub(super) fn read(store: &Store, live: bool) -> anyhow::Result<Catalog> {
        let found = store.query(
            "select session_id, experiment_id, status, metadata, created_at, \
             date_diff('millisecond', created_at, ended_at) / 1000.0 \
             from session_traces order by created_at, session_id",
        )?;
        let mut so_far = report::so_far(store)?;
        let mut rows = Vec::with_capacity(found.rows.len());
        for row in &found.rows {
            let [id, run, status, metadata, started, seconds] = &row[..] else {
                continue;
            };
            let id = Table::text(id).into_owned();
            let status = SessionStatus::deserialize(status)?;
            let mut row = Row::new(id, status, metadata);
            row.run = run.as_str().map(ToOwned::to_owned);
            row.started = Table::text(started).into_owned();
            row.seconds = seconds.as_f64();
            if let Some(so_far) = so_far.remove(&row.id) {
                row.came(so_far);
            }
            if live && status == SessionStatus::Running {
                row.runs();
            }
            rows.push(row);
        }
        Ok(Catalog {
            runs: Run::all(store, &rows)?,
            rows,
        })
    }

    /// Every run and every fork, the latest first.
    pub(super) fn runs(&self) -> impl Serialize + '_ {
        &self.runs
    }

    /// How many sessions there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The episodes that pass a filter.
    pub(super) fn page(&self, filter: &Filter) -> Page<'_> {
        let of_run = |row: &&Row| filter.run.is_none() || row.run == filter.run;
        let in_run = || self.rows.iter().filter(of_run);
        let mut rows: Vec<&Row> = in_run().filter(|row| filter.lets(row)).collect();
        rows.sort_by(|a, b| filter.sort.compare(a, b));
        if filter.descending {
            rows.reverse();
        }
        let total = rows.len();
        let limit = filter.limit.unwrap_or(USUAL_LIMIT).min(HIGHEST_LIMIT);
        Page {
            rows: rows.into_iter().skip(filter.offset).take(limit).collect(),
            total,
            models: in_run().filter_map(|row| row.model.as_deref()).collect(),
            endings: in_run().map(|row| row.ending.as_str()).collect(),
        }
    }
}

pub(super) const RUNNING: &str = "running";

impl Row {
    fn new(id: String, status: SessionStatus, metadata: &Value) -> Row {
        let entries = metadata.as_array().into_iter().flatten();
        let entries: Vec<(String, Value)> = entries
            .filter_map(|entry| {
                let name = entry["metadata_type"].as_str()?;
                Some((name.to_owned(), entry["data"].clone()))
            })
            .collect();
        let mut row = Row {
            id,
            run: None,
            model: None,
            seed: None,
            ending: status.name().to_owned(),
            complete: false,
            steps: 0,
            turns: 0,
            reward: 0.0,
            achievements: Vec::new(),
            forked_at: entries
                .iter()
                .find(|(name, _)| name == Fork::METADATA)
                .and_then(|(_, fork)| fork["step"].as_u64()),
            invalid: 0,
            tokens: 0,
            cost: None,
            started: String::new(),
            seconds: None,
            error: None,
        };
        match EpisodeRecord::read(&row.id, status, &entries) {
            Ok(Some(record)) => row.is(&record),
            Ok(None) => {}
            // One session that cannot be read does not hide the others.
            Err(error) => row.error = Some(error.to_string()),
        }
        row
    }

    fn is(&mut self, record: &EpisodeRecord) {
        let results = &record.results;
        self.model = Some(record.config.model.clone());
        self.seed = Some(record.config.seed);
        self.ending = results.ending.name().to_owned();
        self.complete = record.complete;
        self.steps = results.steps;
        self.turns = results.turns;
        self.reward = results.reward;
        self.achievements = results.achievement_counts.keys().cloned().collect();
        self.invalid = results.invalid_actions.iter().map(|it| it.count).sum();
        self.tokens = results.usage.total_tokens;
        self.cost = results.cost;
        self.error = results.error.clone();
    }

    /// It has no end yet, and it may never have one.
    fn came(&mut self, so_far: SoFar) {
        self.steps = so_far.steps;
        self.turns = so_far.turns;
        self.reward = so_far.reward;
        self.invalid = so_far.invalid;
        let names = so_far.unlocks.into_iter().map(|unlock| unlock.achievement);
        self.achievements = names.collect();
        self.tokens = so_far.usage.total_tokens;
        self.cost = so_far.cost;
    }

    fn runs(&mut self) {
        self.ending = RUNNING.to_owned();
        self.error = None;
        self.cost = None;
    }
}

impl Filter {
    fn lets(&self, row: &Row) -> bool {
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
        };
        let count = row.achievements.len();
        is(&self.model, row.model.as_deref())
            && is(&self.ending, Some(&row.ending))
            && self.seed.is_none_or(|seed| row.seed == Some(seed))
            && self.min.is_none_or(|min| count >= min)
            && self.max.is_none_or(|max| count <= max)
            && self
                .achievement
                .as_ref()
                .is_none_or(|it| row.achievements.contains(it))
    }
}

impl Sort {
    /// Rows that are equal stay in the order in which they began.
    fn compare(self, a: &Row, b: &Row) -> Ordering {
        match self {
            Sort::Started => Ordering::Equal,
            Sort::Seed => a.seed.cmp(&b.seed),
            Sort::Model => a.model.cmp(&b.model),
            Sort::Ending => a.ending.cmp(&b.ending),
            Sort::Steps => a.steps.cmp(&b.steps),
            Sort::Turns => a.turns.cmp(&b.turns),
            Sort::Reward => a.reward.total_cmp(&b.reward),
            Sort::Achievements => a.achievements.len().cmp(&b.achievements.len()),
            Sort::Cost => a.cost.unwrap_or(-1.0).total_cmp(&b.cost.unwrap_or(-1.0)),
        }
    }
}
