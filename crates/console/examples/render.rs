//! Writes every page with sample data into a folder, to be looked at: `cargo run -p sightline-console --example render -- FOLDER`.

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::path::PathBuf;
use std::{env, fs, io};

use sightline_console::{Brand, ICON_PATH, SCRIPT, SCRIPT_PATH, STYLESHEET_PATH, icon, stylesheet};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "pages".to_owned()));
    let brand = Brand::default();
    fs::create_dir_all(folder.join("assets"))?;
    fs::write(folder.join(&STYLESHEET_PATH[1..]), stylesheet(&brand))?;
    fs::write(folder.join(&ICON_PATH[1..]), icon(&brand))?;
    fs::write(folder.join(&SCRIPT_PATH[1..]), SCRIPT)?;
    for (name, page) in samples::all(&brand, samples::FRIENDLY) {
        fs::write(folder.join(format!("{name}.html")), page.html())?;
    }
    Ok(())
}
