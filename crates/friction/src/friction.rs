//! The signals of trouble within one session.
//!
//! Rules, where the specification leaves a choice: clicks without an element are never a rage click. A burst on an element
//! ends with a pause of more than 1 s between clicks on it. A `session_end` neither proves a click alive nor that the
//! session went on. A click is an error click once, however many errors follow. A failed request is a network error and no
//! JavaScript error. Of one form, only the last start can be abandoned. Seeing the same page again is not a move.

use crate::kind::{Kind, identity};
use crate::score::frustration_score;

const RAGE_CLICKS: usize = 3;
const RAGE_WITHIN_MS: i64 = 1_000;
const DEAD_AFTER_MS: i64 = 2_000;
const ERROR_WITHIN_MS: i64 = 1_000;
const QUICK_BACK_WITHIN_MS: i64 = 5_000;
const IDLE_OVER_MS: i64 = 60_000;

/// An event, as far as signals go.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// When, in milliseconds.
    pub at_ms: i64,
    /// What.
    pub kind: Kind,
    /// The identity of its page ([`crate::page`]), when it names one.
    pub page: Option<u64>,
}

/// A signal that belongs to one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A burst of clicks on one element; the event is the click that made it one.
    RageClick,
    /// A click that did nothing.
    DeadClick,
    /// A click that a JavaScript error followed.
    ErrorClick,
    /// A page left at once for the page before; the event is the view of that page.
    QuickBack,
}

/// Told of each signal, and of the event it belongs to by its place in the session: 0 is the first.
pub trait Signals {
    /// There is a signal.
    fn noticed(&mut self, signal: Signal, event: u32);
}

/// For whoever only counts.
impl Signals for () {
    fn noticed(&mut self, _signal: Signal, _event: u32) {}
}

impl Signals for Vec<(Signal, u32)> {
    fn noticed(&mut self, signal: Signal, event: u32) {
        self.push((signal, event));
    }
}

/// Counts of the signals, and what is needed to notice the next one.
#[derive(Debug, Default)]
pub struct Friction {
    /// Bursts of at least 3 clicks on the same element within 1 s.
    pub rage_clicks: u32,
    /// Clicks that did nothing.
    pub dead_clicks: u32,
    /// Clicks that a JavaScript error followed within 1 s.
    pub error_clicks: u32,
    /// JavaScript errors.
    pub js_errors: u32,
    /// Failed requests.
    pub network_errors: u32,
    /// Pages left within 5 s for the page before.
    pub quick_backs: u32,
    /// Gaps over 60 s, summed.
    pub idle_ms: i64,
    /// Events so far.
    events: u32,
    /// When the last one was.
    last_ms: Option<i64>,
    /// Elements clicked within the last second.
    bursts: Vec<Burst>,
    /// Clicks of the last second that no error has followed.
    unexplained_clicks: Vec<Click>,
    /// The latest click, if nothing has followed it yet and the recorder did not already call it dead.
    unanswered_click: Option<Click>,
    open_forms: Vec<u64>,
    /// Page of the latest event that named one.
    page: Option<u64>,
    viewed: Option<View>,
    viewed_before: Option<u64>,
}

#[derive(Debug)]
struct Burst {
    element: u64,
    clicks_ms: Vec<i64>,
    counted: bool,
}

#[derive(Debug, Clone, Copy)]
struct Click {
    at_ms: i64,
    event: u32,
}

#[derive(Debug, Clone, Copy)]
struct View {
    page: u64,
    since_ms: i64,
}

impl Friction {
    /// Takes in the session's next event, and tells `signals` what it makes of it and of those before.
    pub fn add(&mut self, moment: &Moment, signals: &mut impl Signals) {
        let at_ms = moment.at_ms;
        let event = self.events;
        self.events = self.events.saturating_add(1);
        let gap_ms = idle_ms(self.last_ms, at_ms);
        self.idle_ms = self.idle_ms.saturating_add(gap_ms);
        self.last_ms = Some(at_ms);
        let page = moment.page.or(self.page);
        if moment.kind != Kind::SessionEnd {
            self.answer_click(at_ms, page, signals);
        }
        self.page = page;
        match moment.kind {
            Kind::ScreenView => self.view(Click { at_ms, event }, moment.page, signals),
            Kind::Click { element, dead } => {
                // The same element is one of the same page.
                let element = element.map(|element| identity(&(page, element)));
                self.click(Click { at_ms, event }, element, dead, signals);
            }
            Kind::JsError => self.js_error(at_ms, signals),
            Kind::NetworkError => self.network_errors = self.network_errors.saturating_add(1),
            Kind::FormStart { form } if !self.open_forms.contains(&form) => {
                self.open_forms.push(form)
            }
            Kind::FormSubmit { form } => self.open_forms.retain(|open| *open != form),
            _ => {}
        }
    }

    /// Whether that form was begun and not sent so far.
    pub fn is_open(&self, form: u64) -> bool {
        self.open_forms.contains(&form)
    }

    /// Forms begun and not sent so far.
    pub fn form_abandons(&self) -> u32 {
        u32::try_from(self.open_forms.len()).unwrap_or(u32::MAX)
    }

    /// The session's frustration score, 0 to 100.
    pub fn score(&self) -> f64 {
        frustration_score(
            self.rage_clicks,
            self.dead_clicks,
            self.error_clicks,
            self.js_errors,
            self.network_errors,
            self.form_abandons(),
            self.quick_backs,
        )
    }

    fn answer_click(&mut self, at_ms: i64, page: Option<u64>, signals: &mut impl Signals) {
        let Some(click) = self.unanswered_click.take() else {
            return;
        };
        if at_ms.saturating_sub(click.at_ms) > DEAD_AFTER_MS && page == self.page {
            self.dead_clicks = self.dead_clicks.saturating_add(1);
            signals.noticed(Signal::DeadClick, click.event);
        }
    }

    fn click(
        &mut self,
        click: Click,
        element: Option<u64>,
        dead: bool,
        signals: &mut impl Signals,
    ) {
        if dead {
            self.dead_clicks = self.dead_clicks.saturating_add(1);
            signals.noticed(Signal::DeadClick, click.event);
        } else {
            self.unanswered_click = Some(click);
        }
        let at_ms = click.at_ms;
        self.unexplained_clicks
            .retain(|before| at_ms.saturating_sub(before.at_ms) <= ERROR_WITHIN_MS);
        self.unexplained_clicks.push(click);
        self.bursts.retain(|burst| {
            burst
                .clicks_ms
                .last()
                .is_some_and(|last_ms| at_ms.saturating_sub(*last_ms) <= RAGE_WITHIN_MS)
        });
        if let Some(element) = element {
            self.burst(click, element, signals);
        }
    }

    fn burst(&mut self, click: Click, element: u64, signals: &mut impl Signals) {
        let at = self
            .bursts
            .iter()
            .position(|burst| burst.element == element)
            .unwrap_or_else(|| {
                self.bursts.push(Burst {
                    element,
                    clicks_ms: Vec::new(),
                    counted: false,
                });
                self.bursts.len() - 1
            });
        let burst = &mut self.bursts[at];
        burst
            .clicks_ms
            .retain(|click_ms| click.at_ms.saturating_sub(*click_ms) <= RAGE_WITHIN_MS);
        burst.clicks_ms.push(click.at_ms);
        if burst.clicks_ms.len() >= RAGE_CLICKS && !burst.counted {
            burst.counted = true;
            self.rage_clicks = self.rage_clicks.saturating_add(1);
            signals.noticed(Signal::RageClick, click.event);
        }
    }

    fn js_error(&mut self, at_ms: i64, signals: &mut impl Signals) {
        self.js_errors = self.js_errors.saturating_add(1);
        for click in self.unexplained_clicks.drain(..) {
            if at_ms.saturating_sub(click.at_ms) <= ERROR_WITHIN_MS {
                self.error_clicks = self.error_clicks.saturating_add(1);
                signals.noticed(Signal::ErrorClick, click.event);
            }
        }
    }

    fn view(&mut self, at: Click, page: Option<u64>, signals: &mut impl Signals) {
        let Some(page) = page else { return };
        match self.viewed {
            Some(viewed) if viewed.page == page => {}
            Some(viewed) => {
                let quick = at.at_ms.saturating_sub(viewed.since_ms) <= QUICK_BACK_WITHIN_MS;
                if quick && self.viewed_before == Some(page) {
                    self.quick_backs = self.quick_backs.saturating_add(1);
                    signals.noticed(Signal::QuickBack, at.event);
                }
                self.viewed_before = Some(viewed.page);
                self.viewed = Some(View {
                    page,
                    since_ms: at.at_ms,
                });
            }
            None => {
                self.viewed = Some(View {
                    page,
                    since_ms: at.at_ms,
                })
            }
        }
    }
}

/// How long a session was idle between two events: a gap over 60 s, or nothing.
#[must_use]
pub fn idle_ms(before_ms: Option<i64>, at_ms: i64) -> i64 {
    let gap_ms = before_ms.map_or(0, |before| at_ms.saturating_sub(before));
    if gap_ms > IDLE_OVER_MS { gap_ms } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Option<u64> = Some(1);

    fn session(moments: &[(i64, Kind, Option<u64>)]) -> (Friction, Vec<(Signal, u32)>) {
        let mut friction = Friction::default();
        let mut signals = Vec::new();
        for (at_ms, kind, page) in moments {
            let moment = Moment {
                at_ms: *at_ms,
                kind: *kind,
                page: *page,
            };
            friction.add(&moment, &mut signals);
        }
        (friction, signals)
    }

    fn click(element: u64) -> Kind {
        Kind::Click {
            element: Some(element),
            dead: false,
        }
    }

    #[test]
    fn the_third_click_within_a_second_makes_a_burst_and_the_fourth_none() {
        let (friction, signals) = session(&[
            (0, click(7), PAGE),
            (300, click(7), PAGE),
            (600, click(7), PAGE),
            (900, click(7), PAGE),
        ]);
        assert_eq!(friction.rage_clicks, 1);
        assert_eq!(signals, [(Signal::RageClick, 2)]);
    }

    #[test]
    fn a_click_is_dead_when_nothing_follows_for_two_seconds_on_the_same_page() {
        let (friction, signals) = session(&[
            (0, click(7), PAGE),
            (2_001, Kind::Other, PAGE),
            (3_000, click(8), PAGE),
            (9_000, Kind::ScreenView, Some(2)),
        ]);
        assert_eq!(friction.dead_clicks, 1);
        assert_eq!(signals, [(Signal::DeadClick, 0)]);
    }

    #[test]
    fn every_click_of_the_second_before_an_error_is_one_that_failed_and_only_once() {
        let (friction, signals) = session(&[
            (0, click(1), PAGE),
            (900, click(2), PAGE),
            (1_500, Kind::JsError, PAGE),
            (1_600, Kind::JsError, PAGE),
        ]);
        assert_eq!((friction.error_clicks, friction.js_errors), (1, 2));
        assert_eq!(signals, [(Signal::ErrorClick, 1)]);
    }

    #[test]
    fn going_straight_back_belongs_to_the_view_of_the_page_before() {
        let (_, signals) = session(&[
            (0, Kind::ScreenView, Some(1)),
            (60_000, Kind::ScreenView, Some(2)),
            (64_000, Kind::ScreenView, Some(1)),
        ]);
        assert_eq!(signals, [(Signal::QuickBack, 2)]);
    }

    #[test]
    fn a_form_is_open_until_it_is_sent() {
        let start = |form| Kind::FormStart { form };
        let (friction, _) = session(&[
            (0, start(1), PAGE),
            (1, start(2), PAGE),
            (2, start(1), PAGE),
            (3, Kind::FormSubmit { form: 1 }, PAGE),
        ]);
        assert_eq!(friction.form_abandons(), 1);
        assert!(friction.is_open(2) && !friction.is_open(1));
    }

    #[test]
    fn only_gaps_over_a_minute_are_idle() {
        let (friction, _) = session(&[
            (0, Kind::Other, PAGE),
            (60_000, Kind::Other, PAGE),
            (120_001, Kind::Other, PAGE),
        ]);
        assert_eq!(friction.idle_ms, 60_001);
    }
}
