//! Questions from elsewhere are confined and limited, and a file can be read while it
//! is written.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::time::Duration;

use tracer::Store;
use tracer::store::{Answer, AskLimits, Reach, StoreError};

use crate::sample::{Scratch, everything, scratch};

const LIMITS: AskLimits = AskLimits {
    rows: 10,
    time: Duration::from_secs(60),
    text: 1000,
    bytes: 100_000,
};

fn recorded() -> Scratch {
    let file = scratch();
    file.record(|tracer| everything(tracer, "one", 3));
    file
}

fn asked(file: &Scratch, question: &str, limits: AskLimits) -> Result<Answer, StoreError> {
    let store = Store::open(&file.path, Reach::Confined).unwrap();
    store.ask(question, limits)
}

#[test]
fn an_answer_has_no_more_rows_than_it_may() {
    let file = recorded();
    let answer = asked(&file, "from range(11) order by 1 desc;", LIMITS).unwrap();
    assert_eq!((answer.table.rows.len(), answer.cut), (10, true));
    assert_eq!(answer.table.rows[0][0], 10);
    let answer = asked(&file, "-- all\nselect * from range(10) -- of them", LIMITS).unwrap();
    assert_eq!((answer.table.rows.len(), answer.cut), (10, false));
    for question in ["show tables", "describe events", "explain select 1"] {
        assert!(
            !asked(&file, question, LIMITS)
                .unwrap()
                .table
                .rows
                .is_empty()
        );
    }
}

#[test]
fn an_answer_has_a_size() {
    let file = recorded();
    let long = "select repeat('x', 5000) as a, to_json(repeat('y', 5000)) as b, 7 as c";
    let answer = asked(&file, long, LIMITS).unwrap();
    let row = &answer.table.rows[0];
    assert_eq!(row[0], format!("{} [cut]", "x".repeat(1000)));
    assert!(row[1].as_str().unwrap().ends_with(" [cut]"), "{}", row[1]);
    assert_eq!(row[2], 7);
    assert_eq!(answer.table.columns[0].name, "a");
    assert!(!answer.cut);

    let limits = AskLimits {
        rows: 1000,
        ..LIMITS
    };
    let many = "select repeat('x', 1000) as a from range(200)";
    let answer = asked(&file, many, limits).unwrap();
    assert!(answer.cut);
    assert_eq!(answer.table.rows.len(), 99);
}

#[test]
fn a_question_that_takes_too_long_is_given_up() {
    let limits = AskLimits {
        time: Duration::from_millis(50),
        ..LIMITS
    };
    let endless = "select count(*) from range(1000000000) a, range(1000000000) b";
    let error = asked(&recorded(), endless, limits).unwrap_err();
    assert!(matches!(error, StoreError::TooLong { .. }), "{error}");
}

#[test]
fn a_question_reaches_nothing_but_the_traces_and_changes_nothing() {
    let file = recorded();
    let target = file.path.with_extension("written");
    let target = target.display();
    for statement in [
        "delete from events".to_owned(),
        "set threads = 1".to_owned(),
        "create temp table events as select 1".to_owned(),
        "select 1) limit 1; drop table events; select * from (select 1".to_owned(),
        "explain select 1; drop table events".to_owned(),
        format!("copy events to '{target}'"),
        format!("attach '{target}'"),
        "select * from read_text('/etc/passwd')".to_owned(),
        "select * from glob('/*')".to_owned(),
        "from 'https://example.com/x.csv'".to_owned(),
        String::new(),
    ] {
        let answer = asked(&file, &statement, LIMITS);
        assert!(answer.is_err(), "{statement}: {answer:?}");
    }
    let two = asked(&file, "select 1; drop table events", LIMITS).unwrap_err();
    assert!(two.to_string().contains("one question"), "{two}");
    assert!(!file.path.with_extension("written").exists());
    let all = asked(&file, "select count(*) from events", LIMITS).unwrap();
    assert!(all.table.rows[0][0].as_u64().unwrap() > 0);
}
