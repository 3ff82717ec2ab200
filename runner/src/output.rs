//! Writes results to the standard output.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::report::words::grouped;

/// The columns there are to print in: those of the terminal, or enough for any
/// table where the output is no terminal.
pub fn width() -> u16 {
    let terminal = Term::stdout();
    match terminal.is_term() {
        true => terminal.size().1.max(40),
        false => 160,
    }
}

/// Prints a text and ends its line. What would command the terminal is shown instead,
/// but for colors where there are any: what is printed comes from models and endpoints.
///
/// # Errors
///
/// Where the output cannot be written. A reader that has gone, as `head` does,
/// is none.
pub fn line(text: &str) -> io::Result<()> {
    let text = escaped(text.trim_end(), console::colors_enabled());
    write(|out| writeln!(out, "{text}"))
}

/// Prints a text that programs read, as it is, and ends its line.
///
/// # Errors
///
/// As [`line()`].
pub fn document(text: &str) -> io::Result<()> {
    write(|out| writeln!(out, "{}", text.trim_end()))
}

/// Prints a value as indented JSON.
///
/// # Errors
///
/// Where the output cannot be written.
pub fn json(value: &impl Serialize) -> io::Result<()> {
    write(|out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        writeln!(out)
    })
}

/// A number of things, in words: `1 session`, `1,204 sessions`.
pub fn counted(number: u64, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{} {thing}s", grouped(number)),
    }
}

/// Says something beside the results, on the standard error.
pub fn note(text: &str) {
    eprintln!("{}", visible(text));
}

/// A text in which nothing hides: what would command the terminal, marks that turn the
/// direction of writing, and characters without a shape are shown by their numbers. The pages have the twin of
/// this, `visible` in `view/assets/dom.js`.
///
/// ```
/// # use runner::output::visible;
/// assert_eq!(visible("gone\u{1b}[2J\u{9b}\n"), "gone[U+001B][2J[U+009B]\n");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// Shows how far something is that has so many parts, where somebody may be watching.
pub fn progress(what: &'static str, parts: usize) -> ProgressBar {
    let bar = ProgressBar::new(parts as u64).with_message(what);
    watched(bar, "{msg} {wide_bar} {human_pos}/{human_len}, {eta} left")
}

/// Shows that something goes on whose end is not known.
pub fn spinner(what: &'static str) -> ProgressBar {
    watched(
        ProgressBar::new_spinner().with_message(what),
        "{spinner} {msg}, {elapsed}",
    )
}

fn watched(bar: ProgressBar, template: &str) -> ProgressBar {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn write(print: impl FnOnce(&mut io::StdoutLock<'static>) -> io::Result<()>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match print(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Whether a character is not to be seen: controls, marks of direction, fillers, and the tags
/// in which a second text can stand; Unicode's `Default_Ignorable_Code_Point` but for the
/// joiner of letters and the selectors of variations, which scripts and emoji need.
fn hides(it: char) -> bool {
    match it {
        '\t' | '\n' => false,
        '\u{ad}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        _ => it.is_control(),
    }
}

fn escaped(text: &str, keep_colors: bool) -> Cow<'_, str> {
    if !text.contains(hides) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(hides) {
        let (before, from) = rest.split_at(at);
        escaped.push_str(before);
        if let Some(color) = color(from).filter(|_| keep_colors) {
            escaped.push_str(color);
            rest = &from[color.len()..];
        } else {
            let mut characters = from.chars();
            if let Some(hidden) = characters.next() {
                escaped.push_str(&format!("[U+{:04X}]", u32::from(hidden)));
            }
            rest = characters.as_str();
        }
    }
    escaped.push_str(rest);
    Cow::Owned(escaped)
}

/// The sequence at the beginning of a text, if all it does is to choose colors and weight.
fn color(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|it: char| !it.is_ascii_digit() && it != ';')?;
    parameters[end..]
        .starts_with('m')
        .then(|| &text[..text.len() - parameters.len() + end + 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_colors_reaches_a_terminal() {
        let check = |text: &str, with_colors: &str, without: &str| {
            assert_eq!(escaped(text, true), with_colors);
            assert_eq!(escaped(text, false), without);
        };
        check("a\tb\nç🌳", "a\tb\nç🌳", "a\tb\nç🌳");
        let red = "\u{1b}[1;31mred\u{1b}[0m";
        check(red, red, "[U+001B][1;31mred[U+001B][0m");
        for (command, shown) in [
            ("\u{1b}[2J", "[U+001B][2J"),
            ("\u{1b}]0;title\u{7}", "[U+001B]]0;title[U+0007]"),
            ("\u{9b}31m", "[U+009B]31m"),
            ("cut\u{1b}[31", "cut[U+001B][31"),
            ("over\rwritten", "over[U+000D]written"),
            ("\u{202e}drawkcab", "[U+202E]drawkcab"),
            ("\u{61c}\u{ad}", "[U+061C][U+00AD]"),
            ("tag\u{e0041}", "tag[U+E0041]"),
        ] {
            check(command, shown, shown);
        }
    }
}
