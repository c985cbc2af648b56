//! An answer's own fields as text for a model: lines for values, compact tables for lists of rows.
//!
//! The text is made from the same JSON as `structuredContent`, so the two cannot disagree.

use serde_json::{Map, Value as Json};

/// Lists of values longer than this have a line for each.
const LONG_VALUE: usize = 60;

/// A list of rows as a table; columns in which no row has anything are left out.
pub(crate) struct Table {
    header: String,
    rows: Vec<String>,
}

impl Table {
    /// A table of rows that are objects.
    pub(crate) fn of(rows: &[Json]) -> Self {
        let flat: Vec<Vec<(String, String)>> = rows.iter().map(cells).collect();
        let columns = columns(&flat);
        let header = format!("|{}|\n|{}", columns.join("|"), "---|".repeat(columns.len()));
        let rows = flat
            .iter()
            .map(|row| {
                let mut line = String::from("|");
                for column in &columns {
                    if let Some((_, cell)) = row.iter().find(|(name, _)| name == column) {
                        line.push_str(cell);
                    }
                    line.push('|');
                }
                line
            })
            .collect();
        Self { header, rows }
    }

    /// Bytes of each row, its line break included.
    pub(crate) fn row_bytes(&self) -> impl Iterator<Item = usize> + '_ {
        self.rows.iter().map(|row| row.len() + 1)
    }

    /// Bytes of what stands above the rows.
    pub(crate) fn header_bytes(&self) -> usize {
        self.header.len() + 1
    }

    fn text(&self) -> String {
        format!("{}\n{}", self.header, self.rows.join("\n"))
    }
}

/// The fields of an answer, one block after the other.
pub(crate) fn blocks(fields: &Map<String, Json>) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let values: Vec<String> = fields
        .iter()
        .filter(|(_, value)| is_value(value))
        .map(|(name, value)| format!("{name}: {}", cell(value)))
        .collect();
    if !values.is_empty() {
        blocks.push(values.join(" · "));
    }
    for (name, value) in fields {
        match value {
            Json::Object(object) => blocks.extend(object_block(name, object)),
            Json::Array(rows) => blocks.extend(list_block(name, rows)),
            _ => {}
        }
    }
    blocks
}

fn object_block(name: &str, object: &Map<String, Json>) -> Vec<String> {
    let values: Vec<String> = object
        .iter()
        .filter(|(_, value)| !value.is_null())
        .filter_map(|(name, value)| match value {
            Json::Object(inner) if is_of_objects(inner) => None,
            Json::Object(inner) => Some(format!("{name}: {}", pairs(inner))),
            value => Some(format!("{name}: {}", cell(value))),
        })
        .collect();
    let mut blocks = vec![format!("**{name}** {}", values.join(" · "))];
    for inner in object
        .values()
        .filter_map(Json::as_object)
        .filter(|inner| is_of_objects(inner))
    {
        let rows: Vec<Json> = inner
            .iter()
            .map(|(name, values)| {
                let mut row = Map::new();
                row.insert("measure".into(), name.as_str().into());
                row.extend(values.as_object().cloned().unwrap_or_default());
                Json::Object(row)
            })
            .collect();
        blocks.push(Table::of(&rows).text());
    }
    blocks
}

fn list_block(name: &str, rows: &[Json]) -> Vec<String> {
    if rows.is_empty() {
        return vec![format!("**{name}** none")];
    }
    if rows.iter().all(Json::is_object) {
        return vec![format!("**{name}**\n\n{}", Table::of(rows).text())];
    }
    let values: Vec<String> = rows.iter().map(cell).collect();
    if values.iter().any(|value| value.len() > LONG_VALUE) {
        return vec![format!("**{name}**\n\n- {}", values.join("\n- "))];
    }
    vec![format!("**{name}** {}", values.join(", "))]
}

/// A row as named cells; objects of objects are spread over dotted columns.
fn cells(row: &Json) -> Vec<(String, String)> {
    let mut cells = Vec::new();
    for (name, value) in row.as_object().into_iter().flatten() {
        match value {
            Json::Object(inner) if is_of_objects(inner) => {
                for (outer, values) in inner {
                    for (key, value) in values.as_object().into_iter().flatten() {
                        cells.push((escaped(&format!("{name}.{outer}.{key}")), cell(value)));
                    }
                }
            }
            value => cells.push((escaped(name), cell(value))),
        }
    }
    cells
}

/// The columns in which some row has something, each before the one it precedes in its row.
fn columns(rows: &[Vec<(String, String)>]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for row in rows {
        for (at, (name, cell)) in row.iter().enumerate() {
            if cell.is_empty() || columns.contains(name) {
                continue;
            }
            let next = row[at + 1..]
                .iter()
                .find_map(|(next, _)| columns.iter().position(|column| column == next));
            columns.insert(next.unwrap_or(columns.len()), name.clone());
        }
    }
    columns
}

fn is_value(value: &Json) -> bool {
    matches!(value, Json::Bool(_) | Json::Number(_) | Json::String(_))
}

fn is_of_objects(object: &Map<String, Json>) -> bool {
    !object.is_empty() && object.values().all(Json::is_object)
}

/// A value within one cell of a table.
fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => escaped(text),
        Json::Number(number) => match number.as_f64() {
            // 12.0 is written as 12.
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => {
                (float as i64).to_string()
            }
            _ => number.to_string(),
        },
        Json::Bool(truth) => truth.to_string(),
        Json::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(", "),
        Json::Object(object) => pairs(object),
    }
}

fn pairs(object: &Map<String, Json>) -> String {
    let pairs: Vec<String> = object
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| format!("{}={}", escaped(key), cell(value)))
        .collect();
    pairs.join("; ")
}

/// Text that can neither end its cell nor its line.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' => escaped.push_str("\\|"),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use serde_json::json;

    fn text(fields: Json) -> String {
        blocks(fields.as_object().unwrap()).join("\n\n")
    }

    #[test]
    fn empty_columns_are_left_out_and_late_ones_stand_where_they_belong() {
        insta::assert_snapshot!(text(json!({"events": [
            {"time": "t1", "city": null, "revenue": 12.0},
            {"time": "t2", "path": "/", "city": "", "revenue": 9.5},
        ]})), @"
        **events**

        |time|path|revenue|
        |---|---|---|
        |t1||12|
        |t2|/|9.5|
        ");
    }

    #[test]
    fn nothing_in_a_cell_can_break_the_table() {
        insta::assert_snapshot!(text(json!({"rows": [{"title": "a|b\nc\r\td", "properties": {"k|": "v", "n": 1}, "groups": ["x", "y"]}]})), @r"
        **rows**

        |title|properties|groups|
        |---|---|---|
        |a\|b\nc  d|k\|=v; n=1|x, y|
        ");
    }

    #[test]
    fn values_objects_and_comparisons_are_told() {
        insta::assert_snapshot!(text(json!({
            "currency": "EUR",
            "totals": {"visitors": 3, "revenue": 1.5},
            "comparison": {"range": {"start": "a", "end": "b"}, "measures": {"visitors": {"earlier": 2, "change": 1, "changePercent": 50.0}}},
            "scopes": ["a", "b"],
            "events": [],
        })), @"
        currency: EUR

        **totals** visitors: 3 · revenue: 1.5

        **comparison** range: start=a; end=b

        |measure|earlier|change|changePercent|
        |---|---|---|---|
        |visitors|2|1|50|

        **scopes** a, b

        **events** none
        ");
    }

    #[test]
    fn a_rows_own_comparison_is_spread_over_columns() {
        insta::assert_snapshot!(text(json!({"rows": [{"page": "/", "views": 3, "compare": {"views": {"earlier": 1, "change": 2}}}]})), @"
        **rows**

        |page|views|compare.views.earlier|compare.views.change|
        |---|---|---|---|
        |/|3|1|2|
        ");
    }
}
