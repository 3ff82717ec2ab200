//! `runner doctor`: examines an endpoint before a run is trusted to it.

use std::io::Write as _;
use std::time::Duration;

use agent_react::doctor::{self, Finding, Report, Standing};
use agent_react::openai::OpenAiModel;
use console::{Term, style};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tracer::prices::{Price, PriceError, PriceTable};

use super::run::configuration;
use crate::args::{DoctorArgs, RunArgs};
use crate::config::Config;
use crate::exit::{Coded, Exit};
use crate::plan::price_example;
use crate::{output, players};

/// Asks the endpoint what it can do, and prints it.
pub(super) fn doctor(args: &DoctorArgs) -> anyhow::Result<Exit> {
    if players::is_embedded(&args.model) {
        return Err(Coded::usage(format!(
            "{} needs no endpoint: name a model that the endpoint serves",
            args.model
        ))
        .into());
    }
    let run = RunArgs {
        endpoint: args.endpoint.clone(),
        models: vec![args.model.clone()],
        ..RunArgs::default()
    };
    let (config, _) = configuration(&run, &[])?;
    players::check_endpoint(&config)?;
    let endpoint = players::endpoint(&args.model, &config)?;
    let model = OpenAiModel::new(endpoint).map_err(|error| Coded::usage(error.to_string()))?;
    let asking = Asking::start();
    let examining = doctor::examine(&model, |topic, longest| asking.about(topic, longest));
    let mut report = Runtime::new()?.block_on(examining);
    asking.finish();
    if report.is_playable() {
        report
            .findings
            .extend(price(&args.model, &config, model.config().wants_key())?);
    }
    match args.json {
        true => output::json(&as_json(&report))?,
        false => output::line(&described(&report))?,
    }
    if !report.is_playable() {
        return Err(Coded::endpoint("this endpoint cannot be played on").into());
    }
    Ok(Exit::Done)
}

/// What is known of the model's price. Of a server of one's own nothing has to be.
fn price(model: &str, config: &Config, is_hosted: bool) -> Result<Option<Finding>, Coded> {
    let usage = |error: PriceError| Coded::usage(error.to_string());
    let prices = PriceTable::builtin().map_err(usage)?;
    let prices = prices
        .with(&config.endpoint.prices, "of yours")
        .map_err(usage)?;
    let (standing, detail, consequence) = match prices.price(model) {
        Some(Price { input, output, .. }) => (
            Standing::Good,
            format!("${input} a million tokens asked, ${output} a million replied"),
            String::new(),
        ),
        None if !is_hosted => return Ok(None),
        None => (
            Standing::Limited,
            "not known".to_owned(),
            format!(
                "costs stay unknown and --max-cost is refused, until a configuration has under \
                 [endpoint.prices] {}",
                price_example(model)
            ),
        ),
    };
    Ok(Some(Finding {
        topic: "price",
        standing,
        detail,
        consequence,
        took: Duration::ZERO,
    }))
}

/// Shows what is asked while nothing is known yet: a spinner on a terminal, lines
/// elsewhere.
enum Asking {
    Spinner(ProgressBar),
    Lines,
}

impl Asking {
    fn start() -> Asking {
        if !Term::stderr().is_term() {
            return Asking::Lines;
        }
        let spinner = ProgressBar::new_spinner();
        if let Ok(looks) = ProgressStyle::with_template("{spinner} asking about {msg} ({elapsed})")
        {
            spinner.set_style(looks);
        }
        spinner.enable_steady_tick(Duration::from_millis(120));
        Asking::Spinner(spinner)
    }

    fn about(&self, topic: &'static str, longest: Duration) {
        let message = format!("{topic}, for up to {} s", longest.as_secs());
        match self {
            Asking::Spinner(spinner) => spinner.set_message(message),
            // Nobody is told where the standard error is gone.
            Asking::Lines => drop(writeln!(std::io::stderr(), "asking about {message}")),
        }
    }

    fn finish(self) {
        if let Asking::Spinner(spinner) = self {
            spinner.finish_and_clear();
        }
    }
}

fn described(report: &Report) -> String {
    let title = format!("{} with model {}", report.address, report.model);
    let mut text = format!("{}\n\n", style(title).bold());
    for finding in &report.findings {
        let Finding {
            topic,
            standing,
            detail,
            consequence,
            took,
        } = finding;
        let name = format!("{:8}", standing.name());
        let name = match standing {
            Standing::Good => style(name).green(),
            Standing::Limited => style(name).yellow(),
            Standing::Failed => style(name).red(),
        };
        let took = match took.as_secs_f64() {
            seconds if seconds < 0.1 => String::new(),
            seconds => format!(" {}", style(format!("({seconds:.1} s)")).dim()),
        };
        text.push_str(&format!("{name} {topic:15} {detail}{took}\n"));
        if !consequence.is_empty() {
            text.push_str(&format!("{:24} → {consequence}\n", ""));
        }
    }
    if report.is_playable() {
        let keep = "To keep what was learned, save this as endpoint.toml and use \
                    --endpoint endpoint.toml:";
        text.push_str(&format!("\n{keep}\n\n{}", report.snippet()));
    }
    text
}

fn as_json(report: &Report) -> Value {
    let findings = report.findings.iter().map(|finding| {
        json!({
            "topic": finding.topic,
            "standing": finding.standing.name(),
            "detail": finding.detail,
            "consequence": finding.consequence,
            "seconds": finding.took.as_secs_f64(),
        })
    });
    json!({
        "address": report.address,
        "model": report.model,
        "playable": report.is_playable(),
        "findings": findings.collect::<Vec<_>>(),
        "quirks": report.quirks,
        "endpoint_toml": report.snippet(),
    })
}
