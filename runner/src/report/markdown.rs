//! Prints reports as tables for a document.

use super::Report;
use super::grids::{self, Grid};
use super::words::{grouped, measures, subject, warnings};
use crate::baselines::Baselines;

/// A section for each report.
pub fn render(reports: &[Report], published: &Baselines) -> String {
    reports
        .iter()
        .map(|report| section(report, published))
        .collect::<Vec<_>>()
        .join("\n")
}

fn section(report: &Report, published: &Baselines) -> String {
    let mut lines = vec![
        format!("## {}", report.model),
        String::new(),
        format!("Run `{}`: {}.", report.experiment_id, subject(report)),
        String::new(),
    ];
    for warning in warnings(report) {
        lines.extend([format!("**{warning}**"), String::new()]);
    }
    lines.extend(["| measure | |", "|---|---|"].map(str::to_owned));
    lines.extend(
        measures(report)
            .iter()
            .map(|(label, value)| format!("| {label} | {value} |")),
    );
    lines.extend(grid(&grids::success_rates(report, published)));
    lines.extend([String::new(), grids::LANDMARKS_NOTE.to_owned()]);
    let unlocks = grids::first_unlocks(report);
    if !unlocks.rows.is_empty() {
        lines.extend(grid(&unlocks));
        lines.extend([String::new(), grids::UNLOCKS_NOTE.to_owned()]);
    }
    for filled in [grids::actions(report), grids::reasons(report)] {
        if !filled.rows.is_empty() {
            lines.extend(grid(&filled));
        }
    }
    lines.extend([
        String::new(),
        "| seed | ending | steps | turns | reward | unlocked |".to_owned(),
        "|---:|---|---:|---:|---:|---:|".to_owned(),
    ]);
    lines.extend(report.episodes.iter().map(|episode| {
        format!(
            "| {} | {} | {} | {} | {:.1} | {} |",
            episode.seed,
            episode.ending,
            grouped(episode.steps),
            grouped(episode.turns),
            episode.reward,
            episode.achievements.len()
        )
    }));
    lines.extend([
        String::new(),
        format!(
            "Means: ± standard error (95 % Student t interval). Crafter score: {}.",
            report.crafter_score.interval
        ),
        String::new(),
    ]);
    lines.join("\n")
}

/// An empty line and a table whose first column is text.
fn grid(grid: &Grid) -> Vec<String> {
    let row = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let numbers = "---:|".repeat(grid.header.len().saturating_sub(1));
    let head = [String::new(), row(&grid.header), format!("|---|{numbers}")];
    head.into_iter()
        .chain(grid.rows.iter().map(|cells| row(cells)))
        .collect()
}
