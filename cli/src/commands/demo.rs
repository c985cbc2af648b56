//! `sightline demo`: the demo's projects.

use anyhow::Context as _;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use sightline_lake::demo::{self, DemoOptions};

use crate::destination::Destination;

/// What `sightline demo` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A folder, or r2://BUCKET[/PREFIX]. Projects `shop`, `app` and `docs` in it are replaced.
    #[arg(long, value_name = "DIR|r2://BUCKET")]
    to: Destination,
    /// The last day. Default: today, UTC.
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<NaiveDate>,
    /// No event is later than this. Default: now when the last day is today, else the end of the last day.
    #[arg(long, value_name = "RFC3339")]
    now: Option<DateTime<Utc>>,
    /// Another seed gives other data.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let clock = Utc::now();
    let today = arguments
        .today
        .or(arguments.now.map(|now| now.date_naive()))
        .unwrap_or_else(|| clock.date_naive());
    let end_of_day = || {
        let next = today
            .checked_add_days(Days::new(1))
            .unwrap_or(today)
            .and_time(NaiveTime::MIN)
            .and_utc();
        next.timestamp_millis().saturating_sub(1)
    };
    let now_ms = match arguments.now {
        Some(now) => now.timestamp_millis(),
        None if today == clock.date_naive() => clock.timestamp_millis(),
        None => end_of_day(),
    };
    let root = arguments.to.open()?;
    let options = DemoOptions {
        today,
        now_ms,
        seed: arguments.seed,
    };
    let written = demo::write(&root, options)
        .await
        .context("The demo data could not be written")?;
    println!(
        "Wrote {} events, {} sessions and {} profiles of 3 projects in {} files to {}, in {:.1} s.",
        written.events,
        written.sessions,
        written.profiles,
        written.files,
        arguments.to,
        (Utc::now() - clock).as_seconds_f64(),
    );
    Ok(())
}
