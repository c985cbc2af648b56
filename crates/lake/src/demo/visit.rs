//! One visit, told event by event, and its rows.

use super::{
    dice::Dice,
    world::{Device, Place, Source},
};
use crate::Rows;

/// What does not change during a visit.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub origin: &'static str,
    pub place: Place,
    pub device: Device,
    pub device_id: String,
    /// None where the site's recorder names no sessions.
    pub session_id: Option<String>,
    pub groups: Vec<String>,
    /// None for visitors who came by themselves.
    pub source: Option<Source>,
    pub sdk: (&'static str, &'static str),
}

/// One event of a visit.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub at_ms: i64,
    pub event_id: String,
    pub name: &'static str,
    pub path: String,
    title: String,
    profile_id: String,
    revenue: Option<i64>,
    duration_ms: Option<i64>,
    properties: Vec<(String, String)>,
}

/// A visit as it is told.
#[derive(Debug)]
pub(super) struct Visit {
    pub setting: Setting,
    pub moments: Vec<Moment>,
    pub profile_id: String,
    dice: Dice,
    at_ms: i64,
    path: String,
    title: String,
}

impl Visit {
    /// A visit that begins at `at_ms` with the page `path`.
    pub(super) fn begin(
        setting: Setting,
        profile_id: &str,
        dice: Dice,
        at_ms: i64,
        path: &str,
        title: &str,
    ) -> Self {
        let mut visit = Self {
            setting,
            moments: Vec::new(),
            profile_id: profile_id.to_owned(),
            dice,
            at_ms,
            path: path.to_owned(),
            title: title.to_owned(),
        };
        visit.event("session_start", &[]);
        visit.at_ms += 1;
        visit.event("screen_view", &[]);
        visit
    }

    /// The path of the page it is on.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Lets between `from` and `to` seconds pass.
    pub(super) fn wait_s(&mut self, from: i64, to: i64) {
        self.at_ms += self.dice.between(from * 1_000, to * 1_000);
    }

    /// Lets an exact time pass.
    pub(super) fn wait_ms(&mut self, ms: i64) {
        self.at_ms += ms;
    }

    /// Opens a page.
    pub(super) fn view(&mut self, path: &str, title: &str) {
        (self.path, self.title) = (path.to_owned(), title.to_owned());
        self.event("screen_view", &[]);
    }

    /// Something happens on the page.
    pub(super) fn event(&mut self, name: &'static str, properties: &[(&str, &str)]) {
        let properties = properties
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let event_id = format!("{:016x}{:016x}", self.dice.next(), self.dice.next());
        self.moments.push(Moment {
            at_ms: self.at_ms,
            event_id,
            name,
            path: self.path.clone(),
            title: self.title.clone(),
            profile_id: self.profile_id.clone(),
            revenue: None,
            duration_ms: None,
            properties,
        });
    }

    /// Money is earned, in minor units.
    pub(super) fn revenue(&mut self, minor_units: i64, properties: &[(&str, &str)]) {
        self.event("revenue", properties);
        if let Some(moment) = self.moments.last_mut() {
            moment.revenue = Some(minor_units);
        }
    }

    /// Something that took a while, in milliseconds.
    pub(super) fn timed(
        &mut self,
        name: &'static str,
        duration_ms: i64,
        properties: &[(&str, &str)],
    ) {
        self.event(name, properties);
        if let Some(moment) = self.moments.last_mut() {
            moment.duration_ms = Some(duration_ms);
        }
    }

    /// A click on an element.
    pub(super) fn click(&mut self, selector: &str, label: &str) {
        self.event("$click", &[("selector", selector), ("label", label)]);
    }

    /// `times` angry clicks on an element.
    pub(super) fn rage(&mut self, selector: &str, label: &str, times: u32) {
        for _ in 0..times {
            self.click(selector, label);
            self.at_ms += self.dice.between(140, 260);
        }
    }

    /// A script error.
    pub(super) fn script_error(&mut self, message: &str, source: &str) {
        self.event(
            "$error",
            &[
                ("type", "javascript"),
                ("message", message),
                ("source.file", source),
            ],
        );
    }

    /// A request that failed.
    pub(super) fn failed_request(&mut self, url: &str, status: &str) {
        self.event(
            "$error",
            &[
                ("type", "network"),
                ("message", "request failed"),
                ("url", url),
                ("status", status),
            ],
        );
    }

    /// The visit is over.
    pub(super) fn end(&mut self) {
        self.wait_s(2, 40);
        self.event("session_end", &[]);
    }

    /// True once in `1 / share` times.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.dice.chance(share)
    }

    /// The visit's own randomness.
    pub(super) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }
}

impl Moment {
    /// Appends the event as a row of `events`.
    pub(super) fn append(&self, setting: &Setting, rows: &mut Rows) {
        rows.text("event_id", &self.event_id)
            .instant("timestamp", self.at_ms)
            .text("name", self.name)
            .text("profile_id", &self.profile_id)
            .text("device_id", &setting.device_id)
            .text_if("session_id", setting.session_id.as_deref())
            .text("origin", setting.origin)
            .text("path", &self.path)
            .text("title", &self.title)
            .text("country", setting.place.country)
            .text("region", setting.place.region)
            .text("city", setting.place.city)
            .float("latitude", setting.place.latitude)
            .float("longitude", setting.place.longitude)
            .text("device", setting.device.device)
            .text_if("brand", set(setting.device.brand))
            .text_if("model", set(setting.device.model))
            .text("browser", setting.device.browser)
            .text("browser_version", setting.device.browser_version)
            .text("os", setting.device.os)
            .text_if("os_version", set(setting.device.os_version))
            .text("sdk_name", setting.sdk.0)
            .text("sdk_version", setting.sdk.1);
        if !setting.groups.is_empty() {
            rows.list("groups", &setting.groups);
        }
        if let Some(source) = &setting.source {
            rows.text_if("referrer", set(source.referrer))
                .text_if("referrer_name", set(source.name))
                .text_if("referrer_type", set(source.kind));
            let columns = [
                "utm_source",
                "utm_medium",
                "utm_campaign",
                "utm_content",
                "utm_term",
            ];
            for (column, value) in columns.into_iter().zip(source.utm) {
                rows.text_if(column, set(value));
            }
        }
        if let Some(revenue) = self.revenue {
            rows.int("revenue", revenue);
        }
        if let Some(duration_ms) = self.duration_ms {
            rows.int("duration_ms", duration_ms);
        }
        if !self.properties.is_empty() {
            rows.pairs("properties", &self.properties);
        }
        rows.end_row();
    }

    /// Who did it.
    pub(super) fn profile_id(&self) -> &str {
        &self.profile_id
    }
}

fn set(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
