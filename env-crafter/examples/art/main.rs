//! Makes the textures of the text in `textures/art`:
//!
//! ```sh
//! cargo run -p env-crafter --example art
//! ```

mod bitmap;

use std::{fs, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args_os().nth(1).is_some() {
        return Err("this takes no arguments: it draws all of textures/art anew".into());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("textures");
    let pictures = bitmap::read_folder(&folder.join("art"))?;
    for picture in &pictures {
        let path = folder.join(format!("{}.png", picture.name));
        fs::write(path, picture.to_png()?)?;
    }
    println!("{} textures in {}", pictures.len(), folder.display());
    Ok(())
}
