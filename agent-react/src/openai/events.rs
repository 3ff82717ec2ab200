//! Cuts bytes into server-sent events.
//!
//! Comments, keep-alives and the fields that say nothing here (`id`, `retry`) are dropped.
//! A line that is no field of the format is not: it is what is left of one, and with it
//! part of a reply is lost. Not here: what the data of an event means.

use std::mem;

/// What a stream holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StreamEvent {
    /// The data of an event.
    Data(String),
    /// The data of an event that is named `error`.
    Error(String),
    /// A line that belongs to no event.
    Stray(String),
}

/// Cuts bytes into events; pieces may end anywhere, even within a character.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    data: String,
    names_error: bool,
    /// Whether the byte before was a carriage return, which ends a line with or without
    /// a newline after it.
    after_return: bool,
    begun: bool,
}

impl Events {
    /// Takes a piece; returns the events it completes.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<StreamEvent> {
        let mut complete = Vec::new();
        for &byte in piece {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    complete.extend(self.end_line());
                }
                _ => {
                    self.after_return = false;
                    self.line.push(byte);
                }
            }
        }
        complete
    }

    /// What is left when the connection ends without a last blank line.
    pub(super) fn finish(mut self) -> Option<StreamEvent> {
        let last = self.end_line();
        last.or_else(|| self.end_event())
    }

    fn end_line(&mut self) -> Option<StreamEvent> {
        let line = mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = match mem::replace(&mut self.begun, true) {
            true => &*line,
            // Some servers write a byte order mark.
            false => line.trim_start_matches('\u{feff}'),
        };
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            "event" => self.names_error = value == "error",
            "" | "id" | "retry" => {}
            _ => return Some(StreamEvent::Stray(line.to_owned())),
        }
        None
    }

    fn end_event(&mut self) -> Option<StreamEvent> {
        let data = mem::take(&mut self.data);
        let is_error = mem::take(&mut self.names_error);
        match (data.is_empty(), is_error) {
            (true, _) => None,
            (false, true) => Some(StreamEvent::Error(data)),
            (false, false) => Some(StreamEvent::Data(data)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<StreamEvent> {
        let mut events = Events::default();
        let mut found = events.push(text.as_bytes());
        found.extend(events.finish());
        found
    }

    fn data(text: &str) -> StreamEvent {
        StreamEvent::Data(text.to_owned())
    }

    #[test]
    fn events_are_cut_anywhere() {
        let text = ": keep-alive\r\n\r\ndata: {\"a\":\"é\"}\r\n\r\nevent: x\ndata:1\ndata: 2\n\ndata: [DONE]";
        for size in 1..text.len() {
            let mut events = Events::default();
            let mut found: Vec<StreamEvent> = text
                .as_bytes()
                .chunks(size)
                .flat_map(|piece| events.push(piece))
                .collect();
            found.extend(events.finish());
            assert_eq!(
                found,
                [data("{\"a\":\"é\"}"), data("1\n2"), data("[DONE]")],
                "pieces of {size}"
            );
        }
    }

    #[test]
    fn lines_end_in_three_ways_and_a_mark_may_come_first() {
        for end in ["\n", "\r", "\r\n"] {
            let text = format!("\u{feff}data: 1{end}{end}retry: 3{end}id{end}data: 2{end}{end}");
            assert_eq!(all(&text), [data("1"), data("2")], "{end:?}");
        }
    }

    #[test]
    fn what_is_no_event_is_not_dropped() {
        let stray = |line: &str| StreamEvent::Stray(line.to_owned());
        let text = "data: 1\n\ndta: 2\n\n{\"a\": 3}\n\nevent: error\ndata: no\n\ndata: 4\n\n";
        let found = all(text);
        let error = StreamEvent::Error("no".to_owned());
        let expected = [
            data("1"),
            stray("dta: 2"),
            stray("{\"a\": 3}"),
            error,
            data("4"),
        ];
        assert_eq!(found, expected);
    }
}
