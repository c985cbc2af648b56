//! The protocol revisions spoken here and what each of them knows.
//!
//! A revision is a date. Up to 2025-11-25 a client begins with `initialize` (the *legacy* era); from
//! 2026-07-28 on every request carries its version and stands alone (the *modern* era; specification
//! 2026-07-28, "Versioning and Compatibility"). Nothing here looks at a request: `era` does.

use std::fmt;

use serde::{Serialize, Serializer};

/// A revision of the Model Context Protocol, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    /// 2024-11-05
    V2024_11_05,
    /// 2025-03-26: the only one with JSON-RPC batches; assumed where a client names none.
    V2025_03_26,
    /// 2025-06-18: structured results, titles, resource links, the version header.
    V2025_06_18,
    /// 2025-11-25: icons; the last that begins with `initialize`.
    V2025_11_25,
    /// 2026-07-28: stateless.
    V2026_07_28,
}

impl Revision {
    /// All of them, newest first: the order in which we would like to speak them.
    pub const ALL: [Self; 5] = [
        Self::V2026_07_28,
        Self::V2025_11_25,
        Self::V2025_06_18,
        Self::V2025_03_26,
        Self::V2024_11_05,
    ];

    /// Those a request may name in its `_meta`. Only these are advertised by `server/discover`: a
    /// client that picked an older one from that list would send it without `initialize`.
    pub const MODERN: [Self; 1] = [Self::V2026_07_28];

    /// What `initialize` answers to a client that asks for a version we do not speak.
    pub const NEWEST_LEGACY: Self = Self::V2025_11_25;

    /// What a request without an `MCP-Protocol-Version` header speaks (2025-06-18, "Transports").
    pub const ASSUMED: Self = Self::V2025_03_26;

    /// The revision of that name, if it is spoken here.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|revision| revision.name() == name)
    }

    /// Its name on the wire, for example `2025-06-18`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Whether requests stand alone and results say their type, age and origin.
    #[must_use]
    pub fn is_modern(self) -> bool {
        self >= Self::V2026_07_28
    }

    /// Whether the body may be an array of messages. 2025-06-18 took batches away again.
    #[must_use]
    pub fn has_batches(self) -> bool {
        self == Self::V2025_03_26
    }

    /// Whether it knows `structuredContent`, `outputSchema`, `title`, `_meta` on definitions, and
    /// `resource_link` content.
    #[must_use]
    pub fn has_structured_results(self) -> bool {
        self >= Self::V2025_06_18
    }

    /// Whether it knows icons, and a description and website of the server.
    #[must_use]
    pub fn has_icons(self) -> bool {
        self >= Self::V2025_11_25
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Revision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_revision_is_found_by_its_name() {
        for revision in Revision::ALL {
            assert_eq!(Revision::named(revision.name()), Some(revision));
        }
        assert_eq!(Revision::named("2026-07-29"), None);
        assert_eq!(Revision::named(""), None);
    }

    #[test]
    fn the_order_of_revisions_is_the_order_of_their_dates() {
        assert!(Revision::ALL.windows(2).all(|pair| pair[0] > pair[1]));
        assert!(
            Revision::ALL
                .windows(2)
                .all(|pair| pair[0].name() > pair[1].name())
        );
    }

    #[test]
    fn only_2025_03_26_has_batches() {
        let with: Vec<_> = Revision::ALL
            .into_iter()
            .filter(|r| r.has_batches())
            .collect();
        assert_eq!(with, [Revision::V2025_03_26]);
    }
}
