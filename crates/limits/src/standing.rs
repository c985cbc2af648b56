//! What a client is told about its limit, as header fields.
//!
//! The form is that of draft-ietf-httpapi-ratelimit-headers-11: lists of structured-field strings (RFC 9651) with parameters. One
//! policy, called `minute`.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::WINDOW_MS;

/// Draft §3: what is allowed.
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Draft §4: what is left.
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Where a client stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Units it may use in any minute.
    pub limit: u32,
    /// Units it may still use now.
    pub remaining: u32,
    /// Whole seconds, rounded up, for which there will be no more than `remaining`: until the oldest unit in use is free
    /// again. Not until all are; the window slides.
    pub resets_in_s: u64,
}

impl Standing {
    /// `RateLimit-Policy` (draft §3.1: `q` the quota, `w` the window in seconds).
    pub fn policy_value(&self) -> String {
        format!("\"minute\";q={};w={}", self.limit, WINDOW_MS / 1000)
    }

    /// `RateLimit` (draft §4.1: `r` the available quota, `t` the effective window in seconds).
    pub fn limit_value(&self) -> String {
        format!("\"minute\";r={};t={}", self.remaining, self.resets_in_s)
    }

    /// Adds both fields to an answer's headers.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            (RATELIMIT_POLICY, self.policy_value()),
            (RATELIMIT, self.limit_value()),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

/// Whole seconds, rounded up.
pub(crate) fn seconds(ms: u64) -> u64 {
    ms.div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Window;

    fn fields(standing: Standing) -> [String; 2] {
        let mut headers = HeaderMap::new();
        standing.add_to(&mut headers);
        ["ratelimit-policy", "ratelimit"].map(|name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        })
    }

    #[test]
    fn draft_3_and_4_both_fields_name_one_policy_with_integer_parameters() {
        let standing = Standing {
            limit: 60,
            remaining: 41,
            resets_in_s: 17,
        };
        assert_eq!(
            fields(standing),
            [r#""minute";q=60;w=60"#, r#""minute";r=41;t=17"#]
        );
    }

    #[test]
    fn draft_6_retry_after_lies_not_before_the_end_of_the_effective_window() {
        let mut window = Window::default();
        for at_ms in [1_000, 2_300, 4_700] {
            let _ = window.take(at_ms, 1, 3);
        }
        for units in 1..=3 {
            let (refused, _) = window.clone().take(5_000, units, 3);
            assert!(!refused.granted);
            assert!(refused.retry_after_s() >= refused.standing(units, 3).resets_in_s);
        }
    }

    #[test]
    fn a_client_that_used_nothing_has_its_whole_limit_for_a_whole_window() {
        let (nothing, _) = Window::default().take(1_000, 0, 60);
        assert_eq!(
            fields(nothing.standing(0, 60)),
            [r#""minute";q=60;w=60"#, r#""minute";r=60;t=60"#]
        );
    }
}
