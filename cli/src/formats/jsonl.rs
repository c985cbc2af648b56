//! JSON Lines: one object a line, nested fields joined with dots. Empty lines are not rows.

use serde_json::{Map, Value};

use super::{FieldMap, fields::EventFields};
use crate::{input::Input, intake::Intake};

/// Reads all rows.
pub fn read(input: Input, map: &FieldMap, intake: &mut Intake) -> anyhow::Result<()> {
    let mut reader = input.into_reader();
    let mut bytes = Vec::new();
    let mut line: u64 = 0;
    loop {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        line += 1;
        let text = bytes
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(&bytes)
            .trim_ascii();
        if text.is_empty() {
            continue;
        }
        intake.count_row();
        let row =
            serde_json::from_slice::<Map<String, Value>>(text).map_err(|error| reason(&error));
        let fields = row.and_then(|row| {
            let mut fields = EventFields::default();
            set_all(&mut fields, map, "", &row)?;
            Ok(fields)
        });
        match fields.and_then(|fields| fields.write(intake.row())) {
            Ok(()) => intake.end_row()?,
            Err(reason) => intake.bad(format_args!("line {line}"), &reason)?,
        }
    }
}

fn set_all(
    fields: &mut EventFields,
    map: &FieldMap,
    prefix: &str,
    object: &Map<String, Value>,
) -> Result<(), String> {
    for (key, value) in object {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            Value::Object(inner) => set_all(fields, map, &name, inner)?,
            value => fields.set(&map.target(&name), value)?,
        }
    }
    Ok(())
}

/// The reason without serde's position: the line is told, and there is only one.
fn reason(error: &serde_json::Error) -> String {
    if error.is_data() {
        "it is not a JSON object".to_owned()
    } else {
        format!("it is not JSON (column {})", error.column())
    }
}
