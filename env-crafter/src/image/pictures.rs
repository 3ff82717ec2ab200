//! Provides the pictures of tiles: a material with what stands on it, drawn
//! once and kept.

use super::{
    light::{Light, dark},
    scale::{blend, scaled},
};
use crate::{Material, Textures, cpu, tile::Tile};

/// What is shown of cells beyond the map's edge.
const OUTSIDE: [u8; 3] = [127; 3];

/// The pictures of all tiles seen so far, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Pictures {
    /// The picture of each tile, by the tile's byte.
    numbers: [Option<u8>; 256],
    unit: (usize, usize),
    /// By day: rows from the top, three bytes a pixel.
    base: Vec<u8>,
    /// In the dark, likewise.
    dark: Vec<u16>,
    /// In the light of a frame, likewise.
    lit: Vec<u8>,
    /// The frame each picture was lit for.
    lit_for: Vec<u64>,
    /// By day, a pixel a word, column after column.
    columns: Vec<u32>,
    frame: u64,
}

impl Pictures {
    /// Pictures of a size in pixels.
    pub(super) fn new(unit: (usize, usize)) -> Self {
        Self {
            numbers: [None; 256],
            unit,
            base: Vec::new(),
            dark: Vec::new(),
            lit: Vec::new(),
            lit_for: Vec::new(),
            columns: Vec::new(),
            frame: 0,
        }
    }

    /// Lights the pictures of some tiles, and says for each which one it is.
    pub(super) fn light(
        &mut self,
        tiles: &[Tile],
        light: Light,
        textures: &Textures,
        numbers: &mut Vec<usize>,
    ) {
        self.frame += 1;
        self.find(tiles, textures, numbers);
        let bytes = self.pixels() * 3;
        for &number in &*numbers {
            if self.lit_for[number] != self.frame {
                self.lit_for[number] = self.frame;
                let range = number * bytes..(number + 1) * bytes;
                cpu::light_day(
                    light,
                    &self.base[range.clone()],
                    &self.dark[range.clone()],
                    &mut self.lit[range],
                );
            }
        }
    }

    /// Says for each tile which picture it is.
    pub(super) fn find(&mut self, tiles: &[Tile], textures: &Textures, numbers: &mut Vec<usize>) {
        numbers.clear();
        for &tile in tiles {
            let number = match self.numbers[tile.index()] {
                Some(number) => number,
                None => self.draw(tile, textures),
            };
            numbers.push(usize::from(number));
        }
    }

    /// The pictures as [lit](Self::light) for the present frame: rows from the
    /// top, three bytes a pixel. Only those that were asked for are.
    pub(super) fn lit(&self) -> &[u8] {
        &self.lit
    }

    /// The pictures without light, a pixel a word, column after column.
    pub(super) fn columns(&self) -> &[u32] {
        &self.columns
    }

    fn pixels(&self) -> usize {
        self.unit.0 * self.unit.1
    }

    #[cold]
    fn draw(&mut self, tile: Tile, textures: &Textures) -> u8 {
        let (width, height) = self.unit;
        let mut pixels = vec![OUTSIDE; width * height];
        if let Some(material) = tile.material() {
            let ground = scaled(textures.get(Material::name(material)), self.unit);
            for (pixel, [red, green, blue, _]) in pixels.iter_mut().zip(ground) {
                *pixel = [red, green, blue];
            }
        }
        if let Some(texture) = textures.sprite(tile) {
            for (pixel, over) in pixels.iter_mut().zip(scaled(texture, self.unit)) {
                *pixel = blend(*pixel, over);
            }
        }
        let by_column = (0..width).flat_map(|x| pixels[x..].iter().step_by(width));
        let packed = |&[red, green, blue]: &[u8; 3]| u32::from_le_bytes([red, green, blue, 0]);
        self.columns.extend(by_column.map(packed));
        self.base.extend(pixels.as_flattened());
        self.dark
            .extend(pixels.iter().flat_map(|&pixel| dark(pixel)));
        self.lit.resize(self.base.len(), 0);
        let number = self.lit_for.len() as u8;
        self.lit_for.push(0);
        self.numbers[tile.index()] = Some(number);
        number
    }
}
