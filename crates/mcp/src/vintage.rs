//! Definitions and content as a given revision knows them.
//!
//! rmcp's types carry every member any revision has. A client of an older one may reject what it does
//! not know (several validate strictly), so members are taken off before they go out to it.

use rmcp::model::{ContentBlock, Implementation, Prompt, Resource, ResourceTemplate, Tool};

use crate::revision::Revision;

/// Something that older revisions know less of.
pub(crate) trait Vintage: Sized {
    /// The same without what `revision` does not have.
    fn known_to(self, revision: Revision) -> Self;
}

/// `title` and `_meta` came with 2025-06-18, `icons` with 2025-11-25, on all definitions alike.
macro_rules! strip_definition {
    ($definition:ident, $revision:ident) => {
        if !$revision.has_structured_results() {
            $definition.title = None;
            $definition.meta = None;
        }
        if !$revision.has_icons() {
            $definition.icons = None;
        }
    };
}

impl Vintage for Tool {
    fn known_to(mut self, revision: Revision) -> Self {
        strip_definition!(self, revision);
        if !revision.has_structured_results() {
            self.output_schema = None;
        }
        self
    }
}

impl Vintage for Resource {
    fn known_to(mut self, revision: Revision) -> Self {
        strip_definition!(self, revision);
        self
    }
}

impl Vintage for ResourceTemplate {
    fn known_to(mut self, revision: Revision) -> Self {
        strip_definition!(self, revision);
        self
    }
}

impl Vintage for Prompt {
    fn known_to(mut self, revision: Revision) -> Self {
        strip_definition!(self, revision);
        if !revision.has_structured_results() {
            for argument in self.arguments.iter_mut().flatten() {
                argument.title = None;
            }
        }
        self
    }
}

impl Vintage for Implementation {
    fn known_to(mut self, revision: Revision) -> Self {
        if !revision.has_structured_results() {
            self.title = None;
        }
        if !revision.has_icons() {
            self.icons = None;
            self.description = None;
            self.website_url = None;
        }
        self
    }
}

impl Vintage for ContentBlock {
    /// A link to a resource becomes a line of text where links are unknown.
    fn known_to(self, revision: Revision) -> Self {
        match self {
            Self::ResourceLink(link) if !revision.has_structured_results() => {
                Self::text(format!("{}: {}", link.name, link.uri))
            }
            Self::ResourceLink(link) => Self::ResourceLink(link.known_to(revision)),
            other => other,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use rmcp::model::{Icon, JsonObject, MetaObject, PromptArgument};
    use serde_json::{Value, json};

    use super::*;

    fn keys<T: Vintage + serde::Serialize>(thing: T, revision: Revision) -> Vec<String> {
        let value = serde_json::to_value(thing.known_to(revision)).unwrap();
        let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    }

    #[test]
    fn a_tool_loses_what_each_older_revision_does_not_know() {
        let tool = Tool::new("a", "b", Arc::new(JsonObject::new()))
            .with_title("A")
            .with_raw_output_schema(Arc::default())
            .with_icons(vec![Icon::new("https://example.com/a.png")])
            .with_meta(MetaObject::new());
        let of = |revision| keys(tool.clone(), revision);
        let all = [
            "_meta",
            "description",
            "icons",
            "inputSchema",
            "name",
            "outputSchema",
            "title",
        ];
        assert_eq!(of(Revision::V2026_07_28), all);
        assert_eq!(of(Revision::V2025_11_25), all);
        assert_eq!(
            of(Revision::V2025_06_18),
            [
                "_meta",
                "description",
                "inputSchema",
                "name",
                "outputSchema",
                "title"
            ]
        );
        assert_eq!(
            of(Revision::V2025_03_26),
            ["description", "inputSchema", "name"]
        );
    }

    #[test]
    fn resources_templates_prompts_and_the_server_lose_titles_and_icons_too() {
        let icons = vec![Icon::new("https://example.com/a.png")];
        let old = Revision::V2025_03_26;
        let resource = Resource::new("a://b", "b")
            .with_title("B")
            .with_icons(icons.clone());
        assert_eq!(keys(resource, old), ["name", "uri"]);
        let template = ResourceTemplate::new("a://{b}", "b")
            .with_title("B")
            .with_icons(icons.clone());
        assert_eq!(keys(template, old), ["name", "uriTemplate"]);
        let argument = PromptArgument::new("c").with_title("C");
        let prompt = Prompt::new("b", None::<String>, Some(vec![argument])).with_title("B");
        assert_eq!(
            serde_json::to_value(prompt.known_to(old)).unwrap(),
            json!({"name": "b", "arguments": [{"name": "c"}]})
        );
        let server = Implementation::new("s", "1")
            .with_title("S")
            .with_icons(icons)
            .with_website_url("https://example.com");
        assert_eq!(keys(server.clone(), old), ["name", "version"]);
        assert_eq!(
            keys(server.clone(), Revision::V2025_06_18),
            ["name", "title", "version"]
        );
        assert_eq!(
            keys(server, Revision::V2025_11_25),
            ["icons", "name", "title", "version", "websiteUrl"]
        );
    }

    #[test]
    fn a_resource_link_is_text_to_a_client_that_knows_no_links() {
        let link = ContentBlock::resource_link(Resource::new("a://b", "b"));
        let old: Value =
            serde_json::to_value(link.clone().known_to(Revision::V2025_03_26)).unwrap();
        assert_eq!(old, json!({"type": "text", "text": "b: a://b"}));
        let new: Value = serde_json::to_value(link.known_to(Revision::V2025_06_18)).unwrap();
        assert_eq!(
            new,
            json!({"type": "resource_link", "uri": "a://b", "name": "b"})
        );
    }
}
