//! The tools a build or a test needs, each found or installed on first use.
//!
//! Whatever is not on the machine is fetched into the cache (`project::cache_dir`) or, for npm packages, into `node_modules`;
//! what cannot be fetched is an error that names the command to run. Nothing is skipped in silence.

mod cargo_tool;
mod chromium;
mod clang;
mod node;
mod python;
mod system_package;

use anyhow::Result;

use crate::step;

pub use cargo_tool::CargoTool;
pub use chromium::Chromium;
pub use clang::Clang;
pub use node::Node;
pub use python::Python;

/// What it takes to turn the crates into a Worker.
pub struct Builder {
    /// C compiler for wasm (zstd).
    pub clang: Clang,
    /// `wasm-bindgen`, of exactly the version in `Cargo.lock`.
    pub wasm_bindgen: CargoTool,
    /// Cloudflare's builder, of exactly the version of the `worker` crate.
    pub worker_build: CargoTool,
    /// npm packages: esbuild for the bundle.
    pub node: Node,
}

impl Builder {
    /// Finds or installs everything.
    pub fn ensure() -> Result<Self> {
        ensure_wasm_target()?;
        Ok(Self {
            clang: Clang::ensure()?,
            node: Node::ensure()?,
            wasm_bindgen: CargoTool::wasm_bindgen()?,
            worker_build: CargoTool::worker_build()?,
        })
    }
}

/// The wasm target of the pinned toolchain. `rust-toolchain.toml` names it, so rustup usually has it before we run.
fn ensure_wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let libraries = step::output(
        std::process::Command::new("rustc")
            .args(["--print", "target-libdir", "--target", TARGET])
            .current_dir(crate::project::root()),
    )?;
    if std::path::Path::new(&libraries).is_dir() {
        return Ok(());
    }
    step::run(
        "adding Rust's wasm target",
        std::process::Command::new("rustup")
            .args(["target", "add", TARGET])
            .current_dir(crate::project::root()),
    )
    .map(drop)
    .map_err(|error| error.context(format!("install the target `{TARGET}` for this toolchain")))
}
