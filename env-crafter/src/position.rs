//! Defines places and directions on the map.

use std::{fmt, ops::Add};

use crate::vocabulary::vocabulary;

/// A cell of the map. `x` grows to the east, `y` to the south; the first cell
/// is `(0, 0)`. A position may lie outside the map.
///
/// ```
/// assert_eq!(env_crafter::Position::new(3, -1).to_string(), "(3, -1)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Columns from the west edge.
    pub x: i32,
    /// Rows from the north edge.
    pub y: i32,
}

impl Position {
    /// The cell in column `x` and row `y`.
    #[must_use]
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }

    /// Steps between two cells when walking along the axes.
    #[must_use]
    pub const fn distance(self, other: Self) -> u32 {
        self.x.abs_diff(other.x) + self.y.abs_diff(other.y)
    }

    /// The distance as the crow flies.
    pub(crate) fn euclidean(self, other: Self) -> f64 {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        f64::from(dx * dx + dy * dy).sqrt()
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.x, self.y)
    }
}

impl From<(i32, i32)> for Position {
    fn from((x, y): (i32, i32)) -> Self {
        Self { x, y }
    }
}

impl Add<Direction> for Position {
    type Output = Self;

    fn add(self, direction: Direction) -> Self {
        let (dx, dy) = direction.delta();
        Self::new(self.x + dx, self.y + dy)
    }
}

vocabulary! {
    /// A direction on the map, in the order in which the reference draws them.
    ///
    /// ```
    /// use env_crafter::{Direction, Position};
    ///
    /// assert_eq!(Position::new(3, 3) + Direction::Up, Position::new(3, 2));
    /// ```
    pub enum Direction("direction", from 0, 4) {
        /// West.
        Left = "left",
        /// East.
        Right = "right",
        /// North.
        Up = "up",
        /// South.
        Down = "down",
    }
}

impl Direction {
    /// The change of `(x, y)` that one step makes.
    #[must_use]
    pub const fn delta(self) -> (i32, i32) {
        match self {
            Self::Left => (-1, 0),
            Self::Right => (1, 0),
            Self::Up => (0, -1),
            Self::Down => (0, 1),
        }
    }
}
