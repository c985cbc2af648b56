//! The demo's organizations and projects, as they are entered into the database.

use serde::Serialize;

/// An organization of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Organization {
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// A project of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DemoProject {
    /// Its id, which is also the name of its folder.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whose it is.
    pub organization: Organization,
    /// Its domain.
    pub domain: &'static str,
    /// What it is: `website`, `app`, `backend`.
    pub types: &'static [&'static str],
    /// Its timezone, an IANA name.
    pub timezone: &'static str,
    /// Its currency, ISO 4217.
    pub currency: &'static str,
    /// The day its weeks begin with: `monday` or `sunday`.
    pub week_start: &'static str,
}

const NORTHWIND: Organization = Organization {
    id: "org_northwind",
    name: "Northwind",
};
const GLOBEX: Organization = Organization {
    id: "org_globex",
    name: "Globex",
};

/// The demo's projects: a web shop, a product for companies, a documentation site.
pub const PROJECTS: [DemoProject; 3] = [
    DemoProject {
        id: "shop",
        name: "Northwind Shop",
        organization: NORTHWIND,
        domain: "shop.northwind.example.com",
        types: &["website"],
        timezone: "America/New_York",
        currency: "USD",
        week_start: "sunday",
    },
    DemoProject {
        id: "app",
        name: "Northwind Boards",
        organization: NORTHWIND,
        domain: "boards.northwind.example.com",
        types: &["website", "app"],
        timezone: "Europe/Berlin",
        currency: "EUR",
        week_start: "monday",
    },
    DemoProject {
        id: "docs",
        name: "Globex Docs",
        organization: GLOBEX,
        domain: "docs.globex.example.com",
        types: &["website"],
        timezone: "Asia/Tokyo",
        currency: "JPY",
        week_start: "monday",
    },
];
