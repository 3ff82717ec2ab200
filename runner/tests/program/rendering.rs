//! Episodes as pictures, and what is said where there can be none.

use std::fs::{self, File};

use gif::{ColorOutput, DecodeOptions};
use serde_json::Value;

use crate::Place;

/// Width, height and pixels.
fn png(path: &std::path::Path) -> (u32, u32, Vec<u8>) {
    let file = std::io::BufReader::new(File::open(path).expect("a picture"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("a frame");
    (info.width, info.height, pixels)
}

#[test]
fn a_gif_shows_what_the_pictures_show() {
    let (place, id) = Place::with_episode("30");
    let plain = [
        "--scale",
        "16",
        "--no-captions",
        "--from",
        "4",
        "--to",
        "24",
    ];
    place
        .read("render", &[&[&id, "--out", "x.gif"], &plain[..]].concat())
        .exited(0);
    place
        .read("render", &[&[&id, "--out", "frames"], &plain[..]].concat())
        .exited(0);

    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    let file = File::open(place.path("x.gif")).expect("a file");
    let mut gif = options.read_info(file).expect("a GIF");
    let (width, height) = (usize::from(gif.width()), usize::from(gif.height()));
    let mut shown = vec![0; width * height * 3];
    for step in 4..=24 {
        let frame = gif.read_next_frame().expect("readable").expect("a frame");
        let (left, top) = (usize::from(frame.left), usize::from(frame.top));
        let row = usize::from(frame.width) * 4;
        for (y, pixels) in frame.buffer.chunks_exact(row).enumerate() {
            for (x, pixel) in pixels.chunks_exact(4).enumerate() {
                if pixel[3] > 0 {
                    let at = ((top + y) * width + left + x) * 3;
                    shown[at..at + 3].copy_from_slice(&pixel[..3]);
                }
            }
        }
        let picture = png(&place.path(&format!("frames/step-{step:05}.png")));
        assert_eq!((picture.0 as usize, picture.1 as usize), (width, height));
        assert!(picture.2 == shown, "step {step} differs");
    }
    assert!(gif.read_next_frame().expect("readable").is_none());
}

#[test]
fn captions_stand_beside_the_picture() {
    let (place, id) = Place::with_episode("30");
    let said = place
        .read("render", &[&id, "--out", "frames", "--scale", "32"])
        .exited(0);
    assert!(said.out.contains("frames: 31 frames"), "{}", said.out);
    let (width, height, pixels) = png(&place.path("frames/step-00030.png"));
    assert_eq!((width, height), (540, 288));
    // The panel has letters on it: more colours than the background's.
    let row = &pixels[20 * 540 * 3..][288 * 3..540 * 3];
    assert!(row.chunks_exact(3).any(|color| color != &row[..3]));
}

#[cfg(unix)]
#[test]
fn a_video_is_made_by_the_encoder_on_the_path() {
    use std::os::unix::fs::PermissionsExt as _;

    let (place, id) = Place::with_episode("30");
    let encoder = place.path("bin/ffmpeg");
    fs::create_dir(place.path("bin")).expect("a folder");
    let script = "#!/bin/sh\necho \"$@\" > asked\n/usr/bin/wc -c > received\n";
    fs::write(&encoder, script).expect("a script");
    fs::set_permissions(&encoder, fs::Permissions::from_mode(0o755)).expect("permissions");
    let traces = place.traces();
    let traces = traces.to_str().expect("a path in Unicode");
    let plain = ["--traces", traces, "--no-captions", "--scale", "16"];
    let render = || place.command(&[&["render", &id, "--out", "x.mp4"], &plain[..]].concat());

    let output = render().env("PATH", place.path("bin")).output();
    crate::Said::from(output.expect("the program starts")).exited(0);
    let asked = fs::read_to_string(place.path("asked")).expect("arguments");
    assert!(asked.contains("-video_size 144x144"), "{asked}");
    let received = fs::read_to_string(place.path("received")).expect("a count");
    let received: usize = received.trim().parse().expect("a number");
    // Frames are shown longer where something was unlocked, and at the end.
    let frame = 144 * 144 * 3;
    assert!(
        received.is_multiple_of(frame) && received > 31 * frame,
        "{received} bytes"
    );

    let output = render().env("PATH", "").output();
    let said = crate::Said::from(output.expect("the program starts"));
    said.refused(
        1,
        &["not on the PATH", "apt-get install ffmpeg", "write a .gif"],
    );
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let (place, id) = Place::with_episode("30");
    let refused = |arguments: &[&str], fragment: &str| {
        let arguments = [&[id.as_str()], arguments].concat();
        place.read("render", &arguments).refused(2, &[fragment]);
    };
    refused(&["--out", "x.avi"], "name a .gif, an .mp4, or a folder");
    refused(
        &["--out", "x.gif", "--from", "20", "--to", "31"],
        "the episode has 0 to 30",
    );
    refused(&["--out", "x.gif", "--scale", "1"], "it takes 2 to 455");
    assert_eq!(
        place.ask("select count(*) from session_traces"),
        Value::from(1)
    );
}
