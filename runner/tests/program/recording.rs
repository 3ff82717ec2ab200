//! Replies are recorded into a folder, and a run is played again by it.

use std::fs;
use std::process::Command;

use crate::Place;

const RECORD: [&str; 9] = [
    "--model",
    "embedded:random",
    "--episodes",
    "3",
    "--max-steps",
    "40",
    "--record",
    "rec",
    "--quiet",
];

#[test]
fn a_recorded_run_is_played_again_by_its_folder_alone() {
    let place = Place::new();
    place.play(&RECORD).exited(0);
    let again = |arguments: &[&str]| {
        place.play(&[&["--replay", "rec", "--json", "--quiet"], arguments].concat())
    };
    let then = place.read("report", &["--format", "json"]).exited(0).json();
    let now = again(&[]).exited(0).json();
    for measure in [
        "scored_episodes",
        "crafter_score",
        "reward",
        "invalid_actions",
        "endings",
    ] {
        assert_eq!(then[measure], now[measure], "{measure}");
    }
    assert_eq!(
        again(&["--episodes", "2"]).exited(0).json()["scored_episodes"],
        2
    );
    again(&["--episodes", "4"]).refused(2, &["no recording", "seed 3"]);
}

#[test]
fn a_replay_that_differs_is_no_success() {
    let place = Place::new();
    place.play(&RECORD).exited(0);
    let said = place.play(&["--replay", "rec", "--history", "1"]).exited(1);
    assert!(said.err.contains("(- recorded, + now)"), "{}", said.err);
    assert!(said.out.contains("The run stopped early"), "{}", said.out);
    assert!(!said.out.contains("To play them"), "{}", said.out);
}

#[test]
fn folders_that_cannot_be_meant_are_refused() {
    let place = Place::new();
    place.play(&RECORD).exited(0);
    place
        .play(&RECORD)
        .refused(2, &["rec holds a recording already"]);
    place
        .play(&["--replay", "elsewhere"])
        .refused(2, &["elsewhere holds no recording", "--record elsewhere"]);
    fs::write(place.path("file"), "").expect("a file");
    place
        .play(&["--model", "embedded:noop", "--record", "file"])
        .refused(2, &["cannot record in file"]);
    fs::create_dir(place.path("home")).expect("a folder");
    fs::write(place.path("home/letter.txt"), "dear").expect("a file");
    place
        .play(&["--model", "embedded:noop", "--record", "home"])
        .refused(2, &["home holds something else"]);
}

#[test]
fn a_prompt_of_ones_own_is_part_of_the_recording() {
    let place = Place::new();
    fs::write(place.path("mine.md"), "Play well.").expect("a file");
    let prompt = ["--set", "agent.prompt=mine.md"];
    place.play(&[&RECORD[..], &prompt].concat()).exited(0);
    fs::remove_file(place.path("mine.md")).expect("the same file");
    place.play(&["--replay", "rec", "--quiet"]).exited(0);
}

#[test]
fn the_recorded_commit_is_the_programs_own() {
    let place = Place::new();
    for arguments in [
        &["init", "--quiet"][..],
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            "another project",
        ],
    ] {
        let git = Command::new("git")
            .args(arguments)
            .current_dir(place.folder.path())
            .status();
        assert!(git.expect("git starts").success());
    }
    place
        .play(&["--episodes", "1", "--max-steps", "5", "--quiet"])
        .exited(0);
    let of_build = |name: &str, built: Option<&str>| {
        let found = place.ask(&format!("select any_value({name}) from system_versions"));
        assert_eq!(found.as_str(), built, "{name}");
    };
    of_build("commit", option_env!("BUILD_COMMIT"));
    of_build("branch", option_env!("BUILD_BRANCH"));
}
