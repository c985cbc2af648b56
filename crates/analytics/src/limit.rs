//! How many rows: an integer with a default and a most.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// `limit`: `DEFAULT` if left out, 1 to `MOST`. The bounds are in the schema, which is what inputs are checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Limit<const DEFAULT: u32, const MOST: u32>(u32);

impl<const DEFAULT: u32, const MOST: u32> Default for Limit<DEFAULT, MOST> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<const DEFAULT: u32, const MOST: u32> Limit<DEFAULT, MOST> {
    /// The most rows an answer is to have.
    pub(crate) fn rows(self) -> usize {
        self.0.clamp(1, MOST) as usize
    }

    /// One row more, fetched to know whether there are more.
    pub(crate) fn and_one(self) -> usize {
        self.rows() + 1
    }

    /// A larger limit, if one is allowed.
    pub(crate) fn larger(self) -> Option<u32> {
        (self.0 < MOST).then_some(MOST)
    }
}

impl<const DEFAULT: u32, const MOST: u32> JsonSchema for Limit<DEFAULT, MOST> {
    fn schema_name() -> Cow<'static, str> {
        Cow::Owned(format!("Limit{DEFAULT}To{MOST}"))
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MOST })
    }
}
