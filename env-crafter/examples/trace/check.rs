//! Compares a trace the oracle wrote with the world itself.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    num::NonZeroU64,
    path::Path,
    sync::Arc,
};

use env_crafter::{Action, Env, EnvConfig, Textures};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::{
    record::Config,
    recorder::{play, world, worlds_header},
};

/// How a comparison went.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Steps, or worlds, that were compared and agree.
    pub(crate) agreed: u64,
    /// Images that were compared and agree.
    pub(crate) images: u64,
    /// What could not be compared, and why.
    pub(crate) left_out: Vec<String>,
    /// Fields of the trace that the world has nothing to compare with.
    pub(crate) ignored: Vec<&'static str>,
    /// The first difference.
    pub(crate) difference: Option<String>,
}

/// Why a trace could not be compared, or where it differs.
enum Stop {
    Broken(String),
    Difference(String),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Broken(message)
    }
}

/// Reads the lines of a trace, compressed or not.
pub(crate) fn read(path: &Path) -> Result<Vec<Value>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut file = BufReader::new(File::open(path).map_err(|error| failed(&error))?);
    let zipped = file
        .fill_buf()
        .map_err(|error| failed(&error))?
        .starts_with(&[0x1f, 0x8b]);
    let mut text = String::new();
    if zipped {
        MultiGzDecoder::new(file).read_to_string(&mut text)
    } else {
        file.read_to_string(&mut text)
    }
    .map_err(|error| failed(&error))?;
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(n, line)| {
            let broken = |error| failed(&format_args!("line {}: {error}", n + 1));
            serde_json::from_str(line).map_err(broken)
        })
        .collect()
}

/// The settings and the actions of a trace.
pub(crate) fn config_and_actions(lines: &[Value]) -> Result<(Config, Vec<Action>), String> {
    let config = lines
        .first()
        .map(|line| line["config"].clone())
        .unwrap_or_default();
    let config = serde_json::from_value(config).map_err(|error| format!("not a trace: {error}"))?;
    let action = |line: &Value| {
        let id = line["action"]
            .as_u64()
            .and_then(|id| u8::try_from(id).ok())
            .unwrap_or(u8::MAX);
        Action::try_from(id).map_err(|error| error.to_string())
    };
    let steps = lines.iter().filter(|line| line["kind"] == "step");
    Ok((config, steps.map(action).collect::<Result<_, _>>()?))
}

/// Compares the records of a trace with those of the world. Images are
/// compared if these are the textures they were drawn with.
///
/// It is an error if there is nothing to compare.
pub(crate) fn check(lines: &[Value], textures: &Arc<Textures>) -> Result<Outcome, String> {
    let mut outcome = match lines.first().map(|line| &line["kind"]) {
        Some(kind) if kind == "worldgen_header" => check_worlds(&lines[0], &lines[1..])?,
        Some(kind) if kind == "header" => check_steps(lines, textures)?,
        _ => return Err("not a trace: its first line is no header".to_owned()),
    };
    if outcome.agreed == 0 && outcome.difference.is_none() {
        let left_out = outcome
            .left_out
            .iter()
            .map(|reason| format!("; not compared: {reason}"));
        return Err(format!(
            "nothing to compare{}",
            left_out.collect::<String>()
        ));
    }
    let has = |field: &str| lines.iter().any(|line| !line[field].is_null());
    outcome.ignored = NOT_COMPARED
        .into_iter()
        .filter(|field| has(field))
        .collect();
    Ok(outcome)
}

fn check_steps(lines: &[Value], textures: &Arc<Textures>) -> Result<Outcome, String> {
    if lines.len() == 1 {
        return Err("nothing to compare: there is only a header".to_owned());
    }
    let (config, actions) = config_and_actions(lines)?;
    let mut outcome = Outcome::default();
    let drawn_with = config
        .textures
        .as_deref()
        .unwrap_or(Textures::REFERENCE_HASH);
    let comparable = textures.hash() == drawn_with;
    if !comparable {
        outcome
            .left_out
            .push("images, which were drawn with other textures".to_owned());
    }
    let mut expected = lines.iter();
    let mut episode = 0;
    let result = play(
        &config,
        actions.into_iter(),
        comparable.then_some(textures),
        |record| {
            let ours = serde_json::to_value(record).map_err(|error| error.to_string())?;
            let theirs = expected.next();
            if ours["kind"] == "header" {
                return Ok(same_header(&lines[0], &ours)?);
            }
            episode = ours["episode"].as_u64().unwrap_or(episode);
            let difference = match theirs {
                Some(theirs) => difference("", theirs, &ours),
                None => Some("the trace ends here".to_owned()),
            };
            if let Some(difference) = difference {
                let at = match (&ours["step"], &ours["kind"]) {
                    (Value::Null, kind) => kind.as_str().unwrap_or_default().to_owned(),
                    (step, _) => format!("step {step}"),
                };
                return Err(Stop::Difference(format!(
                    "episode {episode}, {at}: {difference}"
                )));
            }
            outcome.agreed += u64::from(ours["kind"] == "step");
            outcome.images += u64::from(!ours["hash"]["img"].is_null());
            Ok(())
        },
    );
    match result {
        Ok(()) => {
            if expected.next().is_some() {
                outcome.difference =
                    Some("the end: the trace goes on after the last record".to_owned());
            }
        }
        Err(Stop::Difference(difference)) => outcome.difference = Some(difference),
        Err(Stop::Broken(message)) => return Err(message),
    }
    Ok(outcome)
}

/// Refuses a trace of another format, or whose numbers have other names.
fn same_header(theirs: &Value, ours: &Value) -> Result<(), String> {
    let settings = ["kind", "config", "versions"];
    let fields = ours.as_object().into_iter().flatten();
    for (field, ours) in fields.filter(|(field, _)| !settings.contains(&field.as_str())) {
        if let Some(difference) = difference(field, &theirs[field], ours) {
            return Err(format!("not a trace that can be compared: {difference}"));
        }
    }
    Ok(())
}

fn check_worlds(header: &Value, lines: &[Value]) -> Result<Outcome, String> {
    let ours = serde_json::to_value(worlds_header()).map_err(|error| error.to_string())?;
    same_header(header, &ours)?;
    let mut outcome = Outcome::default();
    let mut negative = 0;
    for (i, theirs) in lines.iter().enumerate() {
        let broken = |what: &str| format!("line {}: {what}: {}", i + 2, short(theirs));
        if theirs["kind"] != "world" {
            return Err(broken("not a world"));
        }
        let number = |field: &str| theirs[field].as_u64().ok_or_else(|| broken(field));
        if theirs["seed"].as_i64().is_some_and(|seed| seed < 0) {
            negative += 1;
            continue;
        }
        let area: [u32; 2] = serde_json::from_value(theirs["area"].clone())
            .map_err(|error| broken(&error.to_string()))?;
        let config = EnvConfig {
            seed: number("seed")?,
            area: area.into(),
            ..EnvConfig::default()
        };
        let mut env = Env::new(config).map_err(|error| broken(&error.to_string()))?;
        let episode = NonZeroU64::new(number("episode")?).ok_or_else(|| broken("episode"))?;
        env.reset_to(episode);
        let ours = serde_json::to_value(world(&env)).map_err(|error| error.to_string())?;
        if let Some(difference) = difference("", theirs, &ours) {
            let at = format!("seed {}, episode {}", env.config().seed, env.episode());
            outcome.difference = Some(format!("{at}: {difference}"));
            return Ok(outcome);
        }
        outcome.agreed += 1;
    }
    let announced = header["worlds"].as_array().map_or(0, Vec::len);
    if outcome.agreed > 0 && announced != lines.len() {
        outcome.difference = Some(format!(
            "the end: {announced} worlds are announced, and {} there",
            lines.len()
        ));
    }
    if negative > 0 {
        outcome
            .left_out
            .push(format!("{negative} worlds of seeds below zero"));
    }
    Ok(outcome)
}

/// Fields that are only informative, or that need a log of every draw.
const NOT_COMPARED: [&str; 2] = ["events", "rng_calls"];
/// Fields that are compared where an image was drawn.
const IMAGES: [&str; 2] = ["image", "img"];
/// Fields that are compared before the others: they say which record it is.
const FIRST: [&str; 4] = ["kind", "episode", "step", "action"];

/// The first field in which two records differ, with both values.
fn difference(path: &str, theirs: &Value, ours: &Value) -> Option<String> {
    if let (Value::Object(their_fields), Value::Object(our_fields)) = (theirs, ours) {
        let fields = their_fields.keys().chain(our_fields.keys());
        return FIRST
            .into_iter()
            .chain(fields.map(String::as_str))
            .filter(|field| !NOT_COMPARED.contains(field))
            .filter(|field| !IMAGES.contains(field) || !ours[*field].is_null())
            .find_map(|field| {
                let path = match path {
                    "" => field.to_owned(),
                    path => format!("{path}.{field}"),
                };
                difference(&path, &theirs[field], &ours[field])
            });
    }
    (theirs != ours).then(|| format!("{path}: reference {}, here {}", short(theirs), short(ours)))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 200 {
        text
    } else {
        format!("{}…", text.chars().take(200).collect::<String>())
    }
}
