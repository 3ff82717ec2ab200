//! Defines what is known of a run beside its episodes. Stored with the experiment.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::{self, Config, Decides};
use crate::statistics::Stopping;

/// What is known of a run before its episodes are looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The id of the run, which is an experiment in the trace file.
    pub experiment_id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// The version of the program.
    pub version: String,
    /// The commit the program was built from, with a `+` where files differed from it;
    /// unknown where it was not built in a clone.
    pub git: Option<String>,
    /// The branch it was built from, if it was one.
    pub branch: Option<String>,
    /// The configuration it was begun with, in full, without secrets.
    pub config: Config,
    /// What it was continued with, each time that something had changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<Later>,
}

/// What a run was continued with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Later {
    /// When.
    pub began_at: Timestamp,
    /// The version of the program.
    pub version: String,
    /// The commit it was built from.
    pub git: Option<String>,
    /// The configuration in full, without secrets.
    pub config: Config,
}

impl RunInfo {
    /// The configuration that the run was begun or last continued with.
    pub fn current(&self) -> &Config {
        self.later.last().map_or(&self.config, |last| &last.config)
    }

    fn configs(&self) -> impl Iterator<Item = &Config> {
        let later = self.later.iter().map(|later| &later.config);
        std::iter::once(&self.config).chain(later)
    }

    /// Every model that was to play, in the order in which they were named.
    pub fn models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = Vec::new();
        for model in self.configs().flat_map(|config| &config.run.models) {
            if !models.contains(&model.as_str()) {
                models.push(model);
            }
        }
        models
    }

    /// What decided how many episodes were played.
    pub fn stopping(&self) -> Stopping {
        match self.configs().any(|config| config.run.until_decided) {
            true => Stopping::OnceDecided,
            false => Stopping::Planned,
        }
    }

    /// Takes note of how the run goes on, if that is not how it went before. Where its
    /// trace file lies says nothing of the run.
    ///
    /// # Errors
    ///
    /// Where a configuration holds a number that TOML cannot.
    pub fn go_on(&mut self, later: Later) -> Result<(), toml::ser::Error> {
        let changes = config::changes(self.current(), &later.config)?;
        let before = self.later.last();
        let before = before.map_or((&self.version, &self.git), |it| (&it.version, &it.git));
        let another_program = before != (&later.version, &later.git);
        if another_program || changes.iter().any(|change| change.key != "run.traces") {
            self.later.push(later);
        }
        Ok(())
    }

    /// What was changed of the run that its figures may depend on, in the order in which
    /// it was: nothing, unless it was continued as another.
    ///
    /// # Errors
    ///
    /// Where a configuration holds a number that TOML cannot.
    pub fn mixed(&self) -> Result<Vec<String>, toml::ser::Error> {
        let mut mixed = Vec::new();
        let mut before = (&self.config, self.program());
        for later in &self.later {
            let since = later.began_at.strftime("%Y-%m-%d %H:%M UTC");
            let changes = config::changes(before.0, &later.config)?;
            let matter = changes
                .iter()
                .filter(|change| change.decides() != Decides::Course);
            mixed.extend(matter.map(|change| format!("{change} since {since}")));
            let program = program(&later.version, later.git.as_deref());
            if program != before.1 {
                let was = &before.1;
                mixed.push(format!(
                    "the program was {was} and is {program} since {since}"
                ));
            }
            before = (&later.config, program);
        }
        Ok(mixed)
    }

    /// The program that the run was begun with: its version and commit.
    pub fn program(&self) -> String {
        program(&self.version, self.git.as_deref())
    }
}

fn program(version: &str, git: Option<&str>) -> String {
    match git {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> RunInfo {
        RunInfo {
            experiment_id: "r".into(),
            started_at: Timestamp::UNIX_EPOCH,
            version: "1".into(),
            git: None,
            branch: None,
            config: Config::defaults().expect("the defaults"),
            later: Vec::new(),
        }
    }

    fn later(run: &RunInfo, change: impl FnOnce(&mut Config)) -> Later {
        let mut config = run.current().clone();
        change(&mut config);
        Later {
            began_at: Timestamp::UNIX_EPOCH,
            version: "1".into(),
            git: None,
            config,
        }
    }

    #[test]
    fn what_a_run_was_begun_with_is_kept() {
        let mut run = run();
        let same = later(&run, |config| config.run.traces = "moved.duckdb".into());
        run.go_on(same).expect("comparable");
        assert_eq!(run.later, []);

        let further = later(&run, |config| config.run.episodes = 20);
        run.go_on(further).expect("comparable");
        assert_eq!(run.mixed().expect("comparable"), Vec::<String>::new());

        let longer = later(&run, |config| config.limits.max_steps = 2000);
        run.go_on(longer).expect("comparable");
        let other = Later {
            git: Some("abc".into()),
            ..later(&run, |config| config.run.models.push("m".into()))
        };
        run.go_on(other).expect("comparable");
        assert_eq!(run.config.limits.max_steps, 1000);
        assert_eq!(
            (run.current().limits.max_steps, run.current().run.episodes),
            (2000, 20)
        );
        assert_eq!(run.models(), ["embedded:expert", "m"]);
        assert_eq!(
            run.mixed().expect("comparable"),
            [
                "limits.max_steps was 1000 and is 2000 since 1970-01-01 00:00 UTC",
                "run.models was [\"embedded:expert\"] and is [\"embedded:expert\", \"m\"] since \
                 1970-01-01 00:00 UTC",
                "the program was 1 and is 1 (abc) since 1970-01-01 00:00 UTC",
            ]
        );
    }
}
