//! `get_device_breakdown`: what sessions ran on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::traffic::{Asked, ORDER_RULE, Output};
use crate::answer::Answer;
use crate::breakdown::{COMPARED_RULE, Dimension, OTHER_RULE, SESSIONS_RULE, VALUE_RULE};
use crate::context::Context;
use crate::failure::Failure;
use crate::family::{Family, Product, Scope};
use crate::tool::{About, Tool};

/// What sessions ran on.
pub(crate) struct GetDeviceBreakdown;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    #[serde(default)]
    breakdown: Machine,
    #[serde(flatten)]
    asked: Asked,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(description = "")]
enum Machine {
    #[default]
    Device,
    Browser,
    BrowserVersion,
    Os,
    OsVersion,
    Brand,
}

impl Machine {
    fn dimensions(self) -> &'static [Dimension] {
        match self {
            Self::Device => &[Dimension::DEVICE],
            Self::Browser => &[Dimension::BROWSER],
            Self::BrowserVersion => &[Dimension::BROWSER, Dimension::BROWSER_VERSION],
            Self::Os => &[Dimension::OS],
            Self::OsVersion => &[Dimension::OS, Dimension::OS_VERSION],
            Self::Brand => &[Dimension::BRAND],
        }
    }
}

impl Tool for GetDeviceBreakdown {
    const ABOUT: About = About {
        name: "get_device_breakdown",
        title: "Devices, browsers, systems",
        description: "Ranks devices, browsers, systems, versions or brands by sessions. Use aggregate_sessions for errors by browser.",
        family: Family::Web,
        scope: Some(Scope::Insights),
        products: &[(Product::OpenPanel, "get_device_breakdown")],
        pages: false,
        needs: None,
        rules: &[
            SESSIONS_RULE,
            VALUE_RULE,
            "Versions are told apart by their browser or system: version 18 of two browsers is two rows.",
            ORDER_RULE,
            OTHER_RULE,
            COMPARED_RULE,
        ],
    };
    type Input = Input;
    type Output = Output;

    async fn answer(input: Input, context: &Context<'_>) -> Result<Answer<Output>, Failure> {
        let dimensions = input.breakdown.dimensions();
        input.asked.answer(dimensions, context).await
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Asked;
    use serde_json::json;

    #[test]
    fn a_version_stands_beside_its_browser() {
        let asked = Asked::of(
            "get_device_breakdown",
            json!({"breakdown": "browserVersion"}),
        )
        .rows(json!([{"d1": "Chrome", "d2": "142"}, {"d1": "Chrome", "d2": "(not set)"}]))
        .rows(json!([{"sessions": 3}]))
        .rows(json!([
            {"d1": "Chrome", "d2": "142", "sessions": 2},
            {"d1": "Chrome", "d2": "(not set)", "sessions": 1},
        ]))
        .go();
        assert_eq!(asked.field("rows")[0]["browser"], json!("Chrome"));
        assert_eq!(asked.field("rows")[0]["browserVersion"], json!("142"));
        assert_eq!(asked.field("rows")[1]["sharePercent"], json!(33.33));
    }

    #[test]
    fn every_breakdown_has_a_column_of_its_own() {
        for (breakdown, column) in [
            ("device", "device"),
            ("browser", "browser"),
            ("os", "os"),
            ("os_version", "os_version"),
            ("brand", "brand"),
        ] {
            let asked = Asked::of("get_device_breakdown", json!({"breakdown": breakdown}))
                .rows(json!([]))
                .rows(json!([{"sessions": null}]))
                .go();
            let grouped = format!("coalesce(nullif({column}, ''), '(not set)')");
            assert!(
                asked.statements().contains(&grouped),
                "{}",
                asked.statements()
            );
        }
    }
}
