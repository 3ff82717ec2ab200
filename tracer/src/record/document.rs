//! Defines documents: JSON values that may have parts in common with others.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::json;
use crate::privacy::Privacy;

/// A JSON value, parts of which may be shared with other documents.
///
/// The requests of a conversation say again what was said before. As documents they
/// hold what they have in common once, and a trace file does so too. Otherwise a
/// document is its value: it compares and serializes as that.
///
/// ```
/// use serde_json::json;
/// use tracer::record::{Document, Part};
///
/// let rules = Part::of(&json!({"role": "system", "content": "Play."}));
/// let request = Document::Object(
///     [("messages".to_owned(), Document::List(vec![rules.into()]))].into(),
/// );
/// assert_eq!(request.text(), r#"{"messages":[{"content":"Play.","role":"system"}]}"#);
/// assert_eq!(request, Document::from(request.to_value()));
/// ```
#[derive(Clone, Debug)]
pub enum Document {
    /// A value of its own.
    Own(Value),
    /// A value that is shared.
    Shared(Part),
    /// An array.
    List(Vec<Document>),
    /// An object.
    Object(BTreeMap<String, Document>),
}

/// How long a part is at least, in bytes, where nobody said what the parts are.
const WORTH_SHARING: usize = 128;

impl Document {
    /// Whether it is null, as where there is nothing.
    pub const fn is_null(&self) -> bool {
        matches!(self, Document::Own(Value::Null))
    }

    /// The whole value.
    pub fn to_value(&self) -> Value {
        match self {
            Document::Own(value) => value.clone(),
            Document::Shared(part) => part.to_value(),
            Document::List(items) => items.iter().map(Document::to_value).collect(),
            Document::Object(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), value.to_value()))
                .collect(),
        }
    }

    /// The whole value as JSON, without white space.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.weight(Part::len));
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Document::Own(value) => text.push_str(&json::text(value)),
            Document::Shared(part) => text.push_str(part.text()),
            Document::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { "," });
                    item.write(text);
                }
                text.push(']');
            }
            Document::Object(fields) => {
                text.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { "," });
                    text.push_str(&Value::from(name.as_str()).to_string());
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
        }
    }

    /// Bytes that the document holds on to, roughly: its share of what it shares.
    pub(crate) fn held(&self) -> usize {
        self.weight(|part| part.len() / Arc::strong_count(&part.0))
    }

    fn weight(&self, of_part: fn(&Part) -> usize) -> usize {
        const NODE: usize = 32;
        NODE + match self {
            Document::Own(value) => json::weight(value),
            Document::Shared(part) => of_part(part),
            Document::List(items) => items.iter().map(|item| item.weight(of_part)).sum(),
            Document::Object(fields) => fields
                .iter()
                .map(|(name, value)| name.len() + value.weight(of_part))
                .sum(),
        }
    }
}

impl Default for Document {
    fn default() -> Self {
        Document::Own(Value::Null)
    }
}

impl From<Part> for Document {
    fn from(part: Part) -> Self {
        Document::Shared(part)
    }
}

impl From<Value> for Document {
    /// Shares what is long in an object and in its lists, such as the messages of a
    /// request, with whatever document has the same.
    fn from(value: Value) -> Self {
        fn shared_if_long(value: Value) -> Document {
            match value {
                Value::String(_) | Value::Array(_) | Value::Object(_) => {
                    let part = Part::of(&value);
                    match part.len() < WORTH_SHARING {
                        true => Document::Own(value),
                        false => Document::Shared(part),
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => Document::Own(value),
            }
        }
        let Value::Object(fields) = value else {
            return Document::Own(value);
        };
        let fields = fields.into_iter().map(|(name, value)| {
            let value = match value {
                Value::Array(items) => {
                    Document::List(items.into_iter().map(shared_if_long).collect())
                }
                value => shared_if_long(value),
            };
            (name, value)
        });
        Document::Object(fields.collect())
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.to_value() == other.to_value()
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Document::Own(value) => value.serialize(to),
            Document::Shared(part) => part.to_value().serialize(to),
            Document::List(items) => to.collect_seq(items),
            Document::Object(fields) => to.collect_map(fields),
        }
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Value::deserialize(from).map(Document::from)
    }
}

/// A JSON value as text, made once. Cheap to clone and to look up.
#[derive(Clone)]
pub struct Part(Arc<Text>);

struct Text {
    json: Box<str>,
    /// Of the text, so that looking up a part does not read it.
    hash: u64,
}

impl Part {
    /// The text of a value. What is nested in it more than 100 levels deep becomes text
    /// there, as everywhere in a trace: nobody could read it otherwise.
    pub fn of(value: &Value) -> Self {
        let json = if json::is_deeper(value, json::MAX_DEPTH) {
            let mut value = value.clone();
            // Once it is text, its keys can no longer be told from what is said.
            Privacy::default().clean_value(&mut value);
            json::text(&value)
        } else {
            json::text(value)
        };
        let json = json.into_boxed_str();
        let mut hasher = DefaultHasher::new();
        json.hash(&mut hasher);
        let hash = hasher.finish();
        Self(Arc::new(Text { json, hash }))
    }

    /// JSON without white space.
    pub fn text(&self) -> &str {
        &self.0.json
    }

    /// The value.
    pub fn to_value(&self) -> Value {
        // What was made from a value can be read as one.
        serde_json::from_str(self.text()).unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.text().len()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Part").field(&self.text()).finish()
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.text() == other.text()
    }
}

impl Eq for Part {}

impl Hash for Part {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_its_value() {
        let long = "x".repeat(2 * WORTH_SHARING);
        for value in [
            json!(null),
            json!([1, "a\"b", {"c": null}]),
            json!({"messages": ["short", {"content": long}, 7], "tools": [{"name": long}], "n": 0.7}),
            json!({"text": long, "deep": {"deeper": [long]}}),
        ] {
            let document = Document::from(value.clone());
            assert_eq!(document.text(), value.to_string());
            assert_eq!(document.to_value(), value);
            assert_eq!(serde_json::to_string(&document).unwrap(), value.to_string());
            let read: Document = serde_json::from_str(&value.to_string()).unwrap();
            assert_eq!(read, document);
        }
    }

    #[test]
    fn what_two_documents_share_weighs_once() {
        let part = Part::of(&json!("x".repeat(1000)));
        let one = Document::from(part);
        let alone = one.held();
        let two = [one.clone(), one];
        let together: usize = two.iter().map(Document::held).sum();
        assert!(together < alone + 100, "{together} against {alone}");
    }
}
