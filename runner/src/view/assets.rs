//! Holds the files of the page, embedded in the program.

/// A file of the page.
pub(super) struct Asset {
    /// Its path on the server.
    pub(super) path: &'static str,
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($path:literal from $file:literal is $kind:ident),+ $(,)?) => {
        /// Every file of the page.
        pub(super) const ASSETS: &[Asset] = &[
            $(Asset { path: $path, kind: $kind, text: include_str!(concat!("assets/", $file)) }),+
        ];
    };
}

assets! {
    "/" from "index.html" is HTML,
    "/style.css" from "style.css" is CSS,
    "/theme.js" from "theme.js" is JS,
    "/app.js" from "app.js" is JS,
    "/dom.js" from "dom.js" is JS,
    "/format.js" from "format.js" is JS,
    "/source.js" from "source.js" is JS,
    "/runs.js" from "runs.js" is JS,
    "/episodes.js" from "episodes.js" is JS,
    "/film.js" from "film.js" is JS,
    "/draw.js" from "draw.js" is JS,
    "/player.js" from "player.js" is JS,
    "/timeline.js" from "timeline.js" is JS,
    "/turn.js" from "turn.js" is JS,
    "/turns.js" from "turns.js" is JS,
    "/episode.js" from "episode.js" is JS,
    "/compare.js" from "compare.js" is JS,
    "/sql.js" from "sql.js" is JS,
    "/single.js" from "single.js" is JS,
}

/// The text of a file of the page.
pub(super) fn text(path: &str) -> &'static str {
    ASSETS
        .iter()
        .find(|asset| asset.path == path)
        .map_or("", |asset| asset.text)
}
