//! The files of a table a manifest does not name, found by listing as few folders as the days asked for need.
//!
//! A listing is billed like a write and takes a round trip, so: all of a table is one recursive listing; a few days are one
//! look at the folders and one listing each; many days are one recursive listing again, pruned afterwards.

use futures::TryStreamExt as _;
use object_store::{ObjectStore, path::Path};

use crate::{
    DataFile, LakeError, Table,
    layout::{self, DayRange},
};

/// How many folders are listed one by one before a single recursive listing is cheaper.
const FOLDERS_AT_MOST: usize = 4;

/// The data files of `table`, those that can hold `days` if given, in no particular order.
pub(crate) async fn list(
    store: &dyn ObjectStore,
    table: Table,
    days: Option<DayRange>,
) -> Result<Vec<DataFile>, LakeError> {
    let folder = layout::table_folder(table);
    let mut files = match days {
        Some(days) if table.is_foldered_by_day() => list_days(store, folder, days).await?,
        _ => list_all(store, &folder).await?,
    };
    if let Some(days) = days {
        files.retain(|file| file.may_hold(days));
    }
    Ok(files)
}

/// The tables that have at least one data file, by one look at the root and one into each table's folder.
pub(crate) async fn tables(store: &dyn ObjectStore) -> Result<Vec<Table>, LakeError> {
    let root = store
        .list_with_delimiter(None)
        .await
        .map_err(|error| LakeError::storage("list", "/", error))?;
    let mut found = Vec::new();
    for table in Table::ALL {
        let folder = layout::table_folder(table);
        if root.common_prefixes.contains(&folder) && has_data_file(store, &folder).await? {
            found.push(table);
        }
    }
    Ok(found)
}

async fn has_data_file(store: &dyn ObjectStore, folder: &Path) -> Result<bool, LakeError> {
    let mut objects = store.list(Some(folder));
    let failed = |error| LakeError::storage("list", folder, error);
    while let Some(object) = objects.try_next().await.map_err(failed)? {
        if layout::is_data_file(&object.location) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn list_all(store: &dyn ObjectStore, folder: &Path) -> Result<Vec<DataFile>, LakeError> {
    store
        .list(Some(folder))
        .try_filter(|object| std::future::ready(layout::is_data_file(&object.location)))
        .map_ok(DataFile::from_listing)
        .try_collect()
        .await
        .map_err(|error| LakeError::storage("list", folder, error))
}

/// Walks down the folders, leaving out those of other days.
async fn list_days(
    store: &dyn ObjectStore,
    folder: Path,
    days: DayRange,
) -> Result<Vec<DataFile>, LakeError> {
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        let listed = store
            .list_with_delimiter(Some(&folder))
            .await
            .map_err(|error| LakeError::storage("list", &folder, error))?;
        let needed: Vec<Path> = listed
            .common_prefixes
            .into_iter()
            .filter(|inner| layout::days_of_folder(inner).is_none_or(|held| held.overlaps(&days)))
            .collect();
        if needed.len() > FOLDERS_AT_MOST {
            files.append(&mut list_all(store, &folder).await?);
        } else {
            let here = listed
                .objects
                .into_iter()
                .filter(|object| layout::is_data_file(&object.location));
            files.extend(here.map(DataFile::from_listing));
            folders.extend(needed);
        }
    }
    Ok(files)
}
