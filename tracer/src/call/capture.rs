//! Provides how values, results and errors of decorated functions become JSON,
//! whatever their types are.

use std::fmt::{Debug, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde_json::{Value, json};

use super::Called;
use crate::error::{error_state, panic_message};
use crate::record::SessionEventMessage;

/// A value that can be part of a trace: whatever `serde` can serialize.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded, because it does not implement `serde::Serialize`",
    label = "this value was to become part of the trace",
    note = "leave an argument out with `skip(name)` and a result with `capture_result = false`, \
            record a part of it with `result_filter = |value| …`, or derive `Serialize`"
)]
pub trait Capture {
    /// The value as JSON. What has no JSON form, such as a map whose keys are
    /// lists, leaves the reason in its place, and so does what panics.
    fn capture(&self) -> Value;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> Capture for T {
    fn capture(&self) -> Value {
        let reason = match caught(|| serde_json::to_value(self)) {
            Ok(Ok(value)) => return value,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic,
        };
        json!({ "not_serializable": reason })
    }
}

/// Runs code that only the trace is made with, so that what it panics with becomes part
/// of the trace and goes no further: the function that is traced is not to blame.
pub(super) fn caught<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f))
        .map_err(|panic| format!("panicked: {}", panic_message(&*panic)))
}

/// What a function of the options makes of something, or why it made nothing.
pub(super) fn made<R: Capture>(f: impl FnOnce() -> R) -> Value {
    caught(f).map_or_else(|error| json!({ "not_captured": error }), |it| it.capture())
}

/// Captures one value.
pub fn capture<T: Capture + ?Sized>(value: &T) -> Value {
    value.capture()
}

/// Captures what a `result_filter` makes of a result.
pub fn filter<T: ?Sized, R: Capture>(value: &T, filter: impl FnOnce(&T) -> R) -> Value {
    made(|| filter(value))
}

/// Captures what a `metadata` function says.
pub fn metadata<R: Capture>(called: &Called<'_>, f: impl FnOnce(&Called<'_>) -> R) -> Value {
    f(called).capture()
}

/// The message that a `message` function makes, if it makes one.
pub fn message<R: Into<Option<SessionEventMessage>>>(
    called: &Called<'_>,
    f: impl FnOnce(&Called<'_>) -> R,
) -> Option<SessionEventMessage> {
    f(called).into()
}

/// Calls a closure that may be called once only.
pub fn once<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// Never called: gives the blocks of async functions their type.
pub fn typed<R>() -> R {
    unreachable!("only its type is used")
}

/// The error of a call, as a trace has it.
#[derive(Debug)]
pub struct Failure(pub(super) Value);

impl Failure {
    fn of<E: ?Sized>(message: impl Display) -> Self {
        Failure(error_state(short_type_name::<E>(), message))
    }
}

/// What `err` and `err = f` are for: a `Result`, whatever it is called.
#[diagnostic::on_unimplemented(
    message = "`err` is for functions that return a `Result`, and this one returns `{Self}`",
    label = "this needs a `Result`",
    note = "leave `err` out: without it a `Result` is recognized by its type, and all else is a value"
)]
pub trait Fallible {
    /// What is returned if there is no error.
    type Value;
    /// The error.
    type Error;
    /// The value or the error.
    fn parts(&self) -> Result<&Self::Value, &Self::Error>;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
    type Error = E;
    fn parts(&self) -> Result<&T, &E> {
        self.as_ref()
    }
}

/// Takes a `Result` apart, for `err` and `err = f`.
pub fn split<R: Fallible, M: Display>(
    result: &R,
    message: impl FnOnce(&R::Error) -> M,
) -> Result<&R::Value, Failure> {
    result.parts().map_err(|error| {
        let described = caught(|| message(error).to_string());
        Failure::of::<R::Error>(
            described.unwrap_or_else(|panic| format!("its description {panic}")),
        )
    })
}

/// Takes apart what a function returned, whatever its type: errors of a `Result`
/// are failures, described as well as their type allows, and all else is a value.
///
/// The three traits below have the same method, and method lookup prefers the one
/// with the most references that fits. This is how a macro, which sees no types,
/// can treat a `Result` by whatever alias it is called.
#[derive(Debug)]
pub struct Probe<'a, R>(pub &'a R);

/// See [`Probe`]: results whose error can be displayed.
pub trait SplitDisplay<'a> {
    /// What is returned if there is no error.
    type Value: 'a;
    /// The value or the error.
    fn split(&self) -> Result<&'a Self::Value, Failure>;
}

impl<'a, T: 'a, E: Display> SplitDisplay<'a> for &&Probe<'a, Result<T, E>> {
    type Value = T;
    fn split(&self) -> Result<&'a T, Failure> {
        split(self.0, |error| error.to_string())
    }
}

/// See [`Probe`]: results whose error can only be debugged.
pub trait SplitDebug<'a> {
    /// What is returned if there is no error.
    type Value: 'a;
    /// The value or the error.
    fn split(&self) -> Result<&'a Self::Value, Failure>;
}

impl<'a, T: 'a, E: Debug> SplitDebug<'a> for &Probe<'a, Result<T, E>> {
    type Value = T;
    fn split(&self) -> Result<&'a T, Failure> {
        split(self.0, |error| format!("{error:?}"))
    }
}

/// See [`Probe`]: everything else.
pub trait SplitPlain<'a> {
    /// What is returned.
    type Value: 'a;
    /// The value.
    fn split(&self) -> Result<&'a Self::Value, Failure>;
}

impl<'a, R: 'a> SplitPlain<'a> for Probe<'a, R> {
    type Value = R;
    fn split(&self) -> Result<&'a R, Failure> {
        Ok(self.0)
    }
}

/// The name of a type without the paths: `Box<dyn Error>` for
/// `alloc::boxed::Box<dyn core::error::Error>`.
fn short_type_name<T: ?Sized>() -> String {
    let full = std::any::type_name::<T>();
    let mut short = String::with_capacity(full.len());
    let mut segment = 0;
    let mut chars = full.char_indices().peekable();
    while let Some((_, c)) = chars.next() {
        match c {
            ':' if chars.next_if(|(_, next)| *next == ':').is_some() => short.truncate(segment),
            c => {
                short.push(c);
                if !c.is_alphanumeric() && c != '_' {
                    segment = short.len();
                }
            }
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_are_shown_without_their_paths() {
        assert_eq!(short_type_name::<std::io::Error>(), "Error");
        assert_eq!(
            short_type_name::<Box<dyn std::error::Error + Send>>(),
            "Box<dyn Error + Send>"
        );
        assert_eq!(
            short_type_name::<Vec<Option<&'static str>>>(),
            "Vec<Option<&str>>"
        );
    }
}
