//! Plays a world at random and draws what the player sees in the end:
//!
//! ```sh
//! cargo run -p env-crafter --example render -- --seed 3 --steps 200 --unit 32 --out night.png
//! ```

use std::{error::Error, fs::File, path::PathBuf, process::ExitCode, sync::Arc};

use clap::Parser;
use env_crafter::{Action, AfterEnd, Env, EnvConfig, Mt19937, Renderer, Textures};

#[derive(Parser)]
#[command(about = "Draws what the player sees after some steps")]
struct Args {
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Steps to play: `--actions` first, then at random
    #[arg(long, default_value_t = 0)]
    steps: u64,
    /// Names of actions to begin with
    #[arg(long, num_args = 0.., value_delimiter = ' ')]
    actions: Vec<Action>,
    /// Pixels of a cell
    #[arg(long, default_value_t = 32)]
    unit: u32,
    /// Columns and rows of cells, those of the inventory included
    #[arg(long, num_args = 2, default_values_t = [9, 9], value_names = ["W", "H"])]
    view: Vec<u32>,
    /// A folder of PNGs to draw with, instead of the project's own
    #[arg(long)]
    textures: Option<PathBuf>,
    #[arg(long)]
    out: PathBuf,
}

fn main() -> ExitCode {
    let Err(error) = run(Args::parse()) else {
        return ExitCode::SUCCESS;
    };
    eprint!("render: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprint!(": {error}");
        cause = error.source();
    }
    eprintln!();
    ExitCode::from(2)
}

fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let view = (args.view[0], args.view[1]);
    let config = EnvConfig {
        seed: args.seed,
        view,
        size: (
            view.0.saturating_mul(args.unit),
            view.1.saturating_mul(args.unit),
        ),
        after_end: AfterEnd::Continue,
        ..EnvConfig::default()
    };
    let textures = match &args.textures {
        Some(folder) => Arc::new(Textures::load(folder)?),
        None => Textures::embedded(),
    };
    let mut env = Env::new(config)?;
    let mut player = Mt19937::new(args.seed as u32);
    let random = std::iter::repeat_with(|| Action::ALL[player.below(17) as usize]);
    for action in args
        .actions
        .into_iter()
        .chain(random)
        .take(args.steps as usize)
    {
        env.step(action)?;
    }
    let image = Renderer::new(env.config(), textures)?.render(&env);
    let (height, width, _) = image.dim();
    let file =
        File::create(&args.out).map_err(|error| format!("{}: {error}", args.out.display()))?;
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(image.as_slice().ok_or("the image is not contiguous")?)?;
    writer.finish()?;
    let state = match (env.is_dead(), env.is_sleeping()) {
        (true, _) => ", the player is dead",
        (false, true) => ", asleep",
        (false, false) => "",
    };
    println!(
        "step {}, daylight {:.2}{state}: {}",
        env.steps(),
        env.daylight(),
        args.out.display()
    );
    Ok(())
}
