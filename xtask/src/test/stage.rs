//! The stages of `cargo xtask test`: what each runs, and what it found.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::tally::{Runner, Tally};
use crate::step;

/// A stage, as `--only` names it. In the order they run: the cheap ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Stage {
    /// Formatting.
    Fmt,
    /// Lints of every crate and target, warnings denied.
    Clippy,
    /// The crates' own tests, and that `docs/tools.md` is what the tools say.
    Native,
    /// The Worker's build, and that wrangler would deploy it.
    Wasm,
    /// The Worker in workerd: protocol, access, sign-in, limits, isolation, bad input, faults, the TypeScript SDKs.
    Workerd,
    /// The pages in a real Chromium: sign-in, consent, connections, API clients.
    Browser,
    /// The Python SDK, and every number against DuckDB.
    Oracle,
    /// The same numbers out of ClickHouse, and the front its engine stands behind.
    Clickhouse,
    /// The official conformance suite.
    Conformance,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 9] = [
        Self::Fmt,
        Self::Clippy,
        Self::Native,
        Self::Wasm,
        Self::Workerd,
        Self::Browser,
        Self::Oracle,
        Self::Clickhouse,
        Self::Conformance,
    ];

    /// Whether it talks to the built Worker.
    pub fn needs_worker(self) -> bool {
        matches!(
            self,
            Self::Workerd | Self::Browser | Self::Oracle | Self::Clickhouse | Self::Conformance
        )
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Native => "native",
            Self::Wasm => "wasm",
            Self::Workerd => "workerd",
            Self::Browser => "browser",
            Self::Oracle => "oracle",
            Self::Clickhouse => "clickhouse",
            Self::Conformance => "conformance",
        })
    }
}

/// How a stage ended.
pub struct Outcome {
    /// Which.
    pub stage: Stage,
    /// How long it took.
    pub elapsed: Duration,
    /// What its runners counted; at least one failure if it failed.
    pub tally: Tally,
    /// Why it failed, in words.
    pub problem: Option<String>,
}

impl Outcome {
    /// Runs a stage's work; whatever goes wrong becomes a failure that is counted.
    pub fn of(stage: Stage, work: impl FnOnce(&mut Tally) -> Result<()>) -> Self {
        step::say(format!("── {stage}"));
        let started = Instant::now();
        let mut tally = Tally::default();
        let problem = work(&mut tally).err().map(|error| format!("{error:#}"));
        if let Some(problem) = &problem {
            step::say(format!("{stage} failed: {problem}"));
            tally.failed = tally.failed.max(1);
        }
        Self {
            stage,
            elapsed: started.elapsed(),
            tally,
            problem,
        }
    }
}

/// Runs a test runner, its output on the terminal as it comes, and adds its totals. Ending badly, and finding nothing to run, are errors.
pub fn count(label: &str, runner: Runner, command: &mut Command, tally: &mut Tally) -> Result<()> {
    step::say(label);
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| {
        format!(
            "`{}` could not be started",
            command.get_program().to_string_lossy()
        )
    })?;
    let stdout = child
        .stdout
        .take()
        .context("a child without standard output")?;
    let reader = thread::spawn(move || {
        let mut seen = Tally::default();
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // A closed terminal is no reason to stop testing.
            let _ = writeln!(std::io::stdout(), "{line}");
            seen.read(runner, &line);
        }
        seen
    });
    let status = step::watch(label, child, started)?;
    let Ok(seen) = reader.join() else {
        bail!("{label}: its output could not be read")
    };
    tally.add(seen);
    if !status.success() {
        bail!("{label}: {} failed, {status}", seen.failed);
    }
    if seen.passed + seen.failed == 0 {
        bail!("{label}: it ran no test");
    }
    Ok(())
}
