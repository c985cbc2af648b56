//! `get_dashboard_urls`: links into the operator's dashboard.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::context::Context;
use crate::dashboard::Dashboard;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product};
use crate::tool::{About, Tool};

/// Links into the operator's dashboard.
pub(crate) struct GetDashboardUrls;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    profile_id: Option<String>,
    session_id: Option<String>,
    dashboard_id: Option<String>,
    report_id: Option<String>,
    event_name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The links: pages first, then the items asked for.
    links: Vec<Link>,
}

#[derive(Serialize, JsonSchema)]
struct Link {
    /// What it shows.
    name: &'static str,
    /// Where it leads.
    url: String,
}

impl Tool for GetDashboardUrls {
    const ABOUT: About = About {
        name: "get_dashboard_urls",
        title: "Dashboard links",
        description: "Gives links into the dashboard: overview, events, profiles, sessions, dashboards, reports, realtime, pages, \
                      and the items named. Use to show a person where to look.",
        family: Family::Access,
        scope: None,
        products: &[(Product::OpenPanel, "get_dashboard_urls")],
        pages: false,
        needs: None,
        rules: &[
            "Links are made from the operator's URL template with every part percent-encoded; whether an item exists is not looked up.",
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let dashboard = Dashboard::of(context).ok_or_else(|| {
            Mistake::new(
                "This server has no dashboard to link to: its operator has not configured one.",
            )
        })?;
        let link = |name, path| Link {
            name,
            url: dashboard.page(path),
        };
        let mut links = vec![
            link("overview", ""),
            link("events", "/events"),
            link("profiles", "/profiles"),
            link("sessions", "/sessions"),
            link("dashboards", "/dashboards"),
            link("reports", "/reports"),
            link("realtime", "/realtime"),
            link("pages", "/pages"),
        ];
        let items = [
            ("profile", "/profiles/", input.profile_id),
            ("session", "/sessions/", input.session_id),
            ("dashboard", "/dashboards/", input.dashboard_id),
            ("report", "/reports/", input.report_id),
            ("event", "/events?event=", input.event_name),
        ];
        for (name, path, id) in items {
            links.extend(id.map(|id| Link {
                name,
                url: dashboard.item(path, &id),
            }));
        }
        Ok(Answer::of(Output { links }))
    }
}

#[cfg(test)]
mod tests {
    use crate::environment::Site;
    use crate::testing::Asked;
    use serde_json::json;

    #[test]
    fn every_part_is_encoded() {
        let asked = Asked::of(
            "get_dashboard_urls",
            json!({"profileId": "a/b?c#d é", "eventName": "../x&y"}),
        )
        .project("a b")
        .go();
        assert_eq!(asked.statements(), "");
        insta::assert_snapshot!(asked.text(), @"
        Dashboard links: A b (`a b`), UTC.

        **links**

        |name|url|
        |---|---|
        |overview|https://app.example.com/org1/a%20b|
        |events|https://app.example.com/org1/a%20b/events|
        |profiles|https://app.example.com/org1/a%20b/profiles|
        |sessions|https://app.example.com/org1/a%20b/sessions|
        |dashboards|https://app.example.com/org1/a%20b/dashboards|
        |reports|https://app.example.com/org1/a%20b/reports|
        |realtime|https://app.example.com/org1/a%20b/realtime|
        |pages|https://app.example.com/org1/a%20b/pages|
        |profile|https://app.example.com/org1/a%20b/profiles/a%2Fb%3Fc%23d%20%C3%A9|
        |event|https://app.example.com/org1/a%20b/events?event=..%2Fx%26y|
        ");
    }

    #[test]
    fn without_a_dashboard_it_says_so() {
        insta::assert_snapshot!(Asked::of("get_dashboard_urls", json!({})).on(Site::default()).go().mistake(), @"This server has no dashboard to link to: its operator has not configured one.");
    }
}
