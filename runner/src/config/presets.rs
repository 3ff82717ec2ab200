//! Provides the configuration files that come with the program, by name.

use std::path::Path;

use super::{ConfigError, Layer, Origin, nearest};

macro_rules! presets {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../configs/", $name, ".toml")))),+]
    };
}

/// Names and contents. Endpoints are no configurations: their names are values of
/// `endpoint.base_url`.
const PRESETS: [(&str, &str); 3] = presets!["balrog", "synth", "smoke"];

/// The layer of a configuration file, or of the preset of that name where there
/// is no such file.
///
/// # Errors
///
/// Where there is neither, or the file is no TOML.
pub fn file_layer(path: &Path) -> Result<Layer, ConfigError> {
    let syntax = |source| ConfigError::Syntax {
        path: path.to_owned(),
        source,
    };
    let read = std::fs::read_to_string(path);
    let name = path.to_string_lossy();
    match (read, PRESETS.iter().find(|(preset, _)| *preset == name)) {
        (Ok(text), _) => {
            let table = text.parse().map_err(syntax)?;
            Ok(Layer {
                origin: Origin::File(path.to_owned()),
                table,
            })
        }
        (Err(_), Some((preset, text))) => {
            let table = text.parse().map_err(syntax)?;
            Ok(Layer {
                origin: Origin::Preset(preset),
                table,
            })
        }
        (Err(error), None) => {
            let presets = PRESETS.map(|(name, _)| name);
            let hint = match nearest(&name, presets) {
                Some(near) => format!("did you mean the preset {near}?"),
                None => format!("the presets are {}", presets.join(", ")),
            };
            Err(ConfigError::Read {
                path: path.to_owned(),
                error,
                hint,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_preset_is_a_valid_configuration() {
        for (name, _) in PRESETS {
            let layer = file_layer(Path::new(name)).expect("a preset");
            assert_eq!(layer.origin, Origin::Preset(name));
            Config::load(&[layer]).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    #[test]
    fn a_name_that_is_neither_file_nor_preset_is_answered() {
        let error = file_layer(Path::new("balrg"))
            .expect_err("an error")
            .to_string();
        assert!(
            error.ends_with("did you mean the preset balrog?"),
            "{error}"
        );
    }
}
