//! Builds the Worker: `build/index.js` and `build/index_bg.wasm`. What wrangler's `[build]` calls.
//!
//! Cargo decides whether the module changed; if it did not, binding and bundling, seconds of work on a module this size, are left out.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};

use crate::project::{self, Profile};
use crate::step;
use crate::tools::{Builder, Node};

/// The package that is the Worker.
const PACKAGE: &str = "sightline";

/// Builds with tools found or installed on the way.
pub fn run(profile: Profile) -> Result<()> {
    build(&Builder::ensure()?, profile)
}

/// Builds with tools already there.
pub fn build(tools: &Builder, profile: Profile) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo
        .args([
            "build",
            "--package",
            PACKAGE,
            "--lib",
            "--target",
            "wasm32-unknown-unknown",
            "--profile",
            profile.name(),
        ])
        .current_dir(project::root())
        // What worker-build sets: without it its own Cargo run would see other macros.
        .env("WASM_BINDGEN_USE_JS_SYS", "1");
    tools.clang.apply(&mut cargo);
    step::run(&format!("compiling the Worker ({profile})"), &mut cargo)?;

    let module = project::target_dir()
        .join("wasm32-unknown-unknown")
        .join(profile.name())
        .join("sightline.wasm");
    let out = project::root().join("build");
    let stamp_path = out.join(".stamp");
    let stamp = stamp(tools, profile, &module)?;
    let built = out.join("index.js").exists() && out.join("index_bg.wasm").exists();
    if built && fs::read_to_string(&stamp_path).is_ok_and(|old| old == stamp) {
        return Ok(());
    }

    bundle(tools, profile)?;
    fs::write(&stamp_path, stamp).with_context(|| format!("writing {}", stamp_path.display()))?;
    let size = fs::metadata(out.join("index_bg.wasm"))
        .context("the build left no module")?
        .len();
    step::say(format!("build/index_bg.wasm: {:.1} MB", size as f64 / 1e6));
    Ok(())
}

fn bundle(tools: &Builder, profile: Profile) -> Result<()> {
    let mut command = Command::new(&tools.worker_build.path);
    command
        .current_dir(project::root())
        .args(["--profile", profile.name()]);
    tools.clang.apply(&mut command);
    tools.node.apply(&mut command);
    command
        .env("WASM_BINDGEN_BIN", &tools.wasm_bindgen.path)
        .env("ESBUILD_BIN", Node::program("esbuild"));
    // Handed on to its Cargo: the one package, as above, or features of others would be unified in and all of it built again.
    command.args(["--package", PACKAGE]);
    step::run("binding and bundling with worker-build", &mut command)
        .map(drop)
        .context("worker-build failed")
}

/// What the bundle is made of: change any of it and it is made again.
fn stamp(tools: &Builder, profile: Profile, module: &Path) -> Result<String> {
    let metadata =
        fs::metadata(module).with_context(|| format!("Cargo left no {}", module.display()))?;
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    Ok(format!(
        "profile {profile}\nmodule {} bytes, modified {}\nworker-build {}\nwasm-bindgen {}\n",
        metadata.len(),
        modified.as_nanos(),
        tools.worker_build.version,
        tools.wasm_bindgen.version,
    ))
}
