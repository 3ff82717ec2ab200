//! Values that requests have in common.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tracer::record::Part;

/// A message or a list of tools that a conversation sends again with every request. It
/// is kept once, and so is the text it is sent as. Cheap to clone.
pub struct Shared<T>(Arc<Inner<T>>);

struct Inner<T> {
    value: T,
    sent: OnceLock<(Style, Sent)>,
}

/// How a client writes a value, where it has several ways to.
pub(crate) type Style = u16;

/// What a value is sent as.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) part: Part,
    /// Characters of it that count as the prompt.
    pub(crate) prompt_chars: usize,
}

impl<T> Shared<T> {
    /// Shares each of several values.
    pub fn all(values: impl IntoIterator<Item = T>) -> Vec<Self> {
        values.into_iter().map(Self::from).collect()
    }

    /// What the value is sent as. It is written for the first who asks; who wants it in
    /// another style than the first writes it anew.
    pub(crate) fn sent(&self, style: Style, write: impl Fn(&T) -> Sent) -> Sent {
        let value = &self.0.value;
        let (first, sent) = self.0.sent.get_or_init(|| (style, write(value)));
        match *first == style {
            true => sent.clone(),
            false => write(value),
        }
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(Inner {
            value,
            sent: OnceLock::new(),
        }))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        T::default().into()
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(to)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self::from)
    }
}
