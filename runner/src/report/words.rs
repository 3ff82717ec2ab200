//! Words and numbers as every printed form of a report writes them.

use std::time::Duration;

use super::{Estimate, Report, Score};
use crate::output::counted;
use crate::play::HUMAN;

/// `value`, or a dash where it is unknown.
pub(super) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| plain(value, decimals))
}

/// A number that is never `-0.0`.
fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(zero) if !zero.contains(|digit| matches!(digit, '1'..='9')) => zero.to_owned(),
        _ => text,
    }
}

/// `45.0 ± 3.1 (38.0 to 52.0)`, as far as it is known.
pub(super) fn estimate(estimate: &Estimate, decimals: usize) -> String {
    let mut text = number(estimate.value, decimals);
    if let Some(se) = estimate.se {
        text.push_str(&format!(" ± {se:.decimals$}"));
    }
    text + &parenthesized(estimate.low, estimate.high, decimals)
}

/// `23.4 (18.2 to 26.0)`, as far as it is known.
pub(super) fn score(score: &Score) -> String {
    number(score.value, 1) + &parenthesized(score.low, score.high, 1)
}

fn parenthesized(low: Option<f64>, high: Option<f64>, decimals: usize) -> String {
    match interval(low, high, decimals) {
        Some(interval) => format!(" ({interval})"),
        None => String::new(),
    }
}

/// `18.2 to 26.0`, if it is known.
pub(super) fn interval(low: Option<f64>, high: Option<f64>, decimals: usize) -> Option<String> {
    let (low, high) = low.zip(high)?;
    Some(format!(
        "{} to {}",
        plain(low, decimals),
        plain(high, decimals)
    ))
}

/// A published figure, with its deviation where there is one: `35.15`, `27.3 ± 1.2`, or
/// nothing. Not rounded again: it has the digits of its publication, and at least one
/// behind the point.
pub(super) fn published(value: Option<f64>, deviation: Option<f64>) -> String {
    let written = |value: f64| match value.fract() == 0.0 {
        true => format!("{value:.1}"),
        false => value.to_string(),
    };
    match (value, deviation) {
        (None, _) => String::new(),
        (Some(value), None) => written(value),
        (Some(value), Some(deviation)) => format!("{} ± {}", written(value), written(deviation)),
    }
}

/// A number with its sign, where nothing is `+0.0` and never `-0.0`.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:+.decimals$}");
    match text.chars().any(|digit| matches!(digit, '1'..='9')) {
        true => text,
        false => text.replace('-', "+"),
    }
}

/// `45.0 ± 3.1 (38.0 to 52.0) %`, as far as it is known.
pub(super) fn percent(share: &Estimate) -> String {
    let unit = if share.value.is_some() { " %" } else { "" };
    estimate(share, 1) + unit
}

/// `12345678` as `12,345,678`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds as a person says them: `412 ms`, `8.5 s`, `3m 20s`, `2h 5m`.
pub(super) fn time(seconds: f64) -> String {
    let whole = Duration::from_secs_f64(seconds.max(0.0)).as_secs();
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{}m {}s", whole / 60, whole % 60),
        _ => format!("{}h {}m", whole / 3600, whole % 3600 / 60),
    }
}

/// US dollars, or that they are unknown.
pub(crate) fn cost(cost: Option<f64>) -> String {
    match cost {
        None => "unknown (no price for this model)".to_owned(),
        Some(cost) if cost != 0.0 && cost < 0.01 => format!("${cost:.5}"),
        Some(cost) => format!("${cost:.2}"),
    }
}

/// `8 died, 2 step_limit`, the most frequent first.
pub(super) fn endings(report: &Report) -> String {
    let mut endings: Vec<_> = report.endings.iter().collect();
    endings.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    endings
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// What was played, in a line.
pub(super) fn subject(report: &Report) -> String {
    format!(
        "{}{}{}, {} world, at most {}, observation {}, protocol {}",
        match report.not_begun {
            0 => counted(report.planned_episodes, "episode"),
            not_begun => format!(
                "{} of {} begun",
                report.planned_episodes - not_begun,
                counted(report.planned_episodes, "planned episode")
            ),
        },
        match report.under_way {
            0 => String::new(),
            under_way => format!(" ({} under way)", grouped(under_way)),
        },
        match &report.tasks {
            Some(tasks) => format!(" of tasks {tasks}"),
            None => String::new(),
        },
        report.difficulty,
        counted(report.max_steps, "step"),
        report.observation,
        protocol(report)
    )
}

/// The protocol that was used. Where an endpoint did not take the one that was
/// asked for, both.
fn protocol(report: &Report) -> String {
    let asked = &report.protocol;
    let mut used: Vec<_> = report.protocols_used.iter().collect();
    used.sort_by_key(|(_, replies)| std::cmp::Reverse(**replies));
    match used.as_slice() {
        [] => asked.clone(),
        [(only, _)] if *only == asked => asked.clone(),
        [(only, _)] => format!("{only} ({asked} was asked for)"),
        several => {
            let each = several
                .iter()
                .map(|(name, replies)| format!("{name} in {} replies", grouped(**replies)));
            let each = each.collect::<Vec<_>>().join(", ");
            format!("{each} ({asked} was asked for)")
        }
    }
}

/// What has to be said before any figure.
pub(super) fn warnings(report: &Report) -> Vec<String> {
    mixed(report).into_iter().chain(idle(report)).collect()
}

fn mixed(report: &Report) -> Option<String> {
    let changes = report.mixed.join("; ");
    (!changes.is_empty()).then(|| {
        format!(
            "Mixed: this run was continued with other settings, so its episodes are not all of one \
             kind. {changes}."
        )
    })
}

fn idle(report: &Report) -> Option<String> {
    let replies = report.invalid_actions.invalid_replies;
    let nothing_done = report.scored_episodes > 0 && report.invalid_actions.executed == 0;
    nothing_done.then(|| {
        format!(
            "No action was ever executed: none of {} replies held a valid call. The zeros below \
             say nothing about how this model plays; `runner doctor` tells what it answers.",
            grouped(replies)
        )
    })
}

/// The measures that are one line each: a label and what it comes to.
pub(super) fn measures(report: &Report) -> Vec<(&'static str, String)> {
    let all = counted(report.episodes.len() as u64, "episode");
    let mut scored = format!("{} of {all}", report.scored_episodes);
    let left_out = report.episodes.len() - report.scored_episodes;
    if left_out > 0 {
        scored.push_str(&format!("; {left_out} cut short and left out"));
    }
    if report.under_way > 0 {
        scored.push_str(&format!("; {} under way", grouped(report.under_way)));
    }
    if report.not_begun > 0 {
        let planned = grouped(report.planned_episodes);
        let never = if report.goes_on {
            "not begun yet"
        } else {
            "never begun"
        };
        let not_begun = grouped(report.not_begun);
        scored.push_str(&format!("; {not_begun} of {planned} {never}"));
    }
    // Nobody goes on for a person who left.
    let resumes = !report.goes_on && report.model != HUMAN;
    if resumes && (left_out > 0 || report.not_begun > 0) {
        scored.push_str("; `runner resume` plays them");
    }
    let invalid = &report.invalid_actions;
    let usage = &report.usage;
    let tiers = report.tiers.iter().map(|tier| {
        let name = match tier.tier {
            super::Tier::Easy => "easy",
            super::Tier::Medium => "medium",
            super::Tier::Hard => "hard",
        };
        format!(
            "{name} {} of {}{}",
            number(tier.per_episode.value, 1),
            tier.achievements,
            parenthesized(tier.per_episode.low, tier.per_episode.high, 1)
        )
    });
    let latency = &usage.latency_ms;
    vec![
        ("scored", scored),
        ("endings", endings(report)),
        ("Crafter score", score(&report.crafter_score)),
        ("progress", percent(&report.progress)),
        ("reward", estimate(&report.reward, 2)),
        (
            "achievements",
            format!(
                "{} an episode, {} in all",
                estimate(&report.achievements_per_episode, 1),
                counted(report.unique_achievements.len() as u64, "different one")
            ),
        ),
        ("by tier", tiers.collect::<Vec<_>>().join(", ")),
        ("K-score", estimate(&report.k_score, 1)),
        (
            "invalid actions",
            format!(
                "{} of {}, and {} without a valid call",
                match invalid.rate {
                    Some(rate) => format!("{rate:.1} %"),
                    None => "none".to_owned(),
                },
                grouped(invalid.executed),
                match invalid.invalid_replies {
                    1 => "1 reply".to_owned(),
                    many => format!("{} replies", grouped(many)),
                }
            ),
        ),
        (
            "tokens",
            match (
                usage.total_tokens,
                usage.prompt_tokens,
                usage.completion_tokens,
            ) {
                (Some(total), Some(prompt), Some(reply)) => format!(
                    "{} in {} ({} prompt, {} reply)",
                    grouped(total),
                    counted(usage.calls, "call"),
                    grouped(prompt),
                    grouped(reply)
                ),
                _ => format!(
                    "unknown: nothing counted them in {}",
                    counted(usage.calls, "call")
                ),
            },
        ),
        (
            "cost",
            match usage.total_tokens {
                Some(_) => cost(usage.cost),
                None => "unknown, as the tokens are".to_owned(),
            },
        ),
        (
            "latency",
            format!(
                "p50 {}, p90 {}, p95 {}, p99 {} ms a call",
                number(latency.p50, 1),
                number(latency.p90, 1),
                number(latency.p95, 1),
                number(latency.p99, 1)
            ),
        ),
        (
            "time",
            format!(
                "{} of episodes: {} in the model, {} in the world, {} in between and in tracing",
                time(usage.episode_seconds),
                time(usage.model_seconds),
                time(usage.environment_seconds),
                time(usage.episode_seconds - usage.model_seconds - usage.environment_seconds)
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::episode::{EpisodeConfig, EpisodeRecord};
    use crate::report::{Latency, RunInfo};

    #[test]
    fn counts_are_grouped_by_thousands() {
        let written = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(written, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn times_are_said_in_fitting_units() {
        let said = [0.0042, 8.54, 200.0, 7500.0].map(time);
        assert_eq!(said, ["4 ms", "8.5 s", "3m 20s", "2h 5m"]);
    }

    fn report(record: EpisodeRecord) -> Report {
        let run = RunInfo {
            experiment_id: "r".into(),
            started_at: jiff::Timestamp::UNIX_EPOCH,
            version: "0".into(),
            git: None,
            branch: None,
            config: Config::defaults().expect("the defaults"),
            later: Vec::new(),
        };
        Report::new(&run, "m", vec![record], Latency::default(), false)
    }

    fn record(results: serde_json::Value) -> EpisodeRecord {
        let config = serde_json::json!({"model": "m", "index": 0, "seed": 0});
        let mut all = serde_json::json!({
            "ending": "no_valid_action", "steps": 0, "turns": 3, "invalid_replies": 3,
            "reward": 0.0, "achievement_counts": {}, "unlocks": [], "actions": {},
            "invalid_actions": [], "usage": agent_react::model::Usage::default(), "cost": null,
            "model_calls": 3, "model_time_ms": 0.0, "environment_time_ms": 0.0,
            "wall_time_ms": 0.0, "error": null,
        });
        for (key, value) in results.as_object().into_iter().flatten() {
            all[key] = value.clone();
        }
        let metadata = [
            ("episode_config".to_owned(), config),
            ("episode_results".to_owned(), all),
        ];
        EpisodeRecord::read("s", tracer::record::SessionStatus::Completed, &metadata)
            .expect("valid metadata")
            .expect("an episode")
    }

    #[test]
    fn the_protocol_that_was_used_is_named() {
        let said = |used: serde_json::Value| {
            let report = report(record(serde_json::json!({ "protocols": used })));
            let subject = subject(&report);
            subject.split("protocol ").last().map(str::to_owned)
        };
        let check = |used, expected: &str| assert_eq!(said(used).as_deref(), Some(expected));
        check(serde_json::json!({}), "function_calling");
        check(
            serde_json::json!({"function_calling": 3}),
            "function_calling",
        );
        check(
            serde_json::json!({"text": 3}),
            "text (function_calling was asked for)",
        );
        check(
            serde_json::json!({"json_schema": 2, "text": 1000}),
            "text in 1,000 replies, json_schema in 2 replies (function_calling was asked for)",
        );
    }

    #[test]
    fn a_run_without_any_action_is_said_loudly() {
        let idle = report(record(serde_json::json!({})));
        let said = warnings(&idle).join("");
        assert!(
            said.starts_with("No action was ever executed: none of 3 replies"),
            "{said}"
        );
        let busy = report(record(serde_json::json!({"actions": {"noop": 1}})));
        assert_eq!(warnings(&busy), Vec::<String>::new());
    }

    #[test]
    fn nothing_is_never_below_nothing() {
        let said = [0.04, -0.04, 1.26, -3.0].map(|value| signed(value, 1));
        assert_eq!(said, ["+0.0", "+0.0", "+1.3", "-3.0"]);
        assert_eq!([-0.4, 2.0].map(|value| signed(value, 0)), ["+0", "+2"]);
        let ends = interval(Some(-0.04), Some(-0.06), 1);
        assert_eq!(ends.as_deref(), Some("0.0 to -0.1"));
    }

    #[test]
    fn published_figures_keep_their_digits() {
        let written = |value, deviation| published(value, deviation);
        assert_eq!(written(Some(35.15), None), "35.15");
        assert_eq!(written(Some(2.35), None), "2.35");
        assert_eq!(written(Some(55.0), Some(6.3)), "55.0 ± 6.3");
        assert_eq!(written(Some(1.6), Some(0.0)), "1.6 ± 0.0");
        assert_eq!(written(None, None), "");
    }

    #[test]
    fn what_was_never_begun_is_said() {
        let said = subject(&report(record(serde_json::json!({}))));
        assert!(
            said.starts_with("1 of 10 planned episodes begun, normal world"),
            "{said}"
        );
    }

    #[test]
    fn what_is_being_played_is_under_way() {
        let config = |seed| EpisodeConfig {
            index: seed,
            seed,
            model: "m".into(),
        };
        // Seed 0 broke off before, and is played again.
        let report = report(record(serde_json::json!({})));
        let report = report.with_under_way([config(0), config(1), config(2)].iter());
        assert_eq!((report.under_way, report.not_begun), (3, 7));
        let said = subject(&report);
        assert!(
            said.starts_with("3 of 10 planned episodes begun (3 under way), normal world"),
            "{said}"
        );
        let (_, scored) = &measures(&report)[0];
        assert_eq!(scored, "1 of 1 episode; 3 under way; 7 of 10 not begun yet");
    }

    #[test]
    fn nobody_is_told_to_resume_what_goes_on() {
        let said = |report: &Report| measures(report)[0].1.clone();
        let over = report(record(serde_json::json!({})));
        assert_eq!(
            said(&over),
            "1 of 1 episode; 9 of 10 never begun; `runner resume` plays them"
        );
        // Another model's episodes are under way, and none of this one's.
        let waits = over.with_under_way(std::iter::empty());
        assert_eq!(said(&waits), "1 of 1 episode; 9 of 10 not begun yet");
    }

    #[test]
    fn tokens_that_nobody_counted_are_unknown() {
        let report = report(record(serde_json::json!({ "cost": 0.0 })));
        assert_eq!((report.usage.total_tokens, report.usage.cost), (None, None));
        let measures = measures(&report);
        let said = |wanted| measures.iter().find(|(label, _)| *label == wanted);
        let tokens = said("tokens").map(|(_, value)| value.as_str());
        assert_eq!(tokens, Some("unknown: nothing counted them in 3 calls"));
        let cost = said("cost").map(|(_, value)| value.as_str());
        assert_eq!(cost, Some("unknown, as the tokens are"));
    }

    #[test]
    fn an_unknown_figure_is_a_dash() {
        assert_eq!(estimate(&Estimate::default(), 1), "–");
        let single = Estimate {
            value: Some(2.0),
            ..Estimate::default()
        };
        assert_eq!(estimate(&single, 1), "2.0");
    }
}
