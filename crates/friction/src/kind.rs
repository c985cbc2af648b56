//! What an event is to a session.
//!
//! What a property means here: `$click` names its element in `selector` or `element`, and a recorder marks a dead click with
//! `dead` = `true`; `$error` is a failed request when `type` or `kind` is `network`, and a JavaScript error otherwise; forms
//! are told apart by `form`, `form_id`, `form_name` or `selector`, and by their page when they have none of these.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The events with a meaning of their own, whatever a project calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltIn {
    /// A page or screen was seen.
    ScreenView,
    /// The visit is over, sent by the recorder.
    SessionEnd,
    /// Money came in, or went back.
    Revenue,
    /// A click or tap.
    Click,
    /// A JavaScript error or a failed request.
    Error,
    /// A form was begun.
    FormStart,
    /// A form was sent.
    FormSubmit,
    /// The visitor said something.
    Feedback,
}

/// What an event is to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page or screen was seen.
    ScreenView,
    /// The visit is over.
    SessionEnd,
    /// Money came in, or went back.
    Revenue,
    /// A click or tap.
    Click {
        /// The element's identity, when it names one.
        element: Option<u64>,
        /// The recorder saw that it did nothing.
        dead: bool,
    },
    /// A JavaScript error.
    JsError,
    /// A failed request.
    NetworkError,
    /// A form was begun.
    FormStart {
        /// The form's identity.
        form: u64,
    },
    /// A form was sent.
    FormSubmit {
        /// The form's identity.
        form: u64,
    },
    /// The visitor said something.
    Feedback,
    /// Anything else.
    Other,
}

/// The properties of an event.
pub trait Properties {
    /// The value of `key`, if it is set and not empty.
    fn get(&self, key: &str) -> Option<&str>;

    /// The element that was clicked.
    fn element(&self) -> Option<&str> {
        self.first(&["selector", "element"])
    }

    /// The form that was begun or sent, if it has a name.
    fn form(&self) -> Option<&str> {
        self.first(&["form", "form_id", "form_name", "selector"])
    }

    /// The first of `keys` that is set.
    fn first(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.get(key))
    }
}

impl Kind {
    /// What an event is, whose page has the identity `page`.
    pub fn of(built_in: Option<BuiltIn>, page: Option<u64>, properties: &impl Properties) -> Self {
        let form = || match properties.form() {
            Some(form) => identity(&form),
            None => identity(&page),
        };
        match built_in {
            None => Self::Other,
            Some(BuiltIn::ScreenView) => Self::ScreenView,
            Some(BuiltIn::SessionEnd) => Self::SessionEnd,
            Some(BuiltIn::Revenue) => Self::Revenue,
            Some(BuiltIn::Feedback) => Self::Feedback,
            Some(BuiltIn::FormStart) => Self::FormStart { form: form() },
            Some(BuiltIn::FormSubmit) => Self::FormSubmit { form: form() },
            Some(BuiltIn::Click) => Self::Click {
                element: properties.element().map(|element| identity(&element)),
                dead: properties
                    .get("dead")
                    .is_some_and(|dead| dead.eq_ignore_ascii_case("true") || dead == "1"),
            },
            Some(BuiltIn::Error) => {
                let network = |key| {
                    properties
                        .get(key)
                        .is_some_and(|kind| kind.eq_ignore_ascii_case("network"))
                };
                if network("type") || network("kind") {
                    Self::NetworkError
                } else {
                    Self::JsError
                }
            }
        }
    }
}

/// The identity of a page; an event without a path names none. Empty texts are absent ones.
pub fn page(origin: Option<&str>, path: Option<&str>) -> Option<u64> {
    path.map(|path| identity(&(origin, path)))
}

/// What equal things have in common.
pub fn identity(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
