//! Stylesheet, script and icon, in the brand's colours.

use sightline_console::{Brand, ICON_PATH, SCRIPT, SCRIPT_PATH, STYLESHEET_PATH, icon, stylesheet};

use crate::console::answer::Answer;

/// The file at `path`, if there is one.
pub fn file(path: &str, brand: &Brand) -> Option<Answer> {
    match path {
        STYLESHEET_PATH => Some(Answer::file("text/css; charset=utf-8", stylesheet(brand))),
        SCRIPT_PATH => Some(Answer::file(
            "text/javascript; charset=utf-8",
            SCRIPT.to_owned(),
        )),
        ICON_PATH => Some(Answer::file("image/svg+xml", icon(brand))),
        _ => None,
    }
}
