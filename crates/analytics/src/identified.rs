//! Who is somebody, and not just a device.

use sightline_warehouse::Sql;

use crate::context::Context;
use crate::failure::Failure;

/// The rule, for the reference.
pub(crate) const RULE: &str = "Identified profiles are those the `profiles` table says are; in a project without that table, those whose id is not their device's.";

/// The condition, after ` AND `, that an event is of an identified profile.
pub(crate) async fn condition(context: &Context<'_>) -> Result<Sql, Failure> {
    Ok(if context.has_table("profiles").await? {
        Sql::from(" AND profile_id IN (SELECT profile_id FROM profiles WHERE is_identified)")
    } else {
        Sql::from(" AND (device_id IS NULL OR profile_id <> device_id)")
    })
}
