//! Rates, shares and money, rounded one way everywhere.

/// `part` of `whole` as a percentage with two decimals; of nothing, 0.
pub(crate) fn percent(part: i64, whole: i64) -> f64 {
    rounded(100.0 * ratio(part, whole))
}

/// `part` per `whole` with two decimals; per nothing, 0.
pub(crate) fn per(part: i64, whole: i64) -> f64 {
    rounded(ratio(part, whole))
}

/// Milliseconds as seconds with two decimals, spread over `count`; over nothing, 0.
pub(crate) fn mean_seconds(total_ms: i64, count: i64) -> f64 {
    rounded(ratio(total_ms, count) / 1_000.0)
}

/// Two decimals, halves away from zero.
pub(crate) fn rounded(value: f64) -> f64 {
    rounded_to(value, 2)
}

/// That many decimals, halves away from zero.
pub(crate) fn rounded_to(value: f64, decimals: u32) -> f64 {
    let scale = 10_f64.powi(decimals as i32);
    let rounded = (value * scale).round() / scale;
    // Minus zero would be written as `-0.0`.
    if rounded == 0.0 { 0.0 } else { rounded }
}

fn ratio(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// How many decimals a currency's minor unit stands for (ISO 4217); 2 for currencies not listed.
pub(crate) fn minor_digits(currency: &str) -> u32 {
    match currency.to_ascii_uppercase().as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// An amount in minor units as one in major units of `currency`.
pub(crate) fn major_units(minor: i64, currency: &str) -> f64 {
    minor as f64 / 10_f64.powi(minor_digits(currency) as i32)
}

/// An amount in major units of `currency` as one in minor units.
pub(crate) fn minor_units(major: f64, currency: &str) -> f64 {
    major * 10_f64.powi(minor_digits(currency) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_two_decimals_and_of_nothing_they_are_zero() {
        assert_eq!(percent(1, 3), 33.33);
        assert_eq!(percent(2, 3), 66.67);
        assert_eq!(percent(5, 0), 0.0);
        assert_eq!(per(7, 2), 3.5);
        assert_eq!(mean_seconds(123_456, 2), 61.73);
        assert_eq!(rounded(-0.001).to_string(), "0");
    }

    #[test]
    fn money_follows_its_currencys_minor_unit() {
        assert_eq!(major_units(123_456, "EUR"), 1234.56);
        assert_eq!(major_units(123_456, "jpy"), 123_456.0);
        assert_eq!(major_units(123_456, "KWD"), 123.456);
    }
}
