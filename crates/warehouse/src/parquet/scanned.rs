//! How many rows a finished plan took out of storage.

use std::any::Any;

use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;

use crate::result::Scanned;

/// The rows all scans of a plan put out; reads and bytes are counted by the store.
pub(super) fn of(plan: &dyn ExecutionPlan) -> Scanned {
    let node: &dyn Any = plan;
    let own = node
        .downcast_ref::<DataSourceExec>()
        .and_then(|scan| scan.metrics())
        .and_then(|metrics| metrics.output_rows())
        .unwrap_or(0);
    let below: u64 = plan
        .children()
        .into_iter()
        .map(|child| of(child.as_ref()).rows)
        .sum();
    Scanned {
        rows: below + own as u64,
        ..Scanned::default()
    }
}
