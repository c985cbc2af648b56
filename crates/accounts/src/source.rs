//! Where a request comes from, as far as counting guesses goes.

use std::net::IpAddr;

/// An IPv4 address, or the /64 network of an IPv6 address: one household or machine gets at least that many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(String);

impl Source {
    /// The source with this address (`CF-Connecting-IP`). All that have none count as one.
    pub fn of_ip(address: &str) -> Self {
        Self(
            match address.trim().parse::<IpAddr>().map(|ip| ip.to_canonical()) {
                Ok(IpAddr::V4(ip)) => ip.to_string(),
                Ok(IpAddr::V6(ip)) => {
                    let [a, b, c, d, ..] = ip.segments();
                    format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
                }
                Err(_) => "unknown".to_owned(),
            },
        )
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_ipv6_network_are_one_source_and_mapped_ones_are_their_ipv4() {
        assert_eq!(
            Source::of_ip("2001:db8:1:2::1"),
            Source::of_ip("2001:db8:1:2:ffff::9")
        );
        assert_ne!(
            Source::of_ip("2001:db8:1:2::1"),
            Source::of_ip("2001:db8:1:3::1")
        );
        assert_eq!(
            Source::of_ip("::ffff:192.0.2.7"),
            Source::of_ip("192.0.2.7")
        );
        assert_ne!(Source::of_ip("192.0.2.7"), Source::of_ip("192.0.2.8"));
        assert_eq!(Source::of_ip("nonsense"), Source::of_ip(""));
    }
}
