//! Named fields of a row, as columns of `events`.
//!
//! A field is a column if `--map` says so or if it bears the column's name; a field `properties` holds properties, and every
//! other field is a property itself (a leading `properties.` is dropped). Nested fields are joined with dots first. A row
//! needs a `timestamp` and a `name`; a value its column cannot hold makes the row bad.

use std::collections::HashMap;

use anyhow::bail;
use serde_json::Value;
use sightline_lake::{
    Column, ColumnKind, Rows, Table,
    text_map::{flatten_json, keep_last},
};

use super::instants::{instant_of_number, instant_of_text};

/// Which field goes where.
#[derive(Debug, Clone, Default)]
pub struct FieldMap {
    /// Column (or property) by field.
    targets: HashMap<String, Target>,
}

/// What becomes of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// It is the column at this position.
    Column(usize),
    /// It holds properties.
    Properties,
    /// It is a property of this name.
    Property(String),
}

impl FieldMap {
    /// Reads `--map COLUMN=FIELD` options.
    pub fn parse(options: &[String]) -> anyhow::Result<Self> {
        let mut targets = HashMap::new();
        for option in options {
            let Some((column, field)) = option
                .split_once('=')
                .filter(|(column, field)| !column.is_empty() && !field.is_empty())
            else {
                bail!("--map takes COLUMN=FIELD, e.g. --map timestamp=time; `{option}` is not");
            };
            let target = match (position(column), column.strip_prefix("properties.")) {
                (Some(at), _) => Target::Column(at),
                (None, Some(key)) if !key.is_empty() => Target::Property(key.to_owned()),
                _ => {
                    let columns: Vec<_> = Table::Events
                        .columns()
                        .iter()
                        .map(|column| column.name)
                        .collect();
                    bail!(
                        "--map {option}: events have no column `{column}`. They have: {}, properties.KEY",
                        columns.join(", ")
                    );
                }
            };
            let target = if column == "properties" {
                Target::Properties
            } else {
                target
            };
            if targets.insert(field.to_owned(), target).is_some() {
                bail!("--map names the field `{field}` twice");
            }
        }
        Ok(Self { targets })
    }

    /// What becomes of a field of this name.
    pub fn target(&self, field: &str) -> Target {
        if let Some(target) = self.targets.get(field) {
            return target.clone();
        }
        match position(field) {
            // A column that is mapped takes nothing else: the field of its own name is an ordinary property.
            Some(at)
                if !self
                    .targets
                    .values()
                    .any(|target| *target == Target::Column(at)) =>
            {
                if field == "properties" {
                    Target::Properties
                } else {
                    Target::Column(at)
                }
            }
            _ => Target::Property(
                field
                    .strip_prefix("properties.")
                    .unwrap_or(field)
                    .to_owned(),
            ),
        }
    }

    /// Checks that a file with these fields has what every row needs and what `--map` names.
    pub fn check(&self, file: &str, fields: &[&str]) -> anyhow::Result<()> {
        let has = fields.join(", ");
        if let Some(missing) = self
            .targets
            .keys()
            .find(|field| !fields.contains(&field.as_str()))
        {
            bail!("{file} has no field `{missing}`, which --map names. It has: {has}");
        }
        for column in ["timestamp", "name"] {
            let at = position(column).map(Target::Column);
            if !fields.iter().any(|field| Some(self.target(field)) == at) {
                bail!(
                    "{file} has no field `{column}`. It has: {has}. Say which it is with --map {column}=FIELD"
                );
            }
        }
        Ok(())
    }
}

fn position(column: &str) -> Option<usize> {
    Table::Events
        .columns()
        .iter()
        .position(|known| known.name == column)
}

/// The values of one row, each fit for its column.
#[derive(Debug, Default)]
pub struct EventFields {
    values: Vec<(&'static Column, Cell)>,
    properties: Vec<(String, String)>,
}

#[derive(Debug)]
enum Cell {
    Text(String),
    List(Vec<String>),
    Instant(i64),
    Int(i64),
    Float(f64),
}

impl EventFields {
    /// Takes in a field. Nulls and empty texts say nothing.
    pub fn set(&mut self, target: &Target, value: &Value) -> Result<(), String> {
        if matches!(value, Value::Null) || value.as_str().is_some_and(str::is_empty) {
            return Ok(());
        }
        match target {
            Target::Property(key) => self.properties.push((key.clone(), text_of(value))),
            Target::Properties => match value {
                Value::String(text) => {
                    let pairs = flatten_json(text).ok_or("`properties` is not a JSON object")?;
                    self.properties.extend(pairs);
                }
                _ => return Err("`properties` is not an object".to_owned()),
            },
            Target::Column(at) => {
                let Some(column) = Table::Events.columns().get(*at) else {
                    return Ok(());
                };
                let cell = cell(column.kind, value).ok_or_else(|| {
                    let shown: String = text_of(value).chars().take(60).collect();
                    format!(
                        "`{shown}` is no {} ({})",
                        kind_name(column.kind),
                        column.name
                    )
                })?;
                if !self
                    .values
                    .iter()
                    .any(|(known, _)| known.name == column.name)
                {
                    self.values.push((column, cell));
                }
            }
        }
        Ok(())
    }

    /// Fills in a row.
    pub fn write(mut self, rows: &mut Rows) -> Result<(), String> {
        for needed in ["timestamp", "name"] {
            if !self.values.iter().any(|(column, _)| column.name == needed) {
                return Err(format!("`{needed}` is missing"));
            }
        }
        for (column, cell) in &self.values {
            match cell {
                Cell::Text(text) => rows.text(column.name, text),
                Cell::List(texts) => rows.list(column.name, texts),
                Cell::Instant(at_ms) => rows.instant(column.name, *at_ms),
                Cell::Int(int) => rows.int(column.name, *int),
                Cell::Float(float) => rows.float(column.name, *float),
            };
        }
        if !self.properties.is_empty() {
            keep_last(&mut self.properties);
            rows.pairs("properties", &self.properties);
        }
        Ok(())
    }
}

fn cell(kind: ColumnKind, value: &Value) -> Option<Cell> {
    match kind {
        ColumnKind::Text => Some(Cell::Text(text_of(value))),
        ColumnKind::TextList => match value {
            Value::Array(items) => Some(Cell::List(items.iter().map(text_of).collect())),
            Value::String(text) if text.starts_with('[') => {
                let items: Vec<Value> = serde_json::from_str(text).ok()?;
                Some(Cell::List(items.iter().map(text_of).collect()))
            }
            other => Some(Cell::List(vec![text_of(other)])),
        },
        ColumnKind::TimestampMs => match value {
            Value::Number(number) => instant_of_number(number.as_f64()?),
            Value::String(text) => instant_of_text(text),
            _ => None,
        }
        .map(Cell::Instant),
        ColumnKind::Int => match value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text
                .trim()
                .parse()
                .ok()
                .or_else(|| whole(text.trim().parse().ok()?)),
            _ => None,
        }
        .map(Cell::Int),
        ColumnKind::Float => match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text
                .trim()
                .parse()
                .ok()
                .filter(|float: &f64| float.is_finite()),
            _ => None,
        }
        .map(Cell::Float),
        ColumnKind::Date | ColumnKind::Bool | ColumnKind::TextMap => None,
    }
}

/// A float that is a whole number, as an integer.
fn whole(float: f64) -> Option<i64> {
    (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn kind_name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::TimestampMs => "instant",
        ColumnKind::Int => "whole number",
        ColumnKind::Float => "number",
        ColumnKind::TextList => "list of texts",
        _ => "text",
    }
}
