//! CSV with a header line. Lines that are broken are bad rows, the others are read on.

use serde_json::Value;

use super::{FieldMap, fields::EventFields};
use crate::{input::Input, intake::Intake};

/// Reads all rows.
pub fn read(input: Input, map: &FieldMap, intake: &mut Intake) -> anyhow::Result<()> {
    let is_tsv = input.is_named_tsv();
    let mut reader = input.into_reader();
    let delimiter = if is_tsv {
        b'\t'
    } else {
        delimiter(reader.fill_buf()?)
    };
    let mut csv = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(reader);
    let headers = csv.headers()?.clone();
    let names: Vec<&str> = headers
        .iter()
        .map(|name| name.trim_start_matches('\u{FEFF}').trim())
        .collect();
    map.check(intake.file(), &names)?;
    let targets: Vec<_> = names.iter().map(|name| map.target(name)).collect();
    let mut record = csv::StringRecord::new();
    loop {
        let line = csv.position().line();
        match csv.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                intake.count_row();
                let line = record.position().map_or(line, csv::Position::line);
                let mut fields = EventFields::default();
                let set = targets
                    .iter()
                    .zip(&record)
                    .try_for_each(|(target, value)| fields.set(target, &Value::from(value)));
                match set.and_then(|()| fields.write(intake.row())) {
                    Ok(()) => intake.end_row()?,
                    Err(reason) => intake.bad(format_args!("line {line}"), &reason)?,
                }
            }
            Err(error) => {
                if error.is_io_error() {
                    return Err(error.into());
                }
                intake.count_row();
                let line = error.position().map_or(line, csv::Position::line);
                intake.bad(format_args!("line {line}"), &reason(error.kind()))?;
            }
        }
    }
}

/// The separator the header line uses most.
fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let times = |delimiter: &u8| line.iter().filter(|byte| *byte == delimiter).count();
    // Of equally frequent ones the last wins: the comma.
    [b';', b'\t', b',']
        .into_iter()
        .max_by_key(times)
        .unwrap_or(b',')
}

fn reason(error: &csv::ErrorKind) -> String {
    match error {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("it has {len} fields, and the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => "it is not CSV".to_owned(),
    }
}
