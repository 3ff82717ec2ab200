//! Writes what a session's documents have in common once, and refers to it.
//!
//! A document's row has `{"$part": 7}` where the part with the number 7 belongs. What
//! reads like a reference and is none becomes a part itself, which is read back as it
//! is, so that nothing can be taken for something else.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::vec;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::recent::Recent;
use crate::record::{Document, Part};
use crate::store::value::conversion;

/// The key of a reference.
const REFERENCE: &str = "$part";

/// The parts that a session's last rows refer to, with their numbers.
#[derive(Debug, Default)]
pub(super) struct Parts {
    numbers: Recent<i64>,
    next: i64,
}

impl Parts {
    /// Goes on after the parts that are written.
    pub(super) fn from(next: i64) -> Self {
        Self {
            next,
            ..Self::default()
        }
    }

    /// The numbers of a document's parts, in their order. Those that are new go to `write`.
    pub(super) fn number<E>(
        &mut self,
        document: &Document,
        mut write: impl FnMut(i64, &Part) -> Result<(), E>,
    ) -> Result<Vec<i64>, E> {
        let (mut numbers, mut written) = (Vec::new(), Ok(()));
        each_part(document, &mut |part| {
            let next = self.next;
            let number = self.numbers.of(part, || {
                self.next += 1;
                next
            });
            if self.next > next && written.is_ok() {
                written = write(number, part);
            }
            numbers.push(number);
        });
        self.numbers.end_document();
        written.map(|()| numbers)
    }
}

/// A document as its row has it.
pub(super) struct Referring<'a> {
    pub(super) document: &'a Document,
    /// The numbers of its parts and of those that follow, taken one by one.
    pub(super) numbers: &'a RefCell<vec::IntoIter<i64>>,
}

impl Serialize for Referring<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let numbers = self.numbers;
        let referring = |document| Referring { document, numbers };
        if as_part(self.document).is_some() {
            let number = numbers.borrow_mut().next();
            return to.collect_map([(REFERENCE, number)]);
        }
        match self.document {
            Document::Own(value) => value.serialize(to),
            Document::Shared(part) => part.to_value().serialize(to),
            Document::List(items) => to.collect_seq(items.iter().map(referring)),
            Document::Object(fields) => to.collect_map(
                fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), referring(value))),
            ),
        }
    }
}

/// Calls `with` with everything in a document that gets a number.
fn each_part(document: &Document, with: &mut impl FnMut(&Part)) {
    match (as_part(document), document) {
        (Some(part), _) => with(&part),
        (None, Document::List(items)) => items.iter().for_each(|item| each_part(item, with)),
        (None, Document::Object(fields)) => fields.values().for_each(|it| each_part(it, with)),
        (None, Document::Own(_) | Document::Shared(_)) => {}
    }
}

/// What is written as a part of its own, here and not somewhere within.
fn as_part(document: &Document) -> Option<Cow<'_, Part>> {
    let looks_like_one = match document {
        Document::Shared(part) => return Some(Cow::Borrowed(part)),
        Document::Own(value) => has_key(value),
        Document::List(_) => false,
        Document::Object(fields) => fields.contains_key(REFERENCE),
    };
    looks_like_one.then(|| Cow::Owned(Part::of(&document.to_value())))
}

fn has_key(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_key),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name == REFERENCE || has_key(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A document of a row, with the parts it refers to.
pub(crate) fn resolved(row: Value, parts: &HashMap<i64, Part>) -> duckdb::Result<Document> {
    let number = match &row {
        Value::Object(fields) if fields.len() == 1 => fields.get(REFERENCE),
        _ => None,
    };
    if let Some(number) = number {
        let part = number.as_i64().and_then(|number| parts.get(&number));
        return part
            .map(|part| Document::Shared(part.clone()))
            .ok_or_else(|| conversion(format!("the part {number} of a request is missing")));
    }
    Ok(match row {
        Value::Array(items) => {
            let items = items.into_iter().map(|item| resolved(item, parts));
            Document::List(items.collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .map(|(name, value)| Ok((name, resolved(value, parts)?)));
            Document::Object(fields.collect::<duckdb::Result<_>>()?)
        }
        value => Document::Own(value),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Writes documents and reads them back; gives their rows and the parts.
    fn rows(documents: &[Document]) -> (Vec<Value>, Vec<Value>) {
        let mut parts = Parts::default();
        let (mut rows, mut written) = (Vec::new(), HashMap::new());
        for document in documents {
            let write = |number, part: &Part| {
                assert!(written.insert(number, part.clone()).is_none());
                Ok::<_, ()>(())
            };
            let numbers = parts.number(document, write).unwrap();
            let numbers = &RefCell::new(numbers.into_iter());
            rows.push(serde_json::to_value(Referring { document, numbers }).unwrap());
        }
        for (row, document) in rows.iter().zip(documents) {
            assert_eq!(&resolved(row.clone(), &written).unwrap(), document);
        }
        let mut written: Vec<_> = written.into_iter().collect();
        written.sort_by_key(|(number, _)| *number);
        (
            rows,
            written
                .into_iter()
                .map(|(_, part)| part.to_value())
                .collect(),
        )
    }

    #[test]
    fn what_documents_have_in_common_is_written_once() {
        let [first, second] = ["first", "second"].map(|it| json!({ "content": it.repeat(50) }));
        let (rows, parts) = rows(&[
            json!({"messages": [first], "model": "m"}).into(),
            json!({"messages": [first, second], "model": "m"}).into(),
        ]);
        let part = |number| json!({ REFERENCE: number });
        assert_eq!(rows[0], json!({"messages": [part(0)], "model": "m"}));
        assert_eq!(
            rows[1],
            json!({"messages": [part(0), part(1)], "model": "m"})
        );
        assert_eq!(parts, [first, second]);
    }

    #[test]
    fn what_only_looks_like_a_reference_is_read_back_as_it_is() {
        let reference = json!({ REFERENCE: 0 });
        rows(&[
            reference.clone().into(),
            json!({"messages": [reference, {"deep": [reference]}], "x": reference}).into(),
            Document::Own(json!([reference])),
        ]);
    }

    #[test]
    fn a_part_that_is_not_there_is_missed() {
        let row = json!({"messages": [{ REFERENCE: 7 }]});
        let error = resolved(row, &HashMap::new()).unwrap_err().to_string();
        assert!(
            error.contains("the part 7 of a request is missing"),
            "{error}"
        );
    }
}
