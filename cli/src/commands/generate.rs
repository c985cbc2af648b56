//! `sightline generate`: many events for benchmarks.

use chrono::{NaiveDate, Utc};
use sightline_lake::{Import, demo::Traffic};

use crate::{
    destination::{Destination, ProjectId},
    intake::{Progress, import_options},
};

/// What `sightline generate` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many events.
    #[arg(long, value_name = "N")]
    events: u64,
    /// Over how many days.
    #[arg(long, value_name = "D", default_value_t = 30)]
    days: u64,
    /// The last of these days. Default: yesterday, UTC.
    #[arg(long, value_name = "YYYY-MM-DD")]
    last_day: Option<NaiveDate>,
    /// A folder, or r2://BUCKET[/PREFIX].
    #[arg(long, value_name = "DIR|r2://BUCKET")]
    to: Destination,
    /// The project, which is the name of its folder.
    #[arg(long, value_name = "ID")]
    project: ProjectId,
    /// Another seed gives other data.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Memory for sorting, in MiB. The whole takes a few times that.
    #[arg(long, value_name = "MIB", default_value_t = 192)]
    memory: usize,
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let began = Utc::now();
    let last_day = arguments
        .last_day
        .unwrap_or_else(|| began.date_naive().pred_opt().unwrap_or_default());
    let store = arguments.to.open_project(&arguments.project)?;
    let mut import = Import::new(store, import_options(began, arguments.memory))?;
    let mut progress = Progress::new("generated");
    for batch in Traffic::new(arguments.seed, arguments.events, arguments.days, last_day) {
        let batch = batch?;
        import.push(&batch)?;
        progress.add(batch.num_rows() as u64);
    }
    progress.phase("building sessions and writing files");
    let summary = import.finish().await?;
    println!(
        "Wrote {} events and {} sessions over {} days in {} files to {}/{}, in {:.1} s.",
        summary.events_added,
        summary.sessions,
        summary.days,
        summary.files,
        arguments.to,
        arguments.project,
        (Utc::now() - began).as_seconds_f64(),
    );
    Ok(())
}
