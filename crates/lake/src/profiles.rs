//! Profiles, derived from events.
//!
//! A profile is created when it is first seen and last seen with its latest event; it is identified when it is not just its
//! device. Profiles that are there keep all they say, except that they may be seen earlier, later, or become identified.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array as _, AsArray as _, BooleanArray, RecordBatch, TimestampMillisecondArray},
    datatypes::TimestampMillisecondType,
};
use object_store::ObjectStore;

use crate::{
    DataFile, LakeError, Rows, Table, Writer,
    event_ids::{text, with_column},
    stored::StoredRows,
};

const BATCH_ROWS: usize = 8_192;

/// The profiles events were seen of.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    seen: HashMap<Box<str>, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    first_ms: i64,
    last_ms: i64,
    is_identified: bool,
}

impl Profiles {
    /// Takes in events, which have the table's schema and an instant each.
    pub(crate) fn observe(&mut self, events: &RecordBatch) -> Result<(), LakeError> {
        let (profile_ids, device_ids) = (text(events, "profile_id")?, text(events, "device_id")?);
        let instants = events
            .column_by_name("timestamp")
            .and_then(|column| column.as_primitive_opt::<TimestampMillisecondType>());
        let Some(instants) = instants else {
            return Ok(());
        };
        for row in 0..events.num_rows() {
            if profile_ids.is_null(row)
                || profile_ids.value(row).is_empty()
                || instants.is_null(row)
            {
                continue;
            }
            let (profile_id, at_ms) = (profile_ids.value(row), instants.value(row));
            let is_identified = device_ids.is_null(row) || device_ids.value(row) != profile_id;
            match self.seen.get_mut(profile_id) {
                Some(seen) => {
                    seen.first_ms = seen.first_ms.min(at_ms);
                    seen.last_ms = seen.last_ms.max(at_ms);
                    seen.is_identified |= is_identified;
                }
                None => {
                    self.seen.insert(
                        profile_id.into(),
                        Seen {
                            first_ms: at_ms,
                            last_ms: at_ms,
                            is_identified,
                        },
                    );
                }
            }
        }
        Ok(())
    }

    /// Writes all profiles: those of `stored`, brought up to date, then the new ones by id.
    pub(crate) async fn write(
        mut self,
        store: &Arc<dyn ObjectStore>,
        stored: &[DataFile],
        name: &str,
    ) -> Result<Vec<DataFile>, LakeError> {
        let mut writer = Writer::new(Arc::clone(store), Table::Profiles, name);
        for file in stored {
            let mut rows = StoredRows::open(store, Table::Profiles, file, None).await?;
            while let Some(profiles) = rows.next().await? {
                writer.write(&self.update(&profiles)?).await?;
            }
        }
        let mut new: Vec<_> = self.seen.into_iter().collect();
        new.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for part in new.chunks(BATCH_ROWS) {
            let mut rows = Rows::new(Table::Profiles);
            for (profile_id, seen) in part {
                rows.text("profile_id", profile_id)
                    .boolean("is_identified", seen.is_identified)
                    .instant("created_at", seen.first_ms)
                    .instant("last_seen_at", seen.last_ms)
                    .end_row();
            }
            writer.write(&rows.finish()?).await?;
        }
        writer.finish().await
    }

    /// Brings stored profiles up to date; those seen are then no longer new.
    fn update(&mut self, profiles: &RecordBatch) -> Result<RecordBatch, LakeError> {
        let ids = text(profiles, "profile_id")?;
        let instants = |name: &str| -> Vec<Option<i64>> {
            let column = profiles.column_by_name(name);
            let column =
                column.and_then(|column| column.as_primitive_opt::<TimestampMillisecondType>());
            column.map_or_else(|| vec![None; ids.len()], |column| column.iter().collect())
        };
        let (mut created, mut last_seen) = (instants("created_at"), instants("last_seen_at"));
        let identified = profiles
            .column_by_name("is_identified")
            .and_then(|column| column.as_boolean_opt());
        let mut identified: Vec<Option<bool>> =
            identified.map_or_else(|| vec![None; ids.len()], |column| column.iter().collect());
        for row in 0..ids.len() {
            let Some(seen) = (!ids.is_null(row))
                .then(|| self.seen.remove(ids.value(row)))
                .flatten()
            else {
                continue;
            };
            created[row] =
                Some(created[row].map_or(seen.first_ms, |at_ms| at_ms.min(seen.first_ms)));
            last_seen[row] =
                Some(last_seen[row].map_or(seen.last_ms, |at_ms| at_ms.max(seen.last_ms)));
            identified[row] = Some(identified[row].unwrap_or(false) || seen.is_identified);
        }
        let column = |values: Vec<Option<i64>>| {
            Arc::new(TimestampMillisecondArray::from(values).with_timezone("UTC"))
        };
        let updated = with_column(profiles, "created_at", column(created))?;
        let updated = with_column(&updated, "last_seen_at", column(last_seen))?;
        with_column(
            &updated,
            "is_identified",
            Arc::new(BooleanArray::from(identified)),
        )
    }
}
