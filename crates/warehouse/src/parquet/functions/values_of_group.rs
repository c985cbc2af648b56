//! The values of one group, as [`super::described_values`] holds them.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use arrow::array::{Array as _, ArrayRef, AsArray as _, Float64Array, Int64Array, StringViewArray};
use arrow::compute::kernels::cast_utils::Parser as _;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, exec_datafusion_err};
use indexmap::{Equivalent, IndexMap};

use crate::dialect::FEW_VALUES;

/// What the memo says of a value that is one of many.
const OF_MANY: u32 = u32::MAX;
/// Examples there are at most.
const EXAMPLES: usize = 3;
/// Of a longer text so much is kept, to show, and a hash of all of it, to tell it apart.
const KEPT_BYTES: usize = 1_000;
/// What a value takes beyond its text: its place, its hash, its count, and what the allocator adds.
const VALUE_BYTES: usize = 80;

/// Rows that are described.
pub(super) enum Column<'a> {
    Texts(&'a StringViewArray),
    Integers(&'a Int64Array),
    Floats(&'a Float64Array),
}

impl<'a> Column<'a> {
    pub(super) fn of(values: &'a ArrayRef) -> Result<Self> {
        match values.data_type() {
            DataType::Utf8View => Ok(Self::Texts(values.as_string_view())),
            DataType::Int64 => Ok(Self::Integers(values.as_primitive())),
            DataType::Float64 => Ok(Self::Floats(values.as_primitive())),
            other => Err(exec_datafusion_err!("values of type {other}")),
        }
    }

    fn text(&self, row: usize) -> Cow<'a, str> {
        match self {
            Self::Texts(texts) => texts.value(row).into(),
            Self::Integers(integers) => integers.value(row).to_string().into(),
            Self::Floats(floats) => floats.value(row).to_string().into(),
        }
    }
}

/// A value as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Value {
    text: Box<str>,
    hash: u64,
}

/// One that is looked for.
#[derive(PartialEq, Eq, Hash)]
struct Sought<'a> {
    text: &'a str,
    /// Of the whole text, where it is longer; else 0.
    hash: u64,
}

impl<'a> Sought<'a> {
    fn of(text: &'a str) -> Self {
        if text.len() <= KEPT_BYTES {
            return Self { text, hash: 0 };
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self {
            text: &text[..text.floor_char_boundary(KEPT_BYTES)],
            hash: hasher.finish(),
        }
    }

    fn kept(self) -> Value {
        Value {
            text: self.text.into(),
            hash: self.hash,
        }
    }
}

impl Equivalent<Value> for Sought<'_> {
    fn equivalent(&self, value: &Value) -> bool {
        *self.text == *value.text && self.hash == value.hash
    }
}

/// The types all texts of a group read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Types {
    number: bool,
    truth: bool,
    date: bool,
}

impl Types {
    const ANY: Self = Self {
        number: true,
        truth: true,
        date: true,
    };

    fn narrow(&mut self, text: &str) {
        // As `try_cast` reads it.
        self.number = self.number && Float64Type::parse(text).is_some();
        self.truth = self.truth
            && ["true", "false"]
                .iter()
                .any(|truth| text.eq_ignore_ascii_case(truth));
        self.date = self.date && is_date(text);
    }

    fn name(self) -> &'static str {
        match self {
            Self { number: true, .. } => "number",
            Self { truth: true, .. } => "boolean",
            Self { date: true, .. } => "date",
            _ => "text",
        }
    }
}

/// `2026-11-03`, and after a `T` or a space a time.
fn is_date(text: &str) -> bool {
    let reads_as = |text: &[u8], pattern: &[u8]| {
        text.len() == pattern.len()
            && text.iter().zip(pattern).all(|(byte, of)| match of {
                b'0' => byte.is_ascii_digit(),
                of => byte == of,
            })
    };
    let bytes = text.as_bytes();
    let (date, rest) = bytes.split_at(bytes.len().min(10));
    if !reads_as(date, b"0000-00-00") {
        return false;
    }
    match rest {
        [] => true,
        [b'T' | b' ', rest @ ..] => {
            let (time, rest) = rest.split_at(rest.len().min(5));
            reads_as(time, b"00:00") && !rest.contains(&b'\n')
        }
        _ => false,
    }
}

/// What is known of many texts.
struct ManyTexts {
    first: Box<str>,
    between: Box<str>,
    last: Box<str>,
}

enum Values {
    Few(IndexMap<Value, i64>),
    ManyTexts(ManyTexts),
    ManyNumbers,
}

/// What a value is among those of its group.
pub(super) struct Met {
    /// Its place among few, or [`OF_MANY`].
    pub(super) place: u32,
    /// Whether it may be a new one.
    pub(super) is_new: bool,
    /// How many bytes more are held.
    pub(super) bytes: isize,
}

impl Met {
    fn of_few(place: usize, is_new: bool, bytes: isize) -> Self {
        Self {
            place: u32::try_from(place).unwrap_or(OF_MANY),
            is_new,
            bytes,
        }
    }

    fn of_many(bytes: isize) -> Self {
        Self {
            place: OF_MANY,
            is_new: true,
            bytes,
        }
    }
}

/// What is told of a group's values.
pub(super) struct Told<'a> {
    pub(super) carriers: i64,
    pub(super) distinct_values: usize,
    pub(super) is_exact: bool,
    pub(super) likely_type: &'static str,
    pub(super) examples: Vec<&'a str>,
}

/// A group's values.
pub(super) struct Described {
    pub(super) carriers: i64,
    /// Of texts.
    types: Types,
    values: Values,
}

impl Described {
    pub(super) fn new() -> Self {
        Self {
            carriers: 0,
            types: Types::ANY,
            values: Values::Few(IndexMap::new()),
        }
    }

    /// Takes in a value met for the first time in a batch.
    pub(super) fn meet(&mut self, column: &Column<'_>, row: usize) -> Met {
        match &mut self.values {
            Values::Few(values) => {
                let text = column.text(row);
                let sought = Sought::of(&text);
                if let Some(place) = values.get_index_of(&sought) {
                    return Met::of_few(place, false, 0);
                }
                self.types.narrow(&text);
                let value = sought.kept();
                let bytes = value.bytes();
                let (place, _) = values.insert_full(value, 0);
                if place < FEW_VALUES {
                    return Met::of_few(place, true, bytes);
                }
                let held = bytes_of(values);
                self.values = match column {
                    Column::Texts(_) => Values::ManyTexts(ManyTexts::of(values)),
                    Column::Integers(_) | Column::Floats(_) => Values::ManyNumbers,
                };
                Met::of_many(bytes - held)
            }
            Values::ManyTexts(many) => {
                let text = column.text(row);
                self.types.narrow(&text);
                many.meet(Sought::of(&text).text);
                Met::of_many(0)
            }
            Values::ManyNumbers => Met::of_many(0),
        }
    }

    /// Counts a value that was met in this batch, by the place it then had.
    pub(super) fn count(&mut self, place: u32) {
        self.carriers += 1;
        if let Values::Few(values) = &mut self.values
            && let Some((_, count)) = values.get_index_mut(place as usize)
        {
            *count += 1;
        }
    }

    /// The bytes of what few values are kept.
    pub(super) fn bytes(&self) -> isize {
        match &self.values {
            Values::Few(values) => bytes_of(values),
            Values::ManyTexts(_) | Values::ManyNumbers => 0,
        }
    }

    /// What is told. Where there are many values, `estimate` says how many.
    pub(super) fn told(&self, estimate: u64) -> Told<'_> {
        let many = usize::try_from(estimate)
            .unwrap_or(usize::MAX)
            .max(FEW_VALUES + 1);
        let (distinct_values, examples) = match &self.values {
            Values::Few(values) => (values.len(), commonest(values)),
            Values::ManyTexts(texts) => (many, vec![&*texts.first, &*texts.between, &*texts.last]),
            Values::ManyNumbers => (many, Vec::new()),
        };
        Told {
            carriers: self.carriers,
            distinct_values,
            is_exact: matches!(self.values, Values::Few(_)),
            likely_type: self.types.name(),
            examples,
        }
    }
}

impl ManyTexts {
    fn of(few: &IndexMap<Value, i64>) -> Self {
        let mut texts: Vec<&Box<str>> = few.keys().map(|value| &value.text).collect();
        texts.sort_unstable();
        let at = |place: usize| {
            texts
                .get(place)
                .map_or_else(Box::default, |text| (*text).clone())
        };
        Self {
            first: at(0),
            between: at(texts.len() / 2),
            last: at(texts.len().saturating_sub(1)),
        }
    }

    fn meet(&mut self, text: &str) {
        if text < &*self.first {
            self.first = text.into();
        } else if text > &*self.last {
            self.last = text.into();
        }
    }
}

/// The commonest values, those that sort first among equally common ones.
fn commonest(values: &IndexMap<Value, i64>) -> Vec<&str> {
    let mut ranked: Vec<(&str, i64)> = values
        .iter()
        .map(|(value, count)| (&*value.text, *count))
        .collect();
    ranked.sort_unstable_by(|(one, ones), (other, others)| others.cmp(ones).then(one.cmp(other)));
    ranked
        .into_iter()
        .take(EXAMPLES)
        .map(|(text, _)| text)
        .collect()
}

impl Value {
    fn bytes(&self) -> isize {
        isize::try_from(self.text.len() + VALUE_BYTES).unwrap_or(isize::MAX)
    }
}

fn bytes_of(few: &IndexMap<Value, i64>) -> isize {
    few.keys().map(Value::bytes).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn long_texts_are_told_apart_by_all_of_them_and_kept_in_part() {
        let same = "é".repeat(KEPT_BYTES);
        let texts: Vec<String> = (0..3).map(|end| format!("{same}{end}")).collect();
        let column: ArrayRef = Arc::new(StringViewArray::from_iter_values(&texts));
        let mut described = Described::new();
        let mut held = 0;
        for row in [0, 1, 2, 1] {
            let met = Column::of(&column).map(|column| described.meet(&column, row));
            let met = met.unwrap_or_else(|error| panic!("{error}"));
            held += met.bytes;
            described.count(met.place);
        }
        let told = described.told(0);
        assert_eq!((told.carriers, told.distinct_values), (4, 3));
        assert_eq!(told.examples, [&same[..KEPT_BYTES]; 3]);
        assert_eq!(held, described.bytes());
        assert!(held < 4_000);
    }

    #[test]
    fn a_date_may_have_a_time_after_it() {
        let dates = ["2026-11-03", "2026-11-03T10:00", "2026-11-03 10:00:05Z"];
        assert!(dates.into_iter().all(is_date));
        let others = [
            "",
            "2026-11-3",
            "2026-11-03x",
            "2026-11-03T1:00",
            "2026-11-03T10:00\n",
            "２026-11-03",
        ];
        assert!(!others.into_iter().any(is_date));
    }
}
