//! Runs any SQL, and gives its rows as a table of JSON values or of text.

use std::borrow::Cow;

use duckdb::types::{TimeUnit, Value as Cell};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::{Map, Number, Value};

use super::{Store, StoreError};

/// The result of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The columns, from left to right.
    pub columns: Vec<Column>,
    /// The rows, each with a value for every column. A number that no reader of JSON may
    /// be trusted to keep, because a double has no room for it, is there as text.
    pub rows: Vec<Vec<Value>>,
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name, which need not be unique.
    pub name: String,
    /// Whether the column holds numbers, which read better when aligned to the right.
    pub is_numeric: bool,
}

impl Table {
    /// The rows as JSON objects.
    pub fn to_objects(&self) -> Vec<Map<String, Value>> {
        let names = || self.columns.iter().map(|column| column.name.clone());
        self.rows
            .iter()
            .map(|row| names().zip(row.iter().cloned()).collect())
            .collect()
    }

    /// A value as a person reads it: text without quotes, NULL as nothing.
    pub fn text(value: &Value) -> Cow<'_, str> {
        match value {
            Value::Null => Cow::Borrowed(""),
            Value::String(text) => Cow::Borrowed(text),
            other => Cow::Owned(other.to_string()),
        }
    }
}

impl Store {
    /// Runs one SQL statement and gives all its rows.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), tracer::StoreError> {
    /// let store = tracer::Store::open_read_only("traces/crafter.duckdb")?;
    /// for row in store.query("select session_id, total_reward from session_summary")?.to_objects() {
    ///     println!("{}", serde_json::Value::from(row));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self, sql: &str) -> Result<Table, StoreError> {
        self.table(sql)
            .map_err(|error| StoreError::asked(self.path(), error))
    }

    fn table(&self, sql: &str) -> duckdb::Result<Table> {
        let sql = sql.trim_end_matches([';', ' ', '\n']);
        let described = self.described(sql);
        let rewritten = rewritten(sql, &described);
        let mut statement = self
            .connection()
            .prepare(rewritten.as_deref().unwrap_or(sql))?;
        let mut result = statement.query([])?;
        let schema = match result.as_ref() {
            Some(statement) => statement.schema(),
            None => {
                return Ok(Table {
                    columns: Vec::new(),
                    rows: Vec::new(),
                });
            }
        };
        let columns: Vec<Column> = schema
            .fields()
            .iter()
            .enumerate()
            .map(|(index, field)| Column {
                name: described
                    .get(index)
                    .map_or_else(|| field.name().clone(), |it| it.name.clone()),
                is_numeric: field.data_type().is_numeric()
                    || described.get(index).is_some_and(Described::is_wide),
            })
            .collect();
        let is_json = |index: usize| described.get(index).is_some_and(Described::comes_as_json);
        let is_wide = |index: usize| described.get(index).is_some_and(Described::is_wide);
        let mut rows = Vec::new();
        while let Some(row) = result.next()? {
            let mut cells = Vec::with_capacity(columns.len());
            for index in 0..columns.len() {
                cells.push(match row.get(index)? {
                    Cell::Text(text) if is_wide(index) => decimal(text),
                    Cell::Text(text) if is_json(index) => {
                        serde_json::from_str(&text).unwrap_or(Value::String(text))
                    }
                    cell => value(cell),
                });
            }
            rows.push(cells);
        }
        Ok(Table { columns, rows })
    }

    /// The columns that a query will give. What cannot be described, such as `show tables`,
    /// has none, and gives nothing but simple types.
    pub(super) fn described(&self, sql: &str) -> Vec<Described> {
        let sql = format!("select column_name, column_type from (describe {sql}\n)");
        self.rows(&sql, [], |row| {
            Ok(Described {
                name: row.get(0)?,
                sql_type: row.get(1)?,
            })
        })
        .unwrap_or_default()
    }
}

/// A column before its query is run.
pub(super) struct Described {
    name: String,
    /// The type as SQL has it, which tells more than that of the result: what is JSON there
    /// is text here.
    sql_type: String,
}

impl Described {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn sql_type(&self) -> &str {
        &self.sql_type
    }

    /// Whether it is an integer that only a text has room for.
    fn is_wide(&self) -> bool {
        matches!(self.sql_type.as_str(), "UHUGEINT" | "BIGNUM")
    }

    fn comes_as_json(&self) -> bool {
        self.sql_type == "JSON" || self.needs_conversion()
    }

    /// Whether a value of this type, or within it, does not come out of a result as it is:
    /// some the binding panics at, some lose what tells them apart from others.
    fn needs_conversion(&self) -> bool {
        const TYPES: [&str; 8] = [
            "\"NULL\"",
            "TIME_NS",
            "WITH TIME ZONE",
            "INTERVAL",
            "BIT",
            "BIGNUM",
            "UHUGEINT",
            "VARIANT",
        ];
        TYPES.iter().any(|name| self.sql_type.contains(name))
    }
}

/// The query with such columns converted by DuckDB; none where there are none of them.
/// DuckDB keeps the order of what it only projects.
fn rewritten(sql: &str, columns: &[Described]) -> Option<String> {
    if !columns.iter().any(Described::needs_conversion) {
        return None;
    }
    let projected: Vec<String> = (1..)
        .zip(columns)
        .map(|(position, column)| {
            if column.is_wide() {
                format!("#{position}::varchar")
            } else if column.needs_conversion() {
                format!("to_json(#{position})")
            } else {
                format!("#{position}")
            }
        })
        .collect();
    Some(format!("select {} from ({sql}\n)", projected.join(", ")))
}

/// A cell as JSON. What JSON has no type for is text, as DuckDB writes it.
fn value(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Boolean(it) => it.into(),
        Cell::TinyInt(it) => it.into(),
        Cell::SmallInt(it) => it.into(),
        Cell::Int(it) => it.into(),
        Cell::BigInt(it) => integer(it.into()),
        Cell::HugeInt(it) => integer(it),
        Cell::UHugeInt(it) => decimal(it.to_string()),
        Cell::UTinyInt(it) => it.into(),
        Cell::USmallInt(it) => it.into(),
        Cell::UInt(it) => it.into(),
        Cell::UBigInt(it) => integer(it.into()),
        Cell::Float(it) => number(it.into()),
        Cell::Double(it) => number(it),
        Cell::Decimal(it) => decimal(it.to_string()),
        Cell::Timestamp(unit, it) => timestamp(unit, it).into(),
        Cell::Text(it) | Cell::Enum(it) => it.into(),
        Cell::Blob(it) | Cell::Geometry(it) => it
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into(),
        Cell::Date32(days) => date(days).into(),
        Cell::Time64(unit, it) => Time::midnight()
            .checked_add(SignedDuration::from_micros(unit.to_micros(it)))
            // The only time of a day that is not within it.
            .map_or_else(|_| "24:00:00".to_owned(), |time| time.to_string())
            .into(),
        Cell::List(items) | Cell::Array(items) => items.into_iter().map(value).collect(),
        Cell::Struct(fields) => fields
            .iter()
            .map(|(name, it)| (name.clone(), value(it.clone())))
            .collect(),
        Cell::Map(entries) => entries
            .iter()
            .map(|(key, it)| {
                (
                    Table::text(&value(key.clone())).into_owned(),
                    value(it.clone()),
                )
            })
            .collect(),
        Cell::Union(it) => value(*it),
        other => format!("{other:?}").into(),
    }
}

/// An integer, which is text where a double has no room for it.
fn integer(it: i128) -> Value {
    const MOST: u128 = 1 << 53;
    let fits = it.unsigned_abs() <= MOST;
    let number = fits.then(|| Number::from_i128(it)).flatten();
    number.map_or_else(|| it.to_string().into(), Value::from)
}

/// A decimal number, which stays text where a double would not give the same digits back.
fn decimal(text: String) -> Value {
    /// Decimals of so many digits survive in a double.
    const DIGITS: usize = 15;
    if let Ok(it) = text.parse() {
        return integer(it);
    }
    let digits = text.trim_start_matches(['-', '0', '.']);
    let digits = match text.contains('.') {
        true => digits.trim_end_matches('0'),
        false => digits,
    };
    match text.parse() {
        Ok(double) if digits.bytes().filter(u8::is_ascii_digit).count() <= DIGITS => number(double),
        _ => text.into(),
    }
}

/// Infinities and NaN are text, because JSON has no numbers for them.
fn number(it: f64) -> Value {
    Number::from_f64(it).map_or_else(|| it.to_string().into(), Value::from)
}

/// DuckDB's calendar is longer than the one here, and has an end of time on either side.
fn date(days: i32) -> String {
    const INFINITY: i32 = i32::MAX;
    const MINUS_INFINITY: i32 = -i32::MAX;
    match days {
        INFINITY => "infinity".to_owned(),
        MINUS_INFINITY => "-infinity".to_owned(),
        _ => Span::new()
            .try_days(days)
            .and_then(|span| Date::constant(1970, 1, 1).checked_add(span))
            .map_or_else(
                |_| format!("1970-01-01 {days:+} days"),
                |date| date.to_string(),
            ),
    }
}

fn timestamp(unit: TimeUnit, it: i64) -> String {
    const INFINITY: i64 = i64::MAX;
    const MINUS_INFINITY: i64 = -i64::MAX;
    match it {
        INFINITY => "infinity".to_owned(),
        MINUS_INFINITY => "-infinity".to_owned(),
        _ => Timestamp::from_microsecond(unit.to_micros(it)).map_or_else(
            |_| format!("1970-01-01 {:+} s", unit.to_micros(it) / 1_000_000),
            |time| time.strftime("%Y-%m-%d %H:%M:%S%.f").to_string(),
        ),
    }
}
