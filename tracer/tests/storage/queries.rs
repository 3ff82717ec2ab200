//! What SQL gives comes out as JSON, whatever its type, and what it cannot give is an error.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use serde_json::{Value, json};

use crate::sample::scratch;

/// Compares all values of a query on an empty file, row by row.
#[track_caller]
fn check(sql: &str, expected: Value) {
    let file = scratch();
    file.record(|_| ());
    let table = file.store().query(sql).unwrap();
    let values: Value = table.rows.into_iter().flatten().collect();
    assert_eq!(values, expected, "{sql}");
}

#[test]
fn nothing_is_null_wherever_it_is() {
    check("select null", json!([null]));
    check("select [null]", json!([[null]]));
    check("select {'a': null, 'b': 1}", json!([{"a": null, "b": 1}]));
    check("select map {'a': null}", json!([{"a": null}]));
    check("select null, 1, 'x'", json!([null, 1, "x"]));
    check("select [], map {}", json!([[], {}]));
}

#[test]
fn numbers_are_numbers_as_far_as_every_reader_of_json_keeps_them() {
    check("select 1.50::decimal(9, 2)", json!([1.5]));
    check(
        "select 100::decimal(38, 18), -0.00001::decimal(38, 5)",
        json!([100.0, -0.00001]),
    );
    check(
        "select 0.12345678901234567890::decimal(38, 20)",
        json!(["0.12345678901234567890"]),
    );
    check(
        "select 12345678901234567890123456789.5::decimal(38, 1)",
        json!(["12345678901234567890123456789.5"]),
    );
    check(
        "select 100000000000000000000::decimal(38, 0)",
        json!(["100000000000000000000"]),
    );
    check("select sum(i) from range(1000) r(i)", json!([499_500]));
    check(
        "select 9007199254740992, 9007199254740993, -9007199254740993",
        json!([1_i64 << 53, "9007199254740993", "-9007199254740993"]),
    );
    check(
        "select 18446744073709551615::ubigint",
        json!(["18446744073709551615"]),
    );
    check(
        "select 340282366920938463463374607431768211455::uhugeint",
        json!(["340282366920938463463374607431768211455"]),
    );
    check("select 5::hugeint", json!([5]));
    check("select 5::uhugeint", json!([5]));
    check("select 5::bignum", json!([5]));
    check(
        "select (2::hugeint ** 100)::hugeint",
        json!(["1267650600228229401496703205376"]),
    );
    check("select 1 / 0, 'nan'::double", json!(["inf", "NaN"]));
}

#[test]
fn times_read_as_duckdb_writes_them() {
    check(
        "select timestamp '2026-01-02 03:04:05.678'",
        json!(["2026-01-02 03:04:05.678"]),
    );
    check(
        "select timestamptz '2026-01-02 03:04:05+02'",
        json!(["2026-01-02 01:04:05+00"]),
    );
    check("select timestamp 'infinity'", json!(["infinity"]));
    check(
        "select date '2026-01-02', date '-infinity'",
        json!(["2026-01-02", "-infinity"]),
    );
    check(
        "select time '03:04:05', time '24:00:00'",
        json!(["03:04:05", "24:00:00"]),
    );
    check("select '03:04:05'::time_ns", json!(["03:04:05"]));
    check(
        "select interval 3 day, interval '1 month 2 hours'",
        json!(["3 days", "1 month 02:00:00"]),
    );
}

#[test]
fn nested_types_are_arrays_and_objects() {
    check("select [1, 2, null]", json!([[1, 2, null]]));
    check("select [1, 2]::integer[2]", json!([[1, 2]]));
    check("select {'a': {'b': [1]}}", json!([{"a": {"b": [1]}}]));
    check("select map {1: 'x', 2: 'y'}", json!([{"1": "x", "2": "y"}]));
    check(
        "select u from (values (1::union(n bigint, s varchar)), ('x')) v(u)",
        json!([1, "x"]),
    );
    check("select {'a': [interval 3 day]}", json!([{"a": ["3 days"]}]));
    check("select '{\"a\": 1}'::json", json!([{"a": 1}]));
}

#[test]
fn other_types_are_text() {
    check(
        "select uuid '12345678-1234-1234-1234-123456789abc'",
        json!(["12345678-1234-1234-1234-123456789abc"]),
    );
    check("select 'x'::enum('x', 'y')", json!(["x"]));
    check("select '\\xAA\\x01b'::blob", json!(["aa0162"]));
    check("select '101'::bit", json!(["101"]));
}

/// DuckDB has a table with the extremes of every type it knows.
#[test]
fn no_type_is_too_much() {
    let file = scratch();
    file.record(|_| ());
    let store = file.store();
    for sql in [
        "from test_all_types()",
        "select [columns(*)] from test_all_types()",
        "select {'it': columns(*)} from test_all_types()",
    ] {
        let table = store.query(sql).unwrap();
        assert_eq!(table.rows.len(), 3);
        for (column, value) in table.columns.iter().zip(&table.rows[2]) {
            let is_null = [json!(null), json!([null]), json!({"it": null})].contains(value);
            assert!(is_null, "{}: {value}", column.name);
        }
    }
}

#[test]
fn order_and_names_survive_a_conversion() {
    let file = scratch();
    file.record(|_| ());
    let store = file.store();
    let sql =
        "select i as n, interval (i) day as span from range(5000) t(i) order by i desc -- all";
    let table = store.query(sql).unwrap();
    let names: Vec<&str> = table.columns.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["n", "span"]);
    let numbers: Vec<u64> = table
        .rows
        .iter()
        .map(|row| row[0].as_u64().unwrap())
        .collect();
    assert!(numbers.iter().rev().copied().eq(0..5000));
    assert_eq!(table.rows[0][1], "4999 days");
}

#[test]
fn statements_without_columns_to_describe_work_too() {
    check("pragma enable_checkpoint_on_shutdown", json!([]));
    check("show tables; ", {
        let file = scratch();
        file.record(|_| ());
        file.store()
            .query("select table_name from (show tables) t(table_name) order by 1")
            .unwrap()
            .rows
            .into_iter()
            .flatten()
            .collect()
    });
}

#[track_caller]
fn check_refused(sql: &str, expected: &str) {
    let file = scratch();
    file.record(|_| ());
    let message = file.store().query(sql).unwrap_err().to_string();
    let message = file.without_folder(&message);
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    check_refused("selct 1", "Parser Error: syntax error at or near \"selct\"");
    check_refused(
        "select nope from events",
        "Binder Error: Referenced column \"nope\"",
    );
    check_refused(
        "from nope",
        "Catalog Error: Table with name nope does not exist!",
    );
    check_refused("select 'a'::integer", "Conversion Error: ");
    check_refused(" -- nothing", "there is no SQL statement in it");
    check_refused("", "there is no SQL statement in it");
}

#[test]
fn a_file_that_is_read_is_not_changed() {
    const REFUSED: &str = "FOLDER/traces.duckdb is only read here, and this statement would change \
                           it: copy the file, and change the copy with the duckdb program";
    check_refused("delete from events", REFUSED);
    check_refused("create table mine (a integer)", REFUSED);
    check_refused("update session_traces set status = 'failed'", REFUSED);
}
