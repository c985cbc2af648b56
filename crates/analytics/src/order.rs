//! Which end of an order comes first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `order`: the greatest first, unless asked otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
pub(crate) enum Order {
    #[default]
    Desc,
    Asc,
}

impl Order {
    /// How SQL says it.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Desc => "DESC",
            Self::Asc => "ASC",
        }
    }
}
