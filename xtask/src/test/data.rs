//! The data the tests ask about: the demo data of one fixed day, so that a number means the same tomorrow.

use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};

use crate::cli::{self, Rows};
use crate::{project, step};

/// The day the tests' data ends.
const TODAY: &str = "2026-06-30";

/// Makes the data if the program that makes it changed. Returns the directory that holds `demo`.
pub fn ensure() -> Result<PathBuf> {
    let directory = project::target_dir().join("test-data");
    let demo = directory.join("demo");
    let program = cli::build_sightline()?;
    let modified = fs::metadata(&program)
        .and_then(|metadata| metadata.modified())
        .context("reading the program's age")?;
    let generation = format!(
        "{TODAY} {}",
        modified
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos()
    );
    let stamp = demo.join(".generation");
    if fs::read_to_string(&stamp).is_ok_and(|old| old == generation) {
        return Ok(directory);
    }
    if demo.exists() {
        fs::remove_dir_all(&demo).with_context(|| format!("removing {}", demo.display()))?;
    }
    fs::create_dir_all(&demo).with_context(|| format!("making {}", demo.display()))?;
    let mut command = cli::sightline(Rows::Thousands);
    command
        .arg("demo")
        .arg("--to")
        .arg(&demo)
        .args(["--today", TODAY]);
    step::run("generating test data", &mut command)?;
    fs::write(&stamp, generation).context("noting the test data's origin")?;
    Ok(directory)
}
