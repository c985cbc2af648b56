//! What only the system's package manager can install.
//!
//! Installed by us only where that needs no question: Debian's and Ubuntu's `apt-get`, run as root (containers, CI).
//! Anywhere else the error names the command for the person to run.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::step;

/// One need, by the names the package managers know it under.
pub struct Names {
    /// Debian, Ubuntu.
    pub apt: &'static [&'static str],
    /// Fedora, RHEL.
    pub dnf: &'static [&'static str],
    /// macOS.
    pub brew: &'static [&'static str],
}

/// Installs `names`, or says how to.
pub fn install(what: &str, names: &Names) -> Result<()> {
    if !(Path::new("/usr/bin/apt-get").exists() && is_root()) {
        bail!(
            "{what} is missing. Install it and run this again:\n{}",
            instructions(names)
        );
    }
    let apt = |label: &str, arguments: &[&str], packages: &[&str]| {
        step::run(
            label,
            Command::new("apt-get")
                .args(arguments)
                .args(packages)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
        .with_context(|| {
            format!(
                "{what} is missing and could not be installed:\n{}",
                instructions(names)
            )
        })
    };
    apt("apt-get update", &["update", "-qq"], &[])?;
    let label = format!("apt-get install {}", names.apt.join(" "));
    apt(
        &label,
        &["install", "-y", "-qq", "--no-install-recommends"],
        names.apt,
    )?;
    Ok(())
}

fn instructions(names: &Names) -> String {
    format!(
        "  Debian, Ubuntu:  sudo apt-get install {}\n  Fedora, RHEL:    sudo dnf install {}\n  macOS:           brew install {}",
        names.apt.join(" "),
        names.dnf.join(" "),
        names.brew.join(" "),
    )
}

fn is_root() -> bool {
    step::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}
