//! Provides the pictures a world is drawn with: the project's own pixel art,
//! or a folder of PNGs of the same names.
//!
//! Drawing with them is [`Renderer`](crate::Renderer)'s work. The pixel art is
//! kept as text in `textures/art`; `examples/art/main.rs` makes the PNGs of it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use ndarray::Array3;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{Item, Material, tile::Tile};

/// Why textures were refused.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say what the values are")]
pub enum TextureError {
    #[error("textures {path}: cannot be read")]
    Read { path: PathBuf, source: io::Error },
    #[error("texture {path}: not a valid PNG")]
    Decode {
        path: PathBuf,
        source: png::DecodingError,
    },
    #[error("texture {path}: {found}, but textures are 8-bit RGB or RGBA without a palette")]
    Format { path: PathBuf, found: String },
    #[error(
        "texture {path}: {width}x{height} pixels, but each side must be 1 to {MAX_TEXTURE_SIDE}"
    )]
    Side {
        path: PathBuf,
        width: u32,
        height: u32,
    },
    #[error("textures {path}: {name}.png is missing")]
    Missing { path: PathBuf, name: &'static str },
}

/// The longest side of a texture, in pixels.
pub const MAX_TEXTURE_SIDE: u32 = 1024;

/// A set of pictures that a world can be drawn with.
///
/// ```
/// use env_crafter::Textures;
///
/// let own = Textures::embedded();
/// let same = Textures::load("textures")?;
/// assert_eq!(own.hash(), same.hash());
///
/// let error = Textures::load("no/such/folder").unwrap_err();
/// assert_eq!(error.to_string(), "textures no/such/folder: cannot be read");
/// # Ok::<(), env_crafter::TextureError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Textures {
    by_name: BTreeMap<String, Texture>,
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Texture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Red, green, blue, alpha; rows from the top.
    pub(crate) pixels: Vec<[u8; 4]>,
    has_alpha: bool,
}

impl Textures {
    /// The [`hash`](Self::hash) of the pictures in the reference's package,
    /// Crafter 1.8.3.
    pub const REFERENCE_HASH: &str =
        "4e77c9afe268bce08b76de006ce6465cfc396a0ff23905e12f774ff97160912d";

    /// The names of the pictures of what stands on a cell, the player first.
    pub const SPRITES: [&str; 14] = [
        "player-left",
        "player-right",
        "player-up",
        "player-down",
        "player-sleep",
        "cow",
        "zombie",
        "skeleton",
        "arrow-left",
        "arrow-right",
        "arrow-up",
        "arrow-down",
        "plant",
        "plant-ripe",
    ];

    /// The project's own pictures.
    #[must_use]
    pub fn embedded() -> Arc<Self> {
        static EMBEDDED: LazyLock<Arc<Textures>> = LazyLock::new(|| {
            let files = EMBEDDED_FILES
                .iter()
                .map(|&(name, bytes)| (name.to_owned(), PathBuf::from(name), bytes.to_vec()));
            let textures = Textures::decode(files, Path::new("(embedded)"));
            Arc::new(textures.expect("the embedded textures are whole, as a test checks"))
        });
        Arc::clone(&EMBEDDED)
    }

    /// Reads every PNG of a folder. Those that are not needed are part of the
    /// hash, too.
    ///
    /// # Errors
    ///
    /// If the folder or a PNG in it cannot be read, is not 8-bit RGB or RGBA,
    /// or a picture that is needed is missing.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, TextureError> {
        let folder = folder.as_ref();
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| TextureError::Read { path, source }
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
            let path = entry.map_err(unreadable(folder))?.path();
            let Some(name) = path.file_stem().and_then(|name| name.to_str()) else {
                continue;
            };
            if path.extension().is_some_and(|extension| extension == "png") {
                let bytes = fs::read(&path).map_err(unreadable(&path))?;
                files.push((name.to_owned(), path, bytes));
            }
        }
        Self::decode(files, folder)
    }

    /// What tells sets of pictures apart: the SHA-256, in hexadecimal digits,
    /// of all names, shapes and pixels, as the oracle writes it into a trace.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for (name, texture) in &self.by_name {
            let channels = if texture.has_alpha { 4 } else { 3 };
            let (width, height) = (texture.width, texture.height);
            hash.update(format!("{name} ({width}, {height}, {channels})\n"));
            for x in 0..width {
                for row in texture.pixels.chunks_exact(width) {
                    hash.update(&row[x][..channels]);
                }
            }
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The picture of this name: rows from the top, pixels from the left, each
    /// red, green, blue and alpha. Materials, items and [`SPRITES`](Self::SPRITES)
    /// have one each; `None` for a name that has none.
    #[must_use]
    pub fn picture(&self, name: &str) -> Option<Array3<u8>> {
        let texture = self.by_name.get(name)?;
        let bytes = texture.pixels.as_flattened().to_vec();
        Array3::from_shape_vec((texture.height, texture.width, 4), bytes).ok()
    }

    /// The picture of this name, which [`needed`] must list.
    pub(crate) fn get(&self, name: &str) -> &Texture {
        &self.by_name[name]
    }

    /// The picture of what stands on a tile.
    pub(crate) fn sprite(&self, tile: Tile) -> Option<&Texture> {
        let index = usize::from(tile.sprite_id()).checked_sub(1)?;
        Some(self.get(Self::SPRITES[index]))
    }

    fn decode(
        files: impl IntoIterator<Item = (String, PathBuf, Vec<u8>)>,
        folder: &Path,
    ) -> Result<Self, TextureError> {
        let mut by_name = BTreeMap::new();
        for (name, path, bytes) in files {
            by_name.insert(name, Texture::decode(&bytes, &path)?);
        }
        match needed().find(|&name| !by_name.contains_key(name)) {
            Some(name) => Err(TextureError::Missing {
                path: folder.to_owned(),
                name,
            }),
            None => Ok(Self { by_name }),
        }
    }
}

impl Texture {
    fn decode(bytes: &[u8], path: &Path) -> Result<Self, TextureError> {
        let invalid = |source| TextureError::Decode {
            path: path.to_owned(),
            source,
        };
        let mut decoder = png::Decoder::new(io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::IDENTITY);
        let mut reader = decoder.read_info().map_err(invalid)?;
        let info = reader.info();
        let (width, height) = (info.width, info.height);
        if !(1..=MAX_TEXTURE_SIDE).contains(&width) || !(1..=MAX_TEXTURE_SIDE).contains(&height) {
            return Err(TextureError::Side {
                path: path.to_owned(),
                width,
                height,
            });
        }
        let has_alpha = match (info.color_type, info.bit_depth, &info.trns) {
            (png::ColorType::Rgb, png::BitDepth::Eight, None) => false,
            (png::ColorType::Rgba, png::BitDepth::Eight, _) => true,
            (color, depth, transparent) => {
                let key = if transparent.is_some() {
                    " with a transparent colour"
                } else {
                    ""
                };
                return Err(TextureError::Format {
                    path: path.to_owned(),
                    found: format!("{}-bit {color:?}{key}", depth as u8),
                });
            }
        };
        let channels = if has_alpha { 4 } else { 3 };
        let (width, height) = (width as usize, height as usize);
        let mut raw = vec![0; width * height * channels];
        reader.next_frame(&mut raw).map_err(invalid)?;
        let pixels = raw
            .chunks_exact(channels)
            .map(|p| [p[0], p[1], p[2], p.get(3).copied().unwrap_or(255)])
            .collect();
        Ok(Self {
            width,
            height,
            pixels,
            has_alpha,
        })
    }
}

/// The named files of `textures` with their bytes.
macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_bytes!(concat!("../textures/", $name, ".png")))),+]
    };
}

/// The pictures of the amounts 1 to 9.
pub(crate) const DIGITS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// The names a set of pictures must have.
fn needed() -> impl Iterator<Item = &'static str> {
    let materials = Material::ALL.into_iter().map(Material::name);
    let items = Item::ALL.into_iter().map(Item::name);
    materials
        .chain(items)
        .chain(Textures::SPRITES)
        .chain(DIGITS)
}

/// The files of `textures`, by name.
const EMBEDDED_FILES: &[(&str, &[u8])] = &embedded![
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "arrow-down",
    "arrow-left",
    "arrow-right",
    "arrow-up",
    "coal",
    "cow",
    "diamond",
    "drink",
    "energy",
    "fence",
    "food",
    "furnace",
    "grass",
    "health",
    "iron",
    "iron_pickaxe",
    "iron_sword",
    "lava",
    "leaves",
    "log",
    "path",
    "plant",
    "plant-ripe",
    "plant-young",
    "player",
    "player-down",
    "player-left",
    "player-right",
    "player-sleep",
    "player-up",
    "sand",
    "sapling",
    "skeleton",
    "stone",
    "stone_pickaxe",
    "stone_sword",
    "table",
    "tree",
    "unknown",
    "water",
    "wood",
    "wood_pickaxe",
    "wood_sword",
    "zombie",
];
