//! What is accepted as a set of textures, and that the embedded ones are those
//! drawn in `textures/art`.

#[path = "../examples/art/bitmap.rs"]
mod bitmap;

use std::{collections::BTreeMap, fs, path::Path};

use env_crafter::Textures;
use tempfile::TempDir;

fn own() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/textures"))
}

/// A copy of the project's textures.
fn copy() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for entry in fs::read_dir(own()).expect("a folder of textures") {
        let from = entry.expect("a readable folder");
        if from.path().is_file() {
            fs::copy(from.path(), folder.path().join(from.file_name())).expect("a copy");
        }
    }
    folder
}

#[test]
fn the_embedded_pictures_are_those_of_the_folder() {
    assert_eq!(*Textures::embedded(), Textures::load(own()).unwrap());
}

#[test]
fn the_pictures_are_those_of_the_text() {
    let folder = TempDir::new().unwrap();
    for picture in bitmap::read_folder(&own().join("art")).unwrap() {
        let path = folder.path().join(format!("{}.png", picture.name));
        fs::write(path, picture.to_png().unwrap()).unwrap();
    }
    let drawn = Textures::load(folder.path()).unwrap();
    assert_eq!(
        drawn,
        *Textures::embedded(),
        "run `cargo run -p env-crafter --example art`"
    );
}

#[test]
fn digits_are_told_apart_at_seven_pixels_a_cell() {
    // A digit is four pixels wide and high there: every fourth is seen.
    const SEEN: [usize; 4] = [2, 6, 10, 14];
    let mut strokes = BTreeMap::new();
    for picture in bitmap::read_folder(&own().join("art")).unwrap() {
        if let Ok(digit) = picture.name.parse::<u8>() {
            let white = |x, y| picture.pixels[y * bitmap::SIDE + x] == [255; 4];
            let mask = SEEN.map(|y| SEEN.map(|x| white(x, y)));
            assert_eq!(strokes.insert(mask, digit), None, "{digit}");
        }
    }
    assert_eq!(strokes.len(), 9);
    for (mask, digit) in strokes {
        let hole = (1..3).any(|y| {
            (1..3).any(|x| {
                let around = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)];
                !mask[y][x] && around.into_iter().all(|(x, y)| mask[y][x])
            })
        });
        assert_eq!(hole, [6, 8, 9].contains(&digit), "{digit}");
    }
}

#[test]
fn the_hash_tells_pictures_apart() {
    let folder = copy();
    let before = Textures::load(folder.path()).unwrap().hash();
    assert_eq!(before, Textures::embedded().hash());
    fs::copy(own().join("sand.png"), folder.path().join("grass.png")).unwrap();
    let changed = Textures::load(folder.path()).unwrap().hash();
    assert_ne!(before, changed);
    fs::copy(own().join("sand.png"), folder.path().join("unused.png")).unwrap();
    assert_ne!(changed, Textures::load(folder.path()).unwrap().hash());
}

/// Loads the textures after a change to the folder, which must be refused.
fn check_refused(change: impl Fn(&Path), expected: &str) {
    let folder = copy();
    change(folder.path());
    let error = Textures::load(folder.path()).expect_err("refused");
    let error = error
        .to_string()
        .replace(&format!("{}", folder.path().display()), "DIR");
    assert_eq!(error, expected);
}

/// A PNG of one byte for each pixel and channel.
fn png(width: u32, height: u32, color: png::ColorType, depth: png::BitDepth) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == png::ColorType::Indexed {
        encoder.set_palette(vec![0; 3]);
    }
    let bytes = encoder.write_header().and_then(|mut writer| {
        let line = (width as usize * color.samples() * depth as usize).div_ceil(8);
        writer.write_image_data(&vec![0; line * height as usize])
    });
    bytes.expect("a PNG");
    file
}

#[test]
fn a_missing_picture_is_named() {
    check_refused(
        |folder| fs::remove_file(folder.join("plant-ripe.png")).unwrap(),
        "textures DIR: plant-ripe.png is missing",
    );
}

#[test]
fn what_is_no_png_is_refused() {
    check_refused(
        |folder| fs::write(folder.join("cow.png"), "moo").unwrap(),
        "texture DIR/cow.png: not a valid PNG",
    );
    check_refused(
        |folder| {
            let whole = fs::read(folder.join("cow.png")).unwrap();
            fs::write(folder.join("cow.png"), &whole[..whole.len() / 2]).unwrap();
        },
        "texture DIR/cow.png: not a valid PNG",
    );
}

#[test]
fn other_kinds_of_png_are_refused() {
    use png::{BitDepth, ColorType};
    let check = |color, depth, found| {
        check_refused(
            |folder| fs::write(folder.join("cow.png"), png(16, 16, color, depth)).unwrap(),
            &format!(
                "texture DIR/cow.png: {found}, \
                 but textures are 8-bit RGB or RGBA without a palette"
            ),
        );
    };
    check(ColorType::Indexed, BitDepth::Eight, "8-bit Indexed");
    check(ColorType::Grayscale, BitDepth::One, "1-bit Grayscale");
    check(ColorType::Rgba, BitDepth::Sixteen, "16-bit Rgba");
}

#[test]
fn huge_pictures_are_refused() {
    check_refused(
        |folder| {
            let file = png(2000, 1, png::ColorType::Rgb, png::BitDepth::Eight);
            fs::write(folder.join("cow.png"), file).unwrap();
        },
        "texture DIR/cow.png: 2000x1 pixels, but each side must be 1 to 1024",
    );
}
