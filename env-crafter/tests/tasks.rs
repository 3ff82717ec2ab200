//! What task sets promise: tiers that real worlds fill, parts that share
//! nothing, and files that can't lie.

use env_crafter::{Difficulty, EnvConfig, TaskSet, TaskSetError, Tier};
use serde_json::json;

fn set(name: &str, seeds: std::ops::Range<u64>) -> TaskSet {
    TaskSet::of_seeds(name, &EnvConfig::default(), seeds).expect("valid")
}

#[test]
fn every_tier_is_filled_by_worlds_in_a_row() {
    let tasks = set("worlds", 0..90);
    for tier in Tier::ALL {
        let count = tasks.of_tier(tier.name(), tier).tasks().len();
        assert!((15..=45).contains(&count), "{count} of 90 are {tier}");
    }
}

#[test]
fn difficulties_change_what_is_counted() {
    let sum = |difficulty| {
        let config = EnvConfig {
            difficulty,
            ..EnvConfig::default()
        };
        let tasks = TaskSet::of_seeds("some", &config, 0..20).expect("valid");
        let traits = tasks.tasks().iter().map(|task| task.traits);
        traits.fold((0, 0), |(trees, hostiles), each| {
            (trees + each.trees, hostiles + each.hostiles)
        })
    };
    let (normal, easy, hard) = (
        sum(Difficulty::Normal),
        sum(Difficulty::Easy),
        sum(Difficulty::Hard),
    );
    assert!(easy.0 > normal.0 && normal.0 > hard.0, "trees");
    assert!(easy.1 < normal.1 && normal.1 < hard.1, "hostiles");
    assert_eq!(sum(Difficulty::Peaceful).1, 0);
}

#[test]
fn a_shuffle_is_numpy_s() {
    let tasks = set("twelve", 0..12);
    let [all] = tasks.split(7, [("all", 12)]).unwrap();
    // numpy.random.RandomState(7).permutation(12)
    assert!(all.seeds().eq([7, 10, 2, 5, 0, 1, 11, 8, 3, 6, 9, 4]));
    let error = tasks
        .split(7, [("train", 12), ("test", usize::MAX)])
        .unwrap_err();
    assert!(matches!(error, TaskSetError::TooFew { available: 12, .. }));
}

#[test]
fn parts_have_no_seed_in_common() {
    let tasks = set("all", 0..30);
    let [train, validation, test] = tasks
        .split(1, [("train", 20), ("validation", 4), ("test", 5)])
        .unwrap();
    let sizes = [&train, &validation, &test].map(|part| part.tasks().len());
    assert_eq!(sizes, [20, 4, 5]);
    train.check_disjoint(&validation).unwrap();
    train.check_disjoint(&test).unwrap();
    validation.check_disjoint(&test).unwrap();
    for task in train.tasks() {
        assert!(tasks.tasks().contains(task));
    }
}

#[test]
fn an_overlap_is_named_by_its_seeds() {
    let error = set("train", 0..12).check_disjoint(&set("test", 10..14));
    assert_eq!(
        error.unwrap_err().to_string(),
        r#"task sets "train" and "test" share 2 seeds: 10, 11"#
    );
    let error = set("a", 0..9).check_disjoint(&set("b", 2..20));
    assert_eq!(
        error.unwrap_err().to_string(),
        r#"task sets "a" and "b" share 7 seeds: 2, 3, 4, 5, 6 and 2 more"#
    );
}

#[test]
fn a_seed_twice_is_refused() {
    let error = TaskSet::of_seeds("odd", &EnvConfig::default(), [5, 6, 5]).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"task set "odd" lists seed 5 twice: each world is to be played once"#
    );
}

#[test]
fn a_saved_set_comes_back() {
    let tasks = set("saved", 3..9);
    let text = serde_json::to_string(&tasks).unwrap();
    let again: TaskSet = serde_json::from_str(&text).unwrap();
    assert_eq!(again, tasks);
    again.verify().unwrap();
}

#[test]
fn a_saved_set_of_no_area_is_not_even_read() {
    let mut saved = serde_json::to_value(set("edited", 0..1)).unwrap();
    saved["area"] = json!([0, 64]);
    let error = serde_json::from_value::<TaskSet>(saved).unwrap_err();
    assert_eq!(
        error.to_string(),
        "area 0x64: each side must be 1 to 4096 cells"
    );
}

#[test]
fn a_saved_set_is_not_believed() {
    let saved = serde_json::to_value(set("edited", 0..3)).unwrap();
    let check = |edit: fn(&mut serde_json::Value), expected: &str| {
        let mut edited = saved.clone();
        edit(&mut edited);
        let error = serde_json::from_value::<TaskSet>(edited)
            .map_err(|error| error.to_string())
            .and_then(|set| set.verify().map_err(|error| error.to_string()))
            .expect_err("it was edited");
        assert!(error.contains(expected), "{error}");
    };
    check(
        |set| set["format"] = json!("crafter-tasks/2"),
        r#"read in the format "crafter-tasks/1", and this one is in "crafter-tasks/2""#,
    );
    check(
        |set| set["tasks"][1]["seed"] = json!(0),
        "lists seed 0 twice",
    );
    check(|set| set["tasks"][1]["seed"] = json!(-1), "-1");
    check(
        |set| set["tasks"][0]["tier"] = json!("unheard-of"),
        r#"unknown tier "unheard-of": known are easy, medium, hard"#,
    );
    check(
        |set| {
            set["tasks"][0]["tier"] = json!("hard");
            set["tasks"][0]["water"] = json!(500);
            set["tasks"][0]["trees"] = json!(500);
            set["tasks"][0]["cows"] = json!(500);
            set["tasks"][0]["coal"] = json!(500);
            set["tasks"][0]["iron"] = json!(500);
            set["tasks"][0]["hostiles"] = json!(0);
        },
        "calls seed 0 hard, but its traits make it easy",
    );
    check(
        |set| set["tasks"][2]["seed"] = json!(1000),
        "says of seed 1000 what is not true of its world",
    );
    check(|set| set["area"] = json!([0, 64]), "area 0x64");
    check(|set| set["colour"] = json!("red"), "unknown field `colour`");
}
