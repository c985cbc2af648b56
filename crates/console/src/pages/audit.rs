//! The audit log.

use maud::html;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::moment::Moment;
use crate::path;
use crate::shell::{Page, Section, Shell};

/// Something that happened.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// When.
    pub at: Moment,
    /// What, in words.
    pub what: String,
    /// By whom: a person's name, or an app's.
    pub who: String,
    /// Further words: which app, which member, why.
    pub detail: String,
    /// Whether it is something to look at.
    pub alarming: bool,
}

/// What the page needs.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The rows, the latest first.
    pub rows: Vec<AuditRow>,
    /// Where older ones begin.
    pub older: Option<String>,
}

/// The page.
pub fn audit(shell: &Shell<'_>, data: &AuditPage) -> Page {
    let body = html! {
        h1 { "Audit log" }
        p class="lead" { "Sign-ins, connections, tokens and changes to members. No data that was read is recorded here." }
        @if data.rows.is_empty() { div class="empty" { p { "Nothing has happened yet." } } }
        @else {
            div class="scroll" tabindex="0" role="region" aria-label="Audit log" {
                table {
                    thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Who" } th scope="col" { "Details" } } }
                    tbody {
                        @for row in &data.rows {
                            tr {
                                td data-label="When" { (row.at) }
                                td data-label="What" { span class={ "tag" @if row.alarming { " warn" } } { (row.what) } }
                                td data-label="Who" { bdi { (row.who) } }
                                td data-label="Details" { bdi { (row.detail) } }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(older) = &data.older {
            p { a class="button quiet" href={ (path::AUDIT) "?before=" (utf8_percent_encode(older, NON_ALPHANUMERIC)) } { "Older" } }
        }
    };
    shell.wide("Audit log", Section::Audit, &body)
}
