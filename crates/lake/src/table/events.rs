//! The columns of `events`.

use super::column;
use crate::{
    Column,
    ColumnKind::{Float, Int, Text, TextList, TextMap, TimestampMs},
};

pub(super) const COLUMNS: &[Column] = &[
    column(
        "event_id",
        Text,
        "identifies the event; unique within its day",
    ),
    column(
        "timestamp",
        TimestampMs,
        "when it happened, UTC, to the millisecond",
    ),
    column(
        "name",
        Text,
        "event name; built in: screen_view, session_start, session_end, revenue, $click, $error, $form_start, $form_submit, $feedback",
    ),
    column(
        "profile_id",
        Text,
        "who did it: user id, or the device_id while anonymous",
    ),
    column("device_id", Text, "the browser or installation"),
    column("session_id", Text, "the visit it belongs to"),
    column(
        "groups",
        TextList,
        "ids of the groups the profile acted for",
    ),
    column(
        "origin",
        Text,
        "scheme and host of the page, e.g. https://example.com",
    ),
    column("path", Text, "path of the page or screen, without query"),
    column("title", Text, "title of the page or screen"),
    column("referrer", Text, "URL of the page that led here"),
    column(
        "referrer_name",
        Text,
        "name of the referring site, e.g. Google",
    ),
    column(
        "referrer_type",
        Text,
        "kind of the referring site: search, social, email, ai, referral",
    ),
    column("utm_source", Text, "campaign source"),
    column("utm_medium", Text, "campaign medium"),
    column("utm_campaign", Text, "campaign name"),
    column("utm_content", Text, "campaign content"),
    column("utm_term", Text, "campaign term"),
    column("country", Text, "country, ISO 3166-1 alpha-2"),
    column("region", Text, "region or state"),
    column("city", Text, "city"),
    column("latitude", Float, "latitude in degrees"),
    column("longitude", Float, "longitude in degrees"),
    column("device", Text, "kind of device: desktop, mobile, tablet, …"),
    column("brand", Text, "maker of the device"),
    column("model", Text, "model of the device"),
    column("browser", Text, "browser"),
    column("browser_version", Text, "browser version"),
    column("os", Text, "operating system"),
    column("os_version", Text, "operating system version"),
    column(
        "duration_ms",
        Int,
        "how long it took, in milliseconds, where the sender measured it",
    ),
    column(
        "revenue",
        Int,
        "money earned, in minor units (cents) of the project's currency",
    ),
    column("sdk_name", Text, "library that sent the event"),
    column("sdk_version", Text, "version of that library"),
    column(
        "properties",
        TextMap,
        "everything else, text by key; nested keys are joined with dots",
    ),
];
