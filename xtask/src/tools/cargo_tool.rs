//! Programs Cargo builds for us, each version once per machine: `<cache>/tools/<name>-<version>/bin/<name>`.
//!
//! `worker-build` and `wasm-bindgen` must match the crates in `Cargo.lock` exactly; their own downloads are not used, so that a
//! crates mirror is enough to build.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::system_package;
use crate::{project, step};

/// An installed program.
pub struct CargoTool {
    /// Its executable.
    pub path: PathBuf,
    /// Its version.
    pub version: String,
}

impl CargoTool {
    /// `wasm-bindgen` of the version in `Cargo.lock`; any other refuses to read the module.
    pub fn wasm_bindgen() -> Result<Self> {
        let version = locked_version("wasm-bindgen")?;
        Self::ensure("wasm-bindgen-cli", "wasm-bindgen", version, &[])
    }

    /// `worker-build` of the version of the `worker` crate. It moves files, so a debug build of it, quicker to make, will do.
    pub fn worker_build() -> Result<Self> {
        let version = locked_version("worker")?;
        let tool = Self::at("worker-build", "worker-build", version)?;
        if !tool.path.exists() {
            ensure_openssl_headers()?;
        }
        Self::ensure("worker-build", "worker-build", tool.version, &["--debug"])
    }

    fn at(package: &str, program: &str, version: String) -> Result<Self> {
        let root = project::cache_dir()?
            .join("tools")
            .join(format!("{package}-{version}"));
        let file = format!("{program}{}", env::consts::EXE_SUFFIX);
        Ok(Self {
            path: root.join("bin").join(file),
            version,
        })
    }

    fn ensure(package: &str, program: &str, version: String, options: &[&str]) -> Result<Self> {
        let tool = Self::at(package, program, version)?;
        if tool.path.exists() {
            return Ok(tool);
        }
        let Some(root) = tool.path.parent().and_then(|bin| bin.parent()) else {
            bail!("{} is no place for a tool", tool.path.display());
        };
        let install = |locked: bool| {
            let mut command = Command::new("cargo");
            command
                .arg("install")
                .arg("--root")
                .arg(root)
                .args([package, "--version", &tool.version])
                .args(options);
            if locked {
                command.arg("--locked");
            }
            // The workspace's directory is left to the workspace: a clean clone starts with the tools, not with their objects.
            command
                .current_dir(project::root())
                .env_remove("CARGO_TARGET_DIR");
            command
        };
        let label = format!("building {package} {} (once on this machine)", tool.version);
        if step::run(&label, &mut install(true)).is_err() {
            // A mirror that lags behind may lack a release the package was locked to; an older one that fits will do.
            step::run(
                &format!("{label}, its dependencies resolved anew"),
                &mut install(false),
            )?;
        }
        Ok(tool)
    }
}

/// The version of `package` in `Cargo.lock`.
fn locked_version(package: &str) -> Result<String> {
    let path = project::root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    version_in(&lock, package).with_context(|| {
        format!("Cargo.lock names no package `{package}`; run `cargo generate-lockfile`")
    })
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let mut lines = lock.lines();
    let name = format!("name = \"{package}\"");
    lines.find(|line| *line == name)?;
    let version = lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')?;
    Some(version.to_owned())
}

/// `worker-build` speaks TLS through the system's library, which on Linux means OpenSSL and its headers.
fn ensure_openssl_headers() -> Result<()> {
    let elsewhere = ["OPENSSL_DIR", "OPENSSL_INCLUDE_DIR"]
        .iter()
        .any(|name| env::var_os(name).is_some());
    if !cfg!(target_os = "linux")
        || elsewhere
        || step::succeeds(Command::new("pkg-config").args(["--exists", "openssl"]))
    {
        return Ok(());
    }
    system_package::install(
        "OpenSSL with its headers (worker-build links it)",
        &system_package::Names {
            apt: &["libssl-dev", "pkg-config"],
            dnf: &["openssl-devel", "pkgconf-pkg-config"],
            brew: &["openssl", "pkgconf"],
        },
    )
}

#[cfg(test)]
mod tests {
    use super::version_in;

    const LOCK: &str = "[[package]]\nname = \"worker-build\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"worker\"\nversion = \"0.8.7\"\n";

    #[test]
    fn a_version_is_read_of_exactly_the_package_named() {
        assert_eq!(version_in(LOCK, "worker").as_deref(), Some("0.8.7"));
        assert_eq!(version_in(LOCK, "work"), None);
    }
}
