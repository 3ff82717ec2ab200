//! Draws a world as the player sees it: the map around the player, by day or
//! by night, and the inventory below it.
//!
//! Every byte is the one the reference draws with the same textures, at any
//! size and view, so the arithmetic gives what the reference's order and precision
//! give: single precision for blending and colours, double for light. What the
//! pictures look like is [`Textures`](crate::Textures)' matter.
//!
//! A frame costs little because few tiles differ. By day each distinct tile is
//! lit once and then copied; at night, where every pixel has noise of its own,
//! all of them go through one loop that the compiler turns into vector code, half of
//! it in whole numbers that are as exact as doubles wherever it matters.

mod kernel;
mod light;
mod pictures;
mod renderer;
mod scale;
mod strip;
mod vignette;

pub(crate) use kernel::{day, join_columns, night};
pub(crate) use light::Light;
pub use renderer::Renderer;
pub(crate) use vignette::Vignette;
