//! A session's events read one after the other: what each was, where, and which signals of trouble it gave.

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use sightline_friction::{
    BuiltIn, Friction, Kind, Moment as Noticed, Properties, Signal, idle_ms, page,
};
use sightline_warehouse::InstantMs;

use super::parts::{Element, ErrorSeen, Feedback, Form, Idle, TimelineRow};
use crate::context::Context;
use crate::event_names::{REVENUE, SCREEN_VIEW};
use crate::failure::Failure;
use crate::interval::instant;
use crate::numbers::rounded;

/// An event of the session, as a statement answers it.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    at: String,
    event_id: String,
    name: String,
    origin: Option<String>,
    path: Option<String>,
    title: Option<String>,
    revenue: Option<i64>,
    properties: Option<Map<String, Json>>,
}

impl Properties for Event {
    fn get(&self, key: &str) -> Option<&str> {
        self.properties
            .as_ref()?
            .get(key)?
            .as_str()
            .filter(|value| !value.is_empty())
    }
}

/// A moment of the session.
struct Moment<'e> {
    event: &'e Event,
    at_ms: InstantMs,
    kind: Kind,
    /// The path of its page, or of the one before where it names none.
    page: Option<&'e str>,
    signals: Vec<Signal>,
    /// How long nothing had happened before it, if that was over a minute.
    idle_ms: i64,
}

/// The moments of a session, in order.
pub(super) struct Moments<'e> {
    moments: Vec<Moment<'e>>,
    friction: Friction,
    context: &'e Context<'e>,
}

impl<'e> Moments<'e> {
    /// The moments of `events`, which are in order.
    pub(super) fn of(events: &'e [Event], context: &'e Context<'e>) -> Result<Self, Failure> {
        let mut friction = Friction::default();
        let mut signals: Vec<(Signal, u32)> = Vec::new();
        let mut moments: Vec<Moment<'e>> = Vec::with_capacity(events.len());
        for event in events {
            let at_ms = instant(&event.at)?;
            let (origin, path) = (text(&event.origin), text(&event.path));
            let page = page(origin, path);
            let kind = Kind::of(built_in(&event.name), page, event);
            friction.add(&Noticed { at_ms, kind, page }, &mut signals);
            let before = moments.last();
            moments.push(Moment {
                event,
                at_ms,
                kind,
                page: path.or(before.and_then(|moment| moment.page)),
                signals: Vec::new(),
                idle_ms: idle_ms(before.map(|moment| moment.at_ms), at_ms),
            });
        }
        for (signal, place) in signals {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            if let Some(moment) = moments.get_mut(place) {
                moment.signals.push(signal);
            }
        }
        Ok(Self {
            moments,
            friction,
            context,
        })
    }

    /// Every moment.
    pub(super) fn timeline(&self) -> Vec<TimelineRow> {
        self.moments
            .iter()
            .map(|moment| TimelineRow {
                offset_seconds: self.offset(moment.at_ms),
                kind: moment.kind_name(),
                page: moment.page(),
                label: self.label(moment),
                signals: moment.signals.iter().map(|signal| name(*signal)).collect(),
            })
            .collect()
    }

    /// What the moments are in order of.
    pub(super) fn keys(&self) -> Vec<Json> {
        self.moments
            .iter()
            .map(|moment| json!([moment.at_ms, moment.event.event_id]))
            .collect()
    }

    /// The elements with a signal, the worst first.
    pub(super) fn elements(&self) -> Vec<Element> {
        let mut elements: Vec<Element> = Vec::new();
        for moment in &self.moments {
            let Kind::Click { .. } = moment.kind else {
                continue;
            };
            let (page, selector) = (moment.page(), moment.event.element());
            let place = elements
                .iter()
                .position(|seen| seen.page == page && seen.element.as_deref() == selector)
                .unwrap_or_else(|| {
                    elements.push(Element {
                        page,
                        element: selector.map(str::to_owned),
                        label: moment.event.words(),
                        clicks: 0,
                        rage_clicks: 0,
                        dead_clicks: 0,
                        error_clicks: 0,
                    });
                    elements.len() - 1
                });
            let element = &mut elements[place];
            element.clicks += 1;
            for signal in &moment.signals {
                match signal {
                    Signal::RageClick => element.rage_clicks += 1,
                    Signal::DeadClick => element.dead_clicks += 1,
                    Signal::ErrorClick => element.error_clicks += 1,
                    Signal::QuickBack => {}
                }
            }
        }
        let trouble = |element: &Element| {
            3 * element.rage_clicks + 2 * element.dead_clicks + 2 * element.error_clicks
        };
        elements.retain(|element| trouble(element) > 0);
        // Stable: of equals, the one clicked first.
        elements.sort_by_key(|element| std::cmp::Reverse(trouble(element)));
        elements
    }

    /// The errors, the commonest first.
    pub(super) fn errors(&self) -> Vec<ErrorSeen> {
        let mut errors: Vec<ErrorSeen> = Vec::new();
        for moment in &self.moments {
            if !matches!(moment.kind, Kind::JsError | Kind::NetworkError) {
                continue;
            }
            let (kind, message, page) = (moment.kind_name(), moment.event.message(), moment.page());
            let same = errors
                .iter_mut()
                .find(|seen| seen.kind == kind && seen.message == message && seen.page == page);
            match same {
                Some(seen) => seen.count += 1,
                None => errors.push(ErrorSeen {
                    kind,
                    message,
                    page,
                    count: 1,
                    first_offset_seconds: self.offset(moment.at_ms),
                }),
            }
        }
        errors.sort_by_key(|error| std::cmp::Reverse(error.count));
        errors
    }

    /// The forms begun and not sent, in the order they were begun.
    pub(super) fn forms(&self) -> Vec<Form> {
        let mut open: Vec<(u64, Form)> = Vec::new();
        for moment in &self.moments {
            if let Kind::FormStart { form } = moment.kind
                && self.friction.is_open(form)
            {
                open.retain(|(begun, _)| *begun != form);
                open.push((
                    form,
                    Form {
                        form: moment.event.form().map(str::to_owned),
                        page: moment.page(),
                        offset_seconds: self.offset(moment.at_ms),
                    },
                ));
            }
        }
        open.into_iter().map(|(_, form)| form).collect()
    }

    /// The pauses, in order.
    pub(super) fn idle(&self) -> Vec<Idle> {
        self.moments
            .windows(2)
            .filter_map(|pair| {
                let [before, after] = pair else { return None };
                (after.idle_ms > 0).then(|| Idle {
                    offset_seconds: self.offset(before.at_ms),
                    duration_seconds: seconds(after.idle_ms),
                    page: before.page(),
                })
            })
            .collect()
    }

    /// What the visitor said, in order.
    pub(super) fn feedback(&self) -> Vec<Feedback> {
        self.moments
            .iter()
            .filter(|moment| moment.kind == Kind::Feedback)
            .map(|moment| Feedback {
                offset_seconds: self.offset(moment.at_ms),
                page: moment.page(),
                message: moment
                    .event
                    .first(&["message", "comment", "text"])
                    .map(str::to_owned),
                rating: moment.event.first(&["rating", "score"]).map(str::to_owned),
            })
            .collect()
    }

    fn offset(&self, at_ms: InstantMs) -> f64 {
        let first = self.moments.first().map_or(at_ms, |moment| moment.at_ms);
        seconds(at_ms - first)
    }

    fn label(&self, moment: &Moment<'_>) -> Option<String> {
        let event = moment.event;
        match moment.kind {
            Kind::ScreenView => text(&event.title).map(str::to_owned),
            Kind::Click { .. } => match (event.words(), event.element()) {
                (Some(words), Some(element)) => Some(format!("{words} ({element})")),
                (words, element) => words.or(element.map(str::to_owned)),
            },
            Kind::JsError | Kind::NetworkError => event.message(),
            Kind::FormStart { .. } | Kind::FormSubmit { .. } => event.form().map(str::to_owned),
            Kind::Revenue => event.revenue.map(|minor| {
                let currency = &self.context.project.currency;
                format!("{} {currency}", self.context.money(minor))
            }),
            Kind::Feedback | Kind::SessionEnd => None,
            Kind::Other if event.name == SESSION_START || event.name.is_empty() => None,
            Kind::Other => Some(event.name.clone()),
        }
    }
}

const SESSION_START: &str = "session_start";

impl Moment<'_> {
    fn page(&self) -> Option<String> {
        self.page.map(str::to_owned)
    }

    fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::ScreenView => "page_view",
            Kind::SessionEnd => "session_end",
            Kind::Revenue => "revenue",
            Kind::Click { .. } => "click",
            Kind::JsError => "js_error",
            Kind::NetworkError => "network_error",
            Kind::FormStart { .. } => "form_start",
            Kind::FormSubmit { .. } => "form_submit",
            Kind::Feedback => "feedback",
            Kind::Other if self.event.name == SESSION_START => "session_start",
            Kind::Other => "event",
        }
    }
}

impl Event {
    /// What a clicked element says.
    fn words(&self) -> Option<String> {
        self.first(&["label", "text"]).map(str::to_owned)
    }

    /// What an error says; of a failed request also which it was and how it was answered.
    fn message(&self) -> Option<String> {
        let request = [self.get("url"), self.get("status")];
        let parts = [self.first(&["message", "error"])]
            .into_iter()
            .chain(request);
        let parts: Vec<&str> = parts.flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// What an event of that shown name is.
fn built_in(name: &str) -> Option<BuiltIn> {
    Some(match name {
        SCREEN_VIEW => BuiltIn::ScreenView,
        REVENUE => BuiltIn::Revenue,
        "session_end" => BuiltIn::SessionEnd,
        "$click" => BuiltIn::Click,
        "$error" => BuiltIn::Error,
        "$form_start" => BuiltIn::FormStart,
        "$form_submit" => BuiltIn::FormSubmit,
        "$feedback" => BuiltIn::Feedback,
        _ => return None,
    })
}

fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::RageClick => "rage_click",
        Signal::DeadClick => "dead_click",
        Signal::ErrorClick => "error_click",
        Signal::QuickBack => "quick_back",
    }
}

fn text(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|text| !text.is_empty())
}

fn seconds(ms: i64) -> f64 {
    rounded(ms as f64 / 1_000.0)
}
