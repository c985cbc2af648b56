//! Why a statement was refused, in sentences for the model that wrote it.
//!
//! Every sentence says what was wrong and then what to write instead. What it quotes of the statement is cut to
//! [`QUOTED_CHARS`], so that an error is never larger than a few hundred characters.

use std::fmt::{self, Write};

use sqlparser::tokenizer::{Location, Span};
use thiserror::Error;

/// Most characters of a user's text that a message repeats.
pub(super) const QUOTED_CHARS: usize = 60;

/// Where in the statement: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl Place {
    /// The place where `span` begins, unless the parser did not record one.
    pub(super) fn of(span: Span) -> Option<Self> {
        Self::at(span.start)
    }

    /// The place of `location`, unless the parser did not record one.
    pub(super) fn at(location: Location) -> Option<Self> {
        (location.line > 0).then_some(Self {
            line: location.line,
            column: location.column,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A statement's refusal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GuardError {
    /// There is nothing to run.
    #[error("The statement is empty. Write one that begins with SELECT, WITH or EXPLAIN.")]
    Empty,
    /// The text is longer than is read at all.
    #[error(
        "The statement has {bytes} bytes; at most {limit} are read. Shorten lists of values, or filter by a subquery instead."
    )]
    TooLong {
        /// The length of the text.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// The statement is larger, when written out in full, than is worth running.
    #[error("The statement is too complex: {what}. {remedy}")]
    TooComplex {
        /// Which measure was exceeded, with its limit.
        what: String,
        /// How to stay below it.
        remedy: &'static str,
    },
    /// The text is not SQL.
    #[error("Syntax error{}: {message}.", at(.place.as_ref()))]
    Syntax {
        /// Where the parser gave up.
        place: Option<Place>,
        /// What it expected and what it found.
        message: String,
    },
    /// More than one statement.
    #[error(
        "Only one statement at a time: another begins at {place}. Send the first alone, or combine them with UNION ALL."
    )]
    SeveralStatements {
        /// Where the second begins.
        place: Place,
    },
    /// A statement that does something other than read.
    #[error(
        "`{verb}` is not allowed: statements here only read. Write one that begins with SELECT, WITH or EXPLAIN."
    )]
    NotReading {
        /// The statement's first word.
        verb: String,
    },
    /// A table the project does not have, or which is not this project's.
    #[error("There is no table `{name}`{}.{} {}", parenthesis(.place.as_ref()), did_you_mean(.nearest), table_list(.tables))]
    UnknownTable {
        /// The table as it was written.
        name: String,
        /// Where.
        place: Option<Place>,
        /// Allowed names that resemble it, the nearest first.
        nearest: Vec<String>,
        /// All allowed names.
        tables: Vec<String>,
    },
    /// A table name with a schema, a database or a server before it.
    #[error("`{name}`{} is qualified: tables here have no schema or database before their name. {}", parenthesis(.place.as_ref()), table_list(.tables))]
    QualifiedTable {
        /// The name as it was written.
        name: String,
        /// Where.
        place: Option<Place>,
        /// All allowed names.
        tables: Vec<String>,
    },
    /// A function outside the allow-list.
    #[error("The function `{name}`{} is not available.{}{}", parenthesis(.place.as_ref()), did_you_mean(.nearest), sentence(.instead))]
    UnknownFunction {
        /// The function as it was written.
        name: String,
        /// Where.
        place: Option<Place>,
        /// Allowed names that resemble it, the nearest first.
        nearest: Vec<String>,
        /// What does the same here, where that is known.
        instead: Option<&'static str>,
    },
    /// SQL that exists, but is not allowed here.
    #[error("{what} is not allowed{}. {instead}", parenthesis(.place.as_ref()))]
    NotAllowed {
        /// The construct.
        what: String,
        /// Where.
        place: Option<Place>,
        /// What to write instead.
        instead: &'static str,
    },
}

impl GuardError {
    /// A construct that is not allowed, and what to write instead.
    pub(super) fn not_allowed(what: impl Into<String>, instead: &'static str) -> Self {
        Self::NotAllowed {
            what: what.into(),
            place: None,
            instead,
        }
    }

    /// A measure that was exceeded, and how to stay below it.
    pub(super) fn too_complex(what: impl Into<String>, remedy: &'static str) -> Self {
        Self::TooComplex {
            what: what.into(),
            remedy,
        }
    }

    /// The same refusal, saying where, for kinds that have a place and were made without.
    pub(super) fn placed(mut self, span: Span) -> Self {
        if let Self::NotAllowed {
            place: place @ None,
            ..
        } = &mut self
        {
            *place = Place::of(span);
        }
        self
    }
}

/// `text` on one line, without control characters, cut to [`QUOTED_CHARS`].
///
/// What is cut off is not even formatted: a tree may be too deep for that.
pub(super) fn quoted(text: impl fmt::Display) -> String {
    let mut beginning = Beginning {
        text: String::new(),
        left: QUOTED_CHARS,
    };
    if write!(beginning, "{text}").is_err() {
        beginning.text.push('…');
    }
    beginning.text
}

/// The first word of what `text` would be written as.
pub(super) fn first_word(text: impl fmt::Display) -> String {
    let mut word = FirstWord(String::new());
    // It fails at the end of the word, which is where there is nothing left to do.
    let _ = write!(word, "{text}");
    quoted(word.0)
}

/// Takes so many characters, and then fails, which ends the formatting.
struct Beginning {
    text: String,
    left: usize,
}

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text
                .push(if character.is_control() || character == '`' {
                    ' '
                } else {
                    character
                });
        }
        Ok(())
    }
}

/// Takes letters and digits, and fails at anything else, before the formatting can descend any further.
struct FirstWord(String);

impl Write for FirstWord {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.find(|character: char| !character.is_alphanumeric());
        self.0
            .push_str(text.get(..end.unwrap_or(text.len())).unwrap_or_default());
        end.map_or(Ok(()), |_| Err(fmt::Error))
    }
}

fn at(place: Option<&Place>) -> String {
    place
        .map(|place| format!(" at {place}"))
        .unwrap_or_default()
}

fn parenthesis(place: Option<&Place>) -> String {
    place.map(|place| format!(" ({place})")).unwrap_or_default()
}

fn sentence(text: &Option<&'static str>) -> String {
    text.map(|text| format!(" {text}")).unwrap_or_default()
}

fn did_you_mean(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        names => format!(
            " Did you mean {}?",
            names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(" or ")
        ),
    }
}

fn table_list(names: &[String]) -> String {
    match names {
        [] => "This project has no tables with data yet.".to_owned(),
        names => format!("The tables are {}.", names.join(", ")),
    }
}
