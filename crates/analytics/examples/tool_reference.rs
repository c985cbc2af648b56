//! Prints the reference of the tools: `cargo run -p sightline-analytics --example tool_reference > docs/tools.md`.

fn main() {
    print!("{}", sightline_analytics::reference());
}
