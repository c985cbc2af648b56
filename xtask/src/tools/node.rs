//! Node ≥ 22 and the npm packages of `package.json`, at the versions of `package-lock.json`.
//!
//! The machine needs `npm` (any); the Node that runs the tests comes with the packages, so an older one on `PATH` does no harm.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{project, step};

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// The installed packages and their Node.
pub struct Node {
    path: PathBuf,
}

impl Node {
    /// Installs the packages if the lock file changed since the last time, and checks Node's version.
    pub fn ensure() -> Result<Self> {
        let modules = project::root().join("node_modules");
        let node = Self {
            path: modules
                .join("node/bin")
                .join(format!("node{}", env::consts::EXE_SUFFIX)),
        };
        let lock_path = project::root().join("package-lock.json");
        let lock =
            fs::read(&lock_path).with_context(|| format!("reading {}", lock_path.display()))?;
        let stamp = modules.join(".sightline-lock");
        if node.path.exists() && fs::read(&stamp).is_ok_and(|installed| installed == lock) {
            return Ok(node);
        }
        if !step::succeeds(Command::new(NPM).arg("--version")) {
            bail!(
                "npm is missing: install Node.js (any version that brings npm), then run this again"
            );
        }
        npm(
            "installing npm packages",
            &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
        )?;
        if !node.path.exists() {
            // An npm set not to run install scripts leaves the `node` package without its program.
            npm(
                "installing Node",
                &["rebuild", "node", "--ignore-scripts=false"],
            )?;
        }
        node.check_version()?;
        fs::write(&stamp, lock).with_context(|| format!("writing {}", stamp.display()))?;
        Ok(node)
    }

    /// Node itself, to run a script of ours.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(project::root());
        self.apply(&mut command);
        command
    }

    /// Node's executable.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A package's program, by its name in `node_modules/.bin`.
    pub fn program(name: &str) -> PathBuf {
        let file = if cfg!(windows) {
            format!("{name}.cmd")
        } else {
            name.to_owned()
        };
        project::root().join("node_modules/.bin").join(file)
    }

    /// Puts the packages' Node first on the `PATH` of `command`, and keeps wrangler to itself.
    pub fn apply(&self, command: &mut Command) {
        let mut path: Vec<PathBuf> = vec![project::root().join("node_modules/.bin")];
        path.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
        // Only a directory whose name has the separator in it cannot be joined; then the old PATH will do.
        let joined =
            env::join_paths(path).unwrap_or_else(|_| env::var_os("PATH").unwrap_or_default());
        command
            .env("PATH", joined)
            .env("WRANGLER_SEND_METRICS", "false")
            .env("WRANGLER_HIDE_BANNER", "true");
    }

    fn check_version(&self) -> Result<()> {
        let version = step::output(Command::new(&self.path).arg("--version"))
            .context("the npm package `node` brought no working Node; run `npm rebuild node`")?;
        let major: u32 = version
            .trim_start_matches('v')
            .split('.')
            .next()
            .and_then(|major| major.parse().ok())
            .with_context(|| format!("Node says its version is `{version}`"))?;
        if major < 22 {
            bail!("Node {version} is too old for wrangler: `package.json` must name `node` ≥ 22");
        }
        Ok(())
    }
}

fn npm(label: &str, arguments: &[&str]) -> Result<()> {
    step::run(
        label,
        Command::new(NPM)
            .args(arguments)
            .current_dir(project::root()),
    )
    .map(drop)
    .context("npm could not install the packages of package-lock.json")
}
