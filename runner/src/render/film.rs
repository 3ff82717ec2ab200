//! Draws the frames of an episode, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use env_crafter::{Env, EnvConfig, MAX_SIZE, Renderer, Textures};

use super::Reel;
use super::canvas::Canvas;
use super::captions::{Heading, Panel};
use crate::exit::Coded;
use crate::rebuild::{RecordedStep, Recording};

/// How an episode is drawn.
#[derive(Debug, Clone)]
pub struct FilmOptions {
    /// Pixels of a cell of the map.
    pub scale: u32,
    /// The state to begin with; the first there is, if none is given.
    pub from: Option<u64>,
    /// The state to end with; the last there is, if none is given.
    pub to: Option<u64>,
    /// Whether what was done and why is written beside the frames.
    pub captions: bool,
    /// What to draw with.
    pub textures: Arc<Textures>,
}

/// Beats for which a frame is shown: longer where something was unlocked, so that
/// there is time to read, and longest at the end.
const BEATS: u16 = 1;
const BEATS_UNLOCKED: u16 = 8;
const BEATS_LAST: u16 = 16;

/// Pixels of the project's textures.
const TEXTURE: u32 = 16;

/// The frames of a recorded episode.
pub struct Film<'a> {
    recording: &'a Recording,
    reasons: BTreeMap<u64, String>,
    options: FilmOptions,
    renderer: Renderer,
    magnify: usize,
    heading: Heading,
    from: u64,
    to: u64,
}

impl<'a> Film<'a> {
    /// The film of an episode; `reasons` are what was thought in each turn.
    ///
    /// # Errors
    ///
    /// Where it has no such steps, or a frame would be too large.
    pub fn new(
        recording: &'a Recording,
        reasons: BTreeMap<u64, String>,
        options: FilmOptions,
    ) -> anyhow::Result<Film<'a>> {
        let (first, last) = (recording.first_step(), recording.last_step());
        let from = options.from.unwrap_or(first);
        let to = options.to.unwrap_or(last);
        if from < first || to > last || from > to {
            return Err(Coded::usage(format!(
                "there are no steps {from} to {to}: the episode has {first} to {last}"
            ))
            .into());
        }
        let view = recording.world.view;
        // Enlarged from the size the textures have, night noise has grains as large
        // as the textures' pixels, and takes a ninth of the room in a file.
        let magnify = match options.scale {
            scale if scale > 0 && scale.is_multiple_of(TEXTURE) => scale / TEXTURE,
            _ => 1,
        };
        let most = MAX_SIZE / view.0.max(view.1);
        if options.scale > most {
            let problem = format!("--scale {}: it takes 2 to {most}", options.scale);
            return Err(Coded::usage(problem).into());
        }
        let unit = options.scale / magnify;
        let size = (view.0.saturating_mul(unit), view.1.saturating_mul(unit));
        let drawn = EnvConfig {
            size,
            ..recording.world.clone()
        };
        let renderer = Renderer::new(&drawn, Arc::clone(&options.textures));
        let renderer = renderer.with_context(|| {
            Coded::usage(format!("--scale {}: it takes 2 to {most}", options.scale))
        })?;
        Ok(Film {
            heading: Heading {
                model: recording.config.model.clone(),
                seed: recording.config.seed,
                step_limit: recording.step_limit(),
            },
            recording,
            reasons,
            options,
            renderer,
            magnify: magnify as usize,
            from,
            to,
        })
    }

    /// How many frames there are.
    pub fn frames(&self) -> u64 {
        self.to - self.from + 1
    }

    /// Draws every frame into `reel` and says so to `drawn`.
    ///
    /// # Errors
    ///
    /// Where the world cannot be rebuilt, or the reel cannot be written.
    pub fn draw(mut self, reel: &mut dyn Reel, mut drawn: impl FnMut()) -> anyhow::Result<()> {
        let mut states = self.recording.states()?;
        // The step that leads to the first frame belongs on it, too.
        let mut recorded = None;
        while states.env().steps() < self.from {
            recorded = states.advance()?.map(|(recorded, _)| recorded);
        }
        loop {
            let step = states.env().steps();
            let canvas = self.frame(states.env(), recorded);
            let beats = match recorded {
                _ if step == self.to => BEATS_LAST,
                Some(step) if !step.unlocked.is_empty() => BEATS_UNLOCKED,
                _ => BEATS,
            };
            reel.add(&canvas, step, beats)?;
            drawn();
            if step >= self.to {
                return Ok(());
            }
            recorded = states.advance()?.map(|(recorded, _)| recorded);
        }
    }

    fn frame(&mut self, env: &Env, recorded: Option<&RecordedStep>) -> Canvas {
        let picture = self.renderer.render(env);
        let (height, width, _) = picture.dim();
        let (height, width) = (height * self.magnify, width * self.magnify);
        let pixels: Vec<u8> = picture.into_iter().collect();
        // Videos have even sides.
        let even = |side: usize| side.next_multiple_of(2);
        if !self.options.captions {
            let mut canvas = Canvas::new(even(width), even(height), [0; 3]);
            canvas.copy(width, &pixels, self.magnify);
            return canvas;
        }
        let panel = Panel::beside(width, even(height));
        let mut canvas = Canvas::new(even(width + panel.width), even(height), [0; 3]);
        canvas.copy(width, &pixels, self.magnify);
        let turn = recorded.and_then(|step| step.turn);
        let reason = turn.and_then(|turn| self.reasons.get(&turn));
        panel.draw(
            &mut canvas,
            &self.heading,
            env,
            recorded,
            reason.map(String::as_str),
        );
        canvas
    }
}
