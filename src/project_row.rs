//! A project as D1 keeps it, and as the tools see it.

use serde::Deserialize;
use sightline_analytics::{EventNames, Organization, Project};
use sightline_oauth::VisibleProject;
use sightline_warehouse::{Calendar, WarehouseKind, WeekStart};

/// A row of `projects`.
#[derive(Debug, Clone, Deserialize)]
pub struct ProjectRow {
    id: String,
    organization_id: String,
    name: String,
    domain: Option<String>,
    types: String,
    timezone: String,
    currency: String,
    week_start: String,
    warehouse: Option<String>,
}

impl VisibleProject for ProjectRow {
    fn id(&self) -> &str {
        &self.id
    }

    fn organization_id(&self) -> &str {
        &self.organization_id
    }
}

impl ProjectRow {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The project, within its organization. A timezone nobody knows is read as UTC, and the answer names UTC.
    pub fn into_project(self, organization: &Organization) -> Project {
        let week_start = WeekStart::from_name(&self.week_start).unwrap_or_default();
        Project {
            calendar: Calendar::named(&self.timezone, week_start)
                .unwrap_or_else(|| Calendar::utc(week_start)),
            id: self.id,
            name: self.name,
            organization: organization.clone(),
            domain: self.domain,
            types: serde_json::from_str(&self.types).unwrap_or_default(),
            currency: self.currency,
            warehouse: self.warehouse.as_deref().and_then(WarehouseKind::from_name),
            event_names: EventNames::default(),
        }
    }
}
