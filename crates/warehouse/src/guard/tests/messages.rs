//! What a model reads when its statement is refused: whole sentences, word for word.

use super::checked;

fn message(sql: &str) -> String {
    match checked(sql) {
        Ok(_) => panic!("accepted: {sql}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_misspelt_table_names_the_nearest_and_all() {
    assert_eq!(
        message("SELECT count(*)\nFROM evnts"),
        "There is no table `evnts` (line 2, column 6). Did you mean `events`? The tables are events, sessions, profiles, groups, gsc_daily."
    );
}

#[test]
fn a_misspelt_cte_names_the_nearest() {
    assert_eq!(
        message("WITH monthly AS (SELECT 1) SELECT * FROM montly"),
        "There is no table `montly` (line 1, column 42). Did you mean `monthly`? The tables are events, sessions, profiles, groups, gsc_daily."
    );
}

#[test]
fn a_qualified_table_says_why() {
    assert_eq!(
        message("SELECT * FROM public.events"),
        "`public.events` (line 1, column 15) is qualified: tables here have no schema or database before their name. \
         The tables are events, sessions, profiles, groups, gsc_daily."
    );
}

#[test]
fn a_misspelt_function_names_the_nearest() {
    assert_eq!(
        message("SELECT date_trnc('day', timestamp) FROM events"),
        "The function `date_trnc` (line 1, column 8) is not available. Did you mean `date_trunc` or `datetrunc`?"
    );
}

#[test]
fn a_function_of_another_database_says_what_does_the_same() {
    assert_eq!(
        message("SELECT json_extract(properties, '$.plan') FROM events"),
        "The function `json_extract` (line 1, column 8) is not available. Write property(properties, 'key')."
    );
}

#[test]
fn a_writing_statement_says_what_is_read() {
    assert_eq!(
        message("drop table events"),
        "`DROP` is not allowed: statements here only read. Write one that begins with SELECT, WITH or EXPLAIN."
    );
}

#[test]
fn a_second_statement_says_where_it_begins() {
    assert_eq!(
        message("SELECT 1;\nSELECT 2"),
        "Only one statement at a time: another begins at line 2, column 1. Send the first alone, or combine them with UNION ALL."
    );
}

#[test]
fn a_syntax_error_gives_line_and_column_and_what_was_found() {
    assert_eq!(
        message("SELECT name\nFROM events\nGROUP country"),
        "Syntax error at line 3, column 1: expected the end of the statement, found `GROUP`."
    );
    assert_eq!(
        message("SELECT FROM events"),
        "Syntax error at line 1, column 8: expected an expression, found `FROM`."
    );
    assert_eq!(
        message("SELECT (1"),
        "Syntax error at line 1, column 10: expected ), found the end of the statement."
    );
    assert_eq!(
        message("SELECT 'open"),
        "Syntax error at line 1, column 8: Unterminated string literal."
    );
}

#[test]
fn a_text_that_is_too_long_says_by_how_much() {
    let sql = format!("SELECT '{}'", "x".repeat(1 << 20));
    assert_eq!(
        message(&sql),
        "The statement has 1048585 bytes; at most 65536 are read. Shorten lists of values, or filter by a subquery instead."
    );
}

#[test]
fn a_construct_that_is_not_allowed_says_what_to_write() {
    assert_eq!(
        message("SELECT TOP 5 name FROM events"),
        "`TOP` is not allowed. Use LIMIT."
    );
    assert_eq!(
        message("SELECT * FROM events WHERE name = $1"),
        "the parameter `$1` is not allowed (line 1, column 35). Write the value itself; this tool has no parameters."
    );
}

#[test]
fn no_message_is_long_or_carries_control_characters() {
    let long = "x".repeat(60_000);
    for sql in [
        format!("SELECT * FROM {long}"),
        format!("SELECT {long}()"),
        format!("SELECT 1 {long} {long}"),
        long.clone(),
        format!("SELECT * FROM \"\u{1b}[31m{long}\""),
        format!("SELECT a.{long}()"),
        format!("SELECT * FROM a.{long}"),
        format!("SELECT CAST(1 AS {long})"),
        format!("SELECT extract({long} FROM timestamp) FROM events"),
        format!("SELECT '{long}' + + FROM"),
    ] {
        let message = message(&sql);
        assert!(message.chars().count() < 400, "{message}");
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }
}
