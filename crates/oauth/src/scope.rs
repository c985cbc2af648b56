//! What a token allows: the scopes of the tool families.

use std::fmt;

use thiserror::Error;

/// The bundle that stands for all scopes.
const BUNDLE: &str = "mcp:analytics:read";

/// One scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Run SQL.
    Query,
    /// See tables, columns, event names and property keys.
    Schema,
    /// Read events.
    Events,
    /// Read sessions.
    Sessions,
    /// Read profiles and groups.
    Persons,
    /// Read reports, trends, funnels and the other ready-made answers.
    Insights,
}

impl Scope {
    /// All of them, in the order they are listed to people.
    pub const ALL: [Self; 6] = [
        Self::Query,
        Self::Schema,
        Self::Events,
        Self::Sessions,
        Self::Persons,
        Self::Insights,
    ];

    /// Its name in tokens and challenges.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "mcp:query:read",
            Self::Schema => "mcp:schema:read",
            Self::Events => "mcp:events:read",
            Self::Sessions => "mcp:sessions:read",
            Self::Persons => "mcp:persons:read",
            Self::Insights => "mcp:insights:read",
        }
    }

    /// The scope of that name. The bundle is not one scope but all: see [`ScopeSet::parse`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeSet(u8);

/// A scope that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a scope is unknown")]
pub struct UnknownScope;

impl ScopeSet {
    /// No scope.
    pub const NONE: Self = Self(0);

    /// Every scope: what the bundle `mcp:analytics:read` stands for.
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// The scopes of a `scope` parameter: names separated by spaces (RFC 6749 §3.3), the bundle expanded.
    ///
    /// # Errors
    /// If one of them does not exist.
    pub fn parse(text: &str) -> Result<Self, UnknownScope> {
        let mut scopes = Self::NONE;
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            scopes.0 |= match name {
                BUNDLE => Self::all().0,
                name => Scope::from_name(name).ok_or(UnknownScope)?.bit(),
            };
        }
        Ok(scopes)
    }

    /// Whether it holds `scope`.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether it holds all of `other`: nothing granted later may exceed what was granted first.
    pub fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Its scopes, in listed order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl From<Scope> for ScopeSet {
    fn from(scope: Scope) -> Self {
        Self(scope.bit())
    }
}

impl fmt::Display for ScopeSet {
    /// As a `scope` parameter: the bundle where it holds everything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::all() {
            return f.write_str(BUNDLE);
        }
        for (index, scope) in self.iter().enumerate() {
            write!(f, "{}{scope}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeSet({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_bundle_stands_for_every_scope() {
        assert_eq!(ScopeSet::parse("mcp:analytics:read"), Ok(ScopeSet::all()));
        assert!(
            Scope::ALL
                .into_iter()
                .all(|scope| ScopeSet::all().contains(scope))
        );
        assert_eq!(ScopeSet::all().to_string(), "mcp:analytics:read");
    }

    #[test]
    fn rfc_6749_3_3_scopes_are_separated_by_spaces_in_any_order() {
        let scopes = ScopeSet::parse("mcp:schema:read  mcp:query:read mcp:schema:read");
        assert_eq!(
            scopes.map(|scopes| scopes.to_string()),
            Ok("mcp:query:read mcp:schema:read".to_owned())
        );
        assert_eq!(ScopeSet::parse(""), Ok(ScopeSet::NONE));
    }

    #[test]
    fn an_unknown_scope_is_refused() {
        for text in [
            "mcp:query:write",
            "MCP:QUERY:READ",
            "openid",
            "mcp:query:read\tmcp:schema:read",
        ] {
            assert_eq!(ScopeSet::parse(text), Err(UnknownScope), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_set_reads_back_and_includes_exactly_its_parts(bits in 0_u8..64, other in 0_u8..64) {
            let scopes = ScopeSet(bits);
            prop_assert_eq!(ScopeSet::parse(&scopes.to_string()), Ok(scopes));
            let each = ScopeSet(other).iter().all(|scope| scopes.contains(scope));
            prop_assert_eq!(scopes.includes(ScopeSet(other)), each);
        }
    }
}
