//! The rule as properties over whole histories: what is granted in any minute, and what is refused.

use proptest::prelude::*;

use super::*;

/// A request: ms since the one before, and units.
type Step = (u64, u32);

const START_MS: u64 = 1_790_000_000_000;

fn history() -> impl Strategy<Value = (u32, Vec<Step>)> {
    // Gaps of both kinds: bursts within a few ms, and pauses about as long as the window.
    let gap = prop_oneof![0..5u64, 0..3_000u64, 55_000..65_000u64];
    (
        1..20u32,
        prop::collection::vec((gap, prop_oneof![4 => Just(1u32), 1 => 1..30u32]), 1..200),
    )
}

/// What the rule says was in use just before `now_ms`, counted from the list of all grants.
fn in_use(grants: &[Grant], now_ms: u64) -> u32 {
    grants
        .iter()
        .filter(|grant| grant.at_ms <= now_ms && now_ms < grant.at_ms + WINDOW_MS)
        .map(|grant| grant.units)
        .sum()
}

/// Replays a history; every request with its instant, units and decision.
fn replay(limit: u32, steps: &[Step]) -> Vec<(u64, u32, Decision)> {
    let (mut window, mut now_ms) = (Window::default(), START_MS);
    steps
        .iter()
        .map(|(gap_ms, units)| {
            now_ms += gap_ms;
            (now_ms, *units, window.take(now_ms, *units, limit).0)
        })
        .collect()
}

fn grants_of(replayed: &[(u64, u32, Decision)]) -> Vec<Grant> {
    replayed
        .iter()
        .filter(|(.., decision)| decision.granted)
        .map(|(at_ms, units, _)| Grant {
            at_ms: *at_ms,
            units: *units,
        })
        .collect()
}

proptest! {
    #[test]
    fn no_minute_wherever_it_begins_is_granted_more_than_the_limit((limit, steps) in history()) {
        let grants = grants_of(&replay(limit, &steps));
        // A minute with the most grants can be moved until it begins with one.
        for first in &grants {
            let minute = first.at_ms..first.at_ms + WINDOW_MS;
            let granted: u32 = grants
                .iter()
                .filter(|grant| minute.contains(&grant.at_ms))
                .map(|grant| grant.units)
                .sum();
            prop_assert!(granted <= limit, "{granted} of {limit} from {}", first.at_ms);
        }
    }

    #[test]
    fn nothing_is_refused_while_the_last_minute_leaves_room((limit, steps) in history()) {
        let replayed = replay(limit, &steps);
        for (index, (now_ms, units, decision)) in replayed.iter().enumerate() {
            let used = in_use(&grants_of(&replayed[..index]), *now_ms);
            prop_assert_eq!(decision.used_before, used);
            prop_assert_eq!(decision.granted, used + units <= limit);
        }
    }

    #[test]
    fn whoever_waits_as_long_as_told_is_let_in_and_not_a_millisecond_earlier((limit, steps) in history()) {
        let (mut window, mut now_ms) = (Window::default(), START_MS);
        for (gap_ms, units) in steps {
            now_ms += gap_ms;
            let (decision, _) = window.take(now_ms, units, limit);
            if decision.granted || units > limit {
                continue;
            }
            let due_ms = now_ms + decision.fits_in_ms;
            prop_assert!(!window.clone().take(due_ms - 1, units, limit).0.granted);
            prop_assert!(window.clone().take(due_ms, units, limit).0.granted);
        }
    }

    #[test]
    fn until_it_is_told_that_units_are_freed_none_are((limit, steps) in history()) {
        let (mut window, mut now_ms) = (Window::default(), START_MS);
        for (gap_ms, units) in steps {
            now_ms += gap_ms;
            let (decision, _) = window.take(now_ms, units, limit);
            let used = |at_ms| window.clone().take(at_ms, 0, limit).0.used_before;
            let now = used(now_ms);
            prop_assert_eq!(used(now_ms + decision.frees_in_ms - 1), now);
            if now > 0 {
                prop_assert!(used(now_ms + decision.frees_in_ms) < now);
            }
        }
    }

    #[test]
    fn a_window_made_of_what_was_written_down_decides_like_the_one_that_wrote_it(
        (limit, steps) in history(),
        restart in any::<prop::sample::Index>(),
    ) {
        let (mut window, mut written, mut now_ms) = (Window::default(), Vec::<Grant>::new(), START_MS);
        let restart = restart.index(steps.len());
        for (index, (gap_ms, units)) in steps.into_iter().enumerate() {
            now_ms += gap_ms;
            if index == restart {
                let mut reread = Window::of(written.iter().rev().copied());
                reread.forget(now_ms);
                window.forget(now_ms);
                let total = |window: &Window| window.clone().take(now_ms, 0, limit).0;
                prop_assert_eq!(total(&reread), total(&window));
                window = reread;
            }
            let used = in_use(&written, now_ms);
            let (decision, grant) = window.take(now_ms, units, limit);
            prop_assert_eq!(decision.granted, used + units <= limit);
            written.extend(grant);
        }
    }

    #[test]
    fn a_clock_that_jumps_back_grants_no_more_than_the_limit(
        limit in 1..20u32,
        instants in prop::collection::vec(0..120_000u64, 1..100),
    ) {
        let mut window = Window::default();
        let (mut granted, mut latest) = (Vec::new(), 0);
        for offset in instants {
            latest = latest.max(START_MS + offset);
            let (decision, grant) = window.take(START_MS + offset, 1, limit);
            prop_assert!(!decision.granted || in_use(&granted, latest) < limit);
            granted.extend(grant);
        }
    }
}

#[test]
fn the_limit_is_reached_exactly_and_frees_one_by_one() {
    let mut window = Window::default();
    for second in 0..60 {
        let (decision, _) = window.take(START_MS + second * 1000, 1, 60);
        assert!(decision.granted);
        assert_eq!(decision.standing(1, 60).remaining, 59 - second as u32);
    }
    let (refused, grant) = window.take(START_MS + 59_999, 1, 60);
    assert_eq!((refused.granted, grant), (false, None));
    assert_eq!((refused.fits_in_ms, refused.frees_in_ms), (1, 1));
    assert!(window.take(START_MS + 60_000, 1, 60).0.granted);
    assert!(!window.take(START_MS + 60_999, 1, 60).0.granted);
}

#[test]
fn more_units_than_the_limit_never_fit_and_cost_nothing() {
    let mut window = Window::default();
    let (decision, grant) = window.take(START_MS, 61, 60);
    assert_eq!((decision.granted, grant), (false, None));
    assert_eq!(decision.fits_in_ms, WINDOW_MS);
    assert!(window.take(START_MS, 60, 60).0.granted);
}

#[test]
fn an_idle_window_holds_nothing() {
    let mut window = Window::default();
    let _ = window.take(START_MS, 1, 60);
    let _ = window.take(START_MS + 500, 1, 60);
    assert_eq!(window.empties_at_ms(), Some(START_MS + 60_500));
    window.forget(START_MS + 60_500);
    assert_eq!(window, Window::default());
    assert_eq!(window.empties_at_ms(), None);
}
