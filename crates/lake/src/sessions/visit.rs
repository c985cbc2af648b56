//! One session under way: everything a row of `sessions` says, as of the events seen so far.
//!
//! Where the specification leaves a choice: entry and exit page are those of the first and last screen view, and of the
//! first and last event with a path in a session without screen views. The profile is the last identified one (a visitor
//! who signs in becomes that user), else the first. Groups are all that its events name.

use std::sync::Arc;

use sightline_friction::{Friction, Kind};

use super::event::Event;

/// Origin and path of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub origin: Option<Box<str>>,
    pub path: Box<str>,
}

/// Where the columns taken from a session's first event are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opener {
    /// Which push brought the first event.
    pub chunk: u64,
    /// Which of the sessions opened by that push this is.
    pub row: usize,
}

/// A session under way.
#[derive(Debug)]
pub(super) struct Visit {
    pub session_id: Arc<str>,
    pub opener: Opener,
    pub profile_id: Option<Box<str>>,
    pub device_id: Option<Box<str>>,
    pub started_ms: i64,
    pub ended_ms: i64,
    pub entry: Option<Page>,
    pub exit: Option<Page>,
    pub screen_views: u32,
    pub events: u32,
    pub revenue: i64,
    pub groups: Vec<Box<str>>,
    pub friction: Friction,
    pub has_feedback: bool,
    /// Whether a screen view has named a page; until then other events say where the session entered and left.
    has_seen_page: bool,
}

impl Visit {
    /// A session that begins at `started_ms` and has no events yet.
    pub(super) fn new(session_id: Arc<str>, opener: Opener, started_ms: i64) -> Self {
        Self {
            session_id,
            opener,
            profile_id: None,
            device_id: None,
            started_ms,
            ended_ms: started_ms,
            entry: None,
            exit: None,
            screen_views: 0,
            events: 0,
            revenue: 0,
            groups: Vec::new(),
            friction: Friction::default(),
            has_feedback: false,
            has_seen_page: false,
        }
    }

    /// Takes in the session's next event.
    pub(super) fn add(&mut self, event: &Event<'_>) {
        self.friction.add(&event.moment(), &mut ());
        self.events = self.events.saturating_add(1);
        self.ended_ms = event.at_ms;
        self.add_person(event);
        self.add_page(event);
        match event.kind {
            Kind::Revenue => self.revenue = self.revenue.saturating_add(event.revenue),
            Kind::Feedback => self.has_feedback = true,
            _ => {}
        }
    }

    /// Notes a group one of its events names.
    pub(super) fn add_group(&mut self, group: &str) {
        if !self.groups.iter().any(|known| known.as_ref() == group) {
            self.groups.push(group.into());
        }
    }

    fn add_person(&mut self, event: &Event<'_>) {
        if self.device_id.is_none() {
            self.device_id = event.device_id.map(Into::into);
        }
        let Some(profile_id) = event.profile_id else {
            return;
        };
        let identified = event.device_id != Some(profile_id);
        let known = self.profile_id.as_deref();
        if known.is_none() || (identified && known != Some(profile_id)) {
            self.profile_id = Some(profile_id.into());
        }
    }

    fn add_page(&mut self, event: &Event<'_>) {
        let is_view = event.kind == Kind::ScreenView;
        if is_view {
            self.screen_views = self.screen_views.saturating_add(1);
        }
        let Some(path) = event.path else { return };
        if !is_view && self.has_seen_page {
            return;
        }
        if self.entry.is_none() || (is_view && !self.has_seen_page) {
            self.entry = Some(page(event.origin, path));
        }
        self.has_seen_page |= is_view;
        match &self.exit {
            Some(exit) if exit.path.as_ref() == path && exit.origin.as_deref() == event.origin => {}
            _ => self.exit = Some(page(event.origin, path)),
        }
    }
}

fn page(origin: Option<&str>, path: &str) -> Page {
    Page {
        origin: origin.map(Into::into),
        path: path.into(),
    }
}
