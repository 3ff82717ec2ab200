//! Lays out the tables that every printed form of a report has, as rows of text.

use env_crafter::Achievement;

use super::Report;
use super::words::{grouped, interval, number};
use crate::baselines::{Baselines, LANDMARKS};
use crate::statistics::Interval;

/// A table: a name to the left, numbers beside it.
pub(super) struct Grid {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// What the published columns of [`success_rates`] are, which has to be said beside them.
pub(super) const LANDMARKS_NOTE: &str = "Beside this model's rates stand published ones, in \
     percent: people, random play, and two language models in BALROG's text track. Each follows a \
     protocol of its own, so they are landmarks and no ranking.";

/// What the medians of [`first_unlocks`] are of.
pub(super) const UNLOCKS_NOTE: &str = "Medians over the episodes that unlocked it, with the 95 % \
     interval that order statistics give from six episodes on.";

/// The rate of each achievement, and published ones beside it.
pub(super) fn success_rates(report: &Report, published: &Baselines) -> Grid {
    let landmarks = LANDMARKS.map(|landmark| published.rates(&landmark));
    let rows = Achievement::ALL.map(|achievement| {
        let rate = report.success_rates.get(achievement.name());
        let mut row = vec![
            achievement.name().to_owned(),
            number(rate.copied().flatten(), 0),
            match report.success_rate_intervals.get(achievement.name()) {
                Some(Some(Interval { low, high })) => format!("{low:.0}–{high:.0}"),
                _ => "–".to_owned(),
            },
        ];
        let beside = landmarks.map(|rates| rates.map(|all| all[achievement as usize]));
        row.extend(beside.map(|rate| number(rate, 0)));
        row
    });
    let mut header = ["achievement", "rate", "95 %"].map(str::to_owned).to_vec();
    header.extend(LANDMARKS.map(|landmark| landmark.label.to_owned()));
    Grid {
        header,
        rows: rows.to_vec(),
    }
}

/// When achievements were first unlocked: those that were.
pub(super) fn first_unlocks(report: &Report) -> Grid {
    let unlocked = Achievement::ALL.into_iter().filter_map(|achievement| {
        let unlock = report.first_unlocks.get(achievement.name())?;
        Some(vec![
            achievement.name().to_owned(),
            unlock.episodes.to_string(),
            number(Some(unlock.median_step), 0),
            interval(unlock.step_low, unlock.step_high, 0).unwrap_or_else(|| "–".to_owned()),
            number(Some(unlock.median_turn), 0),
        ])
    });
    Grid {
        header: [
            "first unlock",
            "episodes",
            "median step",
            "95 % interval",
            "median turn",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: unlocked.collect(),
    }
}

/// Actions, and how many of them had no effect.
pub(super) fn actions(report: &Report) -> Grid {
    let actions = report.invalid_actions.by_action.iter();
    let rows = actions.map(|(name, figures)| {
        let share = 100.0 * figures.invalid as f64 / figures.executed.max(1) as f64;
        vec![
            name.clone(),
            grouped(figures.executed),
            grouped(figures.invalid),
            number(Some(share), 1),
        ]
    });
    Grid {
        header: ["action", "executed", "without effect", "%"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    }
}

/// Why actions had no effect.
pub(super) fn reasons(report: &Report) -> Grid {
    let reasons = report.invalid_actions.by_reason.iter();
    Grid {
        header: ["why without effect", "times"].map(str::to_owned).to_vec(),
        rows: reasons
            .map(|(reason, times)| vec![reason.clone(), grouped(*times)])
            .collect(),
    }
}
