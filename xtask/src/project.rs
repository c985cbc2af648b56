//! Where things are: the workspace, its tools' cache, and the profile the Worker is built with.
//!
//! Paths only. Nothing here creates, reads or runs anything.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result};

/// The workspace's root: the directory that holds `wrangler.toml`. As cargo says when it runs this, since clones that share a target
/// directory share the program.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        manifest.parent().map(Path::to_owned).unwrap_or(manifest)
    });
    &ROOT
}

/// Tools built or fetched for this project, kept across clones: `$XDG_CACHE_HOME/sightline`, by default `~/.cache/sightline`.
pub fn cache_dir() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(base) => PathBuf::from(base),
        None => env::home_dir()
            .context("no home directory; set XDG_CACHE_HOME to a directory that can be written")?
            .join(".cache"),
    };
    Ok(base.join("sightline"))
}

/// Cargo's target directory of this workspace.
pub fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty()) {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// What the local server keeps: its demo files and its API clients' secrets. Never committed.
pub fn local_dir() -> PathBuf {
    root().join(".sightline")
}

/// How the Worker is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Quick to build, same code: what tests and the local server run.
    #[default]
    Quick,
    /// Small: what is deployed.
    Release,
}

impl Profile {
    /// Cargo's name of the profile, and of its output directory.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
