//! Defines how tool calls are written and read where an endpoint has no native
//! function calling, or hides a call in its text.
//!
//! The agent's conversation holds messages and tool calls only. [`render`] turns
//! it into what a [`Protocol`](crate::model::Protocol) sends; [`extract`] turns a
//! reply's text back into calls. Whether a call makes sense is not decided here:
//! what the model wrote is passed on as it is, so that the environment can tell
//! the model what was wrong with it.
//!
//! ```
//! use agent_react::model::{Protocol, ToolSpec};
//! use serde_json::json;
//!
//! let tools = [ToolSpec {
//!     name: "interact".into(),
//!     description: "Acts in the world.".into(),
//!     parameters: json!({"type": "object", "properties": {"actions": {"type": "array"}}}),
//! }];
//! let reply = "Thought: a tree is to my left.\nAction: move_left, do";
//! let found = agent_react::protocol::extract(reply, &tools, Protocol::Text);
//! assert_eq!(found.text, "Thought: a tree is to my left.");
//! assert_eq!(found.calls[0].arguments, r#"{"actions":["move_left","do"]}"#);
//! ```

mod extract;
mod json;
mod labels;
mod names;
mod render;
mod tags;
mod written;

pub use extract::{Extraction, extract, extract_cut_off};
pub use json::{ParseJsonError, parse_json};
pub(crate) use json::{leading_json, parse_whole_json, read_as_written};
pub(crate) use names::tool_named;
pub use render::{reminder, render, reply_schema};
pub use written::WrittenCall;
