//! `runner render`: an episode as a GIF, a video or a folder of pictures.

use std::fs;
use std::path::Path;

use env_crafter::Textures;

use crate::args::RenderArgs;
use crate::exit::{Coded, Exit};
use crate::output;
use crate::overwrite::{refuse_database, refuse_foreign};
use crate::rebuild::{Recording, find_session};
use crate::render::{Film, FilmOptions, Gif, Pictures, Reel, Video, reasons};
use crate::traces;

/// Draws an episode from its recorded actions.
pub(super) fn render(args: &RenderArgs) -> anyhow::Result<Exit> {
    refuse_database(&args.out, &args.file.traces)?;
    let store = traces::open(&args.file.traces)?;
    let trace = store.session_trace(&find_session(&store, &args.episode)?)?;
    let recording = Recording::of(&trace)?;
    let options = FilmOptions {
        scale: args.scale,
        from: args.from,
        to: args.to,
        captions: !args.no_captions,
        textures: match &args.textures {
            Some(folder) => Textures::load(folder)?.into(),
            None => Textures::embedded(),
        },
    };
    let film = Film::new(&recording, reasons(&trace), options)?;
    let mut reel = reel(&args.out, args.fps)?;

    let frames = film.frames();
    let progress = output::progress("drawing", frames as usize);
    film.draw(&mut *reel, || progress.inc(1))?;
    reel.finish()?;
    progress.finish_and_clear();
    output::line(&format!(
        "{}: {}",
        args.out.display(),
        output::counted(frames, "frame")
    ))?;
    let others = pictures_in(&args.out).saturating_sub(frames);
    if others > 0 {
        output::note(&format!(
            "note: {} holds {} of another rendering, too",
            args.out.display(),
            output::counted(others, "picture")
        ));
    }
    Ok(Exit::Done)
}

/// How many pictures are in a folder; none in what is no folder.
fn pictures_in(out: &Path) -> u64 {
    let entries = fs::read_dir(out).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name());
    let pictures = names.filter(|name| Path::new(name).extension().is_some_and(|it| it == "png"));
    pictures.count() as u64
}

/// What the name of the output asks for.
fn reel(out: &Path, fps: u16) -> anyhow::Result<Box<dyn Reel>> {
    let extension = out
        .extension()
        .map(|extension| extension.to_ascii_lowercase());
    let extension = extension
        .as_deref()
        .and_then(|extension| extension.to_str());
    Ok(match extension {
        Some("gif") => Box::new(Gif::create(out, fps)?),
        Some("mp4") => Box::new(Video::create(out, fps)?),
        None => {
            refuse_foreign(out, "png")?;
            Box::new(Pictures::create(out)?)
        }
        Some(other) => {
            return Err(Coded::usage(format!(
                "--out {}: there is no writing .{other}; name a .gif, an .mp4, or a folder for PNGs",
                out.display()
            ))
            .into());
        }
    })
}
