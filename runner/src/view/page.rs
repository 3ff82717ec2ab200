//! Puts one episode into one file that a colleague opens without installing
//! anything: the page's own player, with the episode inside.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tracer::Store;

use super::assets::text;
use super::episode::{Detail, Episode};
use super::{pictures, server};

/// The modules that play an episode, each after those it needs.
const MODULES: [&str; 11] = [
    "/dom.js",
    "/format.js",
    "/film.js",
    "/draw.js",
    "/source.js",
    "/timeline.js",
    "/player.js",
    "/turn.js",
    "/turns.js",
    "/episode.js",
    "/single.js",
];

/// The file of an episode. It asks for nothing from anywhere.
///
/// # Errors
///
/// Where the session cannot be read.
pub fn page(store: &Store, session_id: &str) -> anyhow::Result<String> {
    let episode = Episode::of(store.session_trace(session_id)?);
    let turns = episode
        .turns()
        .map(|turn| (turn.to_string(), episode.turn(Some(turn), Detail::Messages)))
        .chain([("outside".to_owned(), episode.turn(None, Detail::Messages))]);
    let tiles = BASE64_STANDARD.encode(pictures::tiles()?);
    let data = json!({
        "facts": server::facts(),
        "tiles": format!("data:image/png;base64,{tiles}"),
        "episode": episode.summary(),
        "turns": Map::from_iter(turns),
    });
    let script = script();
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    let (style, theme) = (text("/style.css"), text("/theme.js"));
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         script-src 'sha256-{}' 'sha256-{}'; style-src 'sha256-{}'; img-src data:; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Crafter episode</title>\n<style>{style}</style>\n<script>{theme}</script></head>\n\
         <body><main id=\"main\" tabindex=\"-1\"></main>\n\
         <script type=\"application/octet-stream\" id=\"data\">{}</script>\n\
         <script type=\"module\">{script}</script></body></html>\n",
        hash(theme),
        hash(&script),
        hash(style),
        packed(&data)?,
    ))
}

/// Compressed, and in characters that mean nothing in HTML.
fn packed(data: &Value) -> anyhow::Result<String> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    serde_json::to_writer(&mut packer, data)?;
    packer.flush()?;
    Ok(BASE64_STANDARD.encode(packer.finish()?))
}

/// The modules as one. Their names do not meet, so all they need is to lose what
/// imports and exports.
fn script() -> String {
    let mut script = String::new();
    for line in MODULES.iter().flat_map(|module| text(module).lines()) {
        if line.starts_with("import ") {
            continue;
        }
        script.push_str(line.strip_prefix("export ").unwrap_or(line));
        script.push('\n');
    }
    script
}
