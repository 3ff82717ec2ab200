//! Prints reports as one self-contained page with charts: no script, no font,
//! no image from elsewhere, readable in light and dark.

mod charts;

use env_crafter::Achievement;

use super::Report;
use super::grids::{self, Grid};
use super::words::{self, interval, measures, number, subject, warnings};
use crate::baselines::Baselines;

const STYLE: &str = include_str!("style.css");

/// The page. Reports are told apart by color, in their order.
pub fn render(reports: &[Report], published: &Baselines) -> String {
    let models: Vec<&str> = reports.iter().map(|report| report.model.as_str()).collect();
    let title = escaped(&format!("Crafter: {}", models.join(", ")));
    let cards: String = reports
        .iter()
        .enumerate()
        .map(|(i, each)| card(i, each))
        .collect();
    let details: String = reports
        .iter()
        .map(|each| details(each, published))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title>\n<style>\n{STYLE}</style></head>\n<body><main>\n\
         <h1>{title}</h1>\n<div class=\"cards\">{cards}</div>\n\
         {drawn}\n{details}\n{elsewhere}\n<footer>{note}</footer>\n</main></body></html>\n",
        drawn = drawn(reports, published),
        elsewhere = elsewhere(published),
        note = reports
            .first()
            .map(|each| escaped(each.crafter_score.interval))
            .unwrap_or_default(),
    )
}

/// The charts, where there is an episode to draw.
fn drawn(reports: &[Report], published: &Baselines) -> String {
    if reports.iter().all(|report| report.scored_episodes == 0) {
        return "<section><p>No episode was played to an end of its own yet, so there is nothing \
                to draw.</p></section>"
            .to_owned();
    }
    let legend = legend(reports);
    format!(
        "<section><h2>Success rates</h2><p>The share of episodes in which each achievement was \
         unlocked, with its 95 % interval, beside published rates. People, random play and BALROG \
         follow protocols of their own: read them as landmarks, not as a ranking.</p>{legend}\n{}\
         </section>\n\
         <section><h2>Achievements over steps</h2><p>How many achievements an episode has after so \
         many steps: the mean in bold, each episode faintly. An episode that is over keeps in the \
         mean what it had.</p>{legend}\n{}</section>\n\
         <section><h2>The spread over episodes</h2><p>Each dot is an episode, placed by what it \
         unlocked; the line is the mean with its 95 % interval.</p>{legend}\n{}</section>",
        charts::success_rates(reports, published),
        charts::over_steps(reports),
        charts::spread(reports),
    )
}

/// Which color is whose, where there are several.
fn legend(reports: &[Report]) -> String {
    if reports.len() < 2 {
        return String::new();
    }
    let name = |(place, report): (usize, &Report)| {
        let (color, name) = (place % charts::COLORS, escaped(&report.model));
        format!("<li class=\"c{color}\">{name}</li>")
    };
    let names: String = reports.iter().enumerate().map(name).collect();
    format!("<ul class=\"legend\">{names}</ul>")
}

fn card(place: usize, report: &Report) -> String {
    let figure = |label: &str, value: String, below: Option<String>| {
        let below = below.unwrap_or_default();
        format!("<div><dt>{label}</dt><dd>{value}<small>{below}</small></dd></div>")
    };
    let score = &report.crafter_score;
    let (progress, reward) = (&report.progress, &report.reward);
    format!(
        "<article class=\"c{}\"><h2>{}</h2><p>{}</p>{}<dl>{}{}{}</dl></article>",
        place % charts::COLORS,
        escaped(&report.model),
        escaped(&subject(report)),
        warnings(report)
            .iter()
            .map(|warning| format!("<p><strong>{}</strong></p>", escaped(warning)))
            .collect::<String>(),
        figure(
            "Crafter score",
            number(score.value, 1),
            interval(score.low, score.high, 1)
        ),
        figure(
            "progress",
            match progress.value {
                Some(value) => format!("{value:.1} %"),
                None => "–".to_owned(),
            },
            interval(progress.low, progress.high, 1)
        ),
        figure(
            "reward",
            number(reward.value, 2),
            interval(reward.low, reward.high, 2)
        ),
    )
}

fn details(report: &Report, published: &Baselines) -> String {
    let row = |label: &str, value: &str| format!("<tr><th>{label}</th><td>{value}</td></tr>");
    let rows: String = measures(report)
        .iter()
        .map(|(label, value)| row(label, &escaped(value)))
        .collect();
    let episodes: String = report
        .episodes
        .iter()
        .map(|episode| {
            format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.1}</td><td>{}</td><td>{}</td></tr>",
                episode.seed,
                episode.ending,
                episode.steps,
                episode.turns,
                episode.reward,
                episode.achievements.len(),
                escaped(&episode.achievements.join(", ")),
            )
        })
        .collect();
    let tables = [
        (
            "Success rates",
            grids::LANDMARKS_NOTE,
            grids::success_rates(report, published),
        ),
        (
            "Time to first unlock",
            grids::UNLOCKS_NOTE,
            grids::first_unlocks(report),
        ),
        ("Actions without effect", "", grids::actions(report)),
        ("Why actions had no effect", "", grids::reasons(report)),
    ];
    let tables: String = tables
        .iter()
        .filter(|(_, _, grid)| !grid.rows.is_empty())
        .map(|(title, note, table)| {
            format!(
                "<details><summary>{title}</summary><p>{note}</p>{}</details>",
                grid(table)
            )
        })
        .collect();
    format!(
        "<section><h2>{}</h2><p>Run <code>{}</code></p><table class=\"measures\">{rows}</table>\
         {tables}<details><summary>Episodes</summary><div class=\"scroll\"><table><tr><th>seed</th>\
         <th>ending</th><th>steps</th><th>turns</th><th>reward</th><th>unlocked</th>\
         <th>in this order</th></tr>{episodes}</table></div></details></section>",
        escaped(&report.model),
        escaped(&report.experiment_id),
    )
}

/// Published results, each protocol by itself.
fn elsewhere(published: &Baselines) -> String {
    let protocols = published.protocols.iter().map(|(id, protocol)| {
        let entries = published.entries.iter().filter(|entry| entry.protocol == *id);
        let rows: String = entries
            .map(|entry| {
                format!(
                    "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                    escaped(&entry.name),
                    words::published(entry.crafter_score, entry.crafter_score_deviation),
                    words::published(entry.progress, entry.progress_se),
                    words::published(entry.reward, entry.reward_deviation),
                    words::published(entry.achievements, None),
                )
            })
            .collect();
        format!(
            "<h3>{}</h3><p>{}. <span>Source: {}.</span></p><div class=\"scroll\"><table><tr><th></th>\
             <th>Crafter score</th><th>progress %</th><th>reward</th><th>achievements</th></tr>{rows}\
             </table></div>",
            escaped(&protocol.title),
            escaped(&protocol.description),
            escaped(&protocol.source),
        )
    });
    format!(
        "<section><details><summary>Published results and where they come from</summary>{}\
         <h3>Success rates by achievement</h3><p>In percent, of every published result that tells \
         them.</p>{}</details></section>",
        protocols.collect::<String>(),
        grid(&published_rates(published)),
    )
}

/// Every published result that tells how often each achievement was unlocked.
fn published_rates(published: &Baselines) -> Grid {
    let header = std::iter::once(String::new());
    let rows = published.entries.iter().filter_map(|entry| {
        let protocol = &published.protocols.get(&entry.protocol)?.title;
        let name = std::iter::once(format!("{}, {protocol}", entry.name));
        Some(
            name.chain(entry.rates()?.map(|rate| number(Some(rate), 0)))
                .collect(),
        )
    });
    Grid {
        header: header
            .chain(Achievement::ALL.map(|each| each.name().to_owned()))
            .collect(),
        rows: rows.collect(),
    }
}

fn grid(grid: &Grid) -> String {
    let cells = |cells: &[String], tag: &str| -> String {
        let each = |cell: &String| format!("<{tag}>{}</{tag}>", escaped(cell));
        cells.iter().map(each).collect()
    };
    let rows = grid
        .rows
        .iter()
        .map(|row| format!("<tr>{}</tr>", cells(row, "td")));
    format!(
        "<div class=\"scroll\"><table class=\"numbers\"><tr>{}</tr>{}</table></div>",
        cells(&grid.header, "th"),
        rows.collect::<String>()
    )
}

/// Text as HTML wants it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
