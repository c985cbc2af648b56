//! The columns of the Google Search Console tables. Dates are Search Console's own (Pacific time).

use super::column;
use crate::{
    Column,
    ColumnKind::{Date, Float, Int, Text},
};

const DATE: Column = column("date", Date, "Search Console's day");
const CLICKS: Column = column("clicks", Int, "clicks from search results");
const IMPRESSIONS: Column = column("impressions", Int, "times shown in search results");
const CTR: Column = column("ctr", Float, "clicks per impression, 0 to 1");
const POSITION: Column = column(
    "position",
    Float,
    "average position in search results, 1 is the top",
);
const PAGE: Column = column("page", Text, "URL shown in search results");
const QUERY: Column = column("query", Text, "what was searched for");

pub(super) const DAILY: &[Column] = &[DATE, CLICKS, IMPRESSIONS, CTR, POSITION];
pub(super) const PAGES: &[Column] = &[DATE, CLICKS, IMPRESSIONS, CTR, POSITION, PAGE];
pub(super) const QUERIES: &[Column] = &[DATE, CLICKS, IMPRESSIONS, CTR, POSITION, QUERY];
pub(super) const QUERY_PAGES: &[Column] = &[DATE, CLICKS, IMPRESSIONS, CTR, POSITION, QUERY, PAGE];
