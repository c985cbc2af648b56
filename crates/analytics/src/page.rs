//! A page: an origin and a path. What the tools about pages share.

use serde::Deserialize;
use sightline_warehouse::{Query, Sql, sql};

use crate::breakdown::{NOT_SET, text_or};

/// A page, as the columns `origin` and `path` that [`columns`] gives a statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub(crate) struct Page {
    origin: String,
    path: String,
}

impl Page {
    /// Its scheme and host, if they are known.
    pub(crate) fn origin(&self) -> Option<String> {
        Some(self.origin.clone()).filter(|origin| origin != NOT_SET)
    }

    /// Its path.
    pub(crate) fn path(&self) -> String {
        self.path.clone()
    }

    /// Origin and path as one text, equal to what [`key`] computes. The origin's length comes first, so that no two pages have the
    /// same.
    fn key(&self) -> String {
        let length = self.origin.chars().count();
        format!("{length}:{}{}", self.origin, self.path)
    }
}

/// An event's page: two columns that are never null.
pub(crate) fn columns() -> Sql {
    columns_of("origin", "path")
}

/// The page named by two columns of an event or a session.
pub(crate) fn columns_of(origin: &'static str, path: &'static str) -> Sql {
    let (origin, path) = (text_or(origin, NOT_SET), text_or(path, NOT_SET));
    sql!("{origin} AS page_origin, {path} AS page_path", origin, path)
}

/// The columns of [`columns`] in the order pages are told apart and sorted by.
pub(crate) const COLUMNS: &str = "page_origin, page_path";

/// The same columns by the names of [`Page`].
pub(crate) const NAMED: &str = "page_origin AS origin, page_path AS path";

/// The condition that the page is one of `pages`.
pub(crate) fn is_any(query: &mut Query<'_>, pages: &[&Page]) -> Sql {
    let length = query
        .dialect()
        .as_text(&Sql::from("character_length(page_origin)"));
    let keys = query.bind_all(pages.iter().map(|page| page.key()));
    sql!(
        "concat({length}, ':', page_origin, page_path) IN ({keys})",
        length,
        keys
    )
}
