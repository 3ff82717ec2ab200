//! Renders `balrog/1`: the wording of BALROG's Crafter environment, so that
//! figures can be compared with its published ones.
//!
//! The long-term part (what is seen and faced) stays in the history; the
//! short-term part (needs and inventory) is shown in the current turn only.
//! Two of BALROG's defects are kept here, and nowhere else, for the sake of
//! comparison. It cuts its view out of the map with an index that turns negative
//! near the west and north edges, and then sees nothing at all there. And whether
//! the cell in front is in view it finds out with columns and rows swapped: in the
//! last row, and facing east in the last but one, the player faces nothing, whatever
//! is there. (Facing east in the last column BALROG fails; there we say nothing, too.)

use env_crafter::{Inventory, Position};

use super::{Observation, Scene};

pub(super) fn render(scene: &Scene<'_>) -> Observation {
    let (status, seen) = (status(scene), surroundings(scene));
    let long_term = format!("{status}\n\n{seen}");
    let long_term = long_term.trim();
    let short_term = inventory(scene.env.inventory());
    Observation {
        text: format!("Current Observation:\n{short_term}\n{long_term}"),
        text_later: Some(format!("Obesrvation:\n{long_term}")),
        image: None,
    }
}

/// Shared with SmartPlay, from which BALROG took it.
pub(super) fn status(scene: &Scene<'_>) -> &'static str {
    if scene.env.is_sleeping() {
        "You are sleeping, and will not be able take actions until energy is full.\n\n"
    } else if scene.env.is_dead() {
        "You died.\n\n"
    } else {
        ""
    }
}

/// Shared with SmartPlay, from which BALROG took it.
pub(super) fn inventory(inventory: &Inventory) -> String {
    let mut text = String::from("Your status:");
    let (needs, carried) = (inventory.iter().take(4), inventory.iter().skip(4));
    for (need, amount) in needs {
        text.push_str(&format!("\n- {need}: {amount}/9"));
    }
    let mut carried = carried.filter(|&(_, amount)| amount > 0).peekable();
    text.push_str(match carried.peek() {
        Some(_) => "\n\nYour inventory:",
        None => "\n\nYou have nothing in your inventory.",
    });
    for (item, amount) in carried {
        text.push_str(&format!("\n- {item}: {amount}"));
    }
    text
}

/// The part of the map that BALROG and SmartPlay cut out around the player.
pub(super) struct Cutout<'a> {
    scene: &'a Scene<'a>,
    columns: std::ops::RangeInclusive<i32>,
    rows: std::ops::RangeInclusive<i32>,
}

impl<'a> Cutout<'a> {
    /// `None` where the cut comes out empty: near the west and north edges.
    pub(super) fn new(scene: &'a Scene<'a>) -> Option<Self> {
        let (width, height) = scene.env.config().view;
        let (left, up) = (width as i32 / 2, height as i32 / 2 - 1);
        let Position { x, y } = scene.env.position();
        let fits = x >= left && y >= up;
        fits.then(|| Self {
            scene,
            columns: -left..=left,
            rows: -up..=up,
        })
    }

    /// What is to be seen there, if that is inside the cutout.
    pub(super) fn name_at(&self, dx: i32, dy: i32) -> Option<&'static str> {
        let Position { x, y } = self.scene.env.position();
        let place = Position::new(x + dx, y + dy);
        let inside = self.columns.contains(&dx) && self.rows.contains(&dy);
        let object = self
            .scene
            .env
            .object_at(place)
            .map(|object| object.kind.name());
        object
            .or(self
                .scene
                .env
                .material(place)
                .map(|material| material.name()))
            .filter(|_| inside)
    }

    /// What BALROG says the player faces in a direction: it compares the column
    /// of the cell with how many rows can be seen, and its row with the columns.
    fn faced(&self, (dx, dy): (i32, i32)) -> Option<&'static str> {
        let Position { x, y } = self.scene.env.position();
        let (width, height) = self.scene.env.config().area;
        let (left, up) = (*self.columns.end(), *self.rows.end());
        let columns = left + 1 + left.min(width as i32 - 1 - x);
        let rows = up + 1 + up.min(height as i32 - 1 - y);
        let in_view = left + dx < rows && up + dy < columns;
        self.name_at(dx, dy).filter(|_| in_view)
    }

    /// Everything in it but the player, west to east and north to south, with
    /// its place from the player.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&'static str, i32, i32)> {
        let places = self
            .columns
            .clone()
            .flat_map(|dx| self.rows.clone().map(move |dy| (dx, dy)));
        places
            .filter(|&place| place != (0, 0))
            .filter_map(|(dx, dy)| Some((self.name_at(dx, dy)?, dx, dy)))
    }
}

/// The nearest of each kind, in the order in which a kind is first met.
fn surroundings(scene: &Scene<'_>) -> String {
    let cutout = Cutout::new(scene);
    let mut nearest: Vec<(&str, i32, i32)> = Vec::new();
    for (name, dx, dy) in cutout.iter().flat_map(Cutout::cells) {
        match nearest.iter_mut().find(|(known, ..)| *known == name) {
            None => nearest.push((name, dx, dy)),
            Some(known) if steps(dx, dy) < steps(known.1, known.2) => *known = (name, dx, dy),
            Some(_) => {}
        }
    }
    let mut text = String::from(match nearest.is_empty() {
        true => "You see nothing away from you.",
        false => "You see:",
    });
    for (name, dx, dy) in nearest {
        let steps = steps(dx, dy);
        let plural = if steps > 1 { "s" } else { "" };
        text.push_str(&format!(
            "\n- {name} {steps} step{plural} to your {}",
            direction(dx, dy)
        ));
    }
    let faced = cutout
        .and_then(|cutout| cutout.faced(scene.env.facing().delta()))
        .unwrap_or("nothing");
    text.push_str(&format!("\n\nYou face {faced} at your front."));
    text
}

pub(super) const fn steps(dx: i32, dy: i32) -> u32 {
    dx.unsigned_abs() + dy.unsigned_abs()
}

/// `north-west`, `east`, …
pub(super) fn direction(dx: i32, dy: i32) -> String {
    let vertical = ["north", "", "south"][(dy.signum() + 1) as usize];
    let horizontal = ["west", "", "east"][(dx.signum() + 1) as usize];
    let mut text = String::from(vertical);
    if !vertical.is_empty() && !horizontal.is_empty() {
        text.push('-');
    }
    text + horizontal
}
