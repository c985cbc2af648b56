//! `sightline import`: events of files into a project.

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::Utc;
use sightline_lake::{Import, ImportSummary};

use crate::{
    destination::{Destination, ProjectId},
    formats::{self, FieldMap, Format},
    input::Input,
    intake::{Counts, Intake, import_options},
    web::AccessLogRules,
};

/// What `sightline import` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The files, plain or gzip.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The project, which is the name of its folder.
    #[arg(long, value_name = "ID")]
    project: ProjectId,
    /// A folder, or r2://BUCKET[/PREFIX].
    #[arg(long, value_name = "DIR|r2://BUCKET")]
    to: Destination,
    /// Take a column of events from a field with another name: `--map timestamp=time --map profile_id=user.id`.
    /// Fields that are not columns become properties.
    #[arg(long, value_name = "COLUMN=FIELD")]
    map: Vec<String>,
    /// The files' format. Default: found out from each file.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Stop at the first bad row and change nothing.
    #[arg(long)]
    strict: bool,
    /// Keep events of crawlers and scripts (access logs); they carry the property `bot`.
    #[arg(long)]
    include_bots: bool,
    /// Scheme and host of the site (access logs), e.g. https://example.com. Referrers from it are not kept.
    #[arg(long, value_name = "URL")]
    origin: Option<String>,
    /// Memory for sorting, in MiB. The whole takes a few times that.
    #[arg(long, value_name = "MIB", default_value_t = 192)]
    memory: usize,
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let began = Utc::now();
    let map = FieldMap::parse(&arguments.map)?;
    let rules = AccessLogRules::new(
        arguments.origin.as_deref(),
        &arguments.project,
        arguments.include_bots,
    )?;
    let store = arguments.to.open_project(&arguments.project)?;
    let import = Import::new(store, import_options(began, arguments.memory))?;
    let mut intake = Intake::new(import, arguments.strict);
    for path in &arguments.files {
        let name = path.display().to_string();
        let input = Input::open(path).with_context(|| format!("`{name}` could not be opened"))?;
        intake.begin_file(&name);
        formats::read(input, arguments.format, &map, &rules, &mut intake)?;
    }
    let (summary, counts) = intake.finish().await?;
    report(
        &summary,
        &counts,
        &arguments,
        (Utc::now() - began).as_seconds_f64(),
    );
    Ok(())
}

fn report(summary: &ImportSummary, counts: &Counts, arguments: &Arguments, elapsed_s: f64) {
    println!(
        "Imported into {}/{} in {elapsed_s:.1} s:",
        arguments.to, arguments.project
    );
    let line = |number: u64, what: &str| println!("  {number:>12}  {what}");
    line(counts.read, "rows read");
    line(summary.events_added, "events added");
    let some = |number: u64, what: &str| {
        if number > 0 {
            line(number, what);
        }
    };
    some(summary.duplicates, "events left out, there already");
    some(
        counts.not_pages,
        "log lines left out, not successful page views",
    );
    some(
        counts.bots_left_out,
        "page views of bots left out (--include-bots keeps them)",
    );
    some(counts.bots_kept, "page views of bots kept");
    some(counts.bad, "bad rows left out");
    line(summary.sessions, "sessions in the days written");
    line(summary.days, "days");
    line(summary.files, "files written");
    some(
        summary.files_left_over,
        "replaced files that could not be deleted; they are not read",
    );
}
