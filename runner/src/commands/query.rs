//! `runner query`: any question, in SQL.

use std::iter;
use std::rc::Rc;

use serde::{Serialize, Serializer};
use serde_json::Value;
use tracer::store::{Column, Reach, Table};

use crate::args::QueryArgs;
use crate::exit::Exit;
use crate::output;
use crate::report::text::{right, table};
use crate::traces;

/// Prints the answer as a table or as JSON.
pub(super) fn query(args: &QueryArgs) -> anyhow::Result<Exit> {
    let answer = traces::open_within(&args.file.traces, Reach::Alone)?.query(&args.sql)?;
    match args.json {
        true => output::json(&objects(&answer))?,
        false => output::line(&printed(&answer))?,
    }
    Ok(Exit::Done)
}

/// The answer as JSON objects with their columns in order.
fn objects(answer: &Table) -> Vec<Object<'_>> {
    let mut names: Vec<String> = Vec::new();
    for Column { name, .. } in &answer.columns {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let mut candidates = iter::once(name.clone()).chain(numbered);
        // An object has one value for a name, and a join has often two.
        let taken = |it: &String| {
            let is_later = || answer.columns.iter().any(|column| column.name == *it);
            names.contains(it) || it != name && is_later()
        };
        names.extend(candidates.find(|it| !taken(it)));
    }
    let names: Rc<[String]> = names.into();
    let object = |row| Object {
        names: Rc::clone(&names),
        row,
    };
    answer.rows.iter().map(Vec::as_slice).map(object).collect()
}

/// A row under the names of its columns.
struct Object<'a> {
    names: Rc<[String]>,
    row: &'a [Value],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(iter::zip(&*self.names, self.row))
    }
}

/// The answer as a table of text.
pub(super) fn printed(answer: &Table) -> String {
    let mut table = table(
        output::width(),
        answer
            .columns
            .iter()
            .map(|column| output::visible(&column.name)),
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
                    value => output::visible(&Table::text(value)).into(),
                }),
        );
    }
    let rows = match answer.rows.len() {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    format!("{}\n({rows})", table.trim_fmt())
}
