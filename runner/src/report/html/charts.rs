//! Draws the charts of the page as SVG. Colors come from the page's style.

use env_crafter::Achievement;

use super::escaped;
use crate::baselines::{Baselines, LANDMARKS};
use crate::report::Report;
use crate::report::words::grouped;
use crate::statistics::Interval;

/// How many colors there are; further reports begin again with the first.
pub(super) const COLORS: usize = 6;

const WIDTH: f64 = 880.0;

/// The marks of the first landmarks in the chart of success rates, and their labels.
const MARKS: [(&str, &str); 3] = [
    ("human", "people"),
    ("random", "random play"),
    ("llm", "Grok-4 in BALROG"),
];

/// A bar for each achievement and report, with published rates as marks.
pub(super) fn success_rates(reports: &[Report], published: &Baselines) -> String {
    let (left, right, top) = (150.0, 50.0, 34.0);
    let bar = 12.0;
    let row = bar * reports.len() as f64 + 10.0;
    let x = |rate: f64| left + (WIDTH - left - right) * rate / 100.0;
    let bottom = top + row * Achievement::ALL.len() as f64;

    let mut drawn = axis(
        [0.0, 25.0, 50.0, 75.0, 100.0].map(|rate| (x(rate), format!("{rate:.0} %"))),
        top,
        bottom,
    );
    for achievement in Achievement::ALL {
        let y = top + row * achievement as usize as f64;
        drawn.push_str(&text(
            left - 10.0,
            y + row / 2.0 + 4.0,
            "end",
            "",
            achievement.name(),
        ));
        for (place, report) in reports.iter().enumerate() {
            let rate = report.success_rates.get(achievement.name());
            let Some(rate) = rate.copied().flatten() else {
                continue;
            };
            let y = y + 5.0 + bar * place as f64;
            let width = (x(rate) - left).max(1.0);
            drawn.push_str(&format!(
                "<rect class=\"bar c{}\" x=\"{left}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"2\">\
                 <title>{}: {rate:.0} %</title></rect>",
                place % COLORS, bar - 2.0, escaped(&report.model),
            ));
            let interval = report.success_rate_intervals.get(achievement.name());
            if let Some(Some(Interval { low, high })) = interval {
                drawn.push_str(&format!(
                    "<path class=\"whisker\" d=\"M{:.1} {:.1}H{:.1}\"/>",
                    x(*low),
                    y + bar / 2.0 - 1.0,
                    x(*high),
                ));
            }
        }
    }
    for (place, (landmark, (class, label))) in LANDMARKS.iter().zip(MARKS).enumerate() {
        let at = left + 160.0 * place as f64;
        drawn.push_str(&mark(class, at + 6.0, 4.0, 12.0));
        drawn.push_str(&text(at + 16.0, 14.0, "start", "dim", label));
        let Some(rates) = published.rates(landmark) else {
            continue;
        };
        for achievement in Achievement::ALL {
            let y = top + row * achievement as usize as f64 + 2.0;
            drawn.push_str(&mark(class, x(rates[achievement as usize]), y, row - 4.0));
        }
    }
    svg(bottom + 24.0, "Success rate of each achievement", &drawn)
}

/// The mean number of achievements after each step, over every episode.
pub(super) fn over_steps(reports: &[Report]) -> String {
    let (left, right, top, height) = (40.0, 20.0, 12.0, 300.0);
    let scored = || {
        reports
            .iter()
            .flat_map(|report| &report.episodes)
            .filter(|each| each.scored)
    };
    let last = scored()
        .map(|each| each.steps)
        .max()
        .unwrap_or_default()
        .max(1);
    let most = scored()
        .map(|each| each.achievements.len())
        .max()
        .unwrap_or_default()
        .max(1);
    let x = |step: f64| left + (WIDTH - left - right) * step / last as f64;
    let y = |count: f64| top + height * (1.0 - count / most as f64);

    let steps = (0..=4).map(|quarter| last as f64 * f64::from(quarter) / 4.0);
    let mut drawn = axis(
        steps.map(|step| (x(step), grouped(step as u64))),
        top,
        top + height,
    );
    for count in (0..=most).step_by(most.div_ceil(6)) {
        drawn.push_str(&text(
            left - 8.0,
            y(count as f64) + 4.0,
            "end",
            "dim",
            &count.to_string(),
        ));
    }
    for (place, report) in reports.iter().enumerate() {
        let scored: Vec<_> = report.episodes.iter().filter(|each| each.scored).collect();
        for episode in &scored {
            let curve = staircase(
                episode.unlock_steps.iter().map(|step| (*step, 1.0)),
                episode.steps,
            );
            drawn.push_str(&path("faint", place, &curve, x, y));
        }
        let share = 1.0 / scored.len().max(1) as f64;
        let mut unlocks: Vec<u64> = scored
            .iter()
            .flat_map(|each| each.unlock_steps.iter().copied())
            .collect();
        unlocks.sort_unstable();
        let curve = staircase(unlocks.into_iter().map(|step| (step, share)), last);
        drawn.push_str(&path("curve", place, &curve, x, y));
    }
    svg(top + height + 24.0, "Achievements over steps", &drawn)
}

/// A dot for each episode, stacked where they unlocked equally many.
pub(super) fn spread(reports: &[Report]) -> String {
    let (left, right, top) = (20.0, 20.0, 8.0);
    let x = |count: f64| left + (WIDTH - left - right) * count / Achievement::ALL.len() as f64;
    let counts_of = |report: &Report| {
        let mut stacks = [0usize; Achievement::ALL.len() + 1];
        let scored = report.episodes.iter().filter(|each| each.scored);
        scored.for_each(|each| stacks[each.achievements.len().min(22)] += 1);
        stacks
    };
    let tallest = reports
        .iter()
        .flat_map(counts_of)
        .max()
        .unwrap_or_default()
        .max(1);
    // Dots shrink where hundreds of episodes would pile up.
    let size = (160.0 / tallest as f64).clamp(1.5, 12.0);
    let row = size * tallest as f64 + 26.0;
    let bottom = top + row * reports.len() as f64;

    let ticks = (0..=22)
        .step_by(2)
        .map(|count| (x(f64::from(count)), count.to_string()));
    let mut drawn = axis(ticks, top, bottom);
    for (place, report) in reports.iter().enumerate() {
        let floor = top + row * (place + 1) as f64 - 14.0;
        for (count, stack) in counts_of(report).into_iter().enumerate() {
            for dot in 0..stack {
                drawn.push_str(&format!(
                    "<circle class=\"dot c{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\"/>",
                    place % COLORS,
                    x(count as f64),
                    floor - size * (dot as f64 + 0.5),
                    size * 0.45,
                ));
            }
        }
        let mean = &report.achievements_per_episode;
        let ends = mean
            .low
            .zip(mean.high)
            .unwrap_or((mean.value.unwrap_or(0.0), mean.value.unwrap_or(0.0)));
        let line = |x1: f64, y1: f64, x2: f64, y2: f64| {
            format!(
                "<line class=\"mean c{}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>",
                place % COLORS
            )
        };
        // An interval may leave what there can be; the axis does not.
        let ends = (ends.0.max(0.0), ends.1.min(Achievement::ALL.len() as f64));
        if let Some(value) = mean.value {
            drawn.push_str(&line(x(ends.0), floor + 7.0, x(ends.1), floor + 7.0));
            drawn.push_str(&line(x(value), floor + 2.0, x(value), floor + 12.0));
        }
    }
    svg(bottom + 24.0, "Episodes by number of achievements", &drawn)
}

/// The corners of a curve that climbs by so much at each step, up to `last`.
fn staircase(climbs: impl Iterator<Item = (u64, f64)>, last: u64) -> Vec<(f64, f64)> {
    let mut corners = vec![(0.0, 0.0)];
    let mut height = 0.0;
    for (step, climb) in climbs {
        corners.push((step as f64, height));
        height += climb;
        corners.push((step as f64, height));
    }
    corners.push((last as f64, height));
    corners
}

fn path(
    class: &str,
    place: usize,
    corners: &[(f64, f64)],
    x: impl Fn(f64) -> f64,
    y: impl Fn(f64) -> f64,
) -> String {
    let points: Vec<String> = corners
        .iter()
        .map(|corner| format!("{:.1},{:.1}", x(corner.0), y(corner.1)))
        .collect();
    format!(
        "<polyline class=\"{class} c{}\" points=\"{}\"/>",
        place % COLORS,
        points.join(" ")
    )
}

/// Vertical lines from `top` to `bottom` with labels below.
fn axis(ticks: impl IntoIterator<Item = (f64, String)>, top: f64, bottom: f64) -> String {
    ticks
        .into_iter()
        .map(|(x, label)| {
            format!(
                "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>{}",
                text(x, bottom + 16.0, "middle", "dim", &label)
            )
        })
        .collect()
}

fn mark(class: &str, x: f64, y: f64, height: f64) -> String {
    format!("<path class=\"mark {class}\" d=\"M{x:.1} {y:.1}v{height:.1}\"/>")
}

fn text(x: f64, y: f64, anchor: &str, class: &str, content: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>",
        escaped(content)
    )
}

fn svg(height: f64, label: &str, drawn: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{label}\">{drawn}</svg>"
    )
}
