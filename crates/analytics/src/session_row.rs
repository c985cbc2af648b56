//! A session as a row of an answer: what it was, what went wrong in it, and one line that says both.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_warehouse::InstantMs;

use crate::context::Context;
use crate::dashboard::Dashboard;
use crate::failure::Failure;
use crate::interval::instant;
use crate::numbers::rounded;

/// What a row says, for the reference.
pub(crate) const RULE: &str = "A row's `signals` are the counts above 0; `summary` says the session in one line; `replayUrl` is there when the session was recorded and the operator has a dashboard. `durationSeconds` is last minus first event; `bounced` means fewer than two screen views; `revenue` is of the session's `revenue` events.";

/// The columns of `sessions` a row is made of.
pub(crate) const COLUMNS: &str = "session_id, profile_id, started_at, ended_at, duration_ms, is_bounce, entry_path, exit_path, \
     screen_view_count, event_count, revenue, country, city, device, browser, os, referrer_name, utm_source, utm_campaign, \
     rage_clicks, dead_clicks, error_clicks, js_errors, network_errors, form_abandons, quick_backs, idle_ms, frustration_score, \
     has_feedback, has_replay";

/// A row of `sessions`.
#[derive(Debug, Deserialize)]
pub(crate) struct Stored {
    session_id: Option<String>,
    profile_id: Option<String>,
    started_at: String,
    ended_at: Option<String>,
    duration_ms: Option<i64>,
    is_bounce: Option<bool>,
    entry_path: Option<String>,
    exit_path: Option<String>,
    screen_view_count: Option<i64>,
    event_count: Option<i64>,
    revenue: Option<i64>,
    country: Option<String>,
    city: Option<String>,
    device: Option<String>,
    browser: Option<String>,
    os: Option<String>,
    referrer_name: Option<String>,
    utm_source: Option<String>,
    utm_campaign: Option<String>,
    rage_clicks: Option<i64>,
    dead_clicks: Option<i64>,
    error_clicks: Option<i64>,
    js_errors: Option<i64>,
    network_errors: Option<i64>,
    form_abandons: Option<i64>,
    quick_backs: Option<i64>,
    idle_ms: Option<i64>,
    frustration_score: Option<f64>,
    has_feedback: Option<bool>,
    has_replay: Option<bool>,
}

/// A session, as answered; what it does not have is left out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionRow {
    /// Its id; `get_session` tells what happened in it.
    session_id: String,
    /// When its first event was.
    started_at: String,
    /// Everything in one line.
    summary: String,
    /// The person, or the device while anonymous.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_id: Option<String>,
    /// From the first event to the last.
    duration_seconds: f64,
    /// Screen views.
    page_views: i64,
    /// Events of any kind.
    events: i64,
    /// Fewer than two screen views.
    bounced: bool,
    /// Where it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_path: Option<String>,
    /// Where it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_path: Option<String>,
    /// In major units of the project's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    revenue: Option<f64>,
    /// ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    browser: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    utm_source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    utm_campaign: Option<String>,
    /// 0 (none) to 100.
    frustration_score: f64,
    /// What went wrong, counted; absent if nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    signals: Option<SignalCounts>,
    /// Where the recording can be watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    replay_url: Option<String>,
}

/// The signals of a session; what there is none of is left out.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SignalCounts {
    /// Bursts of at least 3 clicks on one element within 1 s.
    #[serde(skip_serializing_if = "is_zero")]
    rage_clicks: i64,
    /// Clicks that did nothing.
    #[serde(skip_serializing_if = "is_zero")]
    dead_clicks: i64,
    /// Clicks that a JavaScript error followed within 1 s.
    #[serde(skip_serializing_if = "is_zero")]
    error_clicks: i64,
    /// JavaScript errors.
    #[serde(skip_serializing_if = "is_zero")]
    js_errors: i64,
    /// Failed requests.
    #[serde(skip_serializing_if = "is_zero")]
    network_errors: i64,
    /// Forms begun and not sent.
    #[serde(skip_serializing_if = "is_zero")]
    form_abandons: i64,
    /// Pages left within 5 s for the page before.
    #[serde(skip_serializing_if = "is_zero")]
    quick_backs: i64,
    /// Pauses of over a minute, summed.
    #[serde(skip_serializing_if = "is_zero_seconds")]
    idle_seconds: f64,
    /// The visitor said something.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    feedback: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_zero(count: &i64) -> bool {
    *count == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_zero_seconds(seconds: &f64) -> bool {
    *seconds == 0.0
}

impl Stored {
    /// When its first event was.
    pub(crate) fn started_ms(&self) -> Result<InstantMs, Failure> {
        instant(&self.started_at)
    }

    /// When its last event was.
    pub(crate) fn ended_ms(&self) -> Result<InstantMs, Failure> {
        match &self.ended_at {
            Some(ended_at) => instant(ended_at),
            None => self.started_ms(),
        }
    }

    /// Its id; empty for a file that lacks one.
    pub(crate) fn id(&self) -> String {
        self.session_id.clone().unwrap_or_default()
    }

    /// Whether money came in.
    pub(crate) fn has_revenue(&self) -> bool {
        self.revenue.unwrap_or(0) != 0
    }

    /// The row as answered.
    pub(crate) fn shown(&self, context: &Context<'_>) -> Result<SessionRow, Failure> {
        let signals = self.signals();
        let recorded = self.has_replay.unwrap_or(false);
        let dashboard = Dashboard::of(context).filter(|_| recorded);
        Ok(SessionRow {
            session_id: self.id(),
            started_at: context.local(&self.started_at)?,
            summary: self.summary(&signals),
            profile_id: text(&self.profile_id),
            duration_seconds: seconds(self.duration_ms),
            page_views: count(self.screen_view_count),
            events: count(self.event_count),
            bounced: self.is_bounce.unwrap_or(false),
            entry_path: text(&self.entry_path),
            exit_path: text(&self.exit_path),
            revenue: self
                .revenue
                .filter(|minor| *minor != 0)
                .map(|minor| context.money(minor)),
            country: text(&self.country),
            city: text(&self.city),
            device: text(&self.device),
            browser: text(&self.browser),
            os: text(&self.os),
            referrer_name: text(&self.referrer_name),
            utm_source: text(&self.utm_source),
            utm_campaign: text(&self.utm_campaign),
            frustration_score: self.frustration_score.unwrap_or(0.0),
            replay_url: dashboard.map(|dashboard| dashboard.session(&self.id())),
            signals: (signals != SignalCounts::default()).then_some(signals),
        })
    }

    fn signals(&self) -> SignalCounts {
        SignalCounts {
            rage_clicks: count(self.rage_clicks),
            dead_clicks: count(self.dead_clicks),
            error_clicks: count(self.error_clicks),
            js_errors: count(self.js_errors),
            network_errors: count(self.network_errors),
            form_abandons: count(self.form_abandons),
            quick_backs: count(self.quick_backs),
            idle_seconds: seconds(self.idle_ms),
            feedback: self.has_feedback.unwrap_or(false),
        }
    }

    /// `1 min 12 s, 4 page views, / → /checkout; mobile Safari, DE; 2 rage clicks, 5 JavaScript errors`.
    fn summary(&self, signals: &SignalCounts) -> String {
        let mut visit = vec![
            duration(count(self.duration_ms)),
            counted(count(self.screen_view_count), "page view"),
        ];
        visit.extend(match (text(&self.entry_path), text(&self.exit_path)) {
            (Some(entry), Some(exit)) if entry != exit => Some(format!("{entry} → {exit}")),
            (Some(only), _) | (None, Some(only)) => Some(only),
            (None, None) => None,
        });
        let device = [text(&self.device), text(&self.browser)];
        let device: Vec<String> = device.into_iter().flatten().collect();
        let with = [
            (!device.is_empty()).then(|| device.join(" ")),
            text(&self.country),
        ];
        let with: Vec<String> = with.into_iter().flatten().collect();
        let trouble: Vec<String> = [
            (signals.rage_clicks, "rage click"),
            (signals.dead_clicks, "dead click"),
            (signals.error_clicks, "error click"),
            (signals.js_errors, "JavaScript error"),
            (signals.network_errors, "network error"),
            (signals.form_abandons, "abandoned form"),
            (signals.quick_backs, "quick back"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| counted(number, name))
        .collect();
        [visit, with, trouble]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| part.join(", "))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

fn text(value: &Option<String>) -> Option<String> {
    value.clone().filter(|text| !text.is_empty())
}

fn count(value: Option<i64>) -> i64 {
    value.unwrap_or(0)
}

fn seconds(ms: Option<i64>) -> f64 {
    rounded(count(ms) as f64 / 1_000.0)
}

fn counted(number: i64, name: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {name}{plural}")
}

/// `45 s`, `12 min 5 s`, `2 h 3 min`.
fn duration(ms: i64) -> String {
    let seconds = ms / 1_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use serde_json::{Value as Json, json};

    /// A session as a statement answers it.
    pub(crate) fn stored(id: &str) -> Json {
        json!({
            "session_id": id, "profile_id": "p1", "started_at": "2026-11-19T10:00:00Z", "ended_at": "2026-11-19T10:01:12Z",
            "duration_ms": 72_000, "is_bounce": false, "entry_path": "/", "exit_path": "/checkout", "screen_view_count": 4,
            "event_count": 12, "revenue": 1_999, "country": "DE", "city": "", "device": "mobile", "browser": "Safari", "os": null,
            "referrer_name": null, "utm_source": "news", "utm_campaign": null, "rage_clicks": 2, "dead_clicks": 0, "error_clicks": 1,
            "js_errors": 5, "network_errors": null, "form_abandons": 0, "quick_backs": 0, "idle_ms": 61_500,
            "frustration_score": 86.5, "has_feedback": true, "has_replay": true,
        })
    }

    #[test]
    fn a_summary_says_the_visit_then_with_what_then_the_trouble() {
        let stored: Stored = serde_json::from_value(stored("s1")).unwrap();
        assert_eq!(
            stored.summary(&stored.signals()),
            "1 min 12 s, 4 page views, / → /checkout; mobile Safari, DE; 2 rage clicks, 1 error click, 5 JavaScript errors"
        );
    }

    #[test]
    fn a_session_of_nothing_has_a_summary_too() {
        let stored: Stored =
            serde_json::from_value(json!({"started_at": "2026-11-19T10:00:00Z"})).unwrap();
        assert_eq!(stored.summary(&stored.signals()), "0 s, 0 page views");
        assert_eq!(duration(7_380_000), "2 h 3 min");
    }
}
