//! What the server's errors mean to whoever asked.
//!
//! An exception's text holds the statement, the tables' real names and at times values: of it only what a user's own SQL did wrong is
//! told, cut before the first of these. Codes are those of ClickHouse's `ErrorCodes`.

use super::transport::TransportFault;
use crate::author::Author;
use crate::error::WarehouseError;
use crate::limits::Limits;

const UNKNOWN_IDENTIFIER: i32 = 47;
const UNKNOWN_TABLE: i32 = 60;

/// An error of the server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exception {
    /// Its number.
    pub(super) code: i32,
    message: String,
}

impl Exception {
    /// The exception in a text: `Code: 47. DB::Exception: …`.
    pub(super) fn in_text(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once("Code: ")?;
        let (code, rest) = rest.split_once(". DB::")?;
        let (_, message) = rest.split_once("xception: ")?;
        Some(Self {
            code: code.trim().parse().ok()?,
            message: message.trim().to_owned(),
        })
    }

    /// What was wrong with the statement, without the statement.
    fn cause(&self) -> &str {
        const AFTER: [&str; 10] = [
            " In scope",
            " In query",
            " in scope",
            ": In scope",
            ": While processing",
            ": while ",
            ": While ",
            " (version ",
            ". Stack trace",
            "\n",
        ];
        let end = AFTER
            .iter()
            .filter_map(|after| self.message.find(after))
            .min()
            .unwrap_or(self.message.len());
        let cause = self.message[..end].trim_end();
        // The code's name in parentheses.
        match cause.rsplit_once(" (") {
            Some((cause, name))
                if name
                    .trim_end_matches(')')
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c == '_') =>
            {
                cause
            }
            _ => cause,
        }
        .trim_end_matches(['.', ':', ' '])
    }

    /// The first name the message quotes.
    fn quoted(&self) -> Option<&str> {
        let start = self.message.find(['`', '\''])?;
        let quote = self.message[start..].chars().next()?;
        let rest = &self.message[start + 1..];
        rest.find(quote).map(|end| &rest[..end])
    }
}

/// Why there are no rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failed {
    /// The server said so.
    Exception(Exception),
    /// It could not be asked.
    Transport(TransportFault),
    /// What answered is no ClickHouse.
    NotRows,
    /// An HTTP status, from before the server or in its place.
    Status(u16),
    /// There is more than an answer may have.
    TooLarge(String),
    /// It took too long.
    TimedOut,
}

impl From<TransportFault> for Failed {
    fn from(fault: TransportFault) -> Self {
        Self::Transport(fault)
    }
}

impl Failed {
    pub(super) fn too_large(limits: &Limits) -> Self {
        Self::TooLarge(format!(
            "The answer has more than {} rows or {} MB. Ask for fewer rows or columns, or aggregate.",
            limits.rows,
            limits.result_bytes / 1_000_000
        ))
    }

    /// For the operator, who may see all of it.
    pub(super) fn in_full(&self) -> String {
        match self {
            Self::Exception(exception) => {
                format!(
                    "The server said code {}: {}.",
                    exception.code,
                    exception.cause()
                )
            }
            Self::Transport(TransportFault::Unreachable) => {
                "No server could be reached there.".into()
            }
            Self::Transport(TransportFault::Certificate) => {
                "The server's certificate is not that of its name, or has expired.".into()
            }
            Self::NotRows => "What answers there is no ClickHouse.".into(),
            Self::Status(status) => format!("What answers there said HTTP {status}."),
            Self::TooLarge(sentence) => sentence.clone(),
            Self::TimedOut => "The server took too long.".into(),
        }
    }

    /// Whether what is known of the server's tables may be out of date.
    pub(super) fn doubts_the_tables(&self) -> bool {
        matches!(self, Self::Exception(exception) if [UNKNOWN_IDENTIFIER, UNKNOWN_TABLE].contains(&exception.code))
    }

    /// What it means to the author of the statement. `columns` are those the author could have named.
    pub(super) fn explain(
        &self,
        author: Author,
        limits: &Limits,
        columns: &[&str],
    ) -> WarehouseError {
        let operator = |what: &str| {
            WarehouseError::Misconfigured(format!(
                "{what} Whoever runs this server can find out more with `sightline check`; asking again will not help."
            ))
        };
        match self {
            Self::Exception(exception) => explain(exception, author, limits, columns),
            Self::Transport(TransportFault::Unreachable) => {
                WarehouseError::Unavailable("the warehouse could not be reached".into())
            }
            Self::Transport(TransportFault::Certificate) => operator(
                "The connection to the warehouse is not safe: its certificate is not that of its name, or has expired.",
            ),
            Self::NotRows => operator("What answers in the warehouse's place is no ClickHouse."),
            Self::Status(status @ (401 | 403)) => operator(&format!(
                "The warehouse did not let this server in (HTTP {status})."
            )),
            Self::Status(status @ (429 | 500..)) => {
                WarehouseError::Unavailable(format!("the warehouse said HTTP {status}"))
            }
            Self::Status(status) => operator(&format!(
                "What answers in the warehouse's place is no ClickHouse (HTTP {status})."
            )),
            Self::TooLarge(sentence) => WarehouseError::TooLarge(sentence.clone()),
            Self::TimedOut => WarehouseError::TimedOut {
                limit_s: limits.time.as_secs(),
            },
        }
    }
}

fn explain(
    exception: &Exception,
    author: Author,
    limits: &Limits,
    columns: &[&str],
) -> WarehouseError {
    let code = exception.code;
    let operator = |what: &str| {
        WarehouseError::Misconfigured(format!(
            "{what} (ClickHouse code {code}) Whoever runs this server can find out more with `sightline check`; asking again will not help."
        ))
    };
    match code {
        // AUTHENTICATION_FAILED, and what it was called before.
        192..=195 | 516 => {
            operator("The warehouse did not let this server in: its user or password is not right.")
        }
        // ACCESS_DENIED
        497 => operator("The warehouse's user may not do what this needs."),
        // READONLY, UNKNOWN_SETTING, SETTING_CONSTRAINT_VIOLATION
        164 => operator(
            "The warehouse's user takes no settings: its profile must have `readonly = 2`, not 1.",
        ),
        115 => operator(
            "The warehouse is too old: it does not know a setting this needs. ClickHouse 24.3 or later is needed.",
        ),
        452 => operator(
            "The warehouse's user may not change a setting this needs: its profile holds it fast.",
        ),
        // UNKNOWN_DATABASE
        81 => operator("The warehouse has no database of the name it was given."),
        // TIMEOUT_EXCEEDED, QUERY_WAS_CANCELLED by the same limit
        159 => WarehouseError::TimedOut {
            limit_s: limits.time.as_secs(),
        },
        // TOO_MANY_ROWS_OR_BYTES
        396 => Failed::too_large(limits).explain(author, limits, columns),
        // TOO_MANY_ROWS, TOO_MANY_BYTES, MEMORY_LIMIT_EXCEEDED and its like
        158 | 173 | 241 | 307 => WarehouseError::TooLarge(format!(
            "The query needs more than the warehouse allows one query to {}. Ask for a shorter range or fewer columns, group by \
             something with fewer values, or add a LIMIT to a sorted query.",
            if matches!(code, 158 | 307) {
                "read"
            } else {
                "hold in memory"
            }
        )),
        // TOO_MANY_SIMULTANEOUS_QUERIES, network errors between servers, cancelled or shut down, quotas, no replica left
        201 | 202 | 209 | 210 | 236 | 279 | 319 | 394 | 999 => {
            WarehouseError::Unavailable(format!("the warehouse said code {code}"))
        }
        UNKNOWN_IDENTIFIER if author == Author::User => {
            WarehouseError::Invalid(unknown_column(exception, columns))
        }
        UNKNOWN_IDENTIFIER | UNKNOWN_TABLE if author == Author::Tool => {
            operator("The warehouse lacks a table or column that this needs.")
        }
        _ if author == Author::User => {
            WarehouseError::Invalid(format!("The query does not work: {}.", exception.cause()))
        }
        _ => WarehouseError::internal(format!("ClickHouse code {code}: {}", exception.cause())),
    }
}

/// Names the columns nearest to one that does not exist.
fn unknown_column(exception: &Exception, columns: &[&str]) -> String {
    let Some(wrong) = exception.quoted() else {
        return format!("The query does not work: {}.", exception.cause());
    };
    let name = wrong.rsplit('.').next().unwrap_or(wrong);
    let mut names = columns.to_vec();
    names.sort_unstable();
    names.dedup();
    names.sort_by(|a, b| {
        let nearness = |column: &str| strsim::jaro_winkler(column, name);
        nearness(b).total_cmp(&nearness(a)).then(a.cmp(b))
    });
    names.truncate(5);
    let nearest: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "There is no column `{wrong}` here. The nearest are {}. get_schema lists every column.",
        nearest.join(", ")
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;

    fn told(text: &str, author: Author) -> String {
        let exception = Exception::in_text(text).unwrap();
        explain(
            &exception,
            author,
            &Limits::default(),
            &["profile_id", "path", "name"],
        )
        .to_string()
    }

    const UNKNOWN: &str = "Code: 47. DB::Exception: Unknown expression identifier `pth`. In scope WITH events AS (SELECT * FROM secret.events \
                           WHERE project_id = 'p') SELECT pth FROM events. (UNKNOWN_IDENTIFIER) (version 26.9.2.1)";

    #[test]
    fn a_users_mistake_is_told_without_the_statement() {
        assert_eq!(
            told(UNKNOWN, Author::User),
            "There is no column `pth` here. The nearest are `path`, `profile_id`, `name`. get_schema lists every column."
        );
        assert_eq!(
            told(
                "Code: 215. DB::Exception: Column 'path' is not under aggregate function and not in GROUP BY keys. In query SELECT 1. (NOT_AN_AGGREGATE)",
                Author::User
            ),
            "The query does not work: Column 'path' is not under aggregate function and not in GROUP BY keys."
        );
        assert_eq!(
            told(
                "Code: 43. DB::Exception: Illegal type String of argument for aggregate function sum. (ILLEGAL_TYPE_OF_ARGUMENT)",
                Author::User
            ),
            "The query does not work: Illegal type String of argument for aggregate function sum."
        );
    }

    #[test]
    fn what_the_operator_has_to_mend_says_so_and_nothing_of_the_installation() {
        for (text, tells) in [
            (UNKNOWN, "lacks a table or column"),
            (
                "Code: 516. DB::Exception: reader: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)",
                "did not let this server in",
            ),
            (
                "Code: 164. DB::Exception: reader: Cannot modify 'limit' setting in readonly mode. (READONLY)",
                "readonly = 2",
            ),
            (
                "Code: 115. DB::Exception: Unknown setting 'additional_table_filters'. (UNKNOWN_SETTING)",
                "too old",
            ),
        ] {
            let told = told(text, Author::Tool);
            assert!(
                told.contains(tells)
                    && told.contains("sightline check")
                    && !told.contains("reader")
                    && !told.contains("secret"),
                "{told}"
            );
        }
    }

    #[test]
    fn limits_of_the_server_are_told_as_those_of_the_engine() {
        assert!(
            told(
                "Code: 159. DB::Exception: Timeout exceeded: elapsed 20 seconds (TIMEOUT_EXCEEDED)",
                Author::Tool
            )
            .contains("after 20 s")
        );
        assert!(
            told(
                "Code: 241. DB::Exception: Query memory limit exceeded: would use 9 GiB (MEMORY_LIMIT_EXCEEDED)",
                Author::User
            )
            .contains("hold in memory")
        );
    }
}
