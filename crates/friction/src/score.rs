//! One number for how bad a session was.

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

#[cfg(test)]
mod tests {
    use super::frustration_score;

    #[test]
    fn the_score_grows_from_0_towards_100() {
        assert_eq!(frustration_score(0, 0, 0, 0, 0, 0, 0), 0.0);
        assert_eq!(frustration_score(0, 0, 0, 0, 1, 0, 0), 9.5);
        assert_eq!(frustration_score(2, 1, 1, 0, 0, 0, 0), 63.2);
        assert_eq!(frustration_score(100, 0, 0, 0, 0, 0, 0), 100.0);
    }
}
