//! `runner report`: the figures of a run, in every form.

use anyhow::Context as _;

use crate::args::{Format, ReportArgs};
use crate::baselines::Baselines;
use crate::exit::{Coded, Exit};
use crate::fork::{self, ForkReport};
use crate::output;
use crate::overwrite::refuse_database;
use crate::report::text::Detail;
use crate::report::{self, Report, csv, html, markdown, text};
use crate::traces;

/// Prints the report of a run, or writes it into a file.
pub(super) fn report(args: &ReportArgs) -> anyhow::Result<Exit> {
    if let Some(path) = &args.output {
        refuse_database(path, &args.file.traces)?;
    }
    let store = traces::open(&args.file.traces)?;
    let fork = args.id.as_deref().map(|id| fork::find(&store, id));
    if let Some((info, run)) = fork.transpose()?.flatten() {
        let report = ForkReport::load(&store, info, &run)?;
        return written(args, fork_printed(&report, args.format)?);
    }
    let run = report::find_run(&store, args.id.as_deref())?;
    let reports = report::load(&store, &run, args.include_failures)?;
    written(args, printed(&reports, args.format, output::width())?)
}

fn written(args: &ReportArgs, printed: String) -> anyhow::Result<Exit> {
    match &args.output {
        None if args.format == Format::Text => output::line(&printed)?,
        None => output::document(&printed)?,
        Some(path) => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|folder| !folder.exists()) {
                return Err(Coded::usage(format!(
                    "cannot write the report to {}: there is no folder {}, make it first",
                    path.display(),
                    folder.display()
                ))
                .into());
            }
            std::fs::write(path, printed)
                .with_context(|| format!("cannot write the report to {}", path.display()))?;
        }
    }
    Ok(Exit::Done)
}

fn printed(reports: &[Report], format: Format, width: u16) -> anyhow::Result<String> {
    let published = Baselines::published()?;
    Ok(match format {
        Format::Text => {
            let each = |report| text::render(report, &published, Detail::Full, width);
            reports.iter().map(each).collect::<Vec<_>>().join("\n\n")
        }
        Format::Json => json(reports)?,
        Format::Csv => csv::render(reports),
        Format::Markdown => markdown::render(reports, &published),
        Format::Html => html::render(reports, &published),
    })
}

fn fork_printed(report: &ForkReport, format: Format) -> anyhow::Result<String> {
    match format {
        Format::Text => Ok(fork::render(report, output::width())),
        Format::Json => Ok(serde_json::to_string_pretty(report)?),
        Format::Csv | Format::Markdown | Format::Html => {
            Err(Coded::usage("the report of a fork comes as text or json").into())
        }
    }
}

/// One model's report is an object, those of several are an array.
pub(super) fn json(reports: &[Report]) -> serde_json::Result<String> {
    match reports {
        [report] => serde_json::to_string_pretty(report),
        reports => serde_json::to_string_pretty(reports),
    }
}
