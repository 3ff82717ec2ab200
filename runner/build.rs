//! Notes which commit and branch the program is built from, for its traces to say:
//! `BUILD_COMMIT`, with a `+` where files differ from it, and `BUILD_BRANCH`. Outside a
//! clone of its own repository there is neither.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What the program consists of, in the repository.
const SOURCES: [&str; 8] = [
    "Cargo.lock",
    "agent-react/src",
    "configs",
    "env-crafter/src",
    "runner/build.rs",
    "runner/src",
    "tracer/macros/src",
    "tracer/src",
];

fn main() {
    let root = Path::new("..");
    for source in SOURCES {
        rerun_if_changed(&root.join(source));
    }
    // A copy without history may lie inside some other repository.
    let top = git(&["rev-parse", "--show-toplevel"]);
    if top.and_then(|top| fs::canonicalize(top).ok()) != fs::canonicalize(root).ok() {
        return;
    }
    // The first changes with the branch, the second with the commit.
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]) {
            rerun_if_changed(Path::new(&path));
        }
    }
    if let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) {
        let differs = git(&["status", "--porcelain", "--untracked-files=no"])
            .is_some_and(|changed| !changed.is_empty());
        let mark = if differs { "+" } else { "" };
        println!("cargo::rustc-env=BUILD_COMMIT={commit}{mark}");
    }
    // None where a commit is checked out without a branch.
    if let Some(branch) = git(&["symbolic-ref", "--short", "--quiet", "HEAD"]) {
        println!("cargo::rustc-env=BUILD_BRANCH={branch}");
    }
}

/// One that is not there would have this run at every build.
fn rerun_if_changed(path: &Path) {
    if path.exists() {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

/// What git says; none where it fails, or is not there.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}
