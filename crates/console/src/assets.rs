//! The stylesheet and the script, each served from its own path.

use crate::brand::Brand;
use crate::colour::Colour;

/// Where the stylesheet is served. `text/css`, cacheable for an hour.
pub const STYLESHEET_PATH: &str = "/assets/console.css";
/// Where the script is served. `text/javascript`, cacheable for an hour.
pub const SCRIPT_PATH: &str = "/assets/console.js";

/// Where the icon is served. `image/svg+xml`, cacheable for an hour.
pub const ICON_PATH: &str = "/assets/icon.svg";

/// Sightline's mark: a line through measured points, one of them sighted.
pub(crate) const MARK_LINE: &str = "M5 18.5 11 13l4 3.5L23 9";

/// Copy buttons, and nothing else.
pub const SCRIPT: &str = include_str!("assets/console.js");

const STYLE: &str = include_str!("assets/console.css");

/// The grounds that the accent is read on, as in the stylesheet.
const LIGHT: Colour = Colour::WHITE;
const DARK: Colour = Colour::rgb(0x17, 0x1c, 0x24);

/// The stylesheet in the brand's colour, made readable on light and dark.
pub fn stylesheet(brand: &Brand) -> String {
    let set = |ground: Colour| {
        let accent = brand.accent().readable_on(ground);
        format!("--accent:{accent};--on-accent:{}", accent.text_on())
    };
    format!(
        ":root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n{STYLE}",
        set(LIGHT),
        set(DARK)
    )
}

/// The mark in the brand's colour, as an icon for tabs.
pub fn icon(brand: &Brand) -> String {
    let (ground, ink) = (brand.accent(), brand.accent().text_on());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 28 28\"><rect width=\"28\" height=\"28\" rx=\"7\" fill=\"{ground}\"/>\
         <path d=\"{MARK_LINE}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"2\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/>\
         <circle cx=\"15\" cy=\"16.5\" r=\"2.6\" fill=\"{ink}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_carries_the_brands_colour_readable_on_both_grounds() {
        let yellow =
            Brand::configured(None, None, Some("#ffe600"), None).map(|brand| stylesheet(&brand));
        let css = yellow.unwrap_or_default();
        assert!(
            !css.starts_with(":root{--accent:#ffe600"),
            "yellow cannot be read on white"
        );
        assert!(
            css.contains("dark){:root{--accent:#ffe600;--on-accent:#000000}}"),
            "{}",
            &css[..200]
        );
    }

    #[test]
    fn neither_file_loads_anything_from_elsewhere() {
        for text in [STYLE, SCRIPT] {
            assert!(
                !text.contains("http")
                    && !text.contains("//")
                    && !text.contains("@import")
                    && !text.contains("url(")
            );
        }
        assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("eval"));
    }
}
