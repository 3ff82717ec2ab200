//! Defines how the crate's closed enums are written: a variant, its number and
//! the name people and models read, in one place.

use thiserror::Error;

/// A name that is not in a vocabulary.
///
/// ```
/// use env_crafter::{Action, Direction};
///
/// let error = "north".parse::<Direction>().unwrap_err();
/// assert_eq!(error.to_string(), r#"unknown direction "north": known are left, right, up, down"#);
/// let error = Action::try_from(17).unwrap_err();
/// assert_eq!(error.to_string(), r#"unknown action "17": known are 0 to 16"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown {kind} {name:?}: known are {known}")]
pub struct UnknownName {
    /// What was looked for: "action", "achievement", …
    pub kind: &'static str,
    /// The text that was given.
    pub name: String,
    /// All names, or numbers, there are.
    pub known: String,
}

/// Declares an enum of `u8` whose variants have names.
///
/// Gives it `ALL`, `id`, `name`, `from_name`, `Display`, `FromStr` and
/// `TryFrom<u8>`. The numbers must be consecutive.
macro_rules! vocabulary {
    (
        $(#[$meta:meta])*
        pub enum $type:ident($kind:literal, from $first:literal, $count:literal) {
            $( $(#[$doc:meta])* $variant:ident = $name:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $type {
            $( $(#[$doc])* $variant, )+
        }

        impl $type {
            #[doc = concat!("Every ", $kind, ", by number.")]
            pub const ALL: [Self; $count] = [$(Self::$variant),+];

            /// The number the reference gives it.
            #[must_use]
            pub const fn id(self) -> u8 {
                self as u8 + $first
            }

            /// The name the reference gives it, in snake case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$variant => $name, )+
                }
            }

            /// The one with this name, if there is one.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|each| each.name() == name)
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl ::std::str::FromStr for $type {
            type Err = $crate::vocabulary::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::from_name(name).ok_or_else(|| $crate::vocabulary::UnknownName {
                    kind: $kind,
                    name: name.to_owned(),
                    known: Self::ALL.map(Self::name).join(", "),
                })
            }
        }

        impl TryFrom<u8> for $type {
            type Error = $crate::vocabulary::UnknownName;

            fn try_from(id: u8) -> Result<Self, Self::Error> {
                id.checked_sub($first)
                    .and_then(|index| Self::ALL.get(usize::from(index)).copied())
                    .ok_or_else(|| $crate::vocabulary::UnknownName {
                        kind: $kind,
                        name: id.to_string(),
                        known: format!("{} to {}", $first, $first + $count - 1),
                    })
            }
        }
    };
}

pub(crate) use vocabulary;
