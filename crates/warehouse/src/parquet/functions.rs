//! The functions this engine has beyond DataFusion's own: what [`crate::DataFusionDialect`] writes.

mod bucket_start;
mod cohort_returns;
mod count;
mod credited_pages;
mod described_values;
mod distinct_set;
mod fingerprint;
mod funnel;
mod identity;
mod journey;
mod map_argument;
mod moments;
mod numbered_texts;
mod of_groups;
mod over_moments;
mod page_times;
mod property;
mod property_entries;
mod property_keys;
mod slots;
mod stretches;
mod values_of_group;
mod views_memo;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

use crate::funnel::FunnelRule;
use crate::journey::JourneyRule;
use cohort_returns::CohortReturns;
pub(super) use count::Ledger;
use credited_pages::CreditedPages;
use described_values::DescribedValues;
pub(super) use fingerprint::{FingerprintKey, mixed};
use of_groups::{Groups, OfGroups};
use over_moments::{GroupsOfMoments, OverMoments};
use page_times::PageTimes;
use stretches::Stretches;

/// Those of single rows.
pub(super) fn scalar(key: FingerprintKey) -> Vec<Arc<ScalarUDF>> {
    vec![
        Arc::new(ScalarUDF::new_from_impl(bucket_start::BucketStart::new())),
        identity(key),
        Arc::new(ScalarUDF::new_from_impl(property::Property::new())),
        Arc::new(ScalarUDF::new_from_impl(
            property_entries::PropertyEntries::new(),
        )),
        Arc::new(ScalarUDF::new_from_impl(property_keys::PropertyKeys::new())),
    ]
}

/// What stands for a text that is only told apart.
pub(super) fn identity(key: FingerprintKey) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(identity::Identity::new(key)))
}

/// Whether values of this type have an [`identity`].
pub(super) fn is_text(data_type: &DataType) -> bool {
    fingerprint::Fingerprints::are_texts(data_type)
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
        of_groups::<GroupsOfMoments<FunnelRule>>(pool),
        of_groups::<GroupsOfMoments<JourneyRule>>(pool),
        of_groups::<GroupsOfMoments<PageTimes>>(pool),
        of_groups::<GroupsOfMoments<CreditedPages>>(pool),
        of_groups::<Stretches>(pool),
        of_groups::<CohortReturns>(pool),
        of_groups::<DescribedValues>(pool),
    ]
}

fn of_groups<G: Groups>(pool: &Arc<dyn MemoryPool>) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(OfGroups::<G>::new(pool)))
}
