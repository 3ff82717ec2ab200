//! Answers questions that come from elsewhere, such as from a page: confined to the
//! trace file, and limited in time, memory and rows.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{Store, StoreError, Table};

/// What an answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskLimits {
    /// The rows that are given at most.
    pub rows: usize,
    /// How long the question may take.
    pub time: Duration,
    /// The characters of a text that are given at most; what is longer says that it
    /// was cut.
    pub text: usize,
    /// The bytes of all rows that are given at most, roughly, as JSON.
    pub bytes: usize,
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its rows, as many as were allowed.
    pub table: Table,
    /// Whether there would have been more.
    pub cut: bool,
}

impl Store {
    /// Answers one question within limits, on a connection of its own, so that what a
    /// statement leaves behind is gone afterwards.
    ///
    /// What can stand in parentheses after `from` is a question, and so is `explain`.
    ///
    /// # Errors
    ///
    /// Where it is no question, or takes too long.
    pub fn ask(&self, question: &str, limits: AskLimits) -> Result<Answer, StoreError> {
        let store = self.try_clone()?;
        let sql = limited(question, limits.rows)?;
        let interrupt = store.connection.interrupt_handle();
        let (answered, answer) = mpsc::channel::<()>();
        let result = thread::scope(|scope| {
            scope.spawn(move || {
                // Interrupted again and again, for a question may be run in parts.
                let mut patience = limits.time;
                while let Err(RecvTimeoutError::Timeout) = answer.recv_timeout(patience) {
                    interrupt.interrupt();
                    patience = Duration::from_millis(20);
                }
            });
            let sql = store.with_short_texts(&sql, limits.text);
            let result = store.query(&sql);
            drop(answered);
            result
        });
        let mut table = result.map_err(|error| match error.to_string() {
            text if text.contains("INTERRUPT") => StoreError::TooLong {
                seconds: limits.time.as_secs(),
            },
            // What the database quotes is not what was typed.
            text if text.contains("Parser Error") && has_several(question) => StoreError::Sql {
                reason: "one question is answered at a time, without a ; in it".to_owned(),
            },
            _ => error,
        })?;
        let asked_for = table.rows.len();
        let mut room = limits.bytes;
        let fitting = table.rows.iter().take_while(|row| {
            let length = row.iter().map(length).sum();
            let fits = room >= length;
            room = room.saturating_sub(length);
            fits
        });
        let kept = fitting.count().min(limits.rows);
        table.rows.truncate(kept);
        Ok(Answer {
            table,
            cut: kept < asked_for,
        })
    }

    /// The query with texts cut by the database, before they take any memory here.
    fn with_short_texts(&self, sql: &str, most: usize) -> String {
        let columns = self.described(sql);
        let shortened = (1..).zip(&columns).map(|(position, column)| {
            let cut = format!("left(#{position}::varchar, {most}) || ' [cut]'");
            let cut = match column.sql_type() {
                "VARCHAR" => cut,
                "JSON" => format!("to_json({cut})"),
                _ => return format!("#{position}"),
            };
            format!(
                "case when length(#{position}::varchar) > {most} then {cut} else #{position} end \
                 as \"{}\"",
                column.name().replace('"', "\"\"")
            )
        });
        let shortened: Vec<String> = shortened.collect();
        match shortened.is_empty() {
            true => sql.to_owned(),
            false => format!("select {} from ({sql}\n)", shortened.join(", ")),
        }
    }
}

/// The bytes of a value as JSON, roughly.
fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 3,
        Value::Array(values) => values.iter().map(length).sum::<usize>() + 2,
        Value::Object(values) => values
            .iter()
            .map(|(name, value)| name.len() + 4 + length(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// What a question begins with. Anything else would change something, or is more than
/// one statement.
const BEGINNINGS: [&str; 12] = [
    "select",
    "with",
    "from",
    "values",
    "table",
    "pivot",
    "unpivot",
    "show",
    "describe",
    "desc",
    "summarize",
    "explain",
];

/// Whether there may be more than one statement.
fn has_several(question: &str) -> bool {
    let question = question.trim_end().trim_end_matches(';');
    question.contains(';')
}

/// The question, asking for no more than one row too many.
fn limited(question: &str, rows: usize) -> Result<String, StoreError> {
    let question = question.trim().trim_end_matches([';', ' ', '\n', '\t']);
    let word = question.split(|it: char| !it.is_alphabetic()).next();
    let word = word.unwrap_or_default().to_ascii_lowercase();
    // A comment or a parenthesis comes before a word.
    let is_word = !question.starts_with(['(', '-', '/']);
    if is_word && !BEGINNINGS.contains(&word.as_str()) {
        let reason = format!(
            "only questions are answered here, which begin with one of: {}",
            BEGINNINGS.join(", ")
        );
        return Err(StoreError::Sql { reason });
    }
    // What explains is short, and one statement only.
    if word == "explain" && !question.contains(';') {
        return Ok(question.to_owned());
    }
    Ok(format!(
        "select * from ({question}\n) limit {}",
        rows.saturating_add(1)
    ))
}
