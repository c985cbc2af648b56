//! The schema as resources, out of the tool `get_schema`: `sightline://schema`, and one per table.

use serde_json::json;

use crate::answer::ToolAnswer;
use crate::environment::{Environment, Site};
use crate::toolbox::{CallError, Toolbox};

/// A resource, or a template of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceEntry {
    /// Its URI, or the template's (RFC 6570).
    pub uri: String,
    /// Its name.
    pub name: &'static str,
    /// Its name in words.
    pub title: &'static str,
    /// What it holds.
    pub description: &'static str,
    /// The MIME type of its text.
    pub mime_type: &'static str,
}

/// A resource somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaResource {
    table: Option<String>,
    project: Option<String>,
}

impl SchemaResource {
    /// The resources.
    pub fn list(site: &Site) -> Vec<ResourceEntry> {
        vec![ResourceEntry {
            uri: format!("{}://schema", site.resource_scheme),
            name: "schema",
            title: "Schema",
            description: "Tables, columns, property keys, SQL dialect and example queries.",
            mime_type: "text/markdown",
        }]
    }

    /// The templates of resources.
    pub fn templates(site: &Site) -> Vec<ResourceEntry> {
        vec![ResourceEntry {
            uri: format!("{}://schema/{{table}}{{?project}}", site.resource_scheme),
            name: "table_schema",
            title: "Schema of a table",
            description: "One table's columns; `project` is needed where several projects are visible.",
            mime_type: "text/markdown",
        }]
    }

    /// The resource that `uri` names, if it is one of these.
    pub fn parse(uri: &str, site: &Site) -> Option<Self> {
        let rest = uri
            .strip_prefix(site.resource_scheme.as_str())?
            .strip_prefix("://schema")?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let table = match path.trim_end_matches('/').strip_prefix('/') {
            Some(table) => Some(decoded(table)?),
            None if path.is_empty() || path == "/" => None,
            None => return None,
        };
        let mut project = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            project = Some(decoded(pair.strip_prefix("project=")?)?);
        }
        Some(Self { table, project })
    }

    /// What it holds, as Markdown; an answer with `is_error` when it cannot be read.
    ///
    /// # Errors
    /// [`CallError::MissingScope`] without the scope of `get_schema`.
    pub async fn read(
        &self,
        toolbox: &Toolbox,
        environment: &Environment<'_>,
    ) -> Result<ToolAnswer, CallError> {
        let mut arguments = json!({});
        if let Some(table) = &self.table {
            arguments["table"] = json!(table);
        }
        if let Some(project) = self
            .project
            .as_ref()
            .filter(|project| environment.pinned_project != Some(project.as_str()))
        {
            arguments["projectId"] = json!(project);
        }
        toolbox.call("get_schema", arguments, environment).await
    }
}

fn decoded(part: &str) -> Option<String> {
    percent_encoding::percent_decode_str(part)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(uri: &str) -> Option<(Option<String>, Option<String>)> {
        SchemaResource::parse(uri, &Site::default())
            .map(|resource| (resource.table, resource.project))
    }

    #[test]
    fn a_uri_names_the_whole_schema_or_a_table_of_a_project() {
        assert_eq!(parse("sightline://schema"), Some((None, None)));
        assert_eq!(
            parse("sightline://schema/events"),
            Some((Some("events".into()), None))
        );
        assert_eq!(
            parse("sightline://schema?project=a%20b"),
            Some((None, Some("a b".into())))
        );
        assert_eq!(
            parse("sightline://schema/events?project=acme"),
            Some((Some("events".into()), Some("acme".into())))
        );
    }

    #[test]
    fn other_uris_are_not_ours() {
        for uri in [
            "sightline://schemas",
            "other://schema",
            "sightline://events",
            "sightline://schema?tenant=x",
            "",
            "sightline",
        ] {
            assert_eq!(parse(uri), None, "{uri}");
        }
    }
}
