//! Proves that the world is the reference's, step by step: hidden counters,
//! random state and images included.
//!
//! What the reference does is in `tests/reference/golden`, with the program
//! that wrote it beside it.

#[path = "../examples/trace/check.rs"]
mod check;
#[path = "../examples/trace/record.rs"]
mod record;
#[path = "../examples/trace/recorder.rs"]
mod recorder;

use std::{fs, path::PathBuf};

use env_crafter::{Mt19937, Textures};
use rayon::prelude::*;
use serde_json::Value;

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/reference/golden")
}

#[test]
fn worlds_are_the_reference_s() {
    let lines = check::read(&golden().join("worlds.jsonl.gz")).expect("readable");
    let outcome = check::check(&lines, &Textures::embedded()).expect("comparable");
    assert_eq!(outcome.difference, None);
    assert_eq!(
        outcome.agreed, 242,
        "200 seeds, and odd areas, episodes and seeds"
    );
}

#[test]
fn traces_are_the_reference_s() {
    let files = fs::read_dir(golden())
        .expect("golden traces")
        .map(|entry| entry.expect("entry").path());
    let traces: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "gz"))
        .filter(|path| !path.ends_with("worlds.jsonl.gz"))
        .collect();
    let steps: u64 = traces
        .par_iter()
        .map(|path| {
            let lines = check::read(path).expect("readable");
            let outcome = check::check(&lines, &Textures::embedded()).expect("comparable");
            assert_eq!(outcome.difference, None, "{}", path.display());
            assert!(
                outcome.left_out.is_empty(),
                "{}: {:?}",
                path.display(),
                outcome.left_out
            );
            assert!(
                outcome.images > outcome.agreed,
                "{}: no images",
                path.display()
            );
            outcome.agreed
        })
        .sum();
    assert!(steps > 10_000, "only {steps} steps");
}

#[test]
fn a_difference_is_named_by_step_and_field() {
    let path = golden().join("waker_s0.jsonl.gz");
    let mut lines = check::read(&path).expect("readable");
    // The header and the reset come before the first step.
    lines[2 + 6]["player"]["hunger"] = 3.5.into();
    let outcome = check::check(&lines, &Textures::embedded()).expect("comparable");
    assert_eq!(
        outcome.difference.as_deref(),
        Some("episode 1, step 7: player.hunger: reference 3.5, here 7.0"),
    );
    assert_eq!(outcome.agreed, 6);
}

/// What is said of a golden file after a change.
fn verdict(file: &str, change: impl FnOnce(&mut Vec<Value>)) -> String {
    let mut lines = check::read(&golden().join(file)).expect("readable");
    change(&mut lines);
    match check::check(&lines, &Textures::embedded()) {
        Ok(outcome) => outcome.difference.unwrap_or_else(|| "agrees".to_owned()),
        Err(message) => message,
    }
}

#[test]
fn a_trace_with_lines_too_many_or_too_few_differs() {
    let of = |change: fn(&mut Vec<Value>)| verdict("waker_s0.jsonl.gz", change);
    assert_eq!(
        of(|lines| drop(lines.remove(2 + 6))),
        "episode 1, step 7: step: reference 8, here 7"
    );
    assert_eq!(
        of(|lines| drop(lines.drain(2 + 6..lines.len() - 1))),
        "episode 1, step 7: kind: reference \"end\", here \"step\""
    );
    assert_eq!(
        of(|lines| lines.truncate(2 + 6)),
        "episode 1, step 7: the trace ends here"
    );
    assert_eq!(
        of(|lines| lines.push(lines[1].clone())),
        "the end: the trace goes on after the last record"
    );
}

#[test]
fn what_is_no_trace_of_ours_is_refused() {
    let of = |change: fn(&mut Vec<Value>)| verdict("waker_s0.jsonl.gz", change);
    assert_eq!(
        of(|lines| lines[0]["version"] = 7.into()),
        "not a trace that can be compared: version: reference 7, here 1"
    );
    let swapped = of(|lines| {
        lines[0]["actions"]
            .as_array_mut()
            .expect("names")
            .swap(1, 2)
    });
    assert!(
        swapped.starts_with("not a trace that can be compared: actions: "),
        "{swapped}"
    );
    assert_eq!(
        of(|lines| drop(lines.remove(0))),
        "not a trace: its first line is no header"
    );
}

#[test]
fn worlds_that_are_not_there_do_not_agree() {
    let of = |change: fn(&mut Vec<Value>)| verdict("worlds.jsonl.gz", change);
    assert_eq!(of(|lines| lines.truncate(1)), "nothing to compare");
    assert_eq!(
        of(|lines| lines.truncate(10)),
        "the end: 247 worlds are announced, and 9 there"
    );
    assert_eq!(
        of(|lines| lines.retain(|line| line["seed"].as_u64().is_none())),
        "nothing to compare; not compared: 5 worlds of seeds below zero"
    );
    assert_eq!(of(|lines| lines[2] = 5.into()), "line 3: not a world: 5");
}

#[test]
fn the_random_stream_is_numpy_s() {
    let text = fs::read_to_string(golden().join("vectors.json")).expect("readable");
    let vectors: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let cases = vectors["mt19937"].as_array().expect("cases");
    for case in cases {
        let seed = case["seed"].as_u64().expect("seed") as u32;
        let mut rng = Mt19937::new(seed);
        let words: Vec<u32> = (0..1252).map(|_| rng.word()).collect();
        for (field, range) in [
            ("raw_first_8", 0..8),
            ("raw_620_to_632", 620..632),
            ("raw_1244_to_1252", 1244..1252),
        ] {
            assert_eq!(
                case[field],
                serde_json::json!(words[range]),
                "{field} of {seed}"
            );
        }
        let mut rng = Mt19937::new(seed);
        for bits in case["uniform_first_8"].as_array().expect("numbers") {
            assert_eq!(
                format!("{:016x}", rng.uniform().to_bits()),
                bits.as_str().expect("bits")
            );
        }
        let mut rng = Mt19937::new(seed);
        for triple in case["randint_n_value_draws"].as_array().expect("triples") {
            let number = |i: usize| triple[i].as_u64().expect("number");
            let before = rng.draws();
            assert_eq!(
                u64::from(rng.below(number(0) as u32)),
                number(1),
                "randint(0, {})",
                triple[0]
            );
            assert_eq!(
                rng.draws() - before,
                number(2),
                "draws of randint(0, {})",
                triple[0]
            );
        }
    }
    assert!(!cases.is_empty());
}
