//! `cargo xtask bench`: the same questions of the Worker in workerd, of native DuckDB over the same files, and of the Worker with the data in
//! ClickHouse, in one run.
//!
//! It measures and writes down; it judges nothing. Numbers from two machines, or from two runs on a busy one, do not compare.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::cli::{self, Rows};
use crate::project::{self, Profile};
use crate::tools::{Builder, Python};
use crate::{build, step};

/// The day the data ends, and how many it has: `benches/questions.json` asks about them.
const LAST_DAY: &str = "2026-06-30";
const DAYS: &str = "30";

/// Runs the questions for each number of events, given in millions.
pub fn run(millions: &[u32], profile: Profile) -> Result<()> {
    let tools = Builder::ensure()?;
    build::build(&tools, profile)?;
    let python = Python::ensure()?;
    let place = project::target_dir().join("bench");
    let mut reports = Vec::new();
    for &size in millions {
        let data = data(&place, size)?;
        let state = place.join(format!("state-{size}m"));
        let mut workerd = tools.node.command();
        workerd
            .arg(project::root().join("benches/workerd.mjs"))
            .arg("--data")
            .arg(&data)
            .arg("--state")
            .arg(&state);
        let mut duckdb = python.command();
        duckdb
            .arg(project::root().join("benches/native_duckdb.py"))
            .arg("--data")
            .arg(&data);
        let mut clickhouse = tools.node.command();
        clickhouse
            .arg(project::root().join("benches/clickhouse.mjs"))
            .arg("--data")
            .arg(&data)
            .arg("--python")
            .arg(python.path());
        step::say(format!("── {size} million events"));
        let workerd = answers(&mut workerd)?;
        let duckdb = answers(&mut duckdb)?;
        let clickhouse = answers(&mut clickhouse)?;
        print!("{}", table(size, &workerd, &duckdb));
        print!("{}", through_clickhouse(size, &clickhouse));
        reports.push(json!({
            "millions": size, "profile": profile.name(), "workerd": workerd, "duckdb": duckdb, "clickhouse": clickhouse,
        }));
    }
    let report = place.join("report.json");
    fs::write(&report, serde_json::to_string_pretty(&reports)?)
        .with_context(|| format!("writing {}", report.display()))?;
    step::say(format!("written to {}", report.display()));
    Ok(())
}

/// A project of that many events; made once.
fn data(place: &Path, millions: u32) -> Result<PathBuf> {
    let directory = place.join(format!("data-{millions}m"));
    let generation = format!("{millions} million events, {DAYS} days to {LAST_DAY}");
    let stamp = directory.join(".generation");
    if fs::read_to_string(&stamp).is_ok_and(|old| old == generation) {
        return Ok(directory);
    }
    if directory.exists() {
        fs::remove_dir_all(&directory)
            .with_context(|| format!("removing {}", directory.display()))?;
    }
    fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
    let mut command = cli::sightline(Rows::Millions);
    command
        .args([
            "generate",
            "--project",
            "bench",
            "--days",
            DAYS,
            "--last-day",
            LAST_DAY,
            "--events",
        ])
        .arg((u64::from(millions) * 1_000_000).to_string())
        .arg("--to")
        .arg(&directory);
    step::run(
        &format!("generating {millions} million events"),
        &mut command,
    )?;
    fs::write(&stamp, generation).context("noting the data's origin")?;
    Ok(directory)
}

fn answers(command: &mut std::process::Command) -> Result<Vec<Value>> {
    serde_json::from_str(&step::output(command)?).context("a benchmark printed no JSON")
}

/// Markdown, so that it can be pasted where it is read.
fn table(millions: u32, workerd: &[Value], duckdb: &[Value]) -> String {
    let mut text = format!(
        "\n{millions} M events, {DAYS} days: milliseconds, first run and median of 5\n\n\
         | question | workerd first | workerd | DuckDB first | DuckDB | × | reads first | reads | MB first | MB | wasm MB |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for (ours, native) in workerd.iter().zip(duckdb) {
        let name = ours["name"].as_str().unwrap_or_default();
        let ratio = number(&ours["medianMs"]) / number(&native["medianMs"]);
        text.push_str(&format!(
            "| {name} | {} | {} | {} | {} | {ratio:.1} | {} | {} | {:.1} | {:.1} | {:.0} |\n",
            ms(&ours["firstMs"]),
            ms(&ours["medianMs"]),
            ms(&native["firstMs"]),
            ms(&native["medianMs"]),
            ours["first"]["reads"],
            ours["later"]["reads"],
            number(&ours["first"]["bytes"]) / 1e6,
            number(&ours["later"]["bytes"]) / 1e6,
            number(&ours["later"]["wasmMemory"]) / 1e6,
        ));
    }
    let refused = workerd
        .iter()
        .filter_map(|ours| Some((ours["name"].as_str()?, ours["refusal"].as_str()?)));
    for (name, reason) in refused {
        text.push_str(&format!("\n{name}: refused: {reason}\n"));
    }
    text.push('\n');
    text
}

/// The same questions with the data in ClickHouse: through the Worker, and its statements asked of ClickHouse directly.
fn through_clickhouse(millions: u32, answers: &[Value]) -> String {
    let mut text = format!(
        "\n{millions} M events in ClickHouse: milliseconds, median of 5\n\n\
         | question | through the Worker | directly | more | × | statements |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for answer in answers {
        let name = answer["name"].as_str().unwrap_or_default();
        if answer["medianMs"].is_null() {
            text.push_str(&format!("| {name} | | | | | |\n"));
            continue;
        }
        let (through, direct) = (number(&answer["medianMs"]), number(&answer["directMs"]));
        text.push_str(&format!(
            "| {name} | {through:.0} | {direct:.0} | {:.0} | {:.1} | {} |\n",
            through - direct,
            through / direct,
            answer["statements"],
        ));
        if let Some(reason) = answer["refusal"].as_str() {
            text.push_str(&format!("\n{name}: refused: {reason}\n"));
        }
    }
    text.push('\n');
    text
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn ms(value: &Value) -> String {
    let duration = Duration::from_secs_f64((number(value) / 1e3).max(0.0));
    format!("{:.0}", duration.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_worker_adds_is_told_and_what_was_not_asked_is_left_open() {
        let answers = [
            json!({ "name": "all", "medianMs": 30.2, "directMs": 20.0, "statements": 2, "refusal": null }),
            json!({ "name": "sql" }),
        ];
        let table = through_clickhouse(1, &answers);
        assert!(
            table.ends_with("| all | 30 | 20 | 10 | 1.5 | 2 |\n| sql | | | | | |\n\n"),
            "{table}"
        );
    }

    #[test]
    fn a_refused_question_is_a_row_and_its_reason() {
        let cost = json!({ "reads": 2, "bytes": 1_500_000, "wasmMemory": 60_000_000 });
        let ours = json!({ "name": "all", "firstMs": 20.4, "medianMs": 10.0, "first": cost, "later": cost, "refusal": "needs 300 MB" });
        let native = json!({ "name": "all", "firstMs": 9.0, "medianMs": 4.0 });
        let table = table(10, &[ours], &[native]);
        assert!(
            table.contains("| all | 20 | 10 | 9 | 4 | 2.5 | 2 | 2 | 1.5 | 1.5 | 60 |"),
            "{table}"
        );
        assert!(table.ends_with("all: refused: needs 300 MB\n\n"), "{table}");
    }
}
