//! What a project calls the built-in events.

use sightline_friction::BuiltIn;

/// Names of the built-in events that sessions look at. A name may have several spellings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNames {
    /// A page or screen was seen. Default `screen_view` and `$pageview`.
    pub screen_view: Vec<String>,
    /// The visit is over, sent by the recorder. Default `session_end`.
    pub session_end: Vec<String>,
    /// Money was earned. Default `revenue`.
    pub revenue: Vec<String>,
    /// A click or tap. Default `$click`.
    pub click: Vec<String>,
    /// A JavaScript error or a failed request. Default `$error`.
    pub error: Vec<String>,
    /// A form was begun. Default `$form_start`.
    pub form_start: Vec<String>,
    /// A form was sent. Default `$form_submit`.
    pub form_submit: Vec<String>,
    /// The visitor said something. Default `$feedback`.
    pub feedback: Vec<String>,
}

impl Default for EventNames {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            screen_view: names(&["screen_view", "$pageview"]),
            session_end: names(&["session_end"]),
            revenue: names(&["revenue"]),
            click: names(&["$click"]),
            error: names(&["$error"]),
            form_start: names(&["$form_start"]),
            form_submit: names(&["$form_submit"]),
            feedback: names(&["$feedback"]),
        }
    }
}

impl EventNames {
    /// The built-in event that is stored under `name`.
    pub(super) fn built_in(&self, name: &str) -> Option<BuiltIn> {
        [
            (&self.screen_view, BuiltIn::ScreenView),
            (&self.session_end, BuiltIn::SessionEnd),
            (&self.revenue, BuiltIn::Revenue),
            (&self.click, BuiltIn::Click),
            (&self.error, BuiltIn::Error),
            (&self.form_start, BuiltIn::FormStart),
            (&self.form_submit, BuiltIn::FormSubmit),
            (&self.feedback, BuiltIn::Feedback),
        ]
        .into_iter()
        .find(|(names, _)| names.iter().any(|known| known == name))
        .map(|(_, built_in)| built_in)
    }
}
