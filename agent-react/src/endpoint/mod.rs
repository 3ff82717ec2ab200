//! Describes an endpoint: where it is, how to get in, and what is odd about it.
//!
//! Nothing here reads the environment or the network: whoever composes a run looks
//! up keys and passes them in.
//!
//! ```
//! use agent_react::endpoint::EndpointConfig;
//!
//! let local = EndpointConfig::resolve("http://localhost:8080", "my-model")?;
//! assert_eq!(local.address(), "http://localhost:8080/v1");
//! assert_eq!(local.key_variable, "OPENAI_API_KEY");
//!
//! let hosted = EndpointConfig::resolve("groq", "llama-3.3-70b-versatile")?;
//! assert_eq!(hosted.address(), "https://api.groq.com/openai/v1");
//! assert_eq!(hosted.key_variable, "GROQ_API_KEY");
//! # Ok::<(), agent_react::endpoint::EndpointError>(())
//! ```

mod config;
mod description;
mod preset;
mod quirks;
mod secret;

pub(crate) use config::shown;
pub use config::{EndpointConfig, EndpointError, Timeouts};
pub use preset::Preset;
pub use quirks::{Quirks, ReasoningEcho, SystemRole, TokenLimit, ToolChoice};
pub use secret::Secret;
pub(crate) use secret::{scrub, scrub_received};
