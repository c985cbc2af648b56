//! `cargo xtask import`: a newcomer's own log, asked about a minute later.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::cli::{self, Rows};
use crate::tools::Node;
use crate::{project, step};

/// What to import, and as what.
#[derive(clap::Args)]
pub struct Import {
    /// CSV, JSON Lines, Parquet or web-server access logs, plain or gzip
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The project's id; made if there is none
    #[arg(long, value_name = "ID")]
    project: String,
    /// The project's name, where it is new
    #[arg(long)]
    name: Option<String>,
    /// The organization it belongs to, where it is new
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// The IANA timezone its days are counted in, such as `Europe/Berlin`
    #[arg(long)]
    timezone: Option<String>,
    /// Options of `sightline import`, after `--`
    #[arg(last = true)]
    options: Vec<String>,
}

/// Converts, then loads into the local bucket.
pub fn run(import: &Import) -> Result<()> {
    if project::local_dir()
        .join("demo")
        .join(&import.project)
        .exists()
    {
        bail!(
            "`{}` is one of the demo's projects: import under another id",
            import.project
        );
    }
    let node = Node::ensure()?;
    let lake = project::local_dir().join("lake");
    let mut convert = cli::sightline(Rows::Thousands);
    convert
        .arg("import")
        .args(&import.files)
        .args(["--project", &import.project])
        .arg("--to")
        .arg(&lake);
    // Cargo runs in the workspace's root; the files' names are relative to where the person is.
    convert
        .current_dir(std::env::current_dir()?)
        .args(&import.options);
    step::run("importing", &mut convert)?;

    let mut load = node.command();
    load.arg(project::root().join("xtask/local/import.mjs"))
        .arg("--from")
        .arg(&lake)
        .args(["--project", &import.project]);
    let named = [
        ("--name", &import.name),
        ("--organization", &import.organization),
        ("--timezone", &import.timezone),
    ];
    for (option, value) in named {
        if let Some(value) = value {
            load.args([option, value]);
        }
    }
    step::run("loading into the local bucket", &mut load)?;
    Ok(())
}
