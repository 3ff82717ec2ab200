//! Shows a trace file in the browser: a local page over runs, episodes, turns and
//! steps, and the same player as one self-contained file.
//!
//! A `shelf` owns the trace file on a thread of its own and answers the page's
//! requests: the `catalog` of episodes and their
//! `runs`, single `episode`s whose
//! `film` is rebuilt from seed and actions by the real world. A `question` in SQL is
//! answered by a process of its own. The `server` takes requests to them, behind a `guard`
//! that refuses everything from elsewhere. [`page`] puts one episode into one file.
//!
//! The page is plain HTML, CSS and JavaScript modules in `assets`, embedded in the
//! program. It asks nobody but this server, and shows what models wrote as text.
//!
//! Nothing is written, and nothing is drawn here but single frames: the page draws
//! from tiles.

mod assets;
mod catalog;
mod episode;
mod film;
mod guard;
mod page;
mod pictures;
mod question;
mod runs;
mod server;
mod shelf;

pub use page::page;
pub use question::answer;
pub use server::{Address, Server};
