//! The functions this engine has beyond DataFusion's own: what [`crate::DataFusionDialect`] writes.

mod bucket_start;
mod map_argument;
mod property;
mod property_entries;
mod property_keys;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

/// All of them.
pub(super) fn all() -> Vec<Arc<ScalarUDF>> {
    vec![
        Arc::new(ScalarUDF::new_from_impl(bucket_start::BucketStart::new())),
        Arc::new(ScalarUDF::new_from_impl(property::Property::new())),
        Arc::new(ScalarUDF::new_from_impl(
            property_entries::PropertyEntries::new(),
        )),
        Arc::new(ScalarUDF::new_from_impl(property_keys::PropertyKeys::new())),
    ]
}
