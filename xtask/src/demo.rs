//! The demo data as files: `.sightline/demo`, made by the command line program, anew each day so that it ends today.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::cli::{self, Rows};
use crate::{date, project, step};

/// Makes the data if there is none, or none up to today. Returns its directory.
pub fn ensure() -> Result<PathBuf> {
    let directory = project::local_dir().join("demo");
    let generation = fs::read_to_string(directory.join(".generation")).unwrap_or_default();
    if generation.starts_with(&date::today()) && directory.join("demo.json").exists() {
        return Ok(directory);
    }
    generate()
}

/// Makes the data in any case.
pub fn generate() -> Result<PathBuf> {
    let directory = project::local_dir().join("demo");
    if directory.exists() {
        fs::remove_dir_all(&directory)
            .with_context(|| format!("removing {}", directory.display()))?;
    }
    fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
    let today = date::today();
    let mut command = cli::sightline(Rows::Thousands);
    command
        .arg("demo")
        .arg("--to")
        .arg(&directory)
        .args(["--today", &today]);
    let elapsed = step::run("generating demo data", &mut command)?;
    // Written last: a generation that was interrupted has none. The time tells one of the same day from another.
    let generation = format!("{today} {}", elapsed.as_nanos());
    fs::write(directory.join(".generation"), generation).context("noting the demo data's date")?;
    Ok(directory)
}
