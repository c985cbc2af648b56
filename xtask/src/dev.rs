//! `cargo xtask dev`: from a clone to a running server that has answered a question.

use std::process::Command;

use anyhow::{Result, bail};

use crate::project::{self, Profile};
use crate::tools::{Builder, Python};
use crate::{build, demo, step};

/// Builds what changed, loads what is missing, serves until it is stopped; with `once`, asks its question and ends; with `clickhouse`,
/// its projects' data is in a ClickHouse of its own.
pub fn run(port: u16, profile: Profile, once: bool, clickhouse: bool) -> Result<()> {
    let tools = Builder::ensure()?;
    build::build(&tools, profile)?;
    let demo = demo::ensure()?;

    step::say("starting");
    let mut server: Command = tools.node.command();
    server
        .arg(project::root().join("xtask/local/dev.mjs"))
        .arg("--port")
        .arg(port.to_string())
        .arg("--demo")
        .arg(demo);
    if once {
        server.arg("--once");
    }
    if clickhouse {
        // The engine is a Python package.
        server.arg("--clickhouse").arg(Python::ensure()?.path());
    }
    // Ctrl-C reaches the server itself, which ends in order; all there is to do here is wait for it.
    let status = server.status()?;
    if !status.success() {
        bail!("the local server ended with {status}");
    }
    Ok(())
}
