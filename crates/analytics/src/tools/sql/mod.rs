//! SQL over one project's tables, and what there is to query.

mod get_schema;
mod query;

pub(crate) use get_schema::GetSchema;
pub(crate) use query::RunQuery;
