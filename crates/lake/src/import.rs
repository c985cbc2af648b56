//! Events of any source, in any order, put into a project.
//!
//! Rows are sorted with bounded memory (`sorter`), duplicates left out (`event_ids`), sessions built while merging
//! (`sessions`), and the days they touch written anew together with what those days held before (`rebuild`). New files get
//! fresh names; the manifest is swapped last and only if nobody else has swapped it; then replaced files are deleted. An
//! import that fails or is interrupted at any moment leaves the project as it was, at worst with files nobody reads, which
//! the next import clears away.

use std::{path::PathBuf, sync::Arc};

use arrow::{
    array::{
        Array as _, ArrayRef, AsArray as _, BooleanArray, RecordBatch, StringArray, StringBuilder,
    },
    compute::filter_record_batch,
    datatypes::TimestampMillisecondType,
};
use object_store::ObjectStore;
use tempfile::TempDir;

use crate::{
    DataFile, LakeError, Table, Writer,
    conform::conform,
    event_ids::{self, Duplicates, text, with_column},
    layout::day_of,
    profiles::Profiles,
    project_files::ProjectFiles,
    rebuild::{Arrivals, Rebuild, hash, visitor_at},
    sessions::{self, given_session_id},
    sorter::{Merged, Origin, Sorter},
    stored::StoredRows,
};

/// How an import goes about it.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// What its files are called. Must be fresh for every import into a project: letters, digits, `-`, `_`.
    pub name: String,
    /// A local folder with room for all rows, in which a temporary one is made.
    pub spill_folder: PathBuf,
    /// About how many bytes of rows are held in memory at a time. The whole import needs a few times that.
    pub memory_bytes: usize,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Events that are new in the project.
    pub events_added: u64,
    /// Events that were there already, or came twice.
    pub duplicates: u64,
    /// Sessions in the days written anew.
    pub sessions: u64,
    /// UTC days new rows lie in.
    pub days: u64,
    /// Files written.
    pub files: u64,
    /// Replaced files that could not be deleted. Nobody reads them.
    pub files_left_over: u64,
}

/// An import under way. Nothing in the project changes before [`Import::finish`].
#[derive(Debug)]
pub struct Import {
    store: Arc<dyn ObjectStore>,
    options: ImportOptions,
    folder: TempDir,
    sorter: Sorter,
    arrivals: Arrivals,
    rows: u64,
}

impl Import {
    /// An import into the project `store` is rooted at.
    ///
    /// # Errors
    /// [`LakeError::Spill`] when no temporary folder can be made.
    pub fn new(store: Arc<dyn ObjectStore>, options: ImportOptions) -> Result<Self, LakeError> {
        let folder = TempDir::with_prefix_in("sightline-import-", &options.spill_folder)
            .map_err(LakeError::Spill)?;
        let sorter = Sorter::new(Table::Events, folder.path(), options.memory_bytes);
        Ok(Self {
            store,
            options,
            folder,
            sorter,
            arrivals: Arrivals::default(),
            rows: 0,
        })
    }

    /// Takes in events in any order. Missing columns are null; a `profile_id` that is missing is the device's. Every row
    /// needs a `timestamp`.
    ///
    /// # Errors
    /// [`LakeError::WrongType`] or [`LakeError::Encode`] when a row cannot be one of `events`, [`LakeError::Spill`] when the
    /// temporary folder fails.
    pub fn push(&mut self, events: &RecordBatch) -> Result<(), LakeError> {
        let events = conform(Table::Events, events)?;
        let events = event_ids::fill(&with_profiles(&events)?)?;
        let untimed = || LakeError::Encode {
            table: Table::Events,
            reason: "an event has no `timestamp`".to_owned(),
        };
        let instants = events
            .column_by_name("timestamp")
            .and_then(|column| column.as_primitive_opt::<TimestampMillisecondType>());
        let session_ids = text(&events, "session_id")?;
        for (row, at_ms) in instants.ok_or_else(untimed)?.iter().enumerate() {
            let day = at_ms.and_then(day_of).ok_or_else(untimed)?;
            self.arrivals.days.insert(day);
            if !session_ids.is_null(row) {
                self.arrivals
                    .named_sessions
                    .insert(hash(session_ids.value(row)));
            }
        }
        self.rows += events.num_rows() as u64;
        self.sorter.push(events, Origin::New)
    }

    /// Puts everything in place.
    ///
    /// # Errors
    /// [`LakeError::Storage`] when the store fails, [`LakeError::Conflict`] when another import was faster,
    /// [`LakeError::BadFile`] when a stored file of a touched day cannot be read. The project is then as it was.
    pub async fn finish(self) -> Result<ImportSummary, LakeError> {
        if self.rows == 0 {
            return Ok(ImportSummary::default());
        }
        let Self {
            store,
            options,
            folder,
            mut sorter,
            arrivals,
            rows,
        } = self;
        let project = ProjectFiles::load_and_pin(&store).await?;
        let (stored_events, stored_sessions) =
            (project.files(Table::Events), project.files(Table::Sessions));
        let rebuild = Rebuild::plan(&store, stored_events, stored_sessions, &arrivals).await?;
        for file in stored_events.iter().filter(|file| rebuild.replaces(file)) {
            let mut events = StoredRows::open(&store, Table::Events, file, None).await?;
            while let Some(events) = events.next().await? {
                sorter.push(as_given(&events, &rebuild)?, Origin::Stored)?;
            }
        }
        let sessions = Sorter::new(Table::Sessions, folder.path(), options.memory_bytes / 4);
        let mut pass = Pass {
            events: Writer::new(Arc::clone(&store), Table::Events, &options.name),
            builder: sessions::Builder::new(),
            sessions,
            profiles: Profiles::default(),
            duplicates: Duplicates::default(),
            added: 0,
        };
        pass.run(sorter.merge()?, &rebuild).await?;
        let Pass {
            events,
            mut sessions,
            profiles,
            added,
            ..
        } = pass;
        let kept = |files: &[DataFile]| {
            files
                .iter()
                .filter(|file| !rebuild.replaces(file))
                .cloned()
                .collect::<Vec<_>>()
        };
        let events = events.finish().await?;
        keep_frozen(&store, stored_sessions, &rebuild, &mut sessions).await?;
        let sessions = write_all(&store, Table::Sessions, &options.name, sessions.merge()?).await?;
        let session_rows = sessions.iter().filter_map(|file| file.rows).sum();
        let mut summary = ImportSummary {
            events_added: added,
            duplicates: rows.saturating_sub(added),
            sessions: session_rows,
            days: arrivals.days.len() as u64,
            ..ImportSummary::default()
        };
        if added == 0 {
            project.delete(&store, events.iter().chain(&sessions)).await;
            return Ok(summary);
        }
        let profiles = profiles
            .write(&store, project.files(Table::Profiles), &options.name)
            .await?;
        summary.files = (events.len() + sessions.len() + profiles.len()) as u64;
        let tables = [
            (Table::Events, [kept(stored_events), events].concat()),
            (Table::Sessions, [kept(stored_sessions), sessions].concat()),
            (Table::Profiles, profiles),
        ];
        summary.files_left_over = project.swap(&store, &options.name, tables).await?;
        Ok(summary)
    }
}

/// One pass over all events in order.
struct Pass {
    events: Writer,
    builder: sessions::Builder,
    sessions: Sorter,
    profiles: Profiles,
    duplicates: Duplicates,
    added: u64,
}

impl Pass {
    async fn run(&mut self, mut merged: Merged, rebuild: &Rebuild) -> Result<(), LakeError> {
        while let Some((events, origins)) = merged.next()? {
            let (events, origins) = self.duplicates.drop_from(&events, &origins)?;
            self.added += origins
                .iter()
                .filter(|origin| **origin == Origin::New)
                .count() as u64;
            let session_ids = self.session_ids(&events, &origins, rebuild)?;
            let events = with_column(&events, "session_id", session_ids)?;
            self.profiles.observe(&events)?;
            self.events.write(&events).await?;
            if let Some(sessions) = self.builder.drain()? {
                self.sessions.push(sessions, Origin::New)?;
            }
        }
        let last = std::mem::take(&mut self.builder).finish()?;
        self.sessions.push(last, Origin::New)
    }

    /// The session of every event: its own where that is left alone, else the one the builder finds.
    fn session_ids(
        &mut self,
        events: &RecordBatch,
        origins: &[Origin],
        rebuild: &Rebuild,
    ) -> Result<ArrayRef, LakeError> {
        let ids = text(events, "session_id")?;
        let is_frozen = |row: usize| {
            origins[row] == Origin::Stored
                && !ids.is_null(row)
                && rebuild.frozen.contains(&hash(ids.value(row)))
        };
        let frozen: Vec<bool> = if rebuild.frozen.is_empty() {
            vec![false; ids.len()]
        } else {
            (0..ids.len()).map(is_frozen).collect()
        };
        if !frozen.contains(&true) {
            return Ok(Arc::new(self.builder.push(events)?));
        }
        let others = BooleanArray::from(frozen.iter().map(|frozen| !frozen).collect::<Vec<_>>());
        let others = filter_record_batch(events, &others).map_err(|error| LakeError::Encode {
            table: Table::Events,
            reason: error.to_string(),
        })?;
        let built = self.builder.push(&others)?;
        let mut built = built.iter();
        let choose = |(row, frozen): (usize, bool)| {
            if frozen {
                Some(ids.value(row))
            } else {
                built.next().flatten()
            }
        };
        Ok(Arc::new(
            frozen
                .into_iter()
                .enumerate()
                .map(choose)
                .collect::<StringArray>(),
        ))
    }
}

/// New events without profile are of their device's.
fn with_profiles(events: &RecordBatch) -> Result<RecordBatch, LakeError> {
    let (profiles, devices) = (text(events, "profile_id")?, text(events, "device_id")?);
    let is_set = |profile: &Option<&str>| profile.is_some_and(|profile| !profile.is_empty());
    if profiles.iter().all(|profile| is_set(&profile)) {
        return Ok(events.clone());
    }
    let filled = profiles
        .iter()
        .zip(devices)
        .map(|(profile, device)| Some(profile).filter(is_set).flatten().or(device));
    with_column(
        events,
        "profile_id",
        Arc::new(filled.collect::<StringArray>()),
    )
}

/// Stored events with the session ids they were once sent with, so that their sessions can be built anew, except for
/// those of sessions that are left alone.
fn as_given(events: &RecordBatch, rebuild: &Rebuild) -> Result<RecordBatch, LakeError> {
    let ids = text(events, "session_id")?;
    let mut given = StringBuilder::with_capacity(ids.len(), ids.len() * 32);
    for row in 0..ids.len() {
        if ids.is_null(row) || rebuild.frozen.contains(&hash(ids.value(row))) {
            given.append_option((!ids.is_null(row)).then(|| ids.value(row)));
        } else {
            given.append_option(given_session_id(ids.value(row), visitor_at(events, row)?));
        }
    }
    event_ids::fill(&with_column(
        events,
        "session_id",
        Arc::new(given.finish()),
    )?)
}

/// Carries over the rows of sessions that are left alone and lie in days written anew.
async fn keep_frozen(
    store: &Arc<dyn ObjectStore>,
    stored: &[DataFile],
    rebuild: &Rebuild,
    sessions: &mut Sorter,
) -> Result<(), LakeError> {
    if rebuild.frozen.is_empty() {
        return Ok(());
    }
    for file in stored.iter().filter(|file| rebuild.replaces(file)) {
        let mut rows = StoredRows::open(store, Table::Sessions, file, None).await?;
        while let Some(rows) = rows.next().await? {
            let ids = text(&rows, "session_id")?;
            let is_frozen =
                |id: Option<&str>| id.is_some_and(|id| rebuild.frozen.contains(&hash(id)));
            let frozen = BooleanArray::from(ids.iter().map(is_frozen).collect::<Vec<_>>());
            let frozen =
                filter_record_batch(&rows, &frozen).map_err(|error| LakeError::Encode {
                    table: Table::Sessions,
                    reason: error.to_string(),
                })?;
            sessions.push(frozen, Origin::Stored)?;
        }
    }
    Ok(())
}

async fn write_all(
    store: &Arc<dyn ObjectStore>,
    table: Table,
    name: &str,
    mut rows: Merged,
) -> Result<Vec<DataFile>, LakeError> {
    let mut writer = Writer::new(Arc::clone(store), table, name);
    while let Some((rows, _)) = rows.next()? {
        writer.write(&rows).await?;
    }
    writer.finish().await
}
