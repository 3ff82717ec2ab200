//! Plays one world and keeps what came of it.

use std::{collections::BTreeMap, fmt, fs, io, path::Path, time::Instant};

use agent_react::{
    embedded,
    environment::{Environment, EnvironmentOptions},
    model::{ChatMessage, ChatModel, ChatRequest, ReplyEnd, ToolCall},
    observation::ActionReport,
    tools::ToolRules,
};
use env_crafter::{Effect, Env, EnvConfig, Item, Object, ObjectKind};
use futures::executor::block_on;
use serde::{Deserialize, Serialize};

/// How the worlds are played.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub model: &'a str,
    pub steps: u64,
}

/// What came of an episode.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Episode {
    pub seed: u64,
    /// Steps played.
    pub steps: u64,
    /// What the player died of, if it did.
    pub died_of: Option<String>,
    /// The step at which each achievement was unlocked, by name.
    pub unlocked: BTreeMap<String, u64>,
    /// How often the model was asked.
    pub decisions: u64,
    /// Seconds of processor time the model took to decide.
    #[serde(skip)]
    pub thinking: f64,
}

/// One turn, as `--why` prints it.
pub(crate) struct Turn<'a> {
    text: &'a str,
    call: &'a ToolCall,
    reports: &'a [ActionReport],
}

impl Setting<'_> {
    /// Plays the world of a seed, and shows each turn.
    pub(crate) fn play(
        self,
        seed: u64,
        mut show: impl FnMut(Turn<'_>) -> io::Result<()>,
    ) -> io::Result<Episode> {
        let world = EnvConfig {
            seed,
            ..EnvConfig::default()
        };
        let options = EnvironmentOptions {
            max_steps: Some(self.steps),
            ..EnvironmentOptions::default()
        };
        let mut environment = Environment::new(world, options).map_err(io::Error::other)?;
        let model = embedded::model(self.model, seed).map_err(io::Error::other)?;
        let mut episode = Episode {
            seed,
            steps: 0,
            died_of: None,
            unlocked: BTreeMap::new(),
            decisions: 0,
            thinking: 0.0,
        };
        let mut texts = Vec::new();
        while !environment.is_over() {
            let text = environment.observe().text;
            let calls = ask(&*model, &text)?;
            let decision = environment
                .validate(&calls, ReplyEnd::Finished)
                .map_err(io::Error::other)?;
            let before = environment.env().steps();
            let reports = environment.execute(decision.actions()).to_vec();
            for (executed, step) in reports
                .iter()
                .filter_map(|each| each.executed)
                .zip(before + 1..)
            {
                for achievement in executed.unlocked.iter() {
                    episode.unlocked.insert(achievement.name().to_owned(), step);
                }
            }
            show(Turn {
                text: &text,
                call: &calls[0],
                reports: &reports,
            })?;
            texts.push(text);
            if environment.env().is_dead() {
                episode.died_of = Some(cause(environment.env(), &reports).to_owned());
            }
        }
        episode.steps = environment.env().steps();
        episode.decisions = texts.len() as u64;
        episode.thinking = self.time_to_answer(seed, &texts)?;
        Ok(episode)
    }

    /// The seconds of processor time a fresh model takes to answer these texts.
    fn time_to_answer(self, seed: u64, texts: &[String]) -> io::Result<f64> {
        let model = embedded::model(self.model, seed).map_err(io::Error::other)?;
        let requests: Vec<ChatRequest> = texts.iter().map(|text| request(text)).collect();
        let (begun, before) = (Instant::now(), processor_seconds());
        for request in requests {
            block_on(model.complete(request)).map_err(io::Error::other)?;
        }
        let wall = begun.elapsed().as_secs_f64();
        Ok(match (before, processor_seconds()) {
            (Some(before), Some(after)) => after - before,
            _ => wall,
        })
    }
}

/// The processor time of this thread, where Linux tells it.
fn processor_seconds() -> Option<f64> {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = told.split(' ').next()?.parse().ok()?;
    Some(nanoseconds as f64 / 1e9)
}

fn request(text: &str) -> ChatRequest {
    ChatRequest {
        messages: vec![ChatMessage::user(text).into()],
        tools: ToolRules::default().specs().into(),
        ..ChatRequest::default()
    }
}

fn ask(model: &dyn ChatModel, text: &str) -> io::Result<Vec<ToolCall>> {
    let reply = block_on(model.complete(request(text))).map_err(io::Error::other)?;
    Ok(reply.tool_calls)
}

/// What the player most likely died of.
fn cause(env: &Env, reports: &[ActionReport]) -> &'static str {
    let lava = |report: &ActionReport| {
        let executed = report.executed;
        executed.is_some_and(|executed| executed.effect == Effect::SteppedIntoLava)
    };
    let zombie = |object: Object| {
        object.kind == ObjectKind::Zombie && object.position.distance(env.position()) <= 1
    };
    let lacks = |need| env.inventory()[need] == 0;
    match () {
        () if reports.iter().any(lava) => "lava",
        () if env.objects().any(zombie) => "a zombie",
        () if lacks(Item::Food) => "hunger",
        () if lacks(Item::Drink) => "thirst",
        () if lacks(Item::Energy) => "tiredness",
        () => "an arrow",
    }
}

/// Reads what `--json` printed.
pub(crate) fn read(path: &Path) -> io::Result<Vec<Episode>> {
    let named = |what: &str, kind, error: &dyn fmt::Display| {
        io::Error::new(kind, format!("{}{what}: {error}", path.display()))
    };
    let lines = fs::read_to_string(path).map_err(|error| named("", error.kind(), &error))?;
    let episodes = lines.lines().map(serde_json::from_str);
    episodes.collect::<Result<_, _>>().map_err(|error| {
        let kind = io::ErrorKind::InvalidData;
        named(" is not what --json prints", kind, &error)
    })
}

impl fmt::Display for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = ["Step", "Health", "Position", "Light", "Inventory", "View"];
        let lines = self.text.lines();
        let mut rows = 0;
        for line in lines {
            let view = line.starts_with("View");
            if rows > 0 || shown.iter().any(|start| line.starts_with(start)) {
                writeln!(f, "{line}")?;
            }
            rows = if view { 7 } else { rows - i32::from(rows > 0) };
        }
        let arguments: serde_json::Value =
            serde_json::from_str(&self.call.arguments).unwrap_or_default();
        writeln!(
            f,
            "> {}",
            arguments["reasoning"].as_str().unwrap_or_default()
        )?;
        for report in self.reports {
            writeln!(f, "  {report}")?;
        }
        Ok(())
    }
}
