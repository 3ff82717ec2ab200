//! Defines which key does what. Those of the game are the original's.

use env_crafter::Action;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// Play this.
    Act(Action),
    /// Show the world another way.
    NextView,
    /// Stop and go on.
    Pause,
    /// Go on by one action.
    OneStep,
    /// Pass over rows of the text.
    Down,
    /// Come back to them.
    Up,
    /// Go on faster.
    Faster,
    /// Go on slower.
    Slower,
    /// Leave.
    Quit,
}

/// The keys of a person who plays.
pub(super) const PLAYING: &str = "wasd move · space do · tab sleep · r stone · t table · \
     f furnace · p plant · 1 2 3 pickaxes · 4 5 6 swords · n wait · m view · q quit";

/// The keys of one who looks on.
pub(super) const WATCHING: &str =
    "space pause · n one step · + faster · - slower · m view · q quit";

/// What a key means to a person who plays.
pub(super) fn playing(key: KeyEvent) -> Option<Command> {
    let act = |action| Some(Command::Act(action));
    match unshifted(key.code) {
        KeyCode::Char('a') | KeyCode::Left => act(Action::MoveLeft),
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Command::Quit),
        KeyCode::Char('d') | KeyCode::Right => act(Action::MoveRight),
        KeyCode::Char('w') | KeyCode::Up => act(Action::MoveUp),
        KeyCode::Char('s') | KeyCode::Down => act(Action::MoveDown),
        KeyCode::Char(' ') => act(Action::Do),
        KeyCode::Tab => act(Action::Sleep),
        KeyCode::Char('r') => act(Action::PlaceStone),
        KeyCode::Char('t') => act(Action::PlaceTable),
        KeyCode::Char('f') => act(Action::PlaceFurnace),
        KeyCode::Char('p') => act(Action::PlacePlant),
        KeyCode::Char('1') => act(Action::MakeWoodPickaxe),
        KeyCode::Char('2') => act(Action::MakeStonePickaxe),
        KeyCode::Char('3') => act(Action::MakeIronPickaxe),
        KeyCode::Char('4') => act(Action::MakeWoodSword),
        KeyCode::Char('5') => act(Action::MakeStoneSword),
        KeyCode::Char('6') => act(Action::MakeIronSword),
        KeyCode::Char('n' | '.') => act(Action::Noop),
        KeyCode::Char('m') => Some(Command::NextView),
        KeyCode::Char('q') | KeyCode::Esc => Some(Command::Quit),
        other => scrolling(other),
    }
}

/// What a key does to a text that is longer than the screen.
fn scrolling(code: KeyCode) -> Option<Command> {
    match code {
        KeyCode::PageDown => Some(Command::Down),
        KeyCode::PageUp => Some(Command::Up),
        _ => None,
    }
}

/// What a key means to one who looks on.
pub(super) fn watching(key: KeyEvent) -> Option<Command> {
    match unshifted(key.code) {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Command::Quit),
        KeyCode::Char(' ') => Some(Command::Pause),
        KeyCode::Char('n') | KeyCode::Right => Some(Command::OneStep),
        KeyCode::Char('+' | '=') => Some(Command::Faster),
        KeyCode::Char('-') => Some(Command::Slower),
        KeyCode::Char('m') => Some(Command::NextView),
        KeyCode::Char('q') | KeyCode::Esc => Some(Command::Quit),
        other => scrolling(other),
    }
}

/// Whether a key leaves an episode that is over.
pub(super) fn leaves(key: KeyEvent) -> bool {
    key.code == KeyCode::Enter || watching(key) == Some(Command::Quit)
}

/// A letter is the same key with Caps Lock, as in the original.
fn unshifted(code: KeyCode) -> KeyCode {
    match code {
        KeyCode::Char(letter) => KeyCode::Char(letter.to_ascii_lowercase()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_key() {
        let keys = ('!'..='~')
            .map(KeyCode::Char)
            .chain([KeyCode::Char(' '), KeyCode::Tab]);
        let meant: Vec<Command> = keys
            .filter_map(|code| playing(KeyEvent::new(code, KeyModifiers::NONE)))
            .collect();
        for action in Action::ALL {
            assert!(meant.contains(&Command::Act(action)), "{action}");
        }
    }

    #[test]
    fn caps_lock_changes_no_key() {
        for letter in 'a'..='z' {
            let key = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE);
            let capital = letter.to_ascii_uppercase();
            assert_eq!(playing(key(letter)), playing(key(capital)), "{capital}");
            assert_eq!(watching(key(letter)), watching(key(capital)), "{capital}");
        }
    }

    #[test]
    fn control_c_leaves_whoever_plays() {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(playing(key), Some(Command::Quit));
        assert_eq!(watching(key), Some(Command::Quit));
    }
}
