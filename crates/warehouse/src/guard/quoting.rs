//! What stands between quotes in ClickHouse's SQL, written so that it means the same to everybody.
//!
//! The engine is handed the statement as the parser writes it, and the parser writes texts without regard to backslashes: of `'a\\'` it
//! would make `'a\'`, whose last quote ClickHouse takes for a part of the text. So every text is read by ClickHouse's rules
//! (`parseComplexEscapeSequence`) before anything is parsed, and written anew without a quote in it.

use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::error::GuardError;

/// Writes every text anew; names with a quote or backslash in them are refused.
pub(super) fn plain(tokens: &mut [TokenWithSpan]) -> Result<(), GuardError> {
    for token in tokens {
        match &mut token.token {
            Token::SingleQuotedString(text) => {
                let meant = meaning(text).ok_or_else(|| {
                    GuardError::not_allowed("this escape in a text", "Write the character itself.")
                        .placed(token.span)
                })?;
                *text = written(&meant);
            }
            Token::Word(Word {
                value,
                quote_style: Some(_),
                keyword: _,
            }) if value.contains(['\\', '`', '"', '\'']) => {
                return Err(GuardError::not_allowed(
                    "a quote or backslash in a name",
                    "Columns with such names can only be read by SELECT *.",
                )
                .placed(token.span));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What ClickHouse reads in a text between single quotes. None for bytes that are no character by themselves.
fn meaning(between: &str) -> Option<String> {
    let mut meant = String::with_capacity(between.len());
    let mut rest = between.chars();
    while let Some(c) = rest.next() {
        match c {
            // A quote inside is written twice.
            '\'' => {
                rest.next()?;
                meant.push('\'');
            }
            '\\' => match rest.next()? {
                'a' => meant.push('\x07'),
                'b' => meant.push('\x08'),
                'e' => meant.push('\x1b'),
                'f' => meant.push('\x0c'),
                'n' => meant.push('\n'),
                'r' => meant.push('\r'),
                't' => meant.push('\t'),
                'v' => meant.push('\x0b'),
                '0' => meant.push('\0'),
                'x' => {
                    let digits: String = rest.by_ref().take(2).collect();
                    let byte = u8::from_str_radix(&digits, 16).ok()?;
                    meant.push(byte.is_ascii().then(|| char::from(byte))?);
                }
                // Nothing at all.
                'N' => {}
                quoted @ ('\\' | '\'' | '"' | '`' | '/' | '=') => meant.push(quoted),
                // The backslash stays: patterns are full of them.
                other => {
                    meant.push('\\');
                    meant.push(other);
                }
            },
            c => meant.push(c),
        }
    }
    Some(meant)
}

/// The text between quotes that means `meant` and has no quote in it.
fn written(meant: &str) -> String {
    meant.replace('\\', "\\\\").replace('\'', "\\x27")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_mean_what_clickhouse_reads_in_them() {
        for (between, meant) in [
            ("it''s", "it's"),
            ("it\\'s", "it's"),
            ("a\\\\", "a\\"),
            ("\\d+\\.\\_", "\\d+\\.\\_"),
            ("a\\nb\\x41\\N", "a\nbA"),
            ("\\\\d", "\\d"),
        ] {
            assert_eq!(meaning(between).as_deref(), Some(meant), "{between}");
        }
        assert_eq!(meaning("\\xff"), None);
        assert_eq!(meaning("\\xg1"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_means_the_same_and_cannot_end_the_text(meant in "[a'\\\\`\"n\u{e9}\n]{0,12}") {
            let between = written(&meant);
            prop_assert!(!between.contains('\''));
            // Backslashes come in pairs, or begin `\x27`.
            let pairs = between.replace("\\\\", "").replace("\\x27", "");
            prop_assert!(!pairs.contains('\\'));
            prop_assert_eq!(meaning(&between), Some(meant));
        }
    }
}
