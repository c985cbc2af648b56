//! `docs/tools.md`, written by the tools themselves: their reference cannot say what the code does not.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{project, step};

const FILE: &str = "docs/tools.md";

/// Writes the reference; with `check`, fails if the one there differs.
pub fn run(check: bool) -> Result<()> {
    step::say(format!(
        "{} {FILE}",
        if check { "checking" } else { "writing" }
    ));
    let mut command = Command::new("cargo");
    command
        .args([
            "run",
            "--quiet",
            "--package",
            "sightline-analytics",
            "--example",
            "tool_reference",
        ])
        .current_dir(project::root());
    let text = format!("{}\n", step::output(&mut command)?);
    let path = project::root().join(FILE);
    if !check {
        return fs::write(&path, text).with_context(|| format!("writing {}", path.display()));
    }
    if fs::read_to_string(&path).unwrap_or_default() != text {
        bail!("{FILE} is not what the tools say: run `cargo xtask docs` and commit it");
    }
    Ok(())
}
