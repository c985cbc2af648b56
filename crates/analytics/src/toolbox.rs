//! Every tool, listed and called.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value as Json;
use sightline_warehouse::Presence;
use thiserror::Error;

use crate::answer::ToolAnswer;
use crate::caller::Caller;
use crate::environment::Environment;
use crate::family::Scope;
use crate::listing::ToolListing;
use crate::narrowing::{Narrowing, NarrowingError};
use crate::nearest::did_you_mean;
use crate::project::Project;
use crate::tool::{AnyTool, failed, not_an_object};
use crate::tools;

/// How many projects are asked what they have, for a list of tools.
const MOST_ASKED: usize = 8;

/// The tools, in the order they are listed.
pub struct Toolbox {
    tools: Vec<Box<dyn AnyTool>>,
    /// Listings by name, and whether a project is pinned: nothing else changes them, and making one takes a while.
    listings: RefCell<HashMap<(&'static str, bool), Rc<ToolListing>>>,
}

/// Why a call is not a tool's to answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// No tool has that name.
    #[error("There is no tool `{name}`.{meant} `tools/list` names those there are.")]
    UnknownTool {
        /// The name asked for, shortened.
        name: String,
        /// ` Did you mean …?`, or nothing.
        meant: String,
    },
    /// The connection was not granted what the tool needs.
    #[error("`{tool}` needs the scope `{}`, which this connection was not granted.", scope.name())]
    MissingScope {
        /// The tool asked for.
        tool: &'static str,
        /// The scope it needs.
        scope: Scope,
    },
}

impl Default for Toolbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Toolbox {
    /// Every tool there is.
    pub fn new() -> Self {
        Self {
            tools: tools::all(),
            listings: RefCell::default(),
        }
    }

    /// What an address asks for with its parameters `toolsets`, `tools` and `project`.
    ///
    /// # Errors
    /// A toolset or tool that does not exist, in a sentence for whoever wrote the address.
    pub fn narrowing(
        &self,
        toolsets: Option<&str>,
        tools: Option<&str>,
        project: Option<&str>,
    ) -> Result<Narrowing, NarrowingError> {
        Narrowing::read(toolsets, tools, project, &self.names())
    }

    /// The tools this caller may use, as far as its address asks for them and a project of theirs has what they are about.
    pub async fn list(
        &self,
        environment: &Environment<'_>,
        narrowing: &Narrowing,
    ) -> Vec<Rc<ToolListing>> {
        let mut listed = Vec::new();
        let mut there = Vec::new();
        for tool in &self.tools {
            let about = tool.about();
            let granted = about
                .scope
                .is_none_or(|scope| environment.caller.may(scope));
            let names = narrowing.names_of(about);
            if !granted || names.is_empty() {
                continue;
            }
            if let Some(table) = about.needs
                && !Self::some_project_has(table, environment, &mut there).await
            {
                continue;
            }
            let pinned = environment.pinned_project.is_some();
            listed.extend(
                names
                    .into_iter()
                    .map(|name| self.listing(tool.as_ref(), name, pinned)),
            );
        }
        listed
    }

    fn listing(&self, tool: &dyn AnyTool, name: &'static str, pinned: bool) -> Rc<ToolListing> {
        let mut listings = self.listings.borrow_mut();
        let listing = listings
            .entry((name, pinned))
            .or_insert_with(|| Rc::new(ToolListing::of(tool, name, pinned)));
        Rc::clone(listing)
    }

    /// Whether any project in sight has that table. Whoever sees more projects than are worth asking, or one that does not answer,
    /// is shown what there might be. `known` are answers already found.
    async fn some_project_has(
        table: &'static str,
        environment: &Environment<'_>,
        known: &mut Vec<(&'static str, bool)>,
    ) -> bool {
        if let Some((_, has)) = known.iter().find(|(name, _)| *name == table) {
            return *has;
        }
        let pinned = environment.pinned_project;
        let projects: Vec<&Project> = environment
            .caller
            .projects
            .iter()
            .filter(|project| pinned.is_none_or(|id| project.id == id))
            .collect();
        let mut has = projects.is_empty() || projects.len() > MOST_ASKED;
        for project in projects {
            if has {
                break;
            }
            has = match environment.warehouses.open(project).await {
                Ok(warehouse) => !matches!(warehouse.presence(table).await, Ok(Presence::Absent)),
                Err(_) => true,
            };
        }
        known.push((table, has));
        has
    }

    /// Calls the tool of that name, or the one it is an alias of.
    ///
    /// # Errors
    /// [`CallError`], which the protocol tells; whatever else goes wrong is an answer with `is_error`.
    pub async fn call(
        &self,
        name: &str,
        arguments: Json,
        environment: &Environment<'_>,
    ) -> Result<ToolAnswer, CallError> {
        let Some((tool, called)) = self.named(name) else {
            let shown: String = name.chars().take(60).collect();
            let meant = did_you_mean(&shown, self.names());
            return Err(CallError::UnknownTool { name: shown, meant });
        };
        if let Some(scope) = tool
            .about()
            .scope
            .filter(|scope| !environment.caller.may(*scope))
        {
            return Err(CallError::MissingScope {
                tool: called,
                scope,
            });
        }
        let arguments = match arguments {
            Json::Object(arguments) => arguments,
            Json::Null => crate::schema::Object::new(),
            _ => return Ok(failed(&not_an_object(), environment.request_id)),
        };
        let answer = tool.call(called, arguments, environment).await;
        Ok(answer.unwrap_or_else(|failure| failed(&failure, environment.request_id)))
    }

    /// The tools themselves, for the reference.
    pub(crate) fn tools(&self) -> impl Iterator<Item = &dyn AnyTool> {
        self.tools.iter().map(AsRef::as_ref)
    }

    /// Whether this caller may call the tool of that name.
    pub(crate) fn may_call(&self, name: &str, caller: &Caller) -> bool {
        self.named(name)
            .is_some_and(|(tool, _)| tool.about().scope.is_none_or(|scope| caller.may(scope)))
    }

    /// Whether there is a tool of that name, alias or not.
    pub fn knows(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    /// All names and aliases.
    fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = Vec::new();
        for tool in &self.tools {
            let about = tool.about();
            names.push(about.name);
            names.extend(about.aliases());
        }
        names
    }

    fn named(&self, name: &str) -> Option<(&dyn AnyTool, &'static str)> {
        self.tools.iter().find_map(|tool| {
            let about = tool.about();
            let called = [about.name]
                .into_iter()
                .chain(about.aliases())
                .find(|known| *known == name)?;
            Some((tool.as_ref(), called))
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use crate::family::{BUNDLE_SCOPE, Product};
    use crate::testing::{Asked, caller, listed_by, project};
    use proptest::prelude::*;
    use serde_json::json;

    fn listed(
        toolsets: Option<&str>,
        tools: Option<&str>,
        pinned: Option<&str>,
    ) -> Vec<Rc<ToolListing>> {
        let toolbox = Toolbox::new();
        let narrowing = toolbox.narrowing(toolsets, tools, pinned).unwrap();
        let projects = vec![project("acme", "UTC"), project("globex", "UTC")];
        listed_by(
            &caller(projects),
            &narrowing,
            &["events", "sessions", "groups"],
        )
    }

    fn names(toolsets: Option<&str>, tools: Option<&str>) -> String {
        let names: Vec<&str> = listed(toolsets, tools, None)
            .iter()
            .map(|tool| tool.name)
            .collect();
        names.join(" ")
    }

    #[test]
    fn the_default_list_names_every_tool_once_in_a_fixed_order() {
        insta::assert_snapshot!(names(None, None), @"whoami list_projects get_dashboard_urls query get_schema get_event_definitions get_property_definitions get_event_property_values query_events find_sessions get_session aggregate_sessions find_profiles get_profile get_profile_sessions get_profile_metrics list_group_types find_groups get_group get_analytics_overview get_rolling_active_users get_top_pages get_page_performance get_page_conversions get_entry_exit_pages get_top_referrers get_country_breakdown get_device_breakdown get_trend get_funnel get_retention_cohort get_weekly_retention_series get_user_last_seen_distribution get_user_flow get_engagement_metrics");
    }

    #[test]
    fn an_address_narrows_the_list() {
        insta::assert_snapshot!(names(Some("web, events"), None), @"query_events get_analytics_overview get_rolling_active_users get_top_pages get_page_performance get_page_conversions get_entry_exit_pages get_top_referrers get_country_breakdown get_device_breakdown");
        assert_eq!(names(None, Some("query,list_sites")), "list_sites query");
        insta::assert_snapshot!(names(Some("discover"), Some("query")), @"query get_event_definitions get_property_definitions get_event_property_values");
        insta::assert_snapshot!(names(Some("sessionvision"), None), @"query get_schema get_event_definitions get_property_definitions list_events");
        insta::assert_snapshot!(names(Some("fullsession"), None), @"whoami list_sites find_sessions get_session aggregate_sessions");
        insta::assert_snapshot!(names(Some("openpanel"), None), @"list_projects get_dashboard_urls list_event_names list_event_properties get_event_property_values query_events query_sessions find_profiles get_profile get_profile_sessions get_profile_metrics list_group_types find_groups get_group get_analytics_overview get_rolling_active_users get_top_pages get_page_performance get_page_conversions get_entry_exit_pages get_top_referrers get_country_breakdown get_device_breakdown get_trend get_funnel get_retention_cohort get_weekly_retention_series get_user_last_seen_distribution get_user_flow get_engagement_metrics");
        insta::assert_snapshot!(names(Some("all"), None), @"whoami list_projects list_sites get_dashboard_urls query get_schema get_event_definitions list_event_names get_property_definitions list_event_properties get_event_property_values query_events list_events find_sessions query_sessions get_session aggregate_sessions find_profiles get_profile get_profile_sessions get_profile_metrics list_group_types find_groups get_group get_analytics_overview get_rolling_active_users get_top_pages get_page_performance get_page_conversions get_entry_exit_pages get_top_referrers get_country_breakdown get_device_breakdown get_trend get_funnel get_retention_cohort get_weekly_retention_series get_user_last_seen_distribution get_user_flow get_engagement_metrics");
    }

    #[test]
    fn an_address_that_asks_for_what_there_is_not_is_told() {
        let toolbox = Toolbox::new();
        insta::assert_snapshot!(toolbox.narrowing(Some("webb"), None, None).unwrap_err(), @"`toolsets` in the address names `webb`, which is no toolset. Did you mean `web`? There are: `access`, `sql`, `discover`, `events`, `sessions`, `profiles`, `groups`, `web`, `behavior`, `sessionvision`, `fullsession`, `openpanel`, `all`.");
        insta::assert_snapshot!(toolbox.narrowing(None, Some("list_event"), None).unwrap_err(), @"`tools` in the address names `list_event`, which is no tool. Did you mean `list_events`, `list_event_names` or `list_event_properties`? There are: `whoami`, `list_projects`, `list_sites`, `get_dashboard_urls`, `query`, `get_schema`, `get_event_definitions`, `list_event_names`, `get_property_definitions`, `list_event_properties`, `get_event_property_values`, `query_events`, `list_events`, `find_sessions`, `query_sessions`, `get_session`, `aggregate_sessions`, `find_profiles`, `get_profile`, `get_profile_sessions`, `get_profile_metrics`, `list_group_types`, `find_groups`, `get_group`, `get_analytics_overview`, `get_rolling_active_users`, `get_top_pages`, `get_page_performance`, `get_page_conversions`, `get_entry_exit_pages`, `get_top_referrers`, `get_country_breakdown`, `get_device_breakdown`, `get_trend`, `get_funnel`, `get_retention_cohort`, `get_weekly_retention_series`, `get_user_last_seen_distribution`, `get_user_flow`, `get_engagement_metrics`.");
    }

    #[test]
    fn a_pinned_project_takes_project_id_out_of_every_input() {
        let without = |tools: Vec<Rc<ToolListing>>| {
            let without = tools
                .iter()
                .filter(|tool| tool.input_schema["properties"].get("projectId").is_none());
            without.map(|tool| tool.name).collect::<Vec<_>>()
        };
        let everything = listed(None, None, Some("acme"));
        assert_eq!(
            without(listed(None, None, None)),
            ["whoami", "list_projects"]
        );
        assert_eq!(without(everything.clone()).len(), everything.len());
    }

    #[test]
    fn tools_about_what_no_project_has_are_not_listed() {
        let groups = |tables: &[&str], projects| {
            let names: Vec<&str> = listed_by(&caller(projects), &Narrowing::default(), tables)
                .iter()
                .map(|tool| tool.name)
                .collect();
            names.contains(&"find_groups")
        };
        let acme = || vec![project("acme", "UTC")];
        assert!(groups(&["events", "groups"], acme()));
        assert!(!groups(&["events"], acme()));
        // Nobody's projects, and more than are asked: they may have any.
        assert!(groups(&["events"], Vec::new()));
        let many = (0..=MOST_ASKED).map(|n| project(&format!("p{n}"), "UTC"));
        assert!(groups(&["events"], many.collect()));
    }

    #[test]
    fn tools_without_their_scope_are_not_listed_and_refused_by_name() {
        let mut limited = caller(vec![project("acme", "UTC")]);
        limited.scopes = [Scope::Events.name().to_owned()].into();
        let names: Vec<&str> = listed_by(&limited, &Narrowing::default(), &[])
            .iter()
            .map(|tool| tool.name)
            .collect();
        assert_eq!(
            names,
            [
                "whoami",
                "list_projects",
                "get_dashboard_urls",
                "query_events"
            ]
        );
        let refused = Asked::of("list_event_names", json!({}))
            .by(limited)
            .refused();
        assert_eq!(
            refused.to_string(),
            "`list_event_names` needs the scope `mcp:schema:read`, which this connection was not granted."
        );
        assert!(caller(Vec::new()).scopes.contains(BUNDLE_SCOPE));
    }

    #[test]
    fn an_unknown_tool_names_the_nearest() {
        let refused = Asked::of("get_event_definition", json!({})).refused();
        insta::assert_snapshot!(refused, @"There is no tool `get_event_definition`. Did you mean `get_event_definitions`, `get_user_last_seen_distribution` or `get_property_definitions`? `tools/list` names those there are.");
    }

    #[test]
    fn arguments_that_are_no_object_are_a_mistake_and_none_are_none() {
        insta::assert_snapshot!(Asked::of("whoami", json!([1])).go().mistake(), @"`arguments` must be an object of names and values.");
        assert!(
            Asked::of("whoami", serde_json::Value::Null)
                .go()
                .text()
                .starts_with("Who is asking.")
        );
    }

    /// What the whole list may cost a model.
    const LIST_TOKENS: usize = 12_000;
    /// Bytes of this JSON per token of a current tokenizer (measured with `o200k_base`: 4.1).
    const BYTES_PER_TOKEN: usize = 4;

    #[test]
    fn the_default_list_costs_no_more_tokens_than_it_may() {
        let tools = listed(None, None, None);
        let bytes: usize = tools
            .iter()
            .map(|tool| {
                let hints = json!({"readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false});
                json!({
                    "name": tool.name, "title": tool.title, "description": tool.description, "inputSchema": tool.input_schema,
                    "outputSchema": tool.output_schema, "annotations": hints,
                })
                .to_string()
                .len()
            })
            .sum();
        let tokens = bytes / BYTES_PER_TOKEN;
        assert!(
            tokens <= LIST_TOKENS,
            "{tokens} tokens for {} tools",
            tools.len()
        );
    }

    #[test]
    fn every_schema_is_one_every_host_reads() {
        for tool in Toolbox::new().tools() {
            let about = tool.about();
            for name in [about.name].into_iter().chain(about.aliases()) {
                assert!(
                    name.len() <= 40
                        && name
                            .bytes()
                            .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                    "{name}"
                );
            }
            for schema in [tool.input_schema(false), tool.output_schema()] {
                let text = serde_json::Value::Object(schema).to_string();
                assert!(text.len() < 16_384, "{}: {}", about.name, text.len());
                for key in [
                    "\"$schema\"",
                    "\"$ref\"",
                    "\"$defs\"",
                    "\"format\":\"",
                    "\"anyOf\"",
                    "\"oneOf\"",
                ] {
                    assert!(!text.contains(key), "{} has {key}: {text}", about.name);
                }
            }
            assert_eq!(
                tool.input_schema(false)["additionalProperties"],
                json!(false),
                "{}",
                about.name
            );
            assert!(Product::ALL.iter().all(|product| {
                about
                    .products
                    .iter()
                    .filter(|(named, _)| named == product)
                    .count()
                    <= 1
            }));
        }
    }

    /// JSON that is now and then what an input could be.
    fn anything() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(|truth| json!(truth)),
            any::<i64>().prop_map(|number| json!(number)),
            any::<f64>().prop_map(|number| json!(number)),
            ".{0,12}".prop_map(|text| json!(text)),
            prop::sample::select(vec![
                "2026-11-01",
                "0000-01-01",
                "9999-12-31",
                "-262143-01-01",
                "2026-11-01T00:00:00Z",
                "hour",
                "week",
                "year",
                "previous",
                "regex",
                "gt",
                "is",
                "started_at",
                "revenue",
                "properties.x",
                "(",
                "1e999",
            ])
            .prop_map(|text| json!(text)),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            let name = prop::sample::select(vec![
                "startDate",
                "endDate",
                "interval",
                "compare",
                "filters",
                "field",
                "op",
                "values",
                "limit",
                "cursor",
                "search",
                "propertyKey",
                "eventName",
                "eventNames",
                "properties",
                "fields",
                "order",
                "sql",
                "table",
                "projectId",
                "other",
            ]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
                prop::collection::vec((name, inner), 0..6).prop_map(|entries| entries
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_arguments_make_a_tool_panic(arguments in anything(), which in 0_usize..10) {
            let name = listed(None, None, None)[which].name;
            let done = Asked::of(name, arguments).broken().go();
            prop_assert!(!done.told().is_empty());
        }
    }
}
