//! `cargo xtask test`: proves everything, in one run that skips nothing in silence.
//!
//! A stage that fails does not stop the others; the last line counts tests over all runners, `N passed, M failed`.

mod data;
mod stage;
mod tally;

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::project::{self, Profile};
use crate::tools::{Chromium, Node, Python};
use crate::{build, cli, docs, step};

pub use stage::Stage;
use stage::{Outcome, count};
use tally::{Runner, Tally};

/// Runs the stages asked for, or all, and says whether every one of them held.
pub fn run(only: &[Stage]) -> bool {
    let wanted = |stage: Stage| only.is_empty() || only.contains(&stage);
    let stages = Stage::ALL.into_iter().filter(|stage| wanted(*stage));
    let outcomes: Vec<Outcome> = stages
        .map(|stage| Outcome::of(stage, |tally| perform(stage, tally)))
        .collect();
    report(&outcomes)
}

fn perform(stage: Stage, tally: &mut Tally) -> Result<()> {
    if stage.needs_worker() {
        // Fresh already if the wasm stage ran: then a matter of a second.
        build::run(Profile::Quick)?;
    }
    match stage {
        Stage::Fmt => step::run(
            "cargo fmt --check",
            &mut cargo(&["fmt", "--all", "--check"]),
        )
        .map(drop),
        Stage::Clippy => step::run(
            "cargo clippy",
            &mut cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ]),
        )
        .map(drop),
        Stage::Native => {
            count(
                "cargo test",
                Runner::Cargo,
                &mut cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]),
                tally,
            )?;
            docs::run(true)
        }
        Stage::Wasm => {
            build::run(Profile::Quick)?;
            deploy_dry_run()
        }
        Stage::Workerd => node_tests(&["tests/*.test.mjs"], None, tally),
        Stage::Browser => {
            let chromium = Chromium::ensure()?;
            node_tests(&["tests/browser/*.test.mjs"], Some(&chromium), tally)
        }
        Stage::Conformance => node_tests(&["tests/conformance/*.test.mjs"], None, tally),
        Stage::Oracle => pytest("parquet", &["tests/oracle", "tests/python"], tally),
        Stage::Clickhouse => pytest("clickhouse", &["tests/oracle", "tests/clickhouse"], tally),
    }
}

/// That wrangler takes `wrangler.toml` and the bundle, bindings without ids included. It needs no account.
fn deploy_dry_run() -> Result<()> {
    let node = Node::ensure()?;
    let mut wrangler = node.command();
    wrangler
        .arg(project::root().join("node_modules/wrangler/bin/wrangler.js"))
        .args(["deploy", "--dry-run"])
        .env("SIGHTLINE_PROFILE", Profile::Quick.name())
        .env("CI", "true");
    step::run("wrangler deploy --dry-run", &mut wrangler).map(drop)
}

/// One process for all files, so that one Worker serves them all: handing over a module of this size takes seconds.
fn node_tests(patterns: &[&str], chromium: Option<&Chromium>, tally: &mut Tally) -> Result<()> {
    let data = data::ensure()?;
    let mut node = Node::ensure()?.command();
    node.args(["--test", "--test-isolation=none", "--test-reporter=spec"])
        .args(patterns)
        .env("SIGHTLINE_TEST_DATA", data);
    if let Some(chromium) = chromium {
        node.env("SIGHTLINE_CHROMIUM", chromium.path());
    }
    count("node --test", Runner::Node, &mut node, tally)
}

/// Python's tests, of which those that ask a Worker find its data in `warehouse`.
fn pytest(warehouse: &str, folders: &[&str], tally: &mut Tally) -> Result<()> {
    let data = data::ensure()?;
    // The tests start the Worker themselves, with the packages' Node.
    let node = Node::ensure()?;
    let mut python = Python::ensure()?.command();
    node.apply(&mut python);
    python
        .args([
            "-m",
            "pytest",
            "-q",
            "--color=no",
            "-p",
            "no:cacheprovider",
            // Two at once, each with a Worker of its own; a file's tests stay together.
            "-n",
            "2",
            "--dist",
            "loadfile",
        ])
        .args(folders)
        .env("SIGHTLINE_WAREHOUSE", warehouse)
        .env("SIGHTLINE_DEMO_DIR", data.join("demo"))
        .env("SIGHTLINE_CLI", cli::build_sightline()?)
        .env("SIGHTLINE_NODE", node.path());
    count("pytest", Runner::Pytest, &mut python, tally)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(project::root());
    command
}

/// The table, and the line a script reads.
fn report(outcomes: &[Outcome]) -> bool {
    let mut total = Tally::default();
    let mut elapsed = Duration::ZERO;
    println!(
        "\n{:<12} {:>7} {:>7} {:>7}  {:>12}",
        "stage", "passed", "failed", "skipped", "time"
    );
    for outcome in outcomes {
        let Tally {
            passed,
            failed,
            skipped,
        } = outcome.tally;
        println!(
            "{:<12} {passed:>7} {failed:>7} {skipped:>7}  {:>12}",
            outcome.stage.to_string(),
            step::human(outcome.elapsed)
        );
        total.add(outcome.tally);
        elapsed += outcome.elapsed;
    }
    println!(
        "{:<12} {:>7} {:>7} {:>7}  {:>12}\n",
        "all",
        total.passed,
        total.failed,
        total.skipped,
        step::human(elapsed)
    );
    let problems: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| outcome.problem.is_some())
        .collect();
    for outcome in &problems {
        println!(
            "{}: {}",
            outcome.stage,
            outcome.problem.as_deref().unwrap_or_default()
        );
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    problems.is_empty()
}
