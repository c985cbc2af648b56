//! The workspace's own command line program, run through Cargo.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{project, step};

/// `sightline …`, compiled with optimisation where `rows` are many.
pub fn sightline(rows: Rows) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["run", "--quiet", "--package", "sightline-cli"])
        .current_dir(project::root());
    if rows == Rows::Millions {
        command.args(["--profile", "quick"]);
    }
    command.arg("--");
    command
}

/// Compiles the program for tests, and says where it lies. With all of the workspace's tests, which run it as well: by itself it would
/// be compiled with other features of what it depends on, and the SQL engine with it once more.
pub fn build_sightline() -> Result<PathBuf> {
    step::run(
        "compiling the command line program",
        Command::new("cargo")
            .args(["test", "--quiet", "--workspace", "--locked", "--no-run"])
            .current_dir(project::root()),
    )?;
    Ok(project::target_dir()
        .join("debug")
        .join(format!("sightline{}", env::consts::EXE_SUFFIX)))
}

/// How much the program is about to write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// A debug build, quicker to make, will do.
    Thousands,
    /// Worth an optimised build.
    Millions,
}
