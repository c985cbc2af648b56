//! What is told of a session: rows of each part of the answer.

use schemars::JsonSchema;
use serde::Serialize;

/// A moment of the session.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TimelineRow {
    /// From the first event.
    pub(super) offset_seconds: f64,
    /// What it was.
    pub(super) kind: &'static str,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
    /// What was seen, clicked, said by the error, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    /// `rage_click`, `dead_click`, `error_click`, `quick_back`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) signals: Vec<&'static str>,
}

/// An element that confused.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Element {
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
    /// Its selector, if the clicks name one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) element: Option<String>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    /// Clicks on it.
    pub(super) clicks: u32,
    /// Bursts of at least 3 within 1 s.
    pub(super) rage_clicks: u32,
    /// Clicks that did nothing.
    pub(super) dead_clicks: u32,
    /// Clicks that a JavaScript error followed within 1 s.
    pub(super) error_clicks: u32,
}

/// An error.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorSeen {
    /// `js_error` or `network_error`.
    pub(super) kind: &'static str,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
    /// How often.
    pub(super) count: u32,
    /// The first time, from the session's first event.
    pub(super) first_offset_seconds: f64,
}

/// A form begun and not sent.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Form {
    /// Its name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) form: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
    /// When it was begun last, from the session's first event.
    pub(super) offset_seconds: f64,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Idle {
    /// When it began, from the session's first event.
    pub(super) offset_seconds: f64,
    /// How long it was.
    pub(super) duration_seconds: f64,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
}

/// What the visitor said.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feedback {
    /// From the session's first event.
    pub(super) offset_seconds: f64,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
    /// The words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    /// The rating, as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rating: Option<String>,
}
