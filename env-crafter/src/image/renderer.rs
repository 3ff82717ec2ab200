//! Provides the renderer: what a frame consists of, and where it goes.

use std::sync::Arc;

use ndarray::Array3;

use super::{light::Light, pictures::Pictures, strip::Strip, vignette::Vignette};
use crate::{
    ConfigError, Env, EnvConfig, NightNoise, Position, Textures, cpu, rng::Mt19937,
    seed::world_seed, tile::Tile,
};

/// Draws frames, keeping what can be used again from one to the next.
#[derive(Debug, Clone)]
pub struct Renderer {
    layout: Layout,
    textures: Arc<Textures>,
    pictures: Pictures,
    strip: Strip,
    /// The tiles of the local view, column after column.
    tiles: Vec<Tile>,
    /// The numbers of their pictures.
    shown: Vec<usize>,
    night: Night,
}

/// Where things are in a frame, in pixels, horizontally and vertically.
#[derive(Debug, Clone, Copy)]
struct Layout {
    size: (usize, usize),
    border: (usize, usize),
    /// Cells, those of the inventory included.
    view: (usize, usize),
    /// Cells of the map that are shown.
    cells: (usize, usize),
    /// Pixels of a cell.
    unit: (usize, usize),
}

/// What only frames at night need. Sized at the first one.
#[derive(Debug, Clone, Default)]
struct Night {
    /// The local view, column after column, and what makes its last block whole.
    pixels: Vec<u32>,
    words: Vec<u32>,
    vignette: Vignette,
}

impl Renderer {
    /// A renderer for worlds of this configuration.
    ///
    /// Worlds of other configurations can be drawn with it, too: only `view`
    /// and `size` matter here.
    ///
    /// # Errors
    ///
    /// If the configuration is not valid.
    pub fn new(config: &EnvConfig, textures: Arc<Textures>) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self::of_valid(config, textures))
    }

    fn of_valid(config: &EnvConfig, textures: Arc<Textures>) -> Self {
        let layout = Layout::new(config);
        Self {
            layout,
            textures,
            pictures: Pictures::new(layout.unit),
            strip: Strip::new(layout.cells.0, layout.unit),
            tiles: Vec::new(),
            shown: Vec::new(),
            night: Night::default(),
        }
    }

    /// Rows, columns and channels of a frame.
    #[must_use]
    pub fn shape(&self) -> (usize, usize, usize) {
        (self.layout.size.1, self.layout.size.0, 3)
    }

    /// Draws what the player sees into `frame`: rows from the top, pixels from
    /// the left, each red, green and blue.
    ///
    /// Allocates only for tiles that were never seen before and for the first
    /// night.
    ///
    /// # Panics
    ///
    /// If the length of `frame` is not the product of the [`shape`](Self::shape).
    pub fn render_into(&mut self, env: &Env, frame: &mut [u8]) {
        let (rows, columns, channels) = self.shape();
        assert_eq!(frame.len(), rows * columns * channels, "bytes of a frame");
        let Layout {
            cells,
            unit,
            border,
            ..
        } = self.layout;
        let light = Light {
            daylight: env.daylight(),
            sleeping: env.is_sleeping(),
        };
        self.layout.clear_border(frame);
        self.look(env);
        if light.is_night() {
            self.draw_night(light, env, frame);
        } else {
            self.draw_day(light, frame);
        }
        let strip = self.strip.rows(env.inventory(), &self.textures);
        let below = frame
            .chunks_exact_mut(columns * 3)
            .skip(border.1 + cells.1 * unit.1);
        for (to, from) in below.zip(strip) {
            to[border.0 * 3..][..from.len()].copy_from_slice(from);
        }
    }

    /// Draws what the player sees.
    #[must_use]
    pub fn render(&mut self, env: &Env) -> Array3<u8> {
        let mut image = Array3::zeros(self.shape());
        if let Some(frame) = image.as_slice_mut() {
            self.render_into(env, frame);
        }
        image
    }

    /// Fetches the tiles around the player.
    fn look(&mut self, env: &Env) {
        let (columns, rows) = self.layout.cells;
        let center = env.position();
        let west = center.x - (columns / 2) as i32;
        let north = center.y - (rows / 2) as i32;
        let map = &env.world.map;
        self.tiles.clear();
        for x in west..west + columns as i32 {
            let column = (north..north + rows as i32).map(|y| map.get(Position::new(x, y)));
            self.tiles.extend(column);
        }
    }

    fn draw_day(&mut self, light: Light, frame: &mut [u8]) {
        let Layout { cells, unit, .. } = self.layout;
        let width = unit.0 * 3;
        self.pictures
            .light(&self.tiles, light, &self.textures, &mut self.shown);
        let lit = self.pictures.lit();
        let rows = frame[self.layout.pixel(0, 0)..].chunks_mut(self.layout.size.0 * 3);
        for (y, row) in rows.take(cells.1 * unit.1).enumerate() {
            let shown = self.shown[y / unit.1..].iter().step_by(cells.1);
            let parts = shown.map(|picture| picture * unit.1 + y % unit.1);
            lay::<_, 21>(row, lit, parts, width);
        }
    }

    fn draw_night(&mut self, light: Light, env: &Env, frame: &mut [u8]) {
        let Layout { cells, unit, .. } = self.layout;
        let Night {
            pixels,
            words,
            vignette,
        } = &mut self.night;
        let (width, height) = (cells.0 * unit.0, cells.1 * unit.1);
        let count = width * height;
        if pixels.is_empty() {
            *vignette = Vignette::new(width, height);
            pixels.resize(vignette.len(), 0);
            words.resize(2 * vignette.len(), 0);
        }
        self.pictures
            .find(&self.tiles, &self.textures, &mut self.shown);
        let columns = self.pictures.columns();
        for (x, column) in pixels[..count].chunks_exact_mut(height).enumerate() {
            let shown = &self.shown[x / unit.0 * cells.1..][..cells.1];
            let parts = shown.iter().map(|picture| picture * unit.0 + x % unit.0);
            lay::<_, 7>(column, columns, parts, unit.1);
        }
        draw_noise(env, &mut words[..2 * count]);
        cpu::light_night(light, words, vignette, pixels);
        let stride = self.layout.size.0 * 3;
        for (i, columns) in pixels[..count].chunks_mut(FOUR * height).enumerate() {
            let rows = frame[self.layout.pixel(i * FOUR, 0)..].chunks_mut(stride);
            pack(columns, height, rows);
        }
    }
}

/// The random words of the noise in a world's present frame.
fn draw_noise(env: &Env, words: &mut [u32]) {
    match env.config().noise {
        NightNoise::Separate => {
            let world = world_seed(i128::from(env.config.seed), env.episode);
            let step = (env.steps as u32).wrapping_mul(2_654_435_761);
            Mt19937::new(world.wrapping_add(step)).fill(words);
        }
        NightNoise::WorldStream => env.world.rng.latest(words),
    }
}

impl Env {
    /// What the player sees, drawn with the embedded textures: rows from the
    /// top, pixels from the left, red, green and blue.
    ///
    /// Looking does not change the world. To draw many frames, keep a
    /// [`Renderer`].
    #[must_use]
    pub fn image(&self) -> Array3<u8> {
        Renderer::of_valid(&self.config, Textures::embedded()).render(self)
    }
}

impl Layout {
    fn new(config: &EnvConfig) -> Self {
        let pair = |(x, y): (u32, u32)| (x as usize, y as usize);
        let (size, view, unit) = (pair(config.size), pair(config.view), pair(config.unit()));
        Self {
            size,
            border: (
                (size.0 - unit.0 * view.0) / 2,
                (size.1 - unit.1 * view.1) / 2,
            ),
            view,
            cells: pair(config.local_view()),
            unit,
        }
    }

    /// Where a pixel of the local view is in a frame.
    fn pixel(&self, x: usize, y: usize) -> usize {
        ((self.border.1 + y) * self.size.0 + self.border.0 + x) * 3
    }

    /// Blackens what neither map nor inventory cover.
    fn clear_border(&self, frame: &mut [u8]) {
        let (width, rows) = (self.size.0 * 3, self.border.1);
        let covered = self.view.1 * self.unit.1;
        frame[..rows * width].fill(0);
        frame[(rows + covered) * width..].fill(0);
        let (left, right) = (
            self.border.0 * 3,
            (self.border.0 + self.view.0 * self.unit.0) * 3,
        );
        for row in frame.chunks_exact_mut(width).skip(rows).take(covered) {
            // Mostly there is nothing on the left.
            if left > 0 {
                row[..left].fill(0);
            }
            row[right..].fill(0);
        }
    }
}

/// Columns of pixels that are [packed](pack) at once.
const FOUR: usize = 4;

/// Writes up to four columns, a word a pixel, to the beginnings of rows, three
/// bytes a pixel. Four columns are changed on the way.
fn pack<'a>(columns: &mut [u32], height: usize, rows: impl Iterator<Item = &'a mut [u8]>) {
    if columns.len() == FOUR * height {
        cpu::join_columns(columns, height);
        let (first, rest) = columns.split_at(height);
        let (second, third) = rest.split_at(height);
        for (((&a, &b), &c), row) in first.iter().zip(second).zip(third).zip(rows) {
            row[..3 * FOUR].copy_from_slice([a, b, c].map(u32::to_le_bytes).as_flattened());
        }
    } else {
        for (y, row) in rows.take(height).enumerate() {
            let pixels = columns[y..].iter().step_by(height);
            for (to, pixel) in row.as_chunks_mut::<3>().0.iter_mut().zip(pixels) {
                let [red, green, blue, _] = pixel.to_le_bytes();
                *to = [red, green, blue];
            }
        }
    }
}

/// Lays parts of some pictures, rows or columns, one after the other. `USUAL`
/// is their length at the default size, for which a copy is a few moves.
#[inline(always)]
fn lay<T: Copy, const USUAL: usize>(
    to: &mut [T],
    pictures: &[T],
    parts: impl Iterator<Item = usize>,
    length: usize,
) {
    let lay = |to: &mut [T], length: usize| {
        for (to, part) in to.chunks_exact_mut(length).zip(parts) {
            to.copy_from_slice(&pictures[part * length..][..length]);
        }
    };
    if length == USUAL {
        lay(to, USUAL);
    } else {
        lay(to, length);
    }
}
