//! A project as the tools see it, and choosing the one a question is about.

use sightline_warehouse::{Calendar, WarehouseKind};

use crate::event_names::EventNames;
use crate::failure::Mistake;
use crate::nearest::{did_you_mean, listed};

/// Who a project belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// One project.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Its id, unique on this server.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who it belongs to.
    pub organization: Organization,
    /// The domain it tracks, for websites.
    pub domain: Option<String>,
    /// `website`, `app`, `backend`.
    pub types: Vec<String>,
    /// Its timezone and the day its weeks begin with.
    pub calendar: Calendar,
    /// ISO 4217 code of the currency its revenue is in.
    pub currency: String,
    /// Where its data is, if not where projects' data usually is.
    pub warehouse: Option<WarehouseKind>,
    /// What it calls the built-in events.
    pub event_names: EventNames,
}

/// The project a question is about: the pinned one, else the one named, else the only one.
///
/// An id that is not visible reads the same as one that does not exist.
pub(crate) fn choose<'p>(
    visible: &'p [Project],
    pinned: Option<&str>,
    named: Option<&str>,
) -> Result<&'p Project, Mistake> {
    if let Some(id) = pinned {
        return visible.iter().find(|project| project.id == id).ok_or_else(|| {
            Mistake::new(format!("The address of this connection pins the project `{id}`, which is not among those visible to you."))
                .next(names_of(visible))
                .next("Whoever set up the connection has to change `project=` in its address.")
        });
    }
    match (named, visible) {
        (_, []) => Err(Mistake::new(
            "No project is visible to this connection. Ask an administrator of the organization for access.",
        )),
        (Some(id), _) => visible
            .iter()
            .find(|project| project.id == id)
            .ok_or_else(|| {
                let meant =
                    did_you_mean(id, visible.iter().flat_map(|project| [project.id.as_str()]));
                Mistake::new(format!("There is no project `{id}` visible to you.{meant}"))
                    .next(names_of(visible))
            }),
        (None, [only]) => Ok(only),
        (None, several) => Err(Mistake::new(format!(
            "Several projects are visible ({}), so `projectId` is needed.",
            several.len()
        ))
        .next(names_of(several))),
    }
}

fn names_of(visible: &[Project]) -> String {
    if visible.is_empty() {
        return String::from("No project is visible to this connection.");
    }
    let names: Vec<String> = visible
        .iter()
        .map(|project| format!("{}` ({})", project.id, project.name))
        .collect();
    // The backquote closes after the id: `acme` (Acme).
    let told = listed(names.iter().map(String::as_str), 20).replace(")`", ")");
    format!("Visible projects: {told}.")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use crate::testing::project;

    #[test]
    fn the_only_project_need_not_be_named() {
        let only = [project("acme", "UTC")];
        assert_eq!(
            choose(&only, None, None).map(|found| found.id.as_str()),
            Ok("acme")
        );
    }

    #[test]
    fn several_projects_ask_for_an_id_and_list_themselves() {
        let two = [project("acme", "UTC"), project("globex", "UTC")];
        insta::assert_snapshot!(choose(&two, None, None).unwrap_err().text(), @"Several projects are visible (2), so `projectId` is needed. Visible projects: `acme` (Acme), `globex` (Globex).");
        insta::assert_snapshot!(choose(&two, None, Some("acne")).unwrap_err().text(), @"There is no project `acne` visible to you. Did you mean `acme`? Visible projects: `acme` (Acme), `globex` (Globex).");
    }

    #[test]
    fn a_pinned_project_wins_and_must_be_visible() {
        let two = [project("acme", "UTC"), project("globex", "UTC")];
        assert_eq!(
            choose(&two, Some("globex"), None).map(|found| found.id.as_str()),
            Ok("globex")
        );
        insta::assert_snapshot!(choose(&two, Some("hooli"), None).unwrap_err().text(), @"The address of this connection pins the project `hooli`, which is not among those visible to you. Visible projects: `acme` (Acme), `globex` (Globex). Whoever set up the connection has to change `project=` in its address.");
    }
}
