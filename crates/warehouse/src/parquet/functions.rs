//! The functions this engine has beyond DataFusion's own: what [`crate::DataFusionDialect`] writes.

mod bucket_start;
mod count;
mod credited_pages;
mod distinct_set;
mod fingerprint;
mod funnel;
mod identity;
mod journey;
mod map_argument;
mod moments;
mod numbered_texts;
mod over_moments;
mod page_times;
mod property;
mod property_entries;
mod property_keys;
mod stretches;
mod views_memo;

use std::sync::Arc;

use datafusion::execution::memory_pool::MemoryPool;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

use crate::funnel::FunnelRule;
use crate::journey::JourneyRule;
pub(super) use count::Ledger;
use credited_pages::CreditedPages;
pub(super) use fingerprint::{FingerprintKey, mixed};
use over_moments::{Over, OverMoments};
use page_times::PageTimes;

/// Those of single rows.
pub(super) fn scalar(key: FingerprintKey) -> Vec<Arc<ScalarUDF>> {
    vec![
        Arc::new(ScalarUDF::new_from_impl(bucket_start::BucketStart::new())),
        Arc::new(ScalarUDF::new_from_impl(identity::Identity::new(key))),
        Arc::new(ScalarUDF::new_from_impl(property::Property::new())),
        Arc::new(ScalarUDF::new_from_impl(
            property_entries::PropertyEntries::new(),
        )),
        Arc::new(ScalarUDF::new_from_impl(property_keys::PropertyKeys::new())),
    ]
}

/// `count`, for a query with that ledger.
pub(super) fn count(key: FingerprintKey, ledger: Arc<Ledger>) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(count::Count::new(key, ledger)))
}

/// Whether an aggregate is one over moments, whose first argument is when they are.
pub(super) fn is_over_moments(name: &str) -> bool {
    [
        FunnelRule::NAME,
        JourneyRule::NAME,
        PageTimes::NAME,
        CreditedPages::NAME,
    ]
    .contains(&name)
}

/// Those of groups of rows, which reserve what they hold in `pool`.
pub(super) fn aggregate(pool: &Arc<dyn MemoryPool>) -> Vec<Arc<AggregateUDF>> {
    vec![
        Arc::new(AggregateUDF::new_from_impl(Over::<FunnelRule>::new(pool))),
        Arc::new(AggregateUDF::new_from_impl(Over::<JourneyRule>::new(pool))),
        Arc::new(AggregateUDF::new_from_impl(Over::<PageTimes>::new(pool))),
        Arc::new(AggregateUDF::new_from_impl(Over::<CreditedPages>::new(
            pool,
        ))),
        Arc::new(AggregateUDF::new_from_impl(stretches::Stretches::new())),
    ]
}
