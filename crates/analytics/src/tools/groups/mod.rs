//! The accounts, companies or teams people belong to.

mod find_groups;
mod get_group;
mod list_group_types;

pub(crate) use find_groups::FindGroups;
pub(crate) use get_group::GetGroup;
pub(crate) use list_group_types::ListGroupTypes;
