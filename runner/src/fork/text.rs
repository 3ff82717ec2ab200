//! Prints the report of a fork for a terminal.

use console::style;

use super::{Continuations, ForkInfo, ForkReport};
use crate::output::counted;
use crate::report::Estimate;
use crate::report::text::{right, table};
use crate::report::words::signed;

/// The report as tables, `width` columns wide.
pub fn render(report: &ForkReport, width: u16) -> String {
    let ForkReport {
        experiment_id,
        fork,
        parent_went_on,
        models,
    } = report;
    let mut lines = vec![
        style(format!("Fork {experiment_id}: from step {} on", fork.step))
            .bold()
            .to_string(),
        origin(fork),
        String::new(),
    ];
    let header = [
        "from there on",
        "times",
        "achievements",
        "reward",
        "steps",
        "endings",
    ];
    let mut rows = table(width, header);
    if let (Some(went), Some(results)) = (parent_went_on, &fork.parent) {
        let until = results.until.map(|step| format!(" until step {step}"));
        rows.add_row([
            format!("{} (the parent{})", fork.model, until.unwrap_or_default()).into(),
            right(1),
            right(signed(went.achievements, 0)),
            right(signed(went.reward, 1)),
            right(went.steps),
            results.ending.name().into(),
        ]);
    }
    for model in models {
        rows.add_row([
            model.model.clone().into(),
            right(model.continuations),
            right(difference(&model.achievements)),
            right(difference(&model.reward)),
            right(
                model
                    .steps
                    .value
                    .map_or_else(String::new, |steps| format!("{steps:.0}")),
            ),
            endings(model).into(),
        ]);
    }
    lines.push(rows.trim_fmt());
    let verdicts = models
        .iter()
        .flat_map(|model| verdict(model, fork, parent_went_on.is_some()));
    let verdicts: Vec<String> = verdicts.collect();
    if !verdicts.is_empty() {
        lines.push(String::new());
        lines.extend(verdicts);
    }
    if models.iter().any(|model| model.achievements.se.is_some()) {
        lines.push(
            style(" Means: ± standard error (95 % Student t interval).")
                .dim()
                .to_string(),
        );
    }
    lines.join("\n")
}

/// Where continuations begin, before any of them does.
pub fn headline(fork: &ForkInfo) -> String {
    format!("going on from step {} {}", fork.step, origin(fork))
}

fn origin(fork: &ForkInfo) -> String {
    format!(
        "of session {}, {} with seed {}; by then {}, reward {:.1}",
        fork.session_id,
        fork.model,
        fork.seed,
        counted(fork.achievements, "achievement"),
        fork.reward
    )
}

/// What it comes down to for one model, and what to know about it.
fn verdict(model: &Continuations, fork: &ForkInfo, parent: bool) -> Vec<String> {
    let name = &model.model;
    let mut lines = Vec::new();
    if parent && model.continuations > 0 {
        lines.push(format!(
            " {name} against the parent: achievements {}, reward {}",
            difference(&model.achievements_above_parent),
            difference(&model.reward_above_parent)
        ));
    }
    if model.cut_short > 0 {
        let cut = counted(model.cut_short as u64, "continuation");
        lines.push(format!(" {cut} of {name} cut short: not counted"));
    }
    if model.all_alike && !fork.reseeded {
        lines.push(format!(
            " {name} does the same each time: --reseed gives each continuation a luck of its own"
        ));
    }
    lines
}

/// `+1.2 ± 0.3 (+0.4 to +2.0)`, as far as it is known.
fn difference(estimate: &Estimate) -> String {
    let Some(value) = estimate.value else {
        return "–".to_owned();
    };
    let mut text = signed(value, 1);
    if let Some(se) = estimate.se {
        text.push_str(&format!(" ± {se:.1}"));
    }
    if let (Some(low), Some(high)) = (estimate.low, estimate.high) {
        let (low, high) = (signed(low, 1), signed(high, 1));
        text.push_str(&format!(" ({low} to {high})"));
    }
    text
}

fn endings(model: &Continuations) -> String {
    let each = |(ending, count): (&String, &u64)| format!("{count} {ending}");
    model
        .endings
        .iter()
        .map(each)
        .collect::<Vec<_>>()
        .join(", ")
}
