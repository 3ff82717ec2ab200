//! Runs the terminal while an episode is played: keys, time and what is heard.

use std::io;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use env_crafter::Action;
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::keys::{self, Command};
use super::{Game, Heard, Screen};

/// How long to wait for a key before looking for news.
const GLANCE: Duration = Duration::from_millis(30);

/// How fast time passes for somebody asleep.
const ASLEEP: Duration = Duration::from_millis(120);

/// Rows by which a text is scrolled.
const PAGE: u16 = 10;

/// Milliseconds for each action that is looked at, from slow to fast.
const PACES: [u64; 7] = [2000, 1000, 500, 250, 120, 60, 25];

/// How whoever sits at the terminal has a part in the episode.
pub enum Hands {
    /// They play, and time passes with each action.
    Play {
        /// What they type goes here.
        typed: UnboundedSender<Action>,
    },
    /// They play, and time passes by itself.
    PlayInTime {
        /// What they do goes here.
        typed: UnboundedSender<Action>,
        /// How long a step is there.
        frame: Duration,
        /// What they typed last since the last step.
        next: Option<Action>,
    },
    /// They look on: here goes that an answer was shown.
    Watch {
        /// Told after the last action of each answer.
        shown: UnboundedSender<()>,
        /// Which of the paces.
        pace: usize,
        /// Whether time stands still.
        paused: bool,
    },
}

impl Hands {
    /// Playing, at so many steps a second if time passes by itself.
    pub fn play(typed: UnboundedSender<Action>, fps: Option<u16>) -> Hands {
        match fps {
            None => Hands::Play { typed },
            Some(fps) => Hands::PlayInTime {
                typed,
                frame: Duration::from_secs(1) / u32::from(fps.max(1)),
                next: None,
            },
        }
    }

    /// Looking on at a pace that can be followed.
    pub fn watch(shown: UnboundedSender<()>) -> Hands {
        Hands::Watch {
            shown,
            pace: 3,
            paused: false,
        }
    }
}

/// Shows a game until it is over or left, or `interrupt` is cancelled. Returns whether it
/// was left before its end.
///
/// # Errors
///
/// Where the terminal can neither be drawn on nor read.
pub fn at_the_terminal<B: Backend>(
    terminal: &mut Terminal<B>,
    mut screen: Screen,
    mut game: Game,
    mut hands: Hands,
    heard: &Receiver<Heard>,
    interrupt: &CancellationToken,
) -> io::Result<bool> {
    let mut moved = Instant::now();
    while !interrupt.is_cancelled() {
        loop {
            match heard.try_recv() {
                Ok(heard) => game.hear(heard),
                Err(TryRecvError::Empty) => break,
                // Without an end of its own, the run has failed: it says why.
                Err(TryRecvError::Disconnected) if game.ended.is_none() => return Ok(false),
                Err(TryRecvError::Disconnected) => break,
            }
        }
        let in_sight = Screen::fits(terminal.size()?);
        if game.ended.is_none() && !in_sight {
            // Nobody plays what they cannot see.
            moved = Instant::now();
        } else if game.ended.is_none() {
            hands.pass_time(&mut game, &mut moved);
        } else {
            // What was decided and not shown yet belongs to the end, too.
            let left: Vec<Action> = game.decided.drain(..).collect();
            left.into_iter().for_each(|action| game.act(action));
        }
        screen.pace = hands.pace();
        terminal.draw(|frame| screen.draw(frame, &game))?;
        if !event::poll(hands.glance(moved))? {
            continue;
        }
        let Event::Key(key) = event::read()? else {
            continue;
        };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        if game.ended.is_some() {
            // Not any key: one that was pressed to play leaves nothing unread.
            if keys::leaves(key) {
                forget_keys()?;
                return Ok(false);
            }
            continue;
        }
        let command = match hands {
            Hands::Play { .. } | Hands::PlayInTime { .. } => keys::playing(key),
            Hands::Watch { .. } => keys::watching(key),
        };
        match command {
            None => {}
            Some(Command::Quit) => {
                forget_keys()?;
                return Ok(true);
            }
            Some(_) if !in_sight => {}
            Some(Command::NextView) => screen.view = screen.view.next(),
            Some(Command::Down) => {
                let rows = game.observation.lines().count() as u16;
                screen.scroll = (screen.scroll + PAGE).min(rows);
            }
            Some(Command::Up) => screen.scroll = screen.scroll.saturating_sub(PAGE),
            Some(command) => hands.obey(command, &mut game),
        }
    }
    Ok(true)
}

/// Takes the keys that were pressed and not read, which would go to the shell.
fn forget_keys() -> io::Result<()> {
    while event::poll(Duration::ZERO)? {
        event::read()?;
    }
    Ok(())
}

impl Hands {
    fn obey(&mut self, command: Command, game: &mut Game) {
        match (self, command) {
            (Hands::Play { typed }, Command::Act(action)) if game.asked => {
                play(typed, action, game);
            }
            (Hands::PlayInTime { next, .. }, Command::Act(action)) => *next = Some(action),
            (Hands::Watch { paused, .. }, Command::Pause) => *paused = !*paused,
            (Hands::Watch { pace, .. }, Command::Faster) => {
                *pace = (*pace + 1).min(PACES.len() - 1)
            }
            (Hands::Watch { pace, .. }, Command::Slower) => *pace = pace.saturating_sub(1),
            (Hands::Watch { shown, paused, .. }, Command::OneStep) => {
                *paused = true;
                show_one(shown, game);
            }
            (Hands::Play { .. } | Hands::PlayInTime { .. } | Hands::Watch { .. }, _) => {}
        }
    }

    /// Does what happens without a key.
    fn pass_time(&mut self, game: &mut Game, moved: &mut Instant) {
        match self {
            // As in the original, sleep goes on by itself.
            Hands::Play { typed } => {
                if game.asked && game.env().is_sleeping() && moved.elapsed() >= ASLEEP {
                    *moved = Instant::now();
                    play(typed, Action::Noop, game);
                }
            }
            // As in the original, who does nothing waits.
            Hands::PlayInTime { typed, frame, next } => {
                if game.asked && moved.elapsed() >= *frame {
                    // On time, or from now on where the world was too slow.
                    let late = moved.elapsed() >= 2 * *frame;
                    *moved = if late {
                        Instant::now()
                    } else {
                        *moved + *frame
                    };
                    play(typed, next.take().unwrap_or(Action::Noop), game);
                }
            }
            Hands::Watch {
                shown,
                pace,
                paused,
            } => {
                if !*paused && moved.elapsed() >= Duration::from_millis(PACES[*pace]) {
                    *moved = Instant::now();
                    show_one(shown, game);
                }
            }
        }
    }

    /// How long to wait for a key before something else is due.
    fn glance(&self, moved: Instant) -> Duration {
        match self {
            Hands::PlayInTime { frame, .. } => GLANCE.min(frame.saturating_sub(moved.elapsed())),
            Hands::Play { .. } | Hands::Watch { .. } => GLANCE,
        }
    }

    /// The pace in words, if somebody looks on.
    fn pace(&self) -> Option<String> {
        match self {
            Hands::Play { .. } | Hands::PlayInTime { .. } => None,
            Hands::Watch { paused: true, .. } => Some("paused".to_owned()),
            Hands::Watch { pace, .. } => Some(format!("{} ms an action", PACES[*pace])),
        }
    }
}

fn play(typed: &UnboundedSender<Action>, action: Action, game: &mut Game) {
    game.act(action);
    // Where nobody listens any more, the end is about to be heard.
    _ = typed.send(action);
}

/// Shows the next action of an answer, and says when that was the last.
fn show_one(shown: &UnboundedSender<()>, game: &mut Game) {
    if !game.unshown {
        return;
    }
    if let Some(action) = game.decided.pop_front() {
        game.act(action);
    }
    if game.decided.is_empty() {
        game.unshown = false;
        // Where nobody listens any more, the end is about to be heard.
        _ = shown.send(());
    }
}
