//! How far somebody got in a funnel: the best attempt in the events of one entity.
//!
//! An attempt begins with an event of the first step and takes each further step with the first event that can be it, another
//! one for each step, the last no later than the window after the first. Of all attempts the one that gets furthest counts; of
//! those the one that is there first; of those the one that began last. Events of the same millisecond may follow each other in
//! any order, unless the order is strict: then each step must come later than the one before.
//!
//! One pass in order of time suffices: of all attempts that have taken k steps, only the one that began last can get further than
//! the others, since it has the most time left.

/// The most steps a funnel may have.
pub const MOST_STEPS: u8 = 10;

/// What an attempt has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunnelRule {
    /// How many steps there are, at most [`MOST_STEPS`].
    pub steps: u8,
    /// How long after the first step the last may be.
    pub window_ms: i64,
    /// Whether each step must come later than the one before.
    pub strict: bool,
}

/// An event that can be a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunnelMoment {
    /// When.
    pub at_ms: i64,
    /// Which steps it can be: bit 0 is the first.
    pub steps: u16,
    /// What tells attempts apart: the smallest value of the events an attempt can have begun with is its own.
    pub value: u32,
}

/// How far somebody got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When each step was taken, from the first.
    pub times_ms: Vec<i64>,
    /// The value it began with.
    pub value: u32,
}

/// An attempt under way.
#[derive(Debug, Clone, Copy)]
struct Reached {
    times_ms: [i64; MOST_STEPS as usize],
    value: u32,
}

impl Reached {
    fn began_ms(&self) -> i64 {
        self.times_ms[0]
    }
}

/// The best attempt of an entity whose moments are in order of time; none if it never began.
pub fn best_attempt(rule: &FunnelRule, moments: &[FunnelMoment]) -> Option<Attempt> {
    let steps = usize::from(rule.steps.min(MOST_STEPS));
    // By steps taken, less one: the attempt that began last.
    let mut latest: [Option<Reached>; MOST_STEPS as usize] = [None; MOST_STEPS as usize];
    let mut best: Option<(usize, Reached)> = None;
    for together in moments.chunk_by(|one, other| one.at_ms == other.at_ms) {
        let before = latest;
        for taken in (0..steps).rev() {
            let Some(from) = start(rule, &before, taken, together) else {
                continue;
            };
            let more = if rule.strict {
                usize::from(can_take(together, taken))
            } else {
                steps_within(together, taken..steps)
            };
            let mut reached = from;
            for (step, kept) in latest.iter_mut().enumerate().skip(taken).take(more) {
                reached.times_ms[step] = together[0].at_ms;
                if kept.is_none_or(|kept| kept.began_ms() < reached.began_ms()) {
                    *kept = Some(reached);
                }
            }
        }
        let furthest = (0..steps)
            .rev()
            .find_map(|step| latest[step].map(|reached| (step + 1, reached)));
        if let Some((taken, reached)) = furthest
            && best.is_none_or(|(most, _)| most < taken)
        {
            best = Some((taken, reached));
        }
    }
    best.map(|(taken, reached)| Attempt {
        times_ms: reached.times_ms[..taken].to_vec(),
        value: reached.value,
    })
}

/// The attempt that has taken `taken` steps and may go on with these events; with none taken, the one that begins with them.
fn start(
    rule: &FunnelRule,
    before: &[Option<Reached>],
    taken: usize,
    together: &[FunnelMoment],
) -> Option<Reached> {
    let at_ms = together.first()?.at_ms;
    if taken > 0 {
        return before[taken - 1]
            .filter(|reached| at_ms.saturating_sub(reached.began_ms()) <= rule.window_ms);
    }
    let value = together
        .iter()
        .filter(|moment| moment.steps & 1 != 0)
        .map(|moment| moment.value)
        .min()?;
    Some(Reached {
        times_ms: [at_ms; MOST_STEPS as usize],
        value,
    })
}

fn can_take(together: &[FunnelMoment], step: usize) -> bool {
    together.iter().any(|moment| moment.steps >> step & 1 != 0)
}

/// How many of `steps`, from the first on, these events can be, each of them one: augmenting paths in the graph of events and steps.
fn steps_within(together: &[FunnelMoment], steps: std::ops::Range<usize>) -> usize {
    if let [only] = together {
        return usize::from(only.steps >> steps.start & 1 != 0);
    }
    let events = told_apart(together);
    let mut is_step: Vec<Option<usize>> = vec![None; events.len()];
    let mut taken = 0;
    for step in steps {
        let mut tried = vec![false; events.len()];
        if !find_event(step, &events, &mut is_step, &mut tried) {
            break;
        }
        taken += 1;
    }
    taken
}

/// The events' steps; of equal ones no more than there are steps.
fn told_apart(together: &[FunnelMoment]) -> Vec<u16> {
    let mut events: Vec<u16> = together.iter().map(|moment| moment.steps).collect();
    events.sort_unstable();
    let mut kept: Vec<u16> = Vec::new();
    for equal in events.chunk_by(|one, other| one == other) {
        kept.extend(equal.iter().take(usize::from(MOST_STEPS)));
    }
    kept
}

fn find_event(
    step: usize,
    events: &[u16],
    is_step: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for event in 0..events.len() {
        if events[event] >> step & 1 == 0 || tried[event] {
            continue;
        }
        tried[event] = true;
        let free = match is_step[event] {
            None => true,
            Some(other) => find_event(other, events, is_step, tried),
        };
        if free {
            is_step[event] = Some(step);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(at_ms: i64, steps: u16) -> FunnelMoment {
        FunnelMoment {
            at_ms,
            steps,
            value: 0,
        }
    }

    fn times(rule: &FunnelRule, moments: &[FunnelMoment]) -> Vec<i64> {
        best_attempt(rule, moments).map_or_else(Vec::new, |attempt| attempt.times_ms)
    }

    const RULE: FunnelRule = FunnelRule {
        steps: 3,
        window_ms: 100,
        strict: false,
    };

    #[test]
    fn the_attempt_that_gets_furthest_counts_and_not_the_first() {
        let moments = [moment(0, 1), moment(60, 1), moment(90, 2), moment(150, 4)];
        assert_eq!(times(&RULE, &moments), [60, 90, 150]);
        assert_eq!(times(&RULE, &moments[..1]), [0]);
        assert!(times(&RULE, &moments[2..]).is_empty());
    }

    #[test]
    fn the_window_runs_from_the_first_step_to_the_last_and_is_included() {
        let moments = |last| [moment(0, 1), moment(50, 2), moment(last, 4)];
        assert_eq!(times(&RULE, &moments(100)).len(), 3);
        assert_eq!(times(&RULE, &moments(101)).len(), 2);
    }

    #[test]
    fn equal_times_are_in_order_unless_it_is_strict_and_an_event_is_one_step_only() {
        let strict = FunnelRule {
            strict: true,
            ..RULE
        };
        let together = [moment(5, 4), moment(5, 2), moment(5, 1)];
        assert_eq!(times(&RULE, &together).len(), 3);
        assert_eq!(times(&strict, &together).len(), 1);
        // One event that can be all three is but one; the second has to make room for the third.
        assert_eq!(times(&RULE, &[moment(5, 7)]).len(), 1);
        assert_eq!(
            times(&RULE, &[moment(5, 6), moment(5, 2), moment(5, 1)]).len(),
            3
        );
    }

    /// Every attempt there is, by trying each event for each step.
    fn exhaustive(rule: &FunnelRule, moments: &[FunnelMoment]) -> Option<Vec<i64>> {
        let mut best: Option<Vec<i64>> = None;
        for (first, moment) in moments.iter().enumerate() {
            if moment.steps & 1 == 0 {
                continue;
            }
            let mut used = vec![false; moments.len()];
            used[first] = true;
            // Of this start: as far as it gets, and there as early as it can, step by step.
            let mut own = vec![moment.at_ms];
            extend(rule, moments, &mut vec![moment.at_ms], &mut used, &mut own);
            let key = |times: &Vec<i64>| {
                (
                    std::cmp::Reverse(times.len()),
                    times.last().copied(),
                    times.first().map(|first| std::cmp::Reverse(*first)),
                    times.clone(),
                )
            };
            if best.as_ref().is_none_or(|best| key(&own) < key(best)) {
                best = Some(own);
            }
        }
        best
    }

    fn extend(
        rule: &FunnelRule,
        moments: &[FunnelMoment],
        times: &mut Vec<i64>,
        used: &mut Vec<bool>,
        own: &mut Vec<i64>,
    ) {
        if times.len() > own.len() || (times.len() == own.len() && *times < *own) {
            own.clone_from(times);
        }
        if times.len() == usize::from(rule.steps) {
            return;
        }
        let (first, last) = (times[0], times[times.len() - 1]);
        for (index, moment) in moments.iter().enumerate() {
            let after = if rule.strict {
                moment.at_ms > last
            } else {
                moment.at_ms >= last
            };
            if used[index]
                || !after
                || moment.at_ms - first > rule.window_ms
                || moment.steps >> times.len() & 1 == 0
            {
                continue;
            }
            used[index] = true;
            times.push(moment.at_ms);
            extend(rule, moments, times, used, own);
            times.pop();
            used[index] = false;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_attempt_is_better_than_the_one_found(
            mut events in prop::collection::vec((0_i64..12, 1_u16..16), 0..9),
            steps in 2_u8..5,
            window_ms in 0_i64..12,
            strict in any::<bool>(),
        ) {
            events.sort_unstable();
            let moments: Vec<FunnelMoment> = events.iter().map(|(at_ms, steps)| moment(*at_ms, *steps)).collect();
            let rule = FunnelRule { steps, window_ms, strict };
            let found = best_attempt(&rule, &moments).map(|attempt| attempt.times_ms);
            prop_assert_eq!(found, exhaustive(&rule, &moments));
        }
    }
}
