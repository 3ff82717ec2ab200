//! Draws a game onto the terminal.

use std::borrow::Cow;

use agent_react::hooks::Tier;
use console::{measure_text_width, truncate_str};
use env_crafter::{Achievement, Item};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect, Size};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line as Row, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::game::{Game, Tone};
use super::{keys, map};

/// The smallest terminal there is room in.
const SMALLEST: (u16, u16) = (80, 24);

/// Columns of the panel with vitals, inventory and achievements.
const PANEL: u16 = 40;

/// Rows for a model's reasons.
const REASON_ROWS: usize = 2;

/// Rows for something that happened.
const LINE_ROWS: usize = 3;

/// How the world is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// As the image, in half blocks, where there is room for it; else as signs.
    Pixels,
    /// A sign for each cell.
    Signs,
    /// The text that a model reads.
    Text,
}

impl View {
    pub(super) fn next(self) -> View {
        match self {
            View::Pixels => View::Signs,
            View::Signs => View::Text,
            View::Text => View::Pixels,
        }
    }
}

/// Which colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// None, or none are wanted.
    None,
    /// 256.
    Few,
    /// All of them.
    True,
}

impl Colors {
    pub(super) fn any(self) -> bool {
        self != Colors::None
    }

    /// The colour of the terminal that is nearest to this one.
    pub(super) fn nearest(self, [red, green, blue]: [u8; 3]) -> Color {
        match self {
            Colors::None => Color::Reset,
            // The cube of six shades of each.
            Colors::Few => {
                let shade = |channel: u8| (u16::from(channel) * 5 + 127) / 255;
                Color::Indexed((16 + 36 * shade(red) + 6 * shade(green) + shade(blue)) as u8)
            }
            Colors::True => Color::Rgb(red, green, blue),
        }
    }
}

/// How a game is drawn.
#[derive(Debug, Clone)]
pub struct Screen {
    /// How the world is shown.
    pub view: View,
    /// How many rows of the text are passed over.
    pub scroll: u16,
    /// Which colours there are.
    pub colors: Colors,
    /// How many steps pass each second, where time passes by itself.
    pub clock: Option<u16>,
    /// Whether somebody looks on rather than plays, and how fast, in words.
    pub pace: Option<String>,
}

impl Screen {
    /// Whether there is room in a terminal of this size.
    pub(super) fn fits(size: Size) -> bool {
        size.width >= SMALLEST.0 && size.height >= SMALLEST.1
    }

    /// Draws everything there is to see.
    pub fn draw(&self, frame: &mut Frame<'_>, game: &Game) {
        let area = frame.area();
        if !Screen::fits(area.as_size()) {
            let text = format!(
                "The terminal has {} columns and {} rows: it takes {} and {}. Enlarge it, or \
                 leave with q.",
                area.width, area.height, SMALLEST.0, SMALLEST.1
            );
            frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
            return;
        }
        let rows = [
            Constraint::Length(1),
            Constraint::Min(0),
            Constraint::Length(2),
        ];
        let [head, body, foot] = Layout::vertical(rows).areas(area);
        self.head(frame, game, head);
        self.foot(frame, game, foot);
        if self.view == View::Text {
            self.text(frame, game, body);
            return;
        }
        let columns = [Constraint::Min(0), Constraint::Length(PANEL)];
        let [left, panel] = Layout::horizontal(columns).spacing(1).areas(body);
        let happened = match left.height {
            ..26 => 5,
            26..34 => 7,
            _ => 9,
        };
        let rows = [Constraint::Min(0), Constraint::Length(happened)];
        let [world, log] = Layout::vertical(rows).areas(left);
        self.world(frame, game, world);
        self.happened(frame, game, log);
        self.panel(frame, game, panel);
    }

    fn style(&self, color: Color) -> Style {
        match self.colors.any() {
            true => Style::new().fg(color),
            false => Style::new(),
        }
    }

    fn dim(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    fn bold(&self, color: Color) -> Style {
        self.style(color).add_modifier(Modifier::BOLD)
    }

    fn head(&self, frame: &mut Frame<'_>, game: &Game, area: Rect) {
        let env = game.env();
        let limit = game.environment.step_limit();
        let of = limit.map(|limit| format!("/{limit}")).unwrap_or_default();
        let sky = match (env.is_sleeping(), env.daylight()) {
            (true, _) => "asleep",
            (false, light) if light < 0.5 => "night",
            (false, _) => "day",
        };
        let clock = self.clock.map(|fps| format!(" · {fps} steps a second"));
        let text = format!(
            " · seed {} · step {}{of} · reward {:+.1} · {sky}{}",
            env.config().seed,
            env.steps(),
            game.environment.total_reward(),
            clock.unwrap_or_default()
        );
        let row = Row::from(vec![
            Span::styled(format!(" {}", game.model), self.bold(Color::Cyan)),
            Span::raw(text),
        ]);
        frame.render_widget(row, area);
    }

    fn world(&self, frame: &mut Frame<'_>, game: &Game, area: Rect) {
        let env = game.env();
        let pixels = map::pixels_that_fit(env, area).filter(|_| self.colors.any());
        match pixels.filter(|_| self.view == View::Pixels) {
            Some(unit) => map::draw_pixels(env, unit, self.colors, area, frame.buffer_mut()),
            None => map::draw_signs(env, self.colors, area, frame.buffer_mut()),
        }
    }

    /// What a model reads says all that there is, and needs all the room.
    fn text(&self, frame: &mut Frame<'_>, game: &Game, area: Rect) {
        let width = usize::from(area.width.max(1));
        let lines = game.observation.lines();
        let rows = lines.map(|line| measure_text_width(line).div_ceil(width).max(1));
        let rows = u16::try_from(rows.sum::<usize>()).unwrap_or(u16::MAX);
        let height = match rows > area.height {
            true => area.height.saturating_sub(1),
            false => area.height,
        };
        let top = self.scroll.min(rows.saturating_sub(height));
        let text = Paragraph::new(game.observation.as_str()).wrap(Wrap { trim: false });
        let room = Rect { height, ..area };
        frame.render_widget(text.scroll((top, 0)), room);
        if height < area.height {
            let (from, to) = (top + 1, top + height);
            let place = format!("rows {from} to {to} of {rows} · page up, page down");
            let under = Rect {
                y: area.y + height,
                height: 1,
                ..area
            };
            frame.render_widget(Span::styled(place, self.dim()), under);
        }
    }

    fn happened(&self, frame: &mut Frame<'_>, game: &Game, area: Rect) {
        let mut rows: Vec<Row<'_>> = Vec::new();
        let reasons = in_rows(&game.reasoning, area.width, REASON_ROWS);
        rows.extend(reasons.into_iter().map(|row| Row::styled(row, self.dim())));
        let room = usize::from(area.height).saturating_sub(rows.len());
        let told = game.lines.iter().rev().take(room).rev();
        let told = told.flat_map(|line| {
            let style = match line.tone {
                Tone::Plain => Style::new(),
                Tone::Bad => self.style(Color::LightRed),
                Tone::Good => self.bold(Color::LightGreen),
            };
            let broken = in_rows(&line.text, area.width, LINE_ROWS);
            broken.into_iter().map(move |row| Row::styled(row, style))
        });
        let told: Vec<Row<'_>> = told.collect();
        let passed_over = told.len().saturating_sub(room);
        rows.extend(told.into_iter().skip(passed_over));
        frame.render_widget(Paragraph::new(rows), area);
    }

    fn panel(&self, frame: &mut Frame<'_>, game: &Game, area: Rect) {
        let env = game.env();
        let mut rows: Vec<Row<'_>> = Vec::new();
        let vitals = [
            (Item::Health, Color::LightRed),
            (Item::Food, Color::LightYellow),
            (Item::Drink, Color::LightBlue),
            (Item::Energy, Color::LightGreen),
        ];
        for (item, color) in vitals {
            let amount = usize::from(env.inventory()[item]);
            let color = if amount <= 2 { Color::LightRed } else { color };
            rows.push(Row::from(vec![
                Span::raw(format!("{:<8}", item.name())),
                Span::styled("█".repeat(amount), self.style(color)),
                Span::styled("░".repeat(9_usize.saturating_sub(amount)), self.dim()),
                Span::raw(format!(" {amount}")),
            ]));
        }
        let held = env.inventory().iter().skip(vitals.len());
        let held: Vec<(Item, u8)> = held.filter(|(_, amount)| *amount > 0).collect();
        if held.is_empty() {
            rows.push(Row::styled("nothing in the inventory", self.dim()));
        }
        for pair in held.chunks(2) {
            let each = pair.iter().map(|(item, amount)| {
                let name = item.name().replace('_', " ");
                Span::raw(format!("{amount} {name:<18}"))
            });
            rows.push(Row::from_iter(each));
        }
        let unlocked = env.achievements();
        let count = format!(
            "{} of {} achievements",
            unlocked.len(),
            Achievement::ALL.len()
        );
        rows.push(Row::styled(count, self.bold(Color::Reset)));
        for pair in Achievement::ALL.chunks(2) {
            let each = pair.iter().map(|&achievement| {
                let name = achievement.name().replace('_', " ");
                let color = match Tier::of(achievement) {
                    Tier::Easy => Color::LightGreen,
                    Tier::Medium => Color::LightYellow,
                    Tier::Hard => Color::LightMagenta,
                };
                match unlocked.contains(achievement) {
                    true => Span::styled(format!("✓ {name:<18}"), self.bold(color)),
                    false => Span::styled(format!("· {name:<18}"), self.dim()),
                }
            });
            rows.push(Row::from_iter(each));
        }
        frame.render_widget(Paragraph::new(rows), area);
    }

    fn foot(&self, frame: &mut Frame<'_>, game: &Game, area: Rect) {
        let keys = match (&game.ended, &self.pace) {
            (Some(_), _) => "The episode is over and recorded. Enter or q leaves.".to_owned(),
            (None, None) => keys::PLAYING.to_owned(),
            (None, Some(pace)) => {
                let doing = if game.asked {
                    "the model is asked"
                } else {
                    pace
                };
                format!("{} · {doing}", keys::WATCHING)
            }
        };
        let keys = Paragraph::new(Span::styled(keys, self.dim()));
        frame.render_widget(keys.wrap(Wrap { trim: true }), area);
    }
}

/// A text in at most so many rows, broken between words. What has no room there is an
/// ellipsis.
fn in_rows(text: &str, width: u16, most: usize) -> Vec<String> {
    let width = usize::from(width);
    let mut rows: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = rows.len() == most;
        let fits = |row: &String| measure_text_width(row) + 1 + measure_text_width(word) <= width;
        match rows.last_mut() {
            Some(row) if full || fits(row) => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_owned()),
        }
    }
    let cut = rows.iter().map(|row| truncate_str(row, width, "…"));
    cut.map(Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use agent_react::agent::AgentConfig;
    use agent_react::environment::Environment;
    use env_crafter::{Action, EnvConfig};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    fn game() -> Game {
        let world = EnvConfig {
            seed: 3,
            ..EnvConfig::default()
        };
        let agent = AgentConfig::default();
        let environment = Environment::new(world, agent.environment()).expect("a world");
        Game::new("human", environment, &agent)
    }

    fn drawn(game: &Game, view: View, size: (u16, u16)) -> Terminal<TestBackend> {
        let screen = Screen {
            view,
            scroll: 0,
            colors: Colors::True,
            clock: Some(5),
            pace: None,
        };
        let backend = TestBackend::new(size.0, size.1);
        let mut terminal = Terminal::new(backend).expect("a terminal");
        terminal
            .draw(|frame| screen.draw(frame, game))
            .expect("a frame");
        terminal
    }

    fn text(terminal: &Terminal<TestBackend>) -> String {
        let buffer = terminal.backend().buffer();
        let rows = buffer.content.chunks(usize::from(buffer.area.width));
        let rows = rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>());
        rows.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn everything_fits_into_the_smallest_terminal() {
        let mut game = game();
        game.act(Action::MoveLeft);
        game.act(Action::PlaceTable);
        let text = text(&drawn(&game, View::Signs, SMALLEST));
        for wanted in [
            "human · seed 3 · step 2/10000 · reward +0.0 · day · 5 steps a second",
            "health  █████████ 9",
            "0 of 22 achievements",
            "wake up",
            "2 place table: needs 2 wood, have 0",
            "@",
            "wasd move",
            "q quit",
        ] {
            assert!(text.contains(wanted), "{wanted:?} is not in:\n{text}");
        }
    }

    #[test]
    fn long_reasons_take_two_rows_and_say_that_there_is_more() {
        let check = |text: &str, wanted: &[&str]| assert_eq!(in_rows(text, 12, 2), wanted);
        check("", &[]);
        check("to the water", &["to the water"]);
        check("to the water and on", &["to the water", "and on"]);
        check(
            "to the water and on to the coal",
            &["to the water", "and on to t…"],
        );
        check("incomprehensibilities", &["incomprehen…"]);
    }

    #[test]
    fn what_happened_is_cut_visibly() {
        let mut game = game();
        game.hear(super::super::Heard::Notice("many words ".repeat(12)));
        let text = text(&drawn(&game, View::Signs, SMALLEST));
        assert!(
            text.contains("words many words many words many words "),
            "{text}"
        );
        assert!(
            text.contains("many words many words many words many …"),
            "{text}"
        );
    }

    #[test]
    fn a_terminal_that_is_too_small_says_so() {
        let text = text(&drawn(&game(), View::Pixels, (60, 20)));
        assert!(text.contains("60 columns and 20 rows"), "{text}");
    }

    #[test]
    fn a_large_terminal_shows_the_image() {
        let terminal = drawn(&game(), View::Pixels, (160, 50));
        let buffer = terminal.backend().buffer();
        let blocks = buffer.content.iter().filter(|cell| cell.symbol() == "▀");
        // Ten pixels for each of 9 × 7 cells: as many columns, half as many rows.
        assert_eq!(blocks.count(), 9 * 10 * 7 * 5);
    }

    #[test]
    fn the_text_is_what_a_model_reads() {
        let mut game = game();
        game.hear(super::super::Heard::Asked("You see grass.".to_owned()));
        let text = text(&drawn(&game, View::Text, SMALLEST));
        assert!(text.contains("You see grass."), "{text}");
        assert!(
            !text.contains("achievements"),
            "it has the room of the panel: {text}"
        );

        let many: Vec<String> = (1..=40).map(|row| format!("row {row}")).collect();
        game.hear(super::super::Heard::Asked(many.join("\n")));
        let text = self::text(&drawn(&game, View::Text, SMALLEST));
        assert!(text.contains("rows 1 to 20 of 40"), "{text}");
    }
}
