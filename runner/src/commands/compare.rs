//! `runner compare`: runs or models side by side, paired by seed.

use std::collections::BTreeMap;

use env_crafter::AchievementSet;
use serde::{Serialize, Serializer};
use tracer::store::Store;

use crate::args::CompareArgs;
use crate::config::{self, Change, Decides};
use crate::episode::EpisodeRecord;
use crate::exit::{Coded, Exit};
use crate::output::{self, counted};
use crate::report::text::{right, table};
use crate::report::words::signed;
use crate::report::{self, Estimate, RunInfo};
use crate::statistics::{
    FEWEST_PAIRS, Interval, Paired, Stopping, crafter_score, progress, success_rates,
};
use crate::traces;

/// One model's scored episodes in one run.
struct Side {
    run: RunInfo,
    model: String,
    unlocked: BTreeMap<u64, AchievementSet>,
}

impl Side {
    fn name(&self) -> String {
        format!("{}:{}", self.run.experiment_id, self.model)
    }
}

/// Two sides compared on the seeds that both have played.
#[derive(Serialize)]
struct Comparison<'a> {
    #[serde(serialize_with = "by_name")]
    left: &'a Side,
    #[serde(serialize_with = "by_name")]
    right: &'a Side,
    /// Seeds that both have finished.
    pairs: usize,
    /// Seeds that only one side has played, left out.
    unpaired: usize,
    /// What decided that there are so many pairs, and with that, which interval holds.
    stopping: Stopping,
    /// What differs between the runs beside models and seeds: a caveat.
    settings: Vec<String>,
    #[serde(skip)]
    paired: Paired,
    progress: Estimate,
    crafter_score: Difference,
    more_to_decide: Option<u64>,
    decided: bool,
    rankings_agree: bool,
}

/// A difference that has no standard error.
#[derive(Serialize)]
struct Difference {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
}

fn by_name<S: Serializer>(side: &Side, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&side.name())
}

/// Compares every pair of the sides that were named.
pub(super) fn compare(args: &CompareArgs) -> anyhow::Result<Exit> {
    let store = traces::open(&args.file.traces)?;
    let sides = sides(&store, &args.ids)?;
    let names: Vec<String> = sides.iter().map(Side::name).collect();
    if let Some((place, twice)) = (1..)
        .zip(&names)
        .find(|(place, name)| names[*place..].contains(name))
    {
        return Err(Coded::usage(format!(
            "{twice} is named twice, the first time as number {place}: nothing differs from itself"
        ))
        .into());
    }
    if sides.len() < 2 {
        return Err(Coded::usage(format!(
            "there is only {} to compare: name two runs, or RUN:MODEL for one model of a run; \
             `runner runs` lists them",
            names.join("")
        ))
        .into());
    }
    let comparisons = comparisons(&sides)?;
    match args.json {
        true => output::json(&comparisons)?,
        false => output::line(&printed(&sides, &comparisons))?,
    }
    Ok(Exit::Done)
}

/// The models of one run side by side, if there are two with a seed in common.
pub(super) fn within(store: &Store, run: &RunInfo) -> anyhow::Result<Option<String>> {
    let sides = sides_of(store, run, None)?;
    let comparisons = comparisons(&sides);
    Ok(comparisons
        .ok()
        .filter(|comparisons| !comparisons.is_empty())
        .map(|comparisons| printed(&sides, &comparisons)))
}

fn comparisons(sides: &[Side]) -> anyhow::Result<Vec<Comparison<'_>>> {
    let pairs = sides
        .iter()
        .enumerate()
        .flat_map(|(place, left)| sides[place + 1..].iter().map(move |right| (left, right)));
    pairs.map(|(left, right)| comparison(left, right)).collect()
}

/// The sides named by runs, models, or `RUN:MODEL`; those of the last run where
/// nothing was named.
fn sides(store: &Store, ids: &[String]) -> anyhow::Result<Vec<Side>> {
    if ids.is_empty() {
        return sides_of(store, &report::find_run(store, None)?, None);
    }
    let mut sides = Vec::new();
    for id in ids {
        // Names of models hold colons too, so the part before the first one is a
        // run only if there is such a run.
        let (run, model) = match (report::find_run(store, Some(id)), id.split_once(':')) {
            (Ok(run), _) => (run, None),
            (Err(_), Some((run, model))) if report::find_run(store, Some(run)).is_ok() => {
                (report::find_run(store, Some(run))?, Some(model))
            }
            (Err(unknown), _) => match last_run_of(store, id)? {
                Some(run) => (run, Some(id.as_str())),
                None => return Err(unknown),
            },
        };
        sides.extend(sides_of(store, &run, model)?);
    }
    Ok(sides)
}

fn last_run_of(store: &Store, model: &str) -> anyhow::Result<Option<RunInfo>> {
    let plays = |run: &RunInfo| run.models().contains(&model);
    Ok(report::runs(store)?.into_iter().rfind(plays))
}

fn sides_of(store: &Store, run: &RunInfo, model: Option<&str>) -> anyhow::Result<Vec<Side>> {
    let models = run.models();
    if let Some(model) = model.filter(|model| !models.contains(model)) {
        let (id, models) = (&run.experiment_id, models.join(", "));
        return Err(Coded::usage(format!("{model} did not play in run {id}: {models} did")).into());
    }
    let episodes = report::episodes(report::sessions(store, run)?);
    let side = |name: &str| {
        let scored = episodes
            .iter()
            .filter(|each| each.complete && each.config.model == name);
        Side {
            run: run.clone(),
            model: name.to_owned(),
            unlocked: scored
                .map(|each: &EpisodeRecord| (each.config.seed, each.unlocked()))
                .collect(),
        }
    };
    Ok(models
        .into_iter()
        .filter(|name| model.is_none_or(|model| model == *name))
        .map(side)
        .collect())
}

fn comparison<'a>(left: &'a Side, right: &'a Side) -> anyhow::Result<Comparison<'a>> {
    let pairs: Vec<_> = left
        .unlocked
        .iter()
        .filter_map(|(seed, set)| Some((*set, *right.unlocked.get(seed)?)))
        .collect();
    let stopping = match (left.run.stopping(), right.run.stopping()) {
        (Stopping::Planned, Stopping::Planned) => Stopping::Planned,
        _ => Stopping::OnceDecided,
    };
    let paired = Paired::of(&pairs, stopping).ok_or_else(|| {
        let (left, right) = (left.name(), right.name());
        Coded::usage(format!(
            "{left} and {right} have no finished episode on the same seed"
        ))
    })?;
    Ok(Comparison {
        left,
        right,
        pairs: pairs.len(),
        unpaired: left.unlocked.len() + right.unlocked.len() - 2 * pairs.len(),
        stopping,
        settings: differences(&left.run, &right.run)?,
        progress: Estimate {
            value: Some(paired.progress.value),
            se: paired.progress.se,
            low: paired.progress_interval.map(|interval| interval.low),
            high: paired.progress_interval.map(|interval| interval.high),
        },
        crafter_score: Difference {
            value: paired.score,
            low: paired.score_interval.map(|interval| interval.low),
            high: paired.score_interval.map(|interval| interval.high),
        },
        more_to_decide: paired.more_to_decide,
        decided: paired.decided(),
        rankings_agree: paired.rankings_agree(),
        paired,
    })
}

/// What differs between the runs that decides about results, beside the models and
/// the seeds: every key of the configuration that does, the program, and what changed
/// within a run.
fn differences(left: &RunInfo, right: &RunInfo) -> anyhow::Result<Vec<String>> {
    if left.experiment_id == right.experiment_id {
        return Ok(left.mixed()?);
    }
    let changes = config::changes(&left.config, &right.config)?;
    let matters = |change: &&Change| {
        matches!(change.decides(), Decides::Play | Decides::Place) || change.key == "run.tasks"
    };
    let mut differences: Vec<String> = changes
        .iter()
        .filter(matters)
        .map(Change::side_by_side)
        .collect();
    let (l, r) = (left.program(), right.program());
    if l != r {
        differences.push(format!("program: {l} and {r}"));
    }
    for run in [left, right] {
        let within = |change| format!("{} is mixed: {change}", run.experiment_id);
        differences.extend(run.mixed()?.into_iter().map(within));
    }
    Ok(differences)
}

fn printed(sides: &[Side], comparisons: &[Comparison<'_>]) -> String {
    let labels = Labels::of(sides);
    let mut all = table(
        output::width(),
        ["", "episodes", "Crafter score", "progress %"],
    );
    for side in sides {
        let unlocked: Vec<AchievementSet> = side.unlocked.values().copied().collect();
        let share = progress(&unlocked).map(|mean| format!("{:.1}", mean.value));
        let score = crafter_score(&success_rates(&unlocked));
        let score = share.as_ref().map(|_| format!("{score:.1}"));
        all.add_row([
            labels.label(side).into(),
            right(unlocked.len()),
            right(score.unwrap_or_else(|| "–".to_owned())),
            right(share.unwrap_or_else(|| "–".to_owned())),
        ]);
    }
    let mut sections = vec![all.trim_fmt()];
    sections.extend(comparisons.iter().map(|each| section(each, labels)));
    if comparisons.len() > 1 {
        sections.push(format!(
            "{} comparisons, each with an interval of 95 % of its own: the more there are, the \
             likelier one is decided by chance.",
            comparisons.len()
        ));
    }
    sections.join("\n\n")
}

/// What sides are called where all are seen together: by what they do not share.
#[derive(Clone, Copy)]
enum Labels {
    Models,
    Runs,
    Both,
}

impl Labels {
    fn of(sides: &[Side]) -> Labels {
        let shared = |what: fn(&Side) -> &str| {
            sides
                .windows(2)
                .all(|pair| what(&pair[0]) == what(&pair[1]))
        };
        match (
            shared(|side| &side.run.experiment_id),
            shared(|side| &side.model),
        ) {
            (true, _) => Labels::Models,
            (false, true) => Labels::Runs,
            (false, false) => Labels::Both,
        }
    }

    fn label(self, side: &Side) -> String {
        match self {
            Labels::Models => side.model.clone(),
            Labels::Runs => side.run.experiment_id.clone(),
            Labels::Both => side.name(),
        }
    }
}

fn section(comparison: &Comparison<'_>, labels: Labels) -> String {
    let Comparison {
        pairs,
        unpaired,
        paired,
        ..
    } = comparison;
    let (left, right) = (
        labels.label(comparison.left),
        labels.label(comparison.right),
    );
    let interval = |interval: &Option<Interval>| match interval {
        Some(interval) => format!(
            "95 % interval {} to {}",
            signed(interval.low, 1),
            signed(interval.high, 1)
        ),
        None => "no interval from so few".to_owned(),
    };
    let mut lines = vec![
        format!(
            "{left} minus {right}, on {} that both played ({unpaired} left out)",
            counted(*pairs as u64, "seed")
        ),
        format!(
            "  progress      {} points, {}",
            signed(paired.progress.value, 1),
            interval(&paired.progress_interval)
        ),
        format!(
            "  Crafter score {} points, {}",
            signed(paired.score, 1),
            interval(&paired.score_interval)
        ),
    ];
    let ahead = if paired.progress.value > 0.0 {
        left
    } else {
        right
    };
    lines.push(match (comparison.decided, paired.more_to_decide) {
        (true, _) => format!("  decided: {ahead} makes more progress"),
        (false, Some(more)) if *pairs < FEWEST_PAIRS => format!(
            "  not decided: fewer than {FEWEST_PAIRS} seeds decide nothing; {} would, if the \
             difference stays",
            counted(more, "more seed")
        ),
        (false, Some(more)) => format!(
            "  not decided: about {} would, if the difference stays",
            counted(more, "more seed")
        ),
        (false, None) => "  not decided, and nothing to extrapolate from".to_owned(),
    });
    if comparison.stopping == Stopping::OnceDecided {
        lines.push(
            "  seeds were added until it was decided, so the interval of progress is wider: it \
             allows for having been looked at at any time"
                .to_owned(),
        );
    }
    lines.push(match comparison.rankings_agree {
        true if paired.progress.value == 0.0 => {
            "  neither score nor progress ranks one before the other".to_owned()
        }
        true => "  score and progress rank them the same way".to_owned(),
        false if paired.progress.value == 0.0 => {
            "  the score ranks one before the other, progress does not".to_owned()
        }
        false => "  score and progress do not rank them the same way".to_owned(),
    });
    let settings = comparison.settings.iter();
    lines.extend(settings.map(|each| format!("  caveat: {each}")));
    lines.join("\n")
}
