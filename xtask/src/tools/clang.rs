//! A clang that compiles C for wasm32, and the archiver that goes with it: zstd inside Parquet is C.
//!
//! The pair is handed to Cargo by name, not by path: the names are part of a build's fingerprint, and a stable one
//! keeps a second build from starting over. Apple's own clang has no wasm target and is passed over.

use std::env;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use super::system_package;
use crate::step;

const CC: &str = "CC_wasm32_unknown_unknown";
const AR: &str = "AR_wasm32_unknown_unknown";

/// Directories outside `PATH` where package managers put LLVM.
const KEGS: [&str; 2] = ["/opt/homebrew/opt/llvm/bin", "/usr/local/opt/llvm/bin"];

/// The compiler and archiver for wasm objects.
pub struct Clang {
    compiler: String,
    archiver: String,
}

impl Clang {
    /// The pair named by the environment, else one found on the machine, else installed with the system's package manager.
    pub fn ensure() -> Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        system_package::install(
            "clang (it compiles zstd for WebAssembly)",
            &system_package::Names {
                apt: &["clang", "llvm"],
                dnf: &["clang", "llvm"],
                brew: &["llvm"],
            },
        )?;
        match Self::find() {
            Some(found) => Ok(found),
            None => bail!(
                "clang is installed but compiles no wasm32 objects; name one that does in {CC} and its llvm-ar in {AR}"
            ),
        }
    }

    /// Tells `command`, and every Cargo below it, which pair to use.
    pub fn apply(&self, command: &mut Command) {
        command.env(CC, &self.compiler).env(AR, &self.archiver);
    }

    fn find() -> Option<Self> {
        if let (Ok(compiler), Ok(archiver)) = (env::var(CC), env::var(AR)) {
            return Some(Self { compiler, archiver });
        }
        candidates().find(Self::works)
    }

    fn works(&self) -> bool {
        compiles_wasm(&self.compiler)
            && step::succeeds(Command::new(&self.archiver).arg("--version"))
    }
}

/// `clang`, then the numbered ones from the newest down, then Homebrew's.
fn candidates() -> impl Iterator<Item = Clang> {
    let pair = |directory: &str, suffix: &str| Clang {
        compiler: format!("{directory}clang{suffix}"),
        archiver: format!("{directory}llvm-ar{suffix}"),
    };
    let plain = std::iter::once(pair("", ""));
    let numbered = (13..=24)
        .rev()
        .map(move |version| pair("", &format!("-{version}")));
    let kegs = KEGS.iter().map(move |keg| pair(&format!("{keg}/"), ""));
    plain.chain(numbered).chain(kegs)
}

fn compiles_wasm(compiler: &str) -> bool {
    let child = Command::new(compiler)
        .args([
            "--target=wasm32-unknown-unknown",
            "-c",
            "-x",
            "c",
            "-",
            "-o",
            "/dev/null",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let written = child.stdin.take().is_some_and(|mut stdin| {
        stdin
            .write_all(b"int answer(void) { return 42; }\n")
            .is_ok()
    });
    child.wait().is_ok_and(|status| written && status.success())
}
