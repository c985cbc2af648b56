//! Reads an answer as it comes: a line of names, a line of types, then a line for each row.
//!
//! What is no such line is an exception the server met on the way, or no answer of a ClickHouse at all. Nothing is kept beyond the
//! limits, however much is sent.

use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::Value as Json;

use super::cell::Cell;
use super::failure::{Exception, Failed};
use super::transport::{Body, TransportFault};
use crate::limits::Limits;
use crate::result::{ColumnInfo, ResultSet};

/// Bytes of a text that is no row which are read on, for an exception in it.
const MOST_TEXT: usize = 64 << 10;

/// The columns and rows of a body.
pub(super) async fn read(body: Body, limits: &Limits) -> Result<ResultSet, Failed> {
    let mut lines = Lines::new(body, limits.result_bytes);
    let names: Vec<String> = lines.row().await?.ok_or(Failed::NotRows)?;
    let types: Vec<String> = lines.row().await?.ok_or(Failed::NotRows)?;
    let cells: Vec<Cell> = types.iter().map(|data_type| Cell::of(data_type)).collect();
    let columns = names
        .into_iter()
        .zip(types)
        .map(|(name, data_type)| ColumnInfo { name, data_type });
    let mut result = ResultSet {
        columns: columns.collect(),
        ..ResultSet::default()
    };
    while let Some(row) = lines.row::<Vec<Json>>().await? {
        if result.rows.len() == limits.rows || lines.taken > limits.result_bytes {
            return Err(Failed::too_large(limits));
        }
        if row.len() != cells.len() {
            return Err(Failed::NotRows);
        }
        let row = row.into_iter().zip(&cells);
        result
            .rows
            .push(row.map(|(written, cell)| cell.read(written)).collect());
    }
    Ok(result)
}

/// The beginning of a body as text, for what is not to be read as rows.
pub(super) async fn text(mut body: Body) -> Result<String, TransportFault> {
    let mut text = Vec::new();
    while let Some(chunk) = body.next().await {
        text.extend_from_slice(&chunk?);
        if text.len() >= MOST_TEXT {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// A body, line by line.
struct Lines {
    body: Body,
    chunk: Bytes,
    /// The beginning of a line whose end has not come yet.
    held: Vec<u8>,
    longest: usize,
    /// Bytes of the lines so far.
    taken: usize,
}

impl Lines {
    fn new(body: Body, longest: usize) -> Self {
        Self {
            body,
            chunk: Bytes::new(),
            held: Vec::new(),
            longest,
            taken: 0,
        }
    }

    /// The next line as a row; none after the last.
    async fn row<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, Failed> {
        let Some(line) = self.line().await? else {
            return Ok(None);
        };
        if let Ok(row) = serde_json::from_slice(&line) {
            self.taken += line.len();
            return Ok(Some(row));
        }
        // The exception follows the rows, and may take several lines. After it the server breaks off: what has come is all there is.
        let (mut text, mut otherwise) = (line, Failed::NotRows);
        while text.len() < MOST_TEXT {
            match self.line().await {
                Ok(Some(more)) => {
                    text.push(b'\n');
                    text.extend_from_slice(&more);
                }
                Ok(None) => break,
                Err(failed) => {
                    otherwise = failed;
                    break;
                }
            }
        }
        let text = String::from_utf8_lossy(&text);
        Err(Exception::in_text(&text).map_or(otherwise, Failed::Exception))
    }

    /// The next line that is not empty.
    async fn line(&mut self) -> Result<Option<Vec<u8>>, Failed> {
        loop {
            if let Some(end) = self.chunk.iter().position(|byte| *byte == b'\n') {
                let end = self.chunk.split_to(end + 1);
                let mut line = std::mem::take(&mut self.held);
                line.extend_from_slice(&end[..end.len() - 1]);
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Ok(Some(line));
            }
            self.held.extend_from_slice(&self.chunk);
            if self.held.len() > self.longest {
                return Err(Failed::NotRows);
            }
            match self.body.next().await {
                Some(Ok(chunk)) => self.chunk = chunk,
                // What came before it broke off may say why.
                Some(Err(fault)) if self.held.is_empty() => return Err(fault.into()),
                Some(Err(fault)) => {
                    self.chunk = Bytes::new();
                    self.body = stream::once(async move { Err(fault) }).boxed_local();
                    return Ok(Some(std::mem::take(&mut self.held)));
                }
                None => {
                    self.chunk = Bytes::new();
                    let rest = std::mem::take(&mut self.held);
                    return Ok(Some(rest).filter(|rest| !rest.iter().all(u8::is_ascii_whitespace)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use futures::executor::block_on;
    use serde_json::json;

    const HEAD: &str = "[\"n\", \"at\"]\n[\"UInt64\", \"DateTime\"]\n";

    /// The answer when the text comes in pieces of `size` bytes.
    fn answer(text: &str, size: usize, limits: &Limits) -> Result<ResultSet, Failed> {
        let pieces: Vec<Result<Bytes, TransportFault>> = text
            .as_bytes()
            .chunks(size)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        block_on(read(stream::iter(pieces).boxed_local(), limits))
    }

    #[test]
    fn rows_are_the_same_however_they_are_cut() {
        let text = format!("{HEAD}[1, \"2026-01-01T00:00:00Z\"]\n[2, null]\n");
        for size in 1..text.len() {
            let answer = answer(&text, size, &Limits::default()).unwrap();
            assert_eq!(answer.columns[1].data_type, "DateTime");
            assert_eq!(
                json!(answer.rows),
                json!([[1, "2026-01-01T00:00:00.000Z"], [2, null]]),
                "{size}"
            );
        }
    }

    #[test]
    fn an_exception_after_the_first_rows_is_one() {
        for text in [
            "Code: 241. DB::Exception: Memory limit exceeded (MEMORY_LIMIT_EXCEEDED)\n",
            "\r\n__exception__\r\nabcdef\r\nCode: 241. DB::Exception: Memory limit (MEMORY_LIMIT_EXCEEDED)\r\n90 abcdef\r\n__exception__\r\n",
        ] {
            let failed = answer(&format!("{HEAD}[1, null]\n{text}"), 7, &Limits::default());
            let Err(Failed::Exception(exception)) = failed else {
                panic!("{failed:?}");
            };
            assert_eq!(exception.code, 241);
        }
    }

    #[test]
    fn an_exception_is_one_though_the_body_breaks_off_after_it() {
        for end in ["", "\n"] {
            let text = format!("{HEAD}[1, null]\nCode: 241. DB::Exception: Memory limit{end}");
            let came = Ok(Bytes::from(text));
            let broken = stream::iter([came, Err(TransportFault::Unreachable)]).boxed_local();
            let failed = block_on(read(broken, &Limits::default()));
            assert!(matches!(failed, Err(Failed::Exception(_))), "{failed:?}");
        }
        let came = Ok(Bytes::from(format!("{HEAD}[1, nu")));
        let broken = stream::iter([came, Err(TransportFault::Unreachable)]).boxed_local();
        let failed = block_on(read(broken, &Limits::default()));
        assert_eq!(
            failed.err(),
            Some(Failed::Transport(TransportFault::Unreachable))
        );
    }

    #[test]
    fn what_is_no_answer_of_a_clickhouse_is_said_to_be_none() {
        let long = "x".repeat(100);
        for text in ["", "<html>\n<body>", "{\"error\": 1}", "[\"n\"]\n", &long] {
            let limits = Limits {
                result_bytes: 50,
                ..Limits::default()
            };
            let failed = answer(text, 5, &limits);
            assert!(matches!(failed, Err(Failed::NotRows)), "{text}: {failed:?}");
        }
    }

    #[test]
    fn more_rows_or_bytes_than_allowed_are_refused() {
        let text = format!("{HEAD}{}", "[1, null]\n".repeat(4));
        for (rows, result_bytes) in [(3, 1_000), (9, 60)] {
            let limits = Limits {
                rows,
                result_bytes,
                ..Limits::default()
            };
            let failed = answer(&text, 64, &limits);
            assert!(matches!(failed, Err(Failed::TooLarge(_))), "{failed:?}");
        }
    }
}
