//! Links into the operator's dashboard, made from their URL template with every part percent-encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::context::Context;

/// RFC 3986 unreserved characters stay as they are.
const PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The dashboard of one project.
pub(crate) struct Dashboard(String);

impl Dashboard {
    /// The project's dashboard, if the operator has one.
    pub(crate) fn of(context: &Context<'_>) -> Option<Self> {
        let template = context.environment.site.dashboard_url_template.as_deref()?;
        let project = context.project;
        Some(Self(
            template
                .trim_end_matches('/')
                .replace("{organizationId}", &encoded(&project.organization.id))
                .replace("{projectId}", &encoded(&project.id)),
        ))
    }

    /// A page, named by this program.
    pub(crate) fn page(&self, path: &'static str) -> String {
        format!("{}{path}", self.0)
    }

    /// The item called `id`, below a page.
    pub(crate) fn item(&self, path: &'static str, id: &str) -> String {
        format!("{}{path}{}", self.0, encoded(id))
    }

    /// A profile.
    pub(crate) fn profile(&self, id: &str) -> String {
        self.item("/profiles/", id)
    }

    /// A session.
    pub(crate) fn session(&self, id: &str) -> String {
        self.item("/sessions/", id)
    }
}

fn encoded(part: &str) -> String {
    utf8_percent_encode(part, PART).to_string()
}
