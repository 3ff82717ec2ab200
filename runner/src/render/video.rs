//! Writes frames as a video, through the `ffmpeg` of the system.
//!
//! No video encoder is compiled in: the ones there are in Rust are large, slow or
//! C in disguise, and `ffmpeg` is where videos are made.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Canvas, Reel};

/// The program that makes videos.
const FFMPEG: &str = "ffmpeg";

/// Why there is no video.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the values are")]
pub enum VideoError {
    #[error(
        "a video is made by {FFMPEG}, which is not on the PATH: install it (apt-get install \
         {FFMPEG}, brew install {FFMPEG}), or write a .gif"
    )]
    NoEncoder,
    #[error("{FFMPEG} cannot be started")]
    Start(#[source] io::Error),
    #[error("{FFMPEG} made no video of {}: {said}", path.display())]
    Failed { path: PathBuf, said: String },
}

/// An MP4 file in the making.
pub struct Video {
    path: PathBuf,
    fps: u16,
    encoder: Option<Child>,
}

impl Video {
    /// A video at this path, at so many steps a second.
    ///
    /// # Errors
    ///
    /// If there is no `ffmpeg`.
    pub fn create(path: &Path, fps: u16) -> Result<Video, VideoError> {
        let version = Command::new(FFMPEG)
            .arg("-version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match version {
            Ok(_) => Ok(Video {
                path: path.to_owned(),
                fps,
                encoder: None,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(VideoError::NoEncoder),
            Err(error) => Err(VideoError::Start(error)),
        }
    }

    fn start(&self, canvas: &Canvas) -> Result<Child, VideoError> {
        let size = format!("{}x{}", canvas.width(), canvas.height());
        let started = Command::new(FFMPEG)
            .args(["-loglevel", "error", "-y"])
            .args([
                "-f",
                "rawvideo",
                "-pixel_format",
                "rgb24",
                "-video_size",
                &size,
            ])
            .args(["-framerate", &self.fps.to_string(), "-i", "-"])
            // What players can play, and can begin to play before all is loaded.
            .args(["-pix_fmt", "yuv420p", "-movflags", "+faststart"])
            // Said, since players would guess which colours are meant.
            .args(["-vf", "scale=out_color_matrix=bt709"])
            .args(["-colorspace", "bt709", "-color_primaries", "bt709"])
            .args(["-color_trc", "bt709"])
            .arg(self.output())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        started.map_err(VideoError::Start)
    }

    /// The path as no name of a protocol, whatever it looks like.
    fn output(&self) -> OsString {
        let mut output = OsString::from("file:");
        output.push(&self.path);
        output
    }

    /// What went wrong, in the encoder's own words if it has any.
    fn failed(&self, encoder: &mut Child, otherwise: &str) -> VideoError {
        let mut said = String::new();
        if let Some(stderr) = &mut encoder.stderr {
            // What cannot be read is not said.
            drop(stderr.read_to_string(&mut said));
        }
        let said = match said.trim() {
            "" => otherwise.to_owned(),
            said => said.to_owned(),
        };
        VideoError::Failed {
            path: self.path.clone(),
            said,
        }
    }
}

impl Reel for Video {
    fn add(&mut self, canvas: &Canvas, _step: u64, beats: u16) -> anyhow::Result<()> {
        let mut encoder = match self.encoder.take() {
            Some(encoder) => encoder,
            None => self.start(canvas)?,
        };
        for _ in 0..beats {
            let written = match &mut encoder.stdin {
                Some(stdin) => stdin.write_all(canvas.pixels()),
                None => Ok(()),
            };
            if let Err(error) = written {
                return Err(self.failed(&mut encoder, &error.to_string()).into());
            }
        }
        self.encoder = Some(encoder);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        let Some(mut encoder) = self.encoder.take() else {
            return Ok(());
        };
        // The end of its input is what it waits for.
        drop(encoder.stdin.take());
        let failed = self.failed(&mut encoder, "no reason was given");
        match encoder.wait()?.success() {
            true => Ok(()),
            false => Err(failed.into()),
        }
    }
}
