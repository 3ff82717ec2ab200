//! `runner query`: any question, in SQL.

use serde_json::Value;
use tracer::store::{Store, Table};

use crate::args::QueryArgs;
use crate::exit::Exit;
use crate::output;
use crate::report::text::{right, table};

/// Prints the answer as a table or as JSON.
pub(super) fn query(args: &QueryArgs) -> anyhow::Result<Exit> {
    let answer = Store::open_alone(&args.file.traces)?.query(&args.sql)?;
    match args.json {
        true => output::json(&answer.to_objects())?,
        false => output::line(&printed(&answer))?,
    }
    Ok(Exit::Done)
}

/// The answer as a table of text.
pub(super) fn printed(answer: &Table) -> String {
    let mut table = table(
        output::width(),
        answer
            .columns
            .iter()
            .map(|column| output::plain(&column.name)),
    );
    for row in &answer.rows {
        table.add_row(
            answer
                .columns
                .iter()
                .zip(row)
                .map(|(column, value)| match value {
                    Value::Null => "NULL".into(),
                    value if column.is_numeric => right(Table::text(value)),
                    value => output::plain(&Table::text(value)).into(),
                }),
        );
    }
    let rows = match answer.rows.len() {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    format!("{}\n({rows})", table.trim_fmt())
}
