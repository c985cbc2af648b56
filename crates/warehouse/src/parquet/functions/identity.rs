//! `identity(text)`: a number that stands for a text where texts are only told apart.
//!
//! Keys of groups and joins are a third as large with it. The number is 64 bits of the text's [fingerprint](super::fingerprint): of
//! ten million texts any two are taken for one with a probability of 3 in a million.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayBuilder as _, ArrayRef, Int64Builder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::fingerprint::{FingerprintKey, Fingerprints};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    signature: Signature,
    key: FingerprintKey,
}

impl Identity {
    pub(super) fn new(key: FingerprintKey) -> Self {
        Self {
            signature: Signature::any(1, Volatility::Immutable),
            key,
        }
    }
}

impl ScalarUDFImpl for Identity {
    fn name(&self) -> &str {
        "identity"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [text] if Fingerprints::are_texts(text) => Ok(DataType::Int64),
            _ => plan_err!("identity takes a text"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = ColumnarValue::values_to_arrays(&arguments.args)?;
        Ok(ColumnarValue::Array(self.of(&texts[0])))
    }
}

impl Identity {
    fn of(&self, texts: &ArrayRef) -> ArrayRef {
        let mut numbers = Int64Builder::with_capacity(texts.len());
        let fingerprints = Fingerprints::new(&self.key);
        fingerprints.of(texts, |row, (number, _)| {
            numbers.append_nulls(row - numbers.len());
            numbers.append_value(number.cast_signed());
        });
        numbers.append_nulls(texts.len() - numbers.len());
        Arc::new(numbers.finish())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use arrow::array::{AsArray, StringArray, StringViewArray};
    use arrow::datatypes::Int64Type;

    use super::*;

    #[test]
    fn equal_texts_have_equal_numbers_whatever_their_array_and_null_has_none() {
        let texts = [None, Some("a"), Some(""), Some("a"), None];
        let identity = Identity::new([7; 16]);
        let numbers = |texts: ArrayRef| {
            let numbers = identity.of(&texts);
            numbers
                .as_primitive::<Int64Type>()
                .iter()
                .collect::<Vec<_>>()
        };
        let found = numbers(Arc::new(StringArray::from_iter(texts)));
        assert_eq!(found, numbers(Arc::new(StringViewArray::from_iter(texts))));
        assert_eq!((found[0], found[4]), (None, None));
        assert_eq!(found[1], found[3]);
        assert_ne!(found[1], found[2]);
    }

    #[test]
    fn numbers_of_views_are_those_of_texts_however_many_and_however_often() {
        let text = |row: usize| match row % 3 {
            0 => format!("{}", row % 700),
            1 => format!("a text too long to lie in its view {}", row % 5_000),
            _ => String::new(),
        };
        let texts: Vec<String> = (0..20_000).map(text).collect();
        let identity = Identity::new([7; 16]);
        let views: ArrayRef = Arc::new(StringViewArray::from_iter_values(&texts));
        // The same view again and again, as a dictionary gives it.
        let rows: arrow::array::UInt32Array = (0..20_000).map(|row| row * 7 % 9_000).collect();
        let views = arrow::compute::take(&views, &rows, None).unwrap();
        let plain: ArrayRef = Arc::new(StringArray::from_iter_values(
            rows.values().iter().map(|row| &texts[*row as usize]),
        ));
        assert_eq!(&identity.of(&views), &identity.of(&plain));
    }
}
