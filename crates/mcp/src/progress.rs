//! Progress of one call, on its way from the tool into the stream.
//!
//! The tool and the stream run on the same thread, the one inside the other: the stream polls the
//! call, the call reports, the stream takes what was reported. So a plain queue is enough.

use std::cell::RefCell;
use std::collections::VecDeque;

use rmcp::model::ProgressToken;
use serde::Serialize;
use serde_json::Number;

use crate::service::Progress;

/// Reports kept while nobody reads. Beyond that the oldest go: a newer one says more.
const QUEUED_REPORTS: usize = 64;

/// For calls whose client wants no progress.
pub(crate) struct NoProgress;

impl Progress for NoProgress {
    fn report(&self, _progress: f64, _total: Option<f64>, _message: Option<String>) {}
}

/// The `notifications/progress` of one call that have not been sent yet.
pub(crate) struct ProgressQueue {
    token: ProgressToken,
    state: RefCell<State>,
}

struct State {
    last: f64,
    waiting: VecDeque<Vec<u8>>,
}

impl ProgressQueue {
    pub fn new(token: ProgressToken) -> Self {
        let state = State {
            last: f64::NEG_INFINITY,
            waiting: VecDeque::new(),
        };
        Self {
            token,
            state: RefCell::new(state),
        }
    }

    /// The oldest notification that waits, as JSON.
    pub fn take(&self) -> Option<Vec<u8>> {
        self.state.borrow_mut().waiting.pop_front()
    }
}

impl Progress for ProgressQueue {
    fn report(&self, progress: f64, total: Option<f64>, message: Option<String>) {
        let mut state = self.state.borrow_mut();
        // False for NaN as well.
        let advances = progress.is_finite() && progress > state.last;
        if !advances {
            return;
        }
        let notification = Notification {
            jsonrpc: "2.0",
            method: "notifications/progress",
            params: Params {
                progress_token: &self.token,
                progress: number(progress),
                total: total.and_then(number),
                message,
            },
        };
        if let Ok(bytes) = serde_json::to_vec(&notification) {
            state.last = progress;
            if state.waiting.len() == QUEUED_REPORTS {
                state.waiting.pop_front();
            }
            state.waiting.push_back(bytes);
        }
    }
}

#[derive(Serialize)]
struct Notification<'a> {
    jsonrpc: &'static str,
    method: &'static str,
    params: Params<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    progress_token: &'a ProgressToken,
    progress: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Whole numbers without a decimal point: `3`, not `3.0`.
fn number(value: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole and below 2^53"
        )]
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rmcp::model::RequestId;

    use super::*;

    fn queue() -> ProgressQueue {
        ProgressQueue::new(ProgressToken(RequestId::String("t".into())))
    }

    fn taken(queue: &ProgressQueue) -> Vec<serde_json::Value> {
        std::iter::from_fn(|| queue.take())
            .filter_map(|bytes| serde_json::from_slice(&bytes).ok())
            .collect()
    }

    #[test]
    fn a_report_is_a_notification_with_the_clients_token() {
        let queue = queue();
        queue.report(3.0, Some(8.0), Some("files read".to_owned()));
        queue.report(3.5, None, None);
        let sent: Vec<_> = taken(&queue).iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(sent.join("\n"), @r#"
        {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":3,"total":8,"message":"files read"}}
        {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":3.5}}
        "#);
    }

    #[test]
    fn when_nobody_reads_the_newest_reports_are_kept() {
        let queue = queue();
        for at in 0..1000 {
            queue.report(f64::from(at), None, None);
        }
        let kept = taken(&queue);
        assert_eq!(kept.len(), QUEUED_REPORTS);
        assert_eq!(
            kept.last().map(|last| &last["params"]["progress"]),
            Some(&serde_json::json!(999))
        );
    }

    proptest! {
        #[test]
        fn whatever_a_tool_reports_progress_only_increases(reports in prop::collection::vec(any::<f64>(), 0..50)) {
            let queue = queue();
            for report in &reports {
                queue.report(*report, Some(*report), None);
            }
            let sent: Vec<f64> = taken(&queue).iter().filter_map(|n| n["params"]["progress"].as_f64()).collect();
            prop_assert!(sent.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", sent);
            prop_assert_eq!(sent.is_empty(), !reports.iter().any(|report| report.is_finite()));
        }
    }
}
