//! What a call is given by its host: who asks, where the data is, what time it is.

use std::rc::Rc;

use async_trait::async_trait;
use sightline_warehouse::{InstantMs, Warehouse, WarehouseError};

use crate::caller::Caller;
use crate::project::Project;

/// Opens a project's data.
#[async_trait(?Send)]
pub trait Warehouses {
    /// A handle on that project's data and no other's.
    ///
    /// # Errors
    /// [`WarehouseError::Unavailable`] when the storage does not answer.
    async fn open(&self, project: &Project) -> Result<Rc<dyn Warehouse>, WarehouseError>;
}

/// How the operator presents this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The product's name, in sentences.
    pub name: String,
    /// The scheme of resource URIs (`sightline` in `sightline://schema`).
    pub resource_scheme: String,
    /// A project's dashboard: a URL with `{organizationId}` and `{projectId}`, to which page names are appended.
    pub dashboard_url_template: Option<String>,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            name: "Sightline".into(),
            resource_scheme: "sightline".into(),
            dashboard_url_template: None,
        }
    }
}

/// Everything a call needs from outside.
pub struct Environment<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// Where projects' data is.
    pub warehouses: &'a dyn Warehouses,
    /// The time, in ms since 1970 UTC.
    pub now_ms: InstantMs,
    /// How the operator presents this server.
    pub site: &'a Site,
    /// The project the connection's address pins (`/mcp?project=ID`).
    pub pinned_project: Option<&'a str>,
    /// The request's id, told when something fails inside.
    pub request_id: &'a str,
    /// Told how many statements have been answered, each time one more is.
    pub progress: Option<&'a dyn Fn(u64)>,
}
