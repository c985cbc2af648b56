//! What every query asks of the server besides its rows.
//!
//! They need `readonly` to be 0 or 2 for the user: with 1 a server takes no settings. What a query may cost on the server is for the
//! user's settings profile to say; here stand the limits of an answer.

use crate::limits::Limits;

/// How answers are written: instants in UTC, 64-bit numbers as numbers, tuples by name; and nothing can be written.
const ANSWER: [(&str, &str); 14] = [
    ("default_format", "JSONCompactEachRowWithNamesAndTypes"),
    ("readonly", "2"),
    // As in the standard; without it a UNION alone is an error.
    ("union_default_mode", "DISTINCT"),
    // And what a join does not find is null, not an empty text.
    ("join_use_nulls", "1"),
    ("session_timezone", "UTC"),
    ("date_time_output_format", "iso"),
    ("output_format_json_validate_utf8", "1"),
    ("output_format_json_quote_64bit_integers", "0"),
    ("output_format_json_quote_denormals", "0"),
    ("output_format_json_named_tuples_as_objects", "1"),
    ("cancel_http_readonly_queries_on_client_close", "1"),
    // An error comes before the first row then, and the summary is whole. Answers are small: what is too much is refused.
    ("wait_end_of_query", "1"),
    ("enable_http_compression", "1"),
    ("result_overflow_mode", "throw"),
];

/// What the tools' SQL means, where ClickHouse would have it otherwise: nulls as in the standard, columns before aliases.
const TOOLS: [(&str, &str); 5] = [
    ("aggregate_functions_null_for_empty", "1"),
    ("cast_keep_nullable", "1"),
    ("enable_extended_results_for_datetime_functions", "1"),
    ("precise_float_parsing", "1"),
    ("prefer_column_name_to_alias", "1"),
];

/// The settings of one question.
pub(super) fn of(limits: &Limits, filters: String) -> Vec<(&'static str, String)> {
    let mut settings: Vec<(&'static str, String)> = ANSWER
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    settings.push((
        "max_execution_time",
        limits.time.as_secs().max(1).to_string(),
    ));
    settings.push(("max_result_rows", limits.rows.to_string()));
    settings.push(("max_result_bytes", (limits.result_bytes * 4).to_string()));
    if !filters.is_empty() {
        settings.push(("additional_table_filters", filters));
    }
    settings
}

/// And of a tool's.
pub(super) fn of_tool(limits: &Limits, filters: String) -> Vec<(&'static str, String)> {
    let mut settings = of(limits, filters);
    settings.extend(
        TOOLS
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    settings
}

/// And of a user's: rows `offset..offset + rows`.
pub(super) fn of_user(
    limits: &Limits,
    filters: String,
    offset: usize,
    rows: usize,
) -> Vec<(&'static str, String)> {
    let mut settings = of(limits, filters);
    settings.push(("limit", rows.to_string()));
    settings.push(("offset", offset.to_string()));
    settings
}
