//! Who is somebody, and not just a device.

use sightline_warehouse::Sql;

use crate::context::Context;
use crate::failure::Failure;

/// The rule, for the reference.
pub(crate) const RULE: &str = "Identified profiles are those the `profiles` table says are; in a project without that table, those whose id is not their device's.";

/// The conditions, each after ` AND ` or empty, that an event is of an identified profile.
#[derive(Default)]
pub(crate) struct Identified {
    /// One that holds for all events of a profile or for none; it looks profiles up.
    pub(crate) by_profile: Sql,
    /// One that says of each event whether it counts.
    pub(crate) by_event: Sql,
}

/// What says in this project who is identified.
pub(crate) async fn conditions(context: &Context<'_>) -> Result<Identified, Failure> {
    Ok(if context.has_table("profiles").await? {
        Identified {
            by_profile: Sql::from(
                " AND profile_id IN (SELECT profile_id FROM profiles WHERE is_identified)",
            ),
            by_event: Sql::default(),
        }
    } else {
        Identified {
            by_profile: Sql::default(),
            by_event: Sql::from(" AND (device_id IS NULL OR profile_id <> device_id)"),
        }
    })
}
