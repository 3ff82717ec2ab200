//! Prints a report as tables for a terminal.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use console::style;
use env_crafter::Achievement;

use super::Report;
use super::grids::{self, Grid};
use super::words::{self, grouped, measures, subject, warnings};
use crate::baselines::Baselines;

/// Episodes beyond this are not listed one by one.
const LISTED: usize = 50;

/// Episodes beyond this are no columns of the achievement table.
const COLUMNS: usize = 20;

/// How much is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The scores alone.
    Scores,
    /// Episodes, achievements and scores: the end of a run.
    Summary,
    /// All of that, unlock times, invalid actions and published results.
    Full,
}

/// The report in at most `width` columns.
pub fn render(report: &Report, published: &Baselines, detail: Detail, width: u16) -> String {
    let title = format!("{} · run {}", report.model, report.experiment_id);
    let head = format!("{}\n{}", style(title).bold(), style(subject(report)).dim());
    let mut sections = vec![head];
    for warning in warnings(report) {
        sections.push(style(wrapped(&warning, width)).red().bold().to_string());
    }
    if detail != Detail::Scores {
        sections.push(episodes(report, width));
        sections.push(achievements(report, published, width));
        sections.push(
            style(wrapped(grids::LANDMARKS_NOTE, width))
                .dim()
                .to_string(),
        );
    }
    if detail == Detail::Full {
        let unlocks = grids::first_unlocks(report);
        if !unlocks.rows.is_empty() {
            let note = style(wrapped(grids::UNLOCKS_NOTE, width)).dim();
            sections.push(format!("{}\n\n{note}", grid(unlocks, width)));
        }
        let grids = [grids::actions(report), grids::reasons(report)];
        let filled = grids.into_iter().filter(|grid| !grid.rows.is_empty());
        sections.extend(filled.map(|filled| grid(filled, width)));
    }
    sections.push(figures(report, width));
    if detail == Detail::Full {
        sections.push(elsewhere(report, published, width));
    }
    sections.join("\n\n")
}

/// An empty table in the one style there is, of at most `width` columns.
pub fn table(width: u16, header: impl IntoIterator<Item = impl ToString>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    let header: Vec<Cell> = header
        .into_iter()
        .map(|title| Cell::new(title).add_attribute(Attribute::Dim))
        .collect();
    if !header.is_empty() {
        table.set_header(header);
    }
    match console::colors_enabled() {
        true => table.enforce_styling(),
        false => table.force_no_tty(),
    };
    table
}

/// A cell for a number.
pub fn right(content: impl ToString) -> Cell {
    Cell::new(content).set_alignment(CellAlignment::Right)
}

fn episodes(report: &Report, width: u16) -> String {
    let header = ["seed", "ending", "steps", "turns", "reward", "unlocked", ""];
    let mut table = table(width, header);
    let mut before = None;
    for episode in report.episodes.iter().take(LISTED) {
        let remark = match (&episode.error, episode.scored) {
            (Some(error), _) if before == Some(error) => "the same".to_owned(),
            (Some(error), _) => error.clone(),
            (None, true) => String::new(),
            (None, false) => "not scored".to_owned(),
        };
        table.add_row([
            right(episode.seed),
            Cell::new(episode.ending),
            right(grouped(episode.steps)),
            right(grouped(episode.turns)),
            right(format!("{:.1}", episode.reward)),
            right(episode.achievements.len()),
            Cell::new(remark),
        ]);
        before = episode.error.as_ref();
    }
    let mut text = table.trim_fmt();
    if let Some(more) = report
        .episodes
        .len()
        .checked_sub(LISTED)
        .filter(|more| *more > 0)
    {
        text.push_str(&format!(
            "\n  … and {more} more: `runner report --format csv` lists all"
        ));
    }
    text
}

/// Achievements by episode, their rates, and published ones beside them.
fn achievements(report: &Report, published: &Baselines, width: u16) -> String {
    let columns = report.episodes.len().min(COLUMNS);
    let matrix = report.episodes.len() <= COLUMNS && usize::from(width) >= 70 + columns;
    let Grid { mut header, rows } = grids::success_rates(report, published);
    let by_episode = if matrix { "by episode" } else { "" };
    header.insert(1, by_episode.to_owned());

    let mut table = table(width, header);
    for (achievement, cells) in Achievement::ALL.into_iter().zip(rows) {
        let name = achievement.name();
        let rate = report.success_rates.get(name).copied().flatten();
        let marks = report.episodes.iter().map(|episode| {
            if episode.achievements.iter().any(|each| each == name) {
                '●'
            } else {
                '·'
            }
        });
        let tint = match rate {
            Some(rate) if rate > 0.0 => Color::Reset,
            _ => Color::DarkGrey,
        };
        let by_episode = match matrix {
            true => marks.collect(),
            false => rate.map(bar).unwrap_or_default(),
        };
        let mut row = vec![
            Cell::new(name).fg(tint),
            Cell::new(by_episode).fg(Color::Green),
            right(percent_of(rate)).fg(tint),
        ];
        let beside = cells.into_iter().skip(2);
        row.extend(beside.map(|rate| right(rate).add_attribute(Attribute::Dim)));
        table.add_row(row);
    }
    table.trim_fmt()
}

fn percent_of(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.0} %"))
}

/// A rate in percent as a bar of ten blocks.
fn bar(rate: f64) -> String {
    let full = (rate / 10.0).round().clamp(0.0, 10.0) as usize;
    "█".repeat(full) + &"·".repeat(10 - full)
}

fn figures(report: &Report, width: u16) -> String {
    let mut table = table(width, [""; 0]);
    for (label, value) in measures(report) {
        table.add_row([
            Cell::new(label).add_attribute(Attribute::Bold),
            Cell::new(value),
        ]);
    }
    let note = format!(
        "Means: ± standard error (95 % Student t interval). Crafter score: {}.",
        report.crafter_score.interval
    );
    format!("{}\n\n{}", table.trim_fmt(), wrapped(&note, width))
}

fn grid(grid: Grid, width: u16) -> String {
    let mut table = table(width, grid.header);
    for row in grid.rows {
        let cells = row.into_iter().enumerate();
        table.add_row(cells.map(|(place, text)| match place {
            0 => Cell::new(text),
            _ => right(text),
        }));
    }
    table.trim_fmt()
}

/// Published results under their protocols. Not a ranking: the protocols differ
/// from each other and from this run's.
fn elsewhere(report: &Report, published: &Baselines, width: u16) -> String {
    let mut sections = vec![wrapped(
        "Published results. Their protocols differ from this run's and from one another's, so the \
         figures show an order of magnitude, not a ranking.",
        width,
    )];
    for (id, protocol) in &published.protocols {
        let header = ["", "Crafter score", "progress %", "reward", "achievements"];
        let mut table = table(width, header);
        for entry in published
            .entries
            .iter()
            .filter(|entry| entry.protocol == *id)
        {
            table.add_row([
                Cell::new(&entry.name),
                right(words::published(
                    entry.crafter_score,
                    entry.crafter_score_deviation,
                )),
                right(words::published(entry.progress, entry.progress_se)),
                right(words::published(entry.reward, entry.reward_deviation)),
                right(words::published(entry.achievements, None)),
            ]);
        }
        let title = style(&protocol.title).bold();
        let about = wrapped(
            &format!("{}. Source: {}.", protocol.description, protocol.source),
            width,
        );
        sections.push(format!(
            "{title}\n{}\n{}",
            style(about).dim(),
            table.trim_fmt()
        ));
    }
    if let (Some(score), Some(progress)) = (report.crafter_score.value, report.progress.value) {
        sections.push(format!(
            "This run, for the eye: Crafter score {score:.1}, progress {progress:.1} %."
        ));
    }
    sections.join("\n\n")
}

/// `text` broken into lines of at most `width` columns, as cells are.
fn wrapped(text: &str, width: u16) -> String {
    let mut table = table(width, [""; 0]);
    table.add_row([text]);
    table.trim_fmt()
}
