//! The signals of trouble within one session.
//!
//! Rules, where the specification leaves a choice: clicks without an element are never a rage click. A burst on an element
//! ends with a pause of more than 1 s between clicks on it. A `session_end` neither proves a click alive nor that the
//! session went on. A click is an error click once, however many errors follow. A failed request is a network error and no
//! JavaScript error. Of one form, only the last start can be abandoned. Seeing the same page again is not a move.

use super::event::{Event, Kind, identity};

const RAGE_CLICKS: usize = 3;
const RAGE_WITHIN_MS: i64 = 1_000;
const DEAD_AFTER_MS: i64 = 2_000;
const ERROR_WITHIN_MS: i64 = 1_000;
const QUICK_BACK_WITHIN_MS: i64 = 5_000;
const IDLE_OVER_MS: i64 = 60_000;

/// Counts of the signals, and what is needed to notice the next one.
#[derive(Debug, Default)]
pub(super) struct Friction {
    pub rage_clicks: u32,
    pub dead_clicks: u32,
    pub error_clicks: u32,
    pub js_errors: u32,
    pub network_errors: u32,
    pub quick_backs: u32,
    pub idle_ms: i64,
    /// Elements clicked within the last second.
    bursts: Vec<Burst>,
    /// Instants of clicks of the last second that no error has followed.
    unexplained_clicks: Vec<i64>,
    /// The latest click, if nothing has followed it yet and the recorder did not already call it dead.
    unanswered_click_ms: Option<i64>,
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
struct View {
    page: u64,
    since_ms: i64,
}

impl Friction {
    /// Takes in the session's next event; `before_ms` is the instant of the one before it.
    pub(super) fn add(&mut self, event: &Event<'_>, before_ms: Option<i64>) {
        let at_ms = event.at_ms;
        let gap_ms = before_ms.map_or(0, |before| at_ms.saturating_sub(before));
        if gap_ms > IDLE_OVER_MS {
            self.idle_ms = self.idle_ms.saturating_add(gap_ms);
        }
        let page = event.page.or(self.page);
        if event.kind != Kind::SessionEnd {
            self.answer_click(at_ms, page);
        }
        self.page = page;
        match event.kind {
            Kind::ScreenView => self.view(at_ms, event.page),
            Kind::Click { element, dead } => {
                // The same element is one of the same page.
                let element = element.map(|element| identity(&(page, element)));
                self.click(at_ms, element, dead);
            }
            Kind::JsError => self.js_error(at_ms),
            Kind::NetworkError => self.network_errors = self.network_errors.saturating_add(1),
            Kind::FormStart { form } if !self.open_forms.contains(&form) => {
                self.open_forms.push(form)
            }
            Kind::FormSubmit { form } => self.open_forms.retain(|open| *open != form),
            _ => {}
        }
    }

    /// Forms begun and not sent so far.
    pub(super) fn form_abandons(&self) -> u32 {
        u32::try_from(self.open_forms.len()).unwrap_or(u32::MAX)
    }

    /// The session's frustration score, 0 to 100.
    pub(super) fn score(&self) -> f64 {
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

    fn answer_click(&mut self, at_ms: i64, page: Option<u64>) {
        let Some(click_ms) = self.unanswered_click_ms.take() else {
            return;
        };
        if at_ms.saturating_sub(click_ms) > DEAD_AFTER_MS && page == self.page {
            self.dead_clicks = self.dead_clicks.saturating_add(1);
        }
    }

    fn click(&mut self, at_ms: i64, element: Option<u64>, dead: bool) {
        if dead {
            self.dead_clicks = self.dead_clicks.saturating_add(1);
        } else {
            self.unanswered_click_ms = Some(at_ms);
        }
        self.unexplained_clicks
            .retain(|click_ms| at_ms.saturating_sub(*click_ms) <= ERROR_WITHIN_MS);
        self.unexplained_clicks.push(at_ms);
        self.bursts.retain(|burst| {
            burst
                .clicks_ms
                .last()
                .is_some_and(|last_ms| at_ms.saturating_sub(*last_ms) <= RAGE_WITHIN_MS)
        });
        if let Some(element) = element {
            self.burst(at_ms, element);
        }
    }

    fn burst(&mut self, at_ms: i64, element: u64) {
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
            .retain(|click_ms| at_ms.saturating_sub(*click_ms) <= RAGE_WITHIN_MS);
        burst.clicks_ms.push(at_ms);
        if burst.clicks_ms.len() >= RAGE_CLICKS && !burst.counted {
            burst.counted = true;
            self.rage_clicks = self.rage_clicks.saturating_add(1);
        }
    }

    fn js_error(&mut self, at_ms: i64) {
        self.js_errors = self.js_errors.saturating_add(1);
        let followed = self
            .unexplained_clicks
            .drain(..)
            .filter(|click_ms| at_ms.saturating_sub(*click_ms) <= ERROR_WITHIN_MS)
            .count();
        self.error_clicks = self
            .error_clicks
            .saturating_add(u32::try_from(followed).unwrap_or(u32::MAX));
    }

    fn view(&mut self, at_ms: i64, page: Option<u64>) {
        let Some(page) = page else { return };
        match self.viewed {
            Some(viewed) if viewed.page == page => {}
            Some(viewed) => {
                let quick = at_ms.saturating_sub(viewed.since_ms) <= QUICK_BACK_WITHIN_MS;
                if quick && self.viewed_before == Some(page) {
                    self.quick_backs = self.quick_backs.saturating_add(1);
                }
                self.viewed_before = Some(viewed.page);
                self.viewed = Some(View {
                    page,
                    since_ms: at_ms,
                });
            }
            None => {
                self.viewed = Some(View {
                    page,
                    since_ms: at_ms,
                })
            }
        }
    }
}

/// 0 to 100 with one decimal: 100·(1 − exp(−x/10)), where x weighs the signals (specification of the tables, sessions).
#[must_use]
pub fn frustration_score(
    rage_clicks: u32,
    dead_clicks: u32,
    error_clicks: u32,
    js_errors: u32,
    network_errors: u32,
    form_abandons: u32,
    quick_backs: u32,
) -> f64 {
    let x = 3.0 * f64::from(rage_clicks)
        + 2.0 * f64::from(dead_clicks)
        + 2.0 * f64::from(error_clicks)
        + 2.0 * f64::from(js_errors)
        + f64::from(network_errors)
        + 4.0 * f64::from(form_abandons)
        + f64::from(quick_backs);
    (1_000.0 * (1.0 - (-x / 10.0).exp())).round() / 10.0
}
