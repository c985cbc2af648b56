//! The columns of `profiles` and `groups`.

use super::column;
use crate::{
    Column,
    ColumnKind::{Bool, Text, TextList, TextMap, TimestampMs},
};

pub(super) const PROFILES: &[Column] = &[
    column(
        "profile_id",
        Text,
        "user id, or the device_id while anonymous",
    ),
    column(
        "is_identified",
        Bool,
        "whether it is a known user rather than a device",
    ),
    column("first_name", Text, "first name"),
    column("last_name", Text, "last name"),
    column("email", Text, "e-mail address"),
    column("avatar", Text, "URL of a picture"),
    column(
        "properties",
        TextMap,
        "everything else, text by key; nested keys are joined with dots",
    ),
    column("groups", TextList, "ids of the groups it belongs to"),
    column("created_at", TimestampMs, "first seen, UTC"),
    column("last_seen_at", TimestampMs, "last seen, UTC"),
];

pub(super) const GROUPS: &[Column] = &[
    column("group_id", Text, "identifies the group"),
    column("type", Text, "kind of group, e.g. company"),
    column("name", Text, "name of the group"),
    column(
        "properties",
        TextMap,
        "everything else, text by key; nested keys are joined with dots",
    ),
    column("created_at", TimestampMs, "when it was created, UTC"),
    column("updated_at", TimestampMs, "when it last changed, UTC"),
];
