//! Decodes JSON into packed cells, one value at a time.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::rows::{Cell, JsonRows, MAX_CELLS};

/// How much is kept of a body without rows.
const MAX_ERROR_BYTES: usize = 16 << 10;

/// Decodes `body`, the reply to a query for `columns`.
///
/// # Errors
/// The end of `body` if it is not valid: an exception may follow the first rows.
pub(super) fn decode(body: &[u8], columns: &[&str]) -> Result<JsonRows, String> {
    decode_text(&String::from_utf8_lossy(body), columns)
}

fn decode_text(body: &str, columns: &[&str]) -> Result<JsonRows, String> {
    let mut rows = JsonRows::new(columns);
    let mut json = serde_json::Deserializer::from_str(body);
    let answered = json.deserialize_map(Reply(&mut rows)).and_then(|()| json.end());
    if answered.is_ok() {
        return Ok(rows);
    }
    let end = body.ceil_char_boundary(body.len().saturating_sub(MAX_ERROR_BYTES));
    Err(body[end..].to_owned())
}

#[derive(Deserialize)]
struct Meta {
    name: String,
}

/// The names of the columns.
struct Columns(Vec<String>);

/// The number of columns of a reply.
const MAX_COLUMNS: usize = 1_000;

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_seq(ColumnsVisitor)
    }
}

struct ColumnsVisitor;

impl<'de> Visitor<'de> for ColumnsVisitor {
    type Value = Columns;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("columns")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut columns: A) -> Result<Columns, A::Error> {
        let mut names = Vec::new();
        while let Some(Meta { name }) = columns.next_element()? {
            if names.len() == MAX_COLUMNS {
                return Err(A::Error::custom("more columns than any query has"));
            }
            names.push(name);
        }
        Ok(Columns(names))
    }
}

/// Reads `{"meta": [..], "data": [[..], ..], ..}` into rows.
struct Reply<'r>(&'r mut JsonRows);

impl<'de> Visitor<'de> for Reply<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reply in JSONCompact")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "meta" => self.0.columns = map.next_value::<Columns>()?.0,
                "data" => map.next_value_seed(Data(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if self.0.columns.is_empty() { Err(A::Error::missing_field("meta")) } else { Ok(()) }
    }
}

/// The rows.
struct Data<'r>(&'r mut JsonRows);

/// The cells of one row.
struct Row<'r>(&'r mut JsonRows);

/// One cell of a column.
struct One<'r>(&'r mut JsonRows, usize);

impl<'de> DeserializeSeed<'de> for Data<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Data<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while rows.next_element_seed(Row(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("as many cells as there are columns")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<(), A::Error> {
        let width = self.0.columns.len();
        if self.0.cells.len() + width > MAX_CELLS {
            return Err(A::Error::custom("more cells than any query returns"));
        }
        for column in 0..width {
            let cell = cells.next_element_seed(One(&mut *self.0, column))?;
            let cell = cell.ok_or_else(|| A::Error::invalid_length(column, &self))?;
            self.0.cells.push(cell);
        }
        match cells.next_element::<IgnoredAny>()? {
            None if width > 0 => Ok(()),
            _ => Err(A::Error::invalid_length(width + 1, &self)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Cell, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cell")
    }

    fn visit_unit<E: Error>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Cell, E> {
        #[expect(clippy::cast_precision_loss, reason = "more than any counter")]
        Ok(i64::try_from(value).map_or(Cell::Float(value as f64), Cell::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Float(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cell, E> {
        self.0.pack(text, self.1).ok_or_else(|| E::custom("too much text"))
    }

    /// An array of integers. Other arrays are not read by any collector.
    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Cell, A::Error> {
        let start = self.0.integers.len();
        let mut are_integers = true;
        while let Some(Element(integer)) = elements.next_element()? {
            match integer {
                Some(value) if self.0.integers.len() < MAX_CELLS => self.0.integers.push(value),
                _ => are_integers = false,
            }
        }
        let length = self.0.integers.len() - start;
        let place = u32::try_from(start).ok().zip(u32::try_from(length).ok()).filter(|_| are_integers);
        Ok(place.map_or(Cell::Other, |(start, length)| Cell::Integers(start, length)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Other)
    }
}

/// An element of an array: an integer, perhaps in quotes, or none for anything else.
struct Element(Option<i64>);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element")
    }

    fn visit_unit<E: Error>(self) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Element, E> {
        Ok(Element(Some(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Element, E> {
        Ok(Element(i64::try_from(value).ok()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Element, E> {
        Ok(Element(text.parse().ok()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Element, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Element(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Element(None))
    }
}

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::collect::{Rows as _, TRUNCATION_MARK};
    use crate::drivers::clickhouse::rows::MAX_CELLS;
    use crate::model::Timestamp;

    const COLUMNS: &[&str] = &["a", "query"];

    #[test]
    fn integers_are_numbers_or_strings() {
        let text = r#"{"meta":[{"name":"a","type":"UInt64"},{"name":"query","type":"String"}],
            "data":[["18","x"],[18,null],[1.5,"y"],[[1,"2"],""],[true,[1,"x"]]],"rows":4,"statistics":{}}"#;
        let rows = decode(text.as_bytes(), COLUMNS).expect("an answer");
        assert_eq!((rows.columns(), rows.len()), (vec!["a", "query"], 5));
        assert_eq!((rows.i64(0, 0), rows.i64(1, 0)), (Ok(Some(18)), Ok(Some(18))));
        assert_eq!((rows.text(0, 1), rows.text(1, 1)), (Ok(Some("x")), Ok(None)));
        assert_eq!(rows.ints(3, 0), Ok(Some(vec![1, 2])));
        assert_eq!(rows.f64(2, 0), Ok(Some(1.5)));
        assert_eq!(rows.bool(4, 0), Ok(Some(true)));
        assert_eq!(rows.timestamp(0, 0), Ok(Some(Timestamp(0))));
        assert!(rows.i64(2, 0).is_err() && rows.i64(9, 0).is_err() && rows.text(0, 2).is_err());
        assert!(rows.ints(4, 1).is_err());
    }

    #[test]
    fn a_body_without_rows_is_returned() {
        let meta = r#"{"meta":[{"name":"a"},{"name":"query"}],"data":"#;
        for body in ["", "Code: 1", "[1,2]", r#"{"data":[[1]]}"#, &format!("{meta}[[1,2],[1]]}}")] {
            assert_eq!(decode(body.as_bytes(), COLUMNS).err().as_deref(), Some(body), "{body}");
        }
        let many = format!("{meta}[[{}1]]}}", "1,".repeat(100));
        assert!(decode(many.as_bytes(), COLUMNS).is_err(), "more cells than columns");
        let deep = format!("{meta}[[{}", "[".repeat(100_000));
        assert!(decode(deep.as_bytes(), COLUMNS).is_err());
    }

    #[test]
    fn the_number_and_size_of_cells_are_limited() {
        let meta = r#"{"meta":[{"name":"a"},{"name":"query"}],"data":"#;
        let long = "\u{e4}".repeat(100_000);
        let body = format!("{meta}[[\"{long}\",\"{long}\"]]}}");
        let rows = decode(body.as_bytes(), COLUMNS).expect("an answer");
        let text = rows.text(0, 0).expect("a text").expect("one");
        assert!(text.len() < 9_000 && text.ends_with(TRUNCATION_MARK), "{}", text.len());
        assert_eq!(rows.text(0, 1), Ok(Some(long.as_str())));
        let body = format!("{meta}[{}[1,1]]}}", "[1,1],".repeat(MAX_CELLS / 2));
        assert!(decode(body.as_bytes(), COLUMNS).is_err());
    }

    #[test]
    fn a_text_that_is_not_utf_8_loses_only_its_invalid_bytes() {
        let body = b"{\"meta\": [{\"name\": \"a\"}], \"data\": [[\"caf\xe9 au lait\"], [\"b\"]]}";
        let rows = decode(body, &["a"]).expect("an answer");
        let texts = [0, 1].map(|row| rows.text(row, 0).expect("a text").map(str::to_owned));
        assert_eq!(texts, [Some("caf\u{fffd} au lait".to_owned()), Some("b".to_owned())]);
    }
}
