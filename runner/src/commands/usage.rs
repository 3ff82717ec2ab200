//! `runner usage`: calls, tokens, cost and latency by model.

use serde::Serialize;
use tracer::store::{ExpensiveCall, Latency, ModelUsage, TimeRange};

use crate::args::{RangeArgs, UsageArgs};
use crate::exit::Exit;
use crate::output;
use crate::report::text::{right, table};
use crate::traces;

/// A model's usage with the latency of its calls.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    usage: ModelUsage,
    p50_latency_ms: Option<f64>,
    p95_latency_ms: Option<f64>,
    p99_latency_ms: Option<f64>,
}

/// Prints what each model was used for.
pub(super) fn usage(args: &UsageArgs) -> anyhow::Result<Exit> {
    let store = traces::open(&args.file.traces)?;
    let range = time_range(args.range);
    let wanted = |name: &str| args.model.as_deref().is_none_or(|model| model == name);
    if let Some(limit) = args.dearest {
        // Which of them are of one model is known only afterwards.
        let asked = args.model.as_ref().map_or(limit, |_| i64::MAX as u64);
        let mut calls = store.expensive_calls(range, asked)?;
        calls.retain(|call| wanted(call.model_name.as_deref().unwrap_or_default()));
        calls.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        return dearest(&calls, args.json);
    }
    let latencies = store.latency(range)?;
    let lines: Vec<Line> = store
        .usage(range)?
        .into_iter()
        .filter(|usage| wanted(&usage.model_name))
        .map(|usage| Line::new(usage, &latencies))
        .collect();
    if args.json {
        output::json(&lines)?;
        return Ok(Exit::Done);
    }
    let header = [
        "model",
        "provider",
        "calls",
        "prompt",
        "cached",
        "reply",
        "reasoning",
        "cost $",
        "p50 ms",
        "p95 ms",
        "p99 ms",
    ];
    let mut table = table(output::width(), header);
    for Line {
        usage,
        p50_latency_ms,
        p95_latency_ms,
        p99_latency_ms,
    } in &lines
    {
        let count = |value: Option<u64>| right(value.map(|v| v.to_string()).unwrap_or_default());
        let ms = |value: &Option<f64>| right(value.map(|v| format!("{v:.1}")).unwrap_or_default());
        let cost = match (usage.cost, usage.unpriced_calls) {
            (Some(cost), 0) => format!("{cost:.4}"),
            (Some(cost), unpriced) => format!("{cost:.4} and {unpriced} calls unpriced"),
            (None, _) => "unknown".to_owned(),
        };
        table.add_row([
            usage.model_name.clone().into(),
            usage.provider.clone().unwrap_or_default().into(),
            right(usage.call_count),
            count(usage.prompt_tokens),
            count(usage.cached_tokens),
            count(usage.completion_tokens),
            count(usage.reasoning_tokens),
            right(cost),
            ms(p50_latency_ms),
            ms(p95_latency_ms),
            ms(p99_latency_ms),
        ]);
    }
    output::line(&table.trim_fmt())?;
    Ok(Exit::Done)
}

/// The span of time that was typed.
pub(super) fn time_range(range: RangeArgs) -> TimeRange {
    TimeRange {
        from: range.from,
        to: range.to,
    }
}

/// Prints single calls.
fn dearest(calls: &[ExpensiveCall], json: bool) -> anyhow::Result<Exit> {
    if json {
        output::json(&calls)?;
        return Ok(Exit::Done);
    }
    let header = [
        "cost $", "model", "session", "turn", "time", "prompt", "reply", "ms",
    ];
    let mut table = table(output::width(), header);
    for call in calls {
        let count = |value: Option<u64>| right(value.map(|v| v.to_string()).unwrap_or_default());
        table.add_row([
            right(format!("{:.6}", call.cost)),
            call.model_name.clone().unwrap_or_default().into(),
            call.session_id.clone().into(),
            count(call.turn),
            call.time.strftime("%Y-%m-%d %H:%M:%S").to_string().into(),
            count(call.prompt_tokens),
            count(call.completion_tokens),
            right(
                call.latency_ms
                    .map(|ms| format!("{ms:.1}"))
                    .unwrap_or_default(),
            ),
        ]);
    }
    output::line(&table.trim_fmt())?;
    if calls.is_empty() {
        output::note(
            "note: no call that was asked for has a known cost: a model without a price in \
             configs/prices.toml or [endpoint.prices] has none, and `runner usage` says \
             which were called",
        );
    }
    Ok(Exit::Done)
}

impl Line {
    fn new(usage: ModelUsage, latencies: &[Latency]) -> Line {
        let latency = latencies.iter().find(|latency| {
            (&latency.model_name, &latency.provider) == (&usage.model_name, &usage.provider)
        });
        Line {
            p50_latency_ms: latency.and_then(|latency| latency.p50_ms),
            p95_latency_ms: latency.and_then(|latency| latency.p95_ms),
            p99_latency_ms: latency.and_then(|latency| latency.p99_ms),
            usage,
        }
    }
}
