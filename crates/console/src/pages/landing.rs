//! The landing page: one URL, and how each client takes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::field::copyable;
use crate::shell::{Page, Section, Shell};

/// What the page needs.
#[derive(Debug, Clone)]
pub struct LandingPage<'a> {
    /// The URL of the MCP endpoint.
    pub endpoint: &'a str,
}

/// The page.
pub fn landing(shell: &Shell<'_>, data: &LandingPage<'_>) -> Page {
    let name = shell.brand.slug();
    let url = data.endpoint;
    let body = html! {
        section class="hero" {
            h1 { "Ask your analytics anything, from where you work" }
            p class="lead" {
                (shell.brand.name()) " is an MCP server. Give its address to your assistant, sign in in the browser, and say what it may read."
            }
            (copyable("endpoint", "Address of the MCP server", url))
        }
        h2 { "Connect a client" }
        div class="clients" {
            (client("Claude", "Web, desktop and phone", &html! {
                ol {
                    li { "Open " a href="https://claude.ai/settings/connectors" { "Settings, Connectors" } "." }
                    li { "Choose " strong { "Add custom connector" } " and paste the address above." }
                    li { "Press " strong { "Connect" } " and sign in." }
                }
            }))
            (client("Claude Code", "In a terminal", &copyable("claude-code", "Command for Claude Code", &format!("claude mcp add --transport http {name} {url}"))))
            (client("Cursor", "One click", &html! {
                a class="button" href=(cursor_link(name, url)) { "Add to Cursor" }
                (manual("cursor", "Or in ~/.cursor/mcp.json", &pretty(&json!({ "mcpServers": { name: { "url": url } } }))))
            }))
            (client("VS Code", "One click, with GitHub Copilot", &html! {
                a class="button" href=(vs_code_link(name, url)) { "Add to VS Code" }
                (manual("vs-code", "Or in .vscode/mcp.json", &pretty(&json!({ "servers": { name: { "type": "http", "url": url } } }))))
            }))
            (client("Codex", "In a terminal", &html! {
                (copyable("codex", "Command for Codex", &format!("codex mcp add {name} --url {url}")))
                p class="hint" { "Then sign in:" }
                (copyable("codex-login", "Command to sign in from Codex", &format!("codex mcp login {name}")))
            }))
            (client("Gemini CLI", "In a terminal", &copyable("gemini", "Command for Gemini CLI", &format!("gemini mcp add --transport http {name} {url}"))))
            (client("ChatGPT", "Web and desktop", &html! {
                ol {
                    li { "In Settings, Connectors, Advanced, turn on " strong { "developer mode" } "." }
                    li { "Choose " strong { "Create" } " and paste the address above as MCP server URL." }
                    li { "Keep OAuth as authentication, and sign in." }
                }
            }))
            (client("Any other client", "Streamable HTTP", &html! {
                p { "Anything that speaks MCP over HTTP connects by the address alone. Scripts use the token of an API client instead:" }
                (copyable("header", "Header for scripts", "Authorization: Bearer YOUR_TOKEN"))
            }))
        }
    };
    shell.wide("Connect", Section::Connect, &body)
}

fn client(name: &str, how: &str, body: &Markup) -> Markup {
    html! {
        article class="client" {
            h3 { (name) }
            p class="hint" { (how) }
            (body)
        }
    }
}

fn manual(id: &str, label: &str, text: &str) -> Markup {
    html! {
        details {
            summary { (label) }
            (copyable(id, label, text))
        }
    }
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}")
}

/// Cursor's install link: the server's configuration in base64.
fn cursor_link(name: &str, url: &str) -> String {
    let config = STANDARD.encode(json!({ "url": url }).to_string());
    format!(
        "cursor://anysphere.cursor-deeplink/mcp/install?name={}&config={}",
        encoded(name),
        encoded(&config)
    )
}

/// VS Code's install link: the server's configuration as the whole query.
fn vs_code_link(name: &str, url: &str) -> String {
    let config = json!({ "name": name, "type": "http", "url": url });
    format!("vscode:mcp/install?{}", encoded(&config.to_string()))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;

    use super::*;

    #[test]
    fn install_links_carry_the_servers_configuration() {
        let url = "https://mcp.example.com/mcp";
        let vs_code = vs_code_link("acme", url);
        let query = vs_code
            .strip_prefix("vscode:mcp/install?")
            .unwrap_or_default();
        let decoded = percent_decode_str(query).decode_utf8_lossy().into_owned();
        assert_eq!(
            decoded,
            r#"{"name":"acme","type":"http","url":"https://mcp.example.com/mcp"}"#
        );
        let cursor = cursor_link("acme", url);
        let config = cursor
            .strip_prefix("cursor://anysphere.cursor-deeplink/mcp/install?name=acme&config=")
            .map(|config| percent_decode_str(config).decode_utf8_lossy().into_owned())
            .and_then(|config| STANDARD.decode(config).ok());
        assert_eq!(
            config.as_deref(),
            Some(br#"{"url":"https://mcp.example.com/mcp"}"#.as_slice())
        );
    }
}
