//! Python ≥ 3.10 with the packages of `tests/requirements.txt`, in a virtual environment of its own.
//!
//! The environment lies in the cache under a hash of the requirements, so a change of them makes a new one and a clean clone
//! reuses the old.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{project, step};

const TOO_OLD: &str = "the oracle needs Python 3.10 or newer with `venv`:\n  Debian, Ubuntu:  sudo apt-get install python3 python3-venv\n  Fedora, RHEL:    sudo dnf install python3\n  macOS:           brew install python";

/// The environment's interpreter.
pub struct Python {
    path: PathBuf,
}

impl Python {
    /// Makes the environment if these requirements have none yet.
    pub fn ensure() -> Result<Self> {
        let requirements = project::root().join("tests/requirements.txt");
        let text = fs::read_to_string(&requirements)
            .with_context(|| format!("reading {}", requirements.display()))?;
        let version = step::output(
            Command::new("python3").args(["-c", "import sys; print('%d.%d' % sys.version_info[:2]); sys.exit(sys.version_info < (3, 10))"]),
        )
        .context(TOO_OLD)?;
        let mut hasher = DefaultHasher::new();
        (&text, &version).hash(&mut hasher);
        let directory =
            project::cache_dir()?.join(format!("python/{version}-{:016x}", hasher.finish()));
        let python = Self {
            path: directory.join(if cfg!(windows) {
                "Scripts/python.exe"
            } else {
                "bin/python"
            }),
        };
        let stamp = directory.join(".complete");
        if stamp.exists() {
            return Ok(python);
        }
        step::run(
            "making a Python environment",
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&directory),
        )
        .context(TOO_OLD)?;
        step::run(
            "installing Python packages",
            Command::new(&python.path)
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "-r",
                ])
                .arg(&requirements),
        )
        .context("pip could not install the packages of tests/requirements.txt")?;
        fs::write(&stamp, &text).with_context(|| format!("writing {}", stamp.display()))?;
        if !python.path.exists() {
            bail!(
                "{} was made without an interpreter; delete it and run this again",
                directory.display()
            );
        }
        Ok(python)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The interpreter, in the workspace's root.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command
            .current_dir(project::root())
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}
