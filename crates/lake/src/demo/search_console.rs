//! The shop's Search Console: clicks and impressions by day, query and page, and their sums.

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

use super::{dice::Dice, shop::ORIGIN};
use crate::{LakeError, Rows, Table};
use arrow::array::RecordBatch;

/// Search Console's numbers are two days late.
const LATE_DAYS: u64 = 2;

/// Query, page, impressions on an ordinary day, position.
const RESULTS: [(&str, &str, f64, f64); 14] = [
    ("northwind tea", "/", 120.0, 1.1),
    ("northwind shop", "/", 60.0, 1.0),
    ("loose leaf tea", "/categories/tea", 340.0, 6.4),
    ("buy sencha", "/products/sencha", 150.0, 4.2),
    ("sencha tea", "/products/sencha", 420.0, 9.8),
    ("sencha tea", "/categories/tea", 130.0, 14.5),
    ("earl grey tea online", "/products/earl-grey", 95.0, 5.1),
    ("winter tea blend", "/products/winter-blend", 70.0, 3.3),
    ("winter tea blend", "/launch/winter-blend", 64.0, 5.8),
    ("saffron price", "/products/saffron", 260.0, 11.7),
    ("dark chocolate 85", "/products/dark-85", 180.0, 7.9),
    ("chocolate gift box", "/products/tasting-box", 210.0, 8.8),
    ("chocolate gift box", "/categories/gifts", 120.0, 12.2),
    ("espresso beans", "/products/house-espresso", 500.0, 18.6),
];

/// Click-through rate to expect at a position.
fn expected_ctr(position: f64) -> f64 {
    0.32 / position.powf(1.15)
}

#[derive(Debug, Clone, Copy)]
struct Line {
    day: NaiveDate,
    query: &'static str,
    page: &'static str,
    clicks: i64,
    impressions: i64,
    position: f64,
}

/// The rows of the four tables, for `days` days up to two before `today`.
pub(super) fn tables(
    seed: u64,
    today: NaiveDate,
    days: u64,
) -> Result<Vec<(Table, RecordBatch)>, LakeError> {
    let mut lines = Vec::new();
    for days_ago in (LATE_DAYS..days).rev() {
        let Some(day) = today.checked_sub_days(Days::new(days_ago)) else {
            continue;
        };
        let weekday = if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            1.2
        } else {
            0.95
        };
        for (number, (query, page, impressions, position)) in RESULTS.into_iter().enumerate() {
            let mut dice = Dice::of(seed, "search", days_ago * 100 + number as u64);
            let impressions = (impressions * weekday * (0.8 + 0.4 * dice.unit())) as i64;
            let position = (position * (0.92 + 0.16 * dice.unit())).max(1.0);
            let clicks =
                (impressions as f64 * expected_ctr(position) * (0.7 + 0.6 * dice.unit())) as i64;
            lines.push(Line {
                day,
                query,
                page,
                clicks: clicks.min(impressions),
                impressions,
                position,
            });
        }
    }
    let same = |_: &Line| "";
    Ok(vec![
        (Table::GscDaily, table(Table::GscDaily, &lines, same, same)?),
        (
            Table::GscPages,
            table(Table::GscPages, &lines, same, |line| line.page)?,
        ),
        (
            Table::GscQueries,
            table(Table::GscQueries, &lines, |line| line.query, same)?,
        ),
        (
            Table::GscQueryPages,
            table(
                Table::GscQueryPages,
                &lines,
                |line| line.query,
                |line| line.page,
            )?,
        ),
    ])
}

/// The lines summed by day and by what `query` and `page` keep apart; positions weighted by impressions.
fn table(
    table: Table,
    lines: &[Line],
    query: impl Fn(&Line) -> &'static str,
    page: impl Fn(&Line) -> &'static str,
) -> Result<RecordBatch, LakeError> {
    let mut sums = std::collections::BTreeMap::<_, (i64, i64, f64)>::new();
    for line in lines {
        let sum = sums.entry((line.day, query(line), page(line))).or_default();
        sum.0 += line.clicks;
        sum.1 += line.impressions;
        sum.2 += line.position * line.impressions as f64;
    }
    let mut rows = Rows::new(table);
    for ((day, query, page), (clicks, impressions, weighted)) in sums {
        let per_impression = |sum: f64| {
            if impressions > 0 {
                sum / impressions as f64
            } else {
                0.0
            }
        };
        rows.date("date", day)
            .int("clicks", clicks)
            .int("impressions", impressions)
            .float("ctr", per_impression(clicks as f64))
            .float("position", per_impression(weighted));
        if !query.is_empty() {
            rows.text("query", query);
        }
        if !page.is_empty() {
            rows.text("page", &format!("{ORIGIN}{page}"));
        }
        rows.end_row();
    }
    rows.finish()
}
