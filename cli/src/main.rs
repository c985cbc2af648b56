//! `sightline` in the terminal: puts events into a project's folder or bucket, makes demo and benchmark data, and looks at a ClickHouse.
//!
//! Each command is a file. What a row means is decided here; how it is sorted, built into sessions and stored is the lake's
//! business. Progress goes to standard error, results to standard output.

mod commands;
mod destination;
mod formats;
mod input;
mod intake;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "sightline", version, about = "Sightline in the terminal")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put events from files into a project: CSV, JSON Lines, Parquet or web-server access logs, plain or gzip.
    Import(commands::import::Arguments),
    /// Write the demo's projects: 90 days of a shop, a product for companies and a documentation site.
    Demo(commands::demo::Arguments),
    /// Look at a ClickHouse as the Worker would use it, and tell what is missing or too much.
    Check(commands::check::Arguments),
    /// Write any number of events of the demo's shop into a project, for benchmarks.
    Generate(commands::generate::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ran = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            runtime.block_on(async {
                match arguments.command {
                    Command::Import(arguments) => commands::import::run(arguments).await,
                    Command::Demo(arguments) => commands::demo::run(arguments).await,
                    Command::Check(arguments) => commands::check::run(arguments).await,
                    Command::Generate(arguments) => commands::generate::run(arguments).await,
                }
            })
        });
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
