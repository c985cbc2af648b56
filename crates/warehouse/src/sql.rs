//! SQL that cannot carry a user's text.
//!
//! A [`Sql`] fragment is made with [`sql!`](crate::sql) from literals of this program, allow-listed [`Identifier`]s,
//! whole numbers and [`Placeholder`]s. A `String` is not accepted, so pasting a user's text into a statement does not
//! compile (invariant 3: values are bound, identifiers come from an allow-list).

use std::fmt;

use crate::dialect::Dialect;
use crate::value::Value;

/// A piece of SQL text that came from this program, not from a user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sql(String);

/// Where a bound value stands in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder(String);

/// A column or table name out of an allow-list, quoted where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier(String);

impl Identifier {
    /// The entry of `allowed` equal to `name`, if there is one.
    ///
    /// The text kept is the allow-list's own; it is quoted all the same, since a project's extra columns may bear any name.
    pub fn from_list<'a>(name: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        allowed
            .into_iter()
            .find(|entry| *entry == name)
            .map(|entry| Self(entry.to_owned()))
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

impl Sql {
    /// The text, for a parser or a server.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `parts` with `separator` between them.
    pub fn join(parts: impl IntoIterator<Item = Self>, separator: &'static str) -> Self {
        let mut joined = String::new();
        for (index, part) in parts.into_iter().enumerate() {
            if index > 0 {
                joined.push_str(separator);
            }
            joined.push_str(&part.0);
        }
        Self(joined)
    }

    /// What [`sql!`](crate::sql) expands to: not for calling by hand.
    #[doc(hidden)]
    pub fn assemble(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&'static str> for Sql {
    fn from(literal: &'static str) -> Self {
        Self(literal.to_owned())
    }
}

impl From<Identifier> for Sql {
    fn from(identifier: Identifier) -> Self {
        Self(identifier.to_string())
    }
}

impl From<Placeholder> for Sql {
    fn from(placeholder: Placeholder) -> Self {
        Self(placeholder.0)
    }
}

mod sealed {
    /// Keeps [`super::Fragment`] from being implemented for text that a user could have written.
    pub trait Sealed {}
}

/// What may stand between the braces of [`sql!`](crate::sql).
pub trait Fragment: fmt::Display + sealed::Sealed {}

macro_rules! fragments {
    ($($kind:ty),* $(,)?) => {
        $(impl sealed::Sealed for $kind {}
        impl Fragment for $kind {})*
    };
}

fragments!(
    Sql,
    Identifier,
    Placeholder,
    &'static str,
    u8,
    u16,
    u32,
    u64,
    usize,
    i32,
    i64
);

impl<T: Fragment> sealed::Sealed for &T {}
impl<T: Fragment> Fragment for &T {}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lets [`sql!`](crate::sql) check that an argument is a [`Fragment`].
#[doc(hidden)]
pub fn fragment<F: Fragment>(fragment: F) -> impl fmt::Display {
    fragment
}

/// Builds a [`Sql`] fragment: `sql!("SELECT {name} FROM events WHERE {filter}", name, filter)`.
///
/// Reads like `format!`, with two differences: every argument must be a [`Fragment`], and nothing is captured from the
/// surroundings without being named. (`format_args!` refuses to capture when its literal comes out of a macro, here
/// `concat!`; so a `{variable}` that was not handed over as an argument is a compile error.)
///
/// ```
/// use sightline_warehouse::{Query, sql, DataFusionDialect};
///
/// let mut query = Query::new(&DataFusionDialect);
/// let name = query.bind("o'clock");
/// let statement = query.finish(sql!("SELECT count(*) AS n FROM events WHERE name = {name}", name));
/// assert_eq!(statement.sql.as_str(), "SELECT count(*) AS n FROM events WHERE name = $1");
/// ```
///
/// A user's text does not compile, handed over or captured:
///
/// ```compile_fail
/// let text = String::from("1; DROP TABLE events");
/// let _ = sightline_warehouse::sql!("SELECT {text}", text);
/// ```
///
/// ```compile_fail
/// let text = String::from("1; DROP TABLE events");
/// let _ = sightline_warehouse::sql!("SELECT {text}");
/// ```
#[macro_export]
macro_rules! sql {
    (@arguments $literal:literal [$($done:tt)*]) => {
        $crate::Sql::assemble(format!(concat!($literal), $($done)*))
    };
    (@arguments $literal:literal [$($done:tt)*] $name:ident = $value:expr $(, $($rest:tt)*)?) => {
        $crate::sql!(@arguments $literal [$($done)* $name = $crate::fragment(&$value),] $($($rest)*)?)
    };
    (@arguments $literal:literal [$($done:tt)*] $name:ident $(, $($rest:tt)*)?) => {
        $crate::sql!(@arguments $literal [$($done)* $name = $crate::fragment(&$name),] $($($rest)*)?)
    };
    ($literal:literal $(, $($rest:tt)*)?) => {
        $crate::sql!(@arguments $literal [] $($($rest)*)?)
    };
}

/// Collects the values of one statement while its SQL is being written.
pub struct Query<'d> {
    dialect: &'d dyn Dialect,
    values: Vec<Value>,
}

/// A finished statement: text with placeholders, and the values that belong to them, in order.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The text.
    pub sql: Sql,
    /// The value of the n-th placeholder, from the first.
    pub values: Vec<Value>,
}

impl<'d> Query<'d> {
    /// A query without values yet, for `dialect`.
    pub fn new(dialect: &'d dyn Dialect) -> Self {
        Self {
            dialect,
            values: Vec::new(),
        }
    }

    /// The dialect the query is written for.
    pub fn dialect(&self) -> &'d dyn Dialect {
        self.dialect
    }

    /// Binds a value and returns what stands for it in the text.
    pub fn bind(&mut self, value: impl Into<Value>) -> Placeholder {
        let value = value.into();
        let placeholder = Placeholder(self.dialect.placeholder(self.values.len() + 1, &value));
        self.values.push(value);
        placeholder
    }

    /// Binds every value and returns their placeholders with commas between them, for `IN (…)`.
    pub fn bind_all<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> Sql {
        let placeholders: Vec<Sql> = values
            .into_iter()
            .map(|value| self.bind(value).into())
            .collect();
        Sql::join(placeholders, ", ")
    }

    /// The statement: `sql` together with every value bound so far.
    pub fn finish(self, sql: Sql) -> Statement {
        Statement {
            sql,
            values: self.values,
        }
    }
}
