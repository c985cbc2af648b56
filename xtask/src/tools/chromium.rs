//! A Chromium for the tests that walk the pages: one on the machine, else the system's package.
//!
//! Playwright's own browsers are not used: the package that drives it brings none, and the system's is kept up to date by the system.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::system_package;
use crate::step;

/// Names an executable, for machines where it is found under no usual name.
const VARIABLE: &str = "SIGHTLINE_CHROMIUM";

/// Names on `PATH`, and where macOS keeps applications.
const CANDIDATES: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// The browser.
pub struct Chromium {
    path: PathBuf,
}

impl Chromium {
    /// The one named by the environment, else one found on the machine, else installed with the system's package manager.
    pub fn ensure() -> Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        system_package::install(
            "Chromium (the tests walk the pages in it)",
            &system_package::Names {
                apt: &["chromium"],
                dnf: &["chromium"],
                brew: &["--cask", "chromium"],
            },
        )?;
        match Self::find() {
            Some(found) => Ok(found),
            None => {
                bail!("Chromium is installed but does not start; name one that does in {VARIABLE}")
            }
        }
    }

    /// Its executable.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn find() -> Option<Self> {
        let named = env::var_os(VARIABLE).map(PathBuf::from);
        let usual = CANDIDATES.iter().filter_map(|name| on_path(name));
        named
            .into_iter()
            .chain(usual)
            .find(|path| step::succeeds(Command::new(path).arg("--version")))
            .map(|path| Self { path })
    }
}

/// The whole path of a program: a browser is started by something that does not look on `PATH`.
fn on_path(name: &str) -> Option<PathBuf> {
    let name = Path::new(name);
    if name.is_absolute() {
        return name.exists().then(|| name.to_path_buf());
    }
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}
