//! `cargo xtask …`: everything a person or CI does with this workspace beyond plain Cargo.
//!
//! Each command finds or installs what it needs, says what it does, and fails with what to do about it. It must stay small: it
//! depends on none of the workspace's crates and compiles in seconds.

mod bench;
mod build;
mod cli;
mod date;
mod demo;
mod dev;
mod docs;
mod import;
mod project;
mod step;
mod test;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use project::Profile;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Set up, build, run, test and measure Sightline"
)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build, load demo data, serve on http://localhost:8787, ask one question and say how to connect
    Dev {
        /// Where to listen
        #[arg(long, default_value_t = 8787)]
        port: u16,
        /// How to compile the Worker
        #[arg(long, value_enum, env = "SIGHTLINE_PROFILE", default_value_t)]
        profile: Profile,
        /// Ask and stop, instead of serving on
        #[arg(long)]
        once: bool,
        /// With the demo data in ClickHouse, whose engine is started beside it
        #[arg(long)]
        clickhouse: bool,
    },
    /// Import your own events into the local server
    Import(import::Import),
    /// Build the Worker into `build/`; what wrangler calls before it deploys
    Build {
        /// How to compile it
        #[arg(long, value_enum, env = "SIGHTLINE_PROFILE", default_value = "release")]
        profile: Profile,
    },
    /// Prove everything: formatting, lints, native tests, the Worker in workerd, the oracle, conformance
    Test {
        /// Only these stages
        #[arg(long, value_enum, value_delimiter = ',')]
        only: Vec<test::Stage>,
    },
    /// Measure the Worker in workerd beside others, in one run
    Bench(bench::Bench),
    /// Make the demo data anew in `.sightline/demo`
    Demo,
    /// Write `docs/tools.md` from the tools
    Docs {
        /// Only compare, and fail if it differs
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            // The chain of causes, not a backtrace: it is read by whoever ran the command.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<ExitCode> {
    match task {
        // It has said what failed, and its last line is the count.
        Task::Test { only } if !test::run(&only) => return Ok(ExitCode::FAILURE),
        Task::Test { .. } => {}
        Task::Dev {
            port,
            profile,
            once,
            clickhouse,
        } => dev::run(port, profile, once, clickhouse)?,
        Task::Import(import) => import::run(&import)?,
        Task::Build { profile } => build::run(profile)?,
        Task::Bench(bench) => bench::run(&bench)?,
        Task::Demo => drop(demo::generate()?),
        Task::Docs { check } => docs::run(check)?,
    }
    Ok(ExitCode::SUCCESS)
}
