//! `cargo xtask bench`: the same questions of the Worker in workerd, of native DuckDB over the same files, and of the Worker with the data in
//! ClickHouse, in one run.
//!
//! It measures and writes down; it judges nothing. Numbers from two machines, or from two runs on a busy one, do not compare.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::Value;

use crate::cli::{self, Rows};
use crate::project::{self, Profile};
use crate::tools::{Builder, Python};
use crate::{build, step};

/// The day the data ends, and how many it has: `benches/questions.json` asks about them.
const LAST_DAY: &str = "2026-06-30";
const DAYS: &str = "30";
/// The days of the data whose growth is measured, and how many of them are asked for.
const GROWTH_DAYS: &str = "90";
const GROWTH_ASKED: &str = "1,7,30,90";

/// Where in a file of tables begins what somebody wrote about them: it stays.
const SAID_OF_IT: &str = "## Against the targets";

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The tools' answers, beside DuckDB's
    Questions,
    /// The same out of ClickHouse, of the first number of events
    #[value(name = "clickhouse")]
    ClickHouse,
    /// Requests a second, beside a server of the official SDK
    Protocol,
    /// What a fresh isolate takes
    Start,
    /// How cost grows with what is stored and what is asked
    Growth,
}

/// What is measured, of what.
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// Millions of events in 30 days, for the questions and the start
    #[arg(long, value_delimiter = ',', default_value = "1,10")]
    millions: Vec<u32>,
    /// Millions of events in 90 days, for the growth
    #[arg(long, value_delimiter = ',', default_value = "1,3,10")]
    growth_millions: Vec<u32>,
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Write the tables to this file as well, over those that are there
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// How to compile the Worker
    #[arg(long, value_enum, env = "SIGHTLINE_PROFILE", default_value_t)]
    profile: Profile,
}

/// Measures, and prints tables.
pub fn run(bench: &Bench) -> Result<()> {
    let tools = Builder::ensure()?;
    build::build(&tools, bench.profile)?;
    let python = Python::ensure()?;
    let place = project::target_dir().join("bench");
    let mut text = about(&tools, bench.profile)?;
    let is_asked = |part| bench.only.is_empty() || bench.only.contains(&part);
    if is_asked(Part::Protocol) {
        step::say("── protocol");
        text.push_str(&protocol_table(&answers(&mut script(&tools, "protocol"))?));
    }
    for &size in &bench.millions {
        let data = data(&place, size, DAYS)?;
        let state = place.join(format!("state-{size}m-{DAYS}d"));
        if is_asked(Part::Questions) {
            step::say(format!("── {size} million events"));
            let mut workerd = script(&tools, "workerd");
            workerd.arg("--data").arg(&data).arg("--state").arg(&state);
            let mut duckdb = python.command();
            duckdb
                .arg(project::root().join("benches/native_duckdb.py"))
                .arg("--data")
                .arg(&data);
            let workerd = answers(&mut workerd)?;
            let duckdb = answers(&mut duckdb)?;
            text.push_str(&table(size, &workerd, &duckdb));
        }
        if is_asked(Part::ClickHouse) && Some(&size) == bench.millions.first() {
            step::say(format!("── {size} million events in ClickHouse"));
            let mut clickhouse = script(&tools, "clickhouse");
            clickhouse
                .arg("--data")
                .arg(&data)
                .arg("--python")
                .arg(python.path());
            text.push_str(&through_clickhouse(size, &answers(&mut clickhouse)?));
        }
        if is_asked(Part::Start) && Some(&size) == bench.millions.first() {
            step::say("── start");
            let mut start = script(&tools, "start");
            start.arg("--state").arg(&state);
            let measured: Value = serde_json::from_str(&step::output(&mut start)?)
                .context("a benchmark printed no JSON")?;
            text.push_str(&start_table(&measured));
        }
    }
    if is_asked(Part::Growth) {
        let mut measured = Vec::new();
        for &size in &bench.growth_millions {
            step::say(format!("── growth, {size} million events"));
            let data = data(&place, size, GROWTH_DAYS)?;
            let mut growth = script(&tools, "growth");
            growth
                .arg("--data")
                .arg(&data)
                .arg("--state")
                .arg(place.join(format!("state-{size}m-{GROWTH_DAYS}d")))
                .args(["--last-day", LAST_DAY, "--days", GROWTH_ASKED]);
            measured.push((size, answers(&mut growth)?));
        }
        text.push_str(&growth_table(&measured));
    }
    print!("{text}");
    if let Some(file) = &bench.write {
        let said = fs::read_to_string(file).unwrap_or_default();
        let said = said.find(SAID_OF_IT).map_or("", |start| &said[start..]);
        fs::write(file, format!("# What was measured\n\n{text}{said}"))
            .with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

fn script(tools: &Builder, name: &str) -> Command {
    let mut command = tools.node.command();
    command.arg(project::root().join(format!("benches/{name}.mjs")));
    command
}

/// What was measured, and on what.
fn about(tools: &Builder, profile: Profile) -> Result<String> {
    let version = |command: &mut Command| step::output(command).map(|text| text.trim().to_owned());
    let node = version(tools.node.command().arg("--version"))?;
    let commit = version(
        Command::new("git")
            .args(["rev-parse", "--short", "HEAD"])
            .current_dir(project::root()),
    )?;
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(':').nth(1))
        .map_or("unknown processor", str::trim);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let packages: Value =
        serde_json::from_str(&fs::read_to_string(project::root().join("package.json"))?)?;
    let package = |name: &str| {
        packages["devDependencies"][name]
            .as_str()
            .unwrap_or("?")
            .to_owned()
    };
    Ok(format!(
        "Commit {commit}, profile `{}`. {cores} cores of {model}. Node {node}, miniflare {}, wrangler {}.\n",
        profile.name(),
        package("miniflare"),
        package("wrangler"),
    ))
}

/// A project of that many events; made once.
fn data(place: &Path, millions: u32, days: &str) -> Result<PathBuf> {
    let directory = place.join(format!("data-{millions}m-{days}d"));
    let generation = format!("{millions} million events, {days} days to {LAST_DAY}");
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
            days,
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
        "\n{millions} M events, {DAYS} days. Milliseconds; × is how many times DuckDB's\n\n\
         | question | first | DuckDB | × | different | DuckDB | × | again | reads | MB | ÷ needed | reads, different | wasm MB |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    let (mut first, mut different) = (Ratios::default(), Ratios::default());
    for (ours, native) in workerd.iter().zip(duckdb) {
        let name = ours["name"].as_str().unwrap_or_default();
        let is_answered = ours["refusal"].is_null();
        let ratio = |ours: &Value, native: &Value, ratios: &mut Ratios| {
            let ratio = number(ours) / number(native);
            ratios.add(ratio, is_answered && !ratio.is_nan());
            match (is_answered, ratio.is_nan()) {
                (false, _) => "refused".to_owned(),
                (true, true) => String::new(),
                (true, false) => format!("{ratio:.1}"),
            }
        };
        let first = ratio(&ours["firstMs"], &native["firstMs"], &mut first);
        let different = ratio(&ours["differentMs"], &native["differentMs"], &mut different);
        let (bytes, needed) = (
            number(&ours["first"]["bytes"]),
            number(&native["neededBytes"]),
        );
        let over = if needed > 0.0 {
            format!("{:.2}", bytes / needed)
        } else {
            String::new()
        };
        text.push_str(&format!(
            "| {name} | {} | {} | {first} | {} | {} | {different} | {} | {} | {:.1} | {over} | {} | {:.0} |\n",
            ms(&ours["firstMs"]),
            ms(&native["firstMs"]),
            ms(&ours["differentMs"]),
            ms(&native["differentMs"]),
            ms(&ours["againMs"]),
            count(&ours["first"]["reads"]),
            bytes / 1e6,
            count(&ours["different"]["reads"]),
            number(&ours["wasmMemory"]) / 1e6,
        ));
    }
    text.push_str(&format!(
        "\nOf the questions answered, first: {first}; different: {different}.\n"
    ));
    let refused = workerd
        .iter()
        .filter_map(|ours| Some((ours["name"].as_str()?, ours["refusal"].as_str()?)));
    for (name, reason) in refused {
        text.push_str(&format!("\n{name}: refused: {reason}\n"));
    }
    text.push('\n');
    text
}

/// How many times as long as something else, over several questions.
#[derive(Default)]
struct Ratios(Vec<f64>);

impl Ratios {
    fn add(&mut self, ratio: f64, counts: bool) {
        if counts {
            self.0.push(ratio);
        }
    }
}

impl std::fmt::Display for Ratios {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.0.len() as f64;
        let mean = (self.0.iter().map(|ratio| ratio.ln()).sum::<f64>() / count).exp();
        let most = self.0.iter().copied().fold(f64::NAN, f64::max);
        write!(
            f,
            "× {mean:.2} (geometric mean of {count}), at most × {most:.1}"
        )
    }
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

/// Requests a second and latencies, beside the peer's.
fn protocol_table(answers: &[Value]) -> String {
    let mut text = String::from(
        "\nProtocol: requests a second, with authentication and limit; × is how many times the peer's (official TypeScript SDK and \
         `workers-oauth-provider`). The local rate limit binding writes to a database; the last column is the peer with a limit in memory\n\n\
         | method | a second | peer | × | p50 ms | peer | p99 ms | peer | limit in memory |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for answer in answers {
        let (ours, peer) = (&answer["ours"], &answer["peer"]);
        text.push_str(&format!(
            "| {} | {:.0} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} |\n",
            answer["method"].as_str().unwrap_or_default(),
            number(&ours["perSecond"]),
            number(&peer["perSecond"]),
            number(&ours["perSecond"]) / number(&peer["perSecond"]),
            number(&ours["p50Ms"]),
            number(&peer["p50Ms"]),
            number(&ours["p99Ms"]),
            number(&peer["p99Ms"]),
            number(&answer["peerInMemory"]["perSecond"]),
        ));
    }
    text.push('\n');
    text
}

fn start_table(measured: &Value) -> String {
    format!(
        "\nStart: wasm {:.1} MB ({:.1} MB gzipped); compiled in {:.0} ms, instantiated in {:.0} ms; first answer of a fresh isolate: \
         metadata {:.0} ms, `tools/list` {:.0} ms, a question {:.0} ms.\n\n",
        number(&measured["wasmBytes"]) / 1e6,
        number(&measured["gzipBytes"]) / 1e6,
        number(&measured["compileMs"]),
        number(&measured["instantiateMs"]),
        number(&measured["metadataMs"]),
        number(&measured["toolsListMs"]),
        number(&measured["queryMs"]),
    )
}

/// What the same questions of different ranges take of different amounts.
fn growth_table(measured: &[(u32, Vec<Value>)]) -> String {
    let mut text = format!(
        "\nGrowth: first answer in milliseconds (reads, MB), of {GROWTH_DAYS} days stored\n\n| question | days asked |"
    );
    for (millions, _) in measured {
        text.push_str(&format!(" {millions} M events |"));
    }
    text.push_str(&format!(
        "\n| --- | ---: |{}\n",
        " ---: |".repeat(measured.len())
    ));
    let rows = measured.first().map_or(0, |(_, answers)| answers.len());
    for row in 0..rows {
        for (place, answer) in measured
            .iter()
            .filter_map(|(_, answers)| answers.get(row))
            .enumerate()
        {
            if place == 0 {
                let tool = answer["tool"].as_str().unwrap_or_default();
                text.push_str(&format!("| {tool} | {} |", answer["days"]));
            }
            if !answer["refusal"].is_null() {
                text.push_str(" refused |");
                continue;
            }
            let megabytes = number(&answer["bytes"]) / 1e6;
            text.push_str(&format!(
                " {} ({}, {megabytes:.1}) |",
                ms(&answer["ms"]),
                answer["reads"]
            ));
        }
        text.push('\n');
    }
    text.push('\n');
    text
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn count(value: &Value) -> String {
    value
        .as_u64()
        .map_or_else(String::new, |count| count.to_string())
}

fn ms(value: &Value) -> String {
    if value.is_null() {
        return String::new();
    }
    let duration = Duration::from_secs_f64((number(value) / 1e3).max(0.0));
    format!("{:.0}", duration.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
    fn a_question_that_can_only_be_asked_in_one_way_has_no_different_one() {
        let cost = json!({ "reads": 2, "bytes": 1_500_000 });
        let ours = json!({
            "name": "some", "firstMs": 20.4, "differentMs": null, "againMs": 1.6, "first": cost, "different": null,
            "wasmMemory": 60_000_000, "refusal": null,
        });
        let native = json!({ "firstMs": 8.0, "differentMs": null, "neededBytes": 1_000_000 });
        let table = table(1, &[ours], &[native]);
        assert!(
            table.contains("| some | 20 | 8 | 2.5 |  |  |  | 2 | 2 | 1.5 | 1.50 |  | 60 |"),
            "{table}"
        );
    }

    #[test]
    fn a_refused_question_is_a_row_and_its_reason() {
        let cost = json!({ "reads": 2, "bytes": 1_500_000 });
        let ours = |name, refusal| {
            json!({
                "name": name, "firstMs": 20.4, "differentMs": 10.0, "againMs": 1.6, "first": cost, "different": cost,
                "wasmMemory": 60_000_000, "refusal": refusal,
            })
        };
        let native = json!({ "firstMs": 8.0, "differentMs": 4.0, "neededBytes": 1_000_000 });
        let answered = ours("some", Value::Null);
        let refused = ours("all", json!("needs 300 MB"));
        let table = table(10, &[answered, refused], &[native.clone(), native]);
        assert!(
            table.contains("| some | 20 | 8 | 2.5 | 10 | 4 | 2.5 | 2 | 2 | 1.5 | 1.50 | 2 | 60 |"),
            "{table}"
        );
        assert!(table.contains("| all | 20 | 8 | refused |"), "{table}");
        assert!(
            table.contains("different: × 2.50 (geometric mean of 1), at most × 2.5."),
            "{table}"
        );
        assert!(table.ends_with("all: refused: needs 300 MB\n\n"), "{table}");
    }
}
