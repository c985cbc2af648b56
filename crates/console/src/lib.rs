//! The console's pages: pure functions from typed data to HTML.
//!
//! Each page is one file in `pages`, with its data as a struct and [`Page`] as the result. [`Shell`] is what surrounds it: brand, navigation, the person
//! signed in, a message. Everything works without JavaScript; the one script file only adds copy buttons.
//!
//! What holds throughout:
//! - No I/O. What is shown is handed in, already allowed: pages decide nothing about access.
//! - Every text is escaped; no page carries inline style or script, and [`security_headers`] forbids both.
//! - Every form that changes something is a POST with a CSRF token ([`Csrf`]).

mod assets;
mod brand;
mod chart;
mod colour;
mod field;
mod headers;
mod moment;
pub mod pages;
pub mod path;
mod shell;

pub use assets::{ICON_PATH, SCRIPT, SCRIPT_PATH, STYLESHEET_PATH, icon, stylesheet};
pub use brand::{Brand, BrandRefused, Logo};
pub use colour::Colour;
pub use field::{Choice, Csrf};
pub use headers::security_headers;
pub use moment::Moment;
pub use shell::{Nav, Page, Section, Shell, Status, Tone};
