//! A small bar chart of requests by day, as SVG in the page. It says in words what it shows.

use chrono::{DateTime, Days, Utc};
use maud::{Markup, html};

use crate::moment::{count, thousands};

const BAR: usize = 6;
const GAP: usize = 2;
const HEIGHT: u64 = 36;

/// Requests by day, the last being the day of `now_ms`.
pub(crate) fn requests_by_day(days: &[u64], now_ms: i64) -> Markup {
    let total: u64 = days.iter().sum();
    let most = days.iter().copied().max().unwrap_or(0);
    let date = |index: usize| {
        let back = u64::try_from(days.len() - 1 - index).unwrap_or(0);
        DateTime::<Utc>::from_timestamp_millis(now_ms)
            .and_then(|now| now.date_naive().checked_sub_days(Days::new(back)))
            .map_or_else(String::new, |date| date.format("%-d %b").to_string())
    };
    let span = count(i64::try_from(days.len()).unwrap_or(0), "day");
    let words = match days.iter().rposition(|&requests| requests == most) {
        Some(index) if most > 0 => format!(
            "{} requests in {span}, most on {}: {}",
            thousands(total),
            date(index),
            thousands(most)
        ),
        _ => format!("No requests in {span}"),
    };
    let width = days.len() * (BAR + GAP);
    html! {
        figure class="chart" {
            svg role="img" aria-label=(words) viewBox={ "0 0 " (width) " " (HEIGHT) } width=(width) height=(HEIGHT) preserveAspectRatio="none" {
                @for (index, &requests) in days.iter().enumerate() {
                    @let height = bar(requests, most);
                    rect class=(if requests == 0 { "none" } else { "some" }) x=(index * (BAR + GAP)) y=(HEIGHT - height) width=(BAR) height=(height) rx="1" {
                        title { (date(index)) ": " (thousands(requests)) }
                    }
                }
            }
            figcaption { strong { (thousands(total)) } " requests in " (span) }
        }
    }
}

/// A day with any request can be seen, however many the busiest had.
fn bar(requests: u64, most: u64) -> u64 {
    match requests {
        0 => 1,
        some => (some.saturating_mul(HEIGHT) / most.max(1)).clamp(3, HEIGHT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_says_in_words_what_it_shows() {
        let html = requests_by_day(&[0, 5, 1200], 1_780_000_000_000).into_string();
        assert!(
            html.contains(r#"aria-label="1,205 requests in 3 days, most on 28 May: 1,200""#),
            "{html}"
        );
        assert!(html.contains("<title>27 May: 5</title>"), "{html}");
        assert!(
            requests_by_day(&[0, 0], 0)
                .into_string()
                .contains(r#"aria-label="No requests in 2 days""#)
        );
    }

    #[test]
    fn no_days_and_huge_numbers_draw_a_chart_as_well() {
        assert!(
            requests_by_day(&[], 0)
                .into_string()
                .contains("No requests")
        );
        assert_eq!(
            bar(u64::MAX, u64::MAX),
            1.max(HEIGHT.min(bar(u64::MAX, u64::MAX)))
        );
        assert_eq!((bar(0, 10), bar(1, 10_000), bar(10, 10)), (1, 3, HEIGHT));
    }
}
