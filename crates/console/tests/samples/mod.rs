//! Every page with sample data, for the tests and for looking at.

use sightline_console::pages::*;
use sightline_console::{Brand, Choice, Csrf, Moment, Nav, Page, Shell, Status, Tone};

/// Makes the surroundings of a page for somebody not signed in.
type Outside<'f, 'a> = &'f dyn Fn(Option<(Tone, &str)>) -> Shell<'a>;

const NOW_MS: i64 = 1_795_672_800_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Names as people give them, or as an attacker does.
#[derive(Clone, Copy)]
pub struct Names {
    pub app: &'static str,
    pub person: &'static str,
    pub organization: &'static str,
    pub project: &'static str,
    pub email: &'static str,
}

/// The usual ones.
pub const FRIENDLY: Names = Names {
    app: "Claude",
    person: "Ada Lovelace",
    organization: "Northwind Coffee",
    project: "Web shop",
    email: "ada@northwind.example",
};

fn ago(ms: i64) -> Moment {
    Moment {
        at_ms: NOW_MS - ms,
        now_ms: NOW_MS,
    }
}

fn csrf() -> Csrf {
    Csrf("csrf-token".to_owned())
}

fn choice(value: &str, label: &str, chosen: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen,
    }
}

fn month(seed: u64, scale: u64) -> Vec<u64> {
    (0..30)
        .map(|day| {
            let weekend = matches!((day + 3) % 7, 5 | 6);
            let noise = (day * 7919 + seed * 104_729) % 97;
            if weekend {
                noise * scale / 400
            } else {
                noise * scale / 97
            }
        })
        .collect()
}

/// All pages, by file name.
pub fn all(brand: &Brand, names: Names) -> Vec<(&'static str, Page)> {
    let outside = |status: Option<(Tone, &str)>| Shell {
        brand,
        nav: None,
        status: status.map(|(tone, text)| Status {
            tone,
            text: text.to_owned(),
        }),
    };
    let inside = |status: Option<&str>| Shell {
        nav: Some(Nav {
            person: names.person.to_owned(),
            organizations: vec![
                choice("o1", names.organization, true),
                choice("o2", "Side project", false),
            ],
            is_admin: true,
            csrf: csrf(),
        }),
        ..outside(status.map(|text| (Tone::Done, text)))
    };
    let mut pages = before_signing_in(&outside, names);
    pages.extend(connecting(&outside, names));
    pages.extend([
        (
            "landing-signed-in",
            landing(
                &inside(None),
                &LandingPage {
                    endpoint: "https://mcp.northwind.example/mcp",
                },
            ),
        ),
        (
            "connections",
            connections(
                &inside(Some(
                    "“Nightly notebook” was revoked. It is out with its next request.",
                )),
                &connections_page(names),
            ),
        ),
        (
            "connections-empty",
            connections(
                &inside(None),
                &ConnectionsPage {
                    csrf: csrf(),
                    own: vec![],
                    others: None,
                },
            ),
        ),
        (
            "api-clients",
            api_clients(&inside(None), &api_clients_page(names)),
        ),
        ("projects", projects(&inside(None), &projects_page(names))),
        ("members", members(&inside(None), &members_page(names))),
        ("teams", teams(&inside(None), &teams_page(names))),
        ("audit", audit(&inside(None), &audit_page(names))),
        ("account", account(&inside(None), &account_page(names))),
    ]);
    pages
}

fn before_signing_in<'a>(outside: Outside<'_, 'a>, names: Names) -> Vec<(&'static str, Page)> {
    let sign_in_page = SignInPage {
        csrf: csrf(),
        next: "/authorize?client_id=x&state=y",
        email: names.email,
        by_password: true,
        provider: Some("Northwind ID"),
        app: Some(names.app),
    };
    vec![
        (
            "landing",
            landing(
                &outside(None),
                &LandingPage {
                    endpoint: "https://mcp.northwind.example/mcp",
                },
            ),
        ),
        (
            "set-up",
            set_up(
                &outside(None),
                &SetUpPage {
                    csrf: csrf(),
                    name: "",
                    email: "",
                    organization: "",
                },
            ),
        ),
        (
            "reset",
            reset(
                &outside(None),
                &ResetPage {
                    csrf: csrf(),
                    token: "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s",
                    email: names.email,
                },
            ),
        ),
        (
            "recover",
            recover(
                &outside(Some((
                    Tone::Failed,
                    "No link was made. Check the set-up secret and the address.",
                ))),
                &RecoverPage {
                    csrf: csrf(),
                    email: names.email,
                },
            ),
        ),
        (
            "sign-in",
            sign_in(
                &outside(Some((Tone::Failed, "Address or password is not right."))),
                &SignInPage {
                    provider: None,
                    app: None,
                    next: "/",
                    ..sign_in_page.clone()
                },
            ),
        ),
        ("sign-in-provider", sign_in(&outside(None), &sign_in_page)),
        (
            "departure",
            departure(
                &outside(None),
                &DeparturePage {
                    provider: "Northwind ID",
                    url: "https://id.northwind.example/authorize?client_id=x&state=y",
                },
            ),
        ),
        (
            "invitation",
            invitation(
                &outside(None),
                &InvitationPage {
                    csrf: csrf(),
                    token: "abc",
                    organization: names.organization,
                    invited_by: names.person,
                    role: "member",
                    invited: Invited::New {
                        name: "",
                        email: names.email,
                    },
                },
            ),
        ),
        (
            "error",
            error(
                &outside(None),
                &ErrorPage {
                    title: "This app could not be connected",
                    text: "The app sent an address to return to that it has not registered. Start again from the app; if it happens again, tell its makers.",
                    reference: Some("8f3c-21"),
                    next: None,
                },
            ),
        ),
    ]
}

fn connecting<'a>(outside: Outside<'_, 'a>, names: Names) -> Vec<(&'static str, Page)> {
    let page = consent_page(names);
    let local = ConsentPage {
        identity: AppIdentity::SelfRegistered,
        redirect: RedirectTarget::ThisDevice("localhost:8787".to_owned()),
        organizations: vec![
            choice("o1", names.organization, true),
            choice("o2", "Side project", false),
        ],
        ..page.clone()
    };
    vec![
        ("consent", consent(&outside(None), &page)),
        ("consent-local", consent(&outside(None), &local)),
        (
            "handover",
            handover(
                &outside(None),
                &HandoverPage {
                    app_name: names.app,
                    url: "https://claude.ai/api/mcp/auth_callback?code=c&state=s",
                    allowed: true,
                },
            ),
        ),
    ]
}

fn consent_page(names: Names) -> ConsentPage {
    let scope = |name: &str, title: &str, sentence: &str| ScopeTick {
        name: name.to_owned(),
        title: title.to_owned(),
        sentence: sentence.to_owned(),
        ticked: true,
    };
    ConsentPage {
        csrf: csrf(),
        handle: "handle".to_owned(),
        app_name: names.app.to_owned(),
        identity: AppIdentity::Verified {
            host: "claude.ai".to_owned(),
        },
        redirect: RedirectTarget::Host("claude.ai".to_owned()),
        scopes: vec![
            scope(
                "mcp:insights:read",
                "Reports",
                "Read trends, funnels, retention and the other ready-made answers.",
            ),
            scope(
                "mcp:events:read",
                "Events",
                "Read single events with their properties.",
            ),
            scope(
                "mcp:sessions:read",
                "Sessions",
                "Read visits: pages, referrers, devices, length.",
            ),
            scope(
                "mcp:persons:read",
                "People",
                "Read profiles and groups, with the traits you store about them.",
            ),
            scope(
                "mcp:schema:read",
                "Structure",
                "See tables, event names and property keys.",
            ),
            scope(
                "mcp:query:read",
                "SQL",
                "Run reading SQL over all of the above.",
            ),
        ],
        email: names.email.to_owned(),
        organizations: vec![choice("o1", names.organization, true)],
        projects: vec![
            choice("shop", names.project, false),
            choice("docs", "Documentation", false),
        ],
    }
}

fn connections_page(names: Names) -> ConnectionsPage {
    let row = |id: &str, name: &str, host: &str, seed, scale| ConnectionRow {
        id: id.to_owned(),
        name: name.to_owned(),
        host: host.to_owned(),
        person: None,
        scopes: ["Reports", "Events", "Sessions", "SQL"]
            .map(str::to_owned)
            .to_vec(),
        projects: vec![],
        created: ago(40 * DAY_MS),
        last_used: Some(ago(4 * MINUTE_MS)),
        requests_by_day: month(seed, scale),
    };
    ConnectionsPage {
        csrf: csrf(),
        own: vec![
            row("c1", names.app, "claude.ai", 1, 420),
            ConnectionRow {
                projects: vec![names.project.to_owned()],
                last_used: Some(ago(3 * DAY_MS)),
                ..row("c2", "Cursor on the laptop", "localhost", 2, 60)
            },
            ConnectionRow {
                last_used: None,
                created: ago(0),
                requests_by_day: vec![0; 30],
                ..row("c3", "VS Code", "vscode.dev", 3, 0)
            },
        ],
        others: Some(vec![ConnectionRow {
            person: Some(names.person.to_owned()),
            ..row("c4", "ChatGPT", "chatgpt.com", 5, 1900)
        }]),
    }
}

fn api_clients_page(names: Names) -> ApiClientsPage {
    let row = |id: &str, name: &str| ApiClientRow {
        id: id.to_owned(),
        name: name.to_owned(),
        reads: names.project.to_owned(),
        created: ago(90 * DAY_MS),
        last_used: Some(ago(26 * MINUTE_MS)),
        expires: Some(Moment {
            at_ms: NOW_MS + 12 * DAY_MS,
            now_ms: NOW_MS,
        }),
        revoked: false,
        requests_per_minute: Some(600),
        requests_by_day: month(9, 2400),
    };
    ApiClientsPage {
        csrf: csrf(),
        clients: vec![
            row("nightly_report", "Nightly report"),
            ApiClientRow { revoked: true, requests_per_minute: None, expires: None, reads: "All projects".to_owned(), ..row("old_ci", names.app) },
        ],
        scopes: vec![choice("shop", names.project, true), choice("*", "All projects", false)],
        default_requests_per_minute: 60,
        new: Some(NewToken { name: names.app.to_owned(), token: "bmlnaHRseV9yZXBvcnQ6c2xfcTZ1cnE2dXJxNnVycTZ1cnE2dXJxNnVycTZ1cnE2dXJxNnVycTZ1cnE2cw==".to_owned() }),
    }
}

fn projects_page(names: Names) -> ProjectsPage {
    let row = |id: &str, name: &str, domain: Option<&str>| ProjectRow {
        id: id.to_owned(),
        name: name.to_owned(),
        domain: domain.map(str::to_owned),
        timezone: "Europe/Stockholm".to_owned(),
        currency: "SEK".to_owned(),
    };
    ProjectsPage {
        csrf: csrf(),
        projects: vec![
            row("shop", names.project, Some("shop.northwind.example")),
            row("docs", "Documentation", None),
        ],
        may_manage: true,
    }
}

fn members_page(names: Names) -> MembersPage {
    let roles = || {
        vec![
            choice("member", "Member", true),
            choice("admin", "Admin", false),
            choice("owner", "Owner", false),
        ]
    };
    let projects = || {
        vec![
            choice("shop", names.project, true),
            choice("docs", "Documentation", false),
        ]
    };
    let row = |id: &str, name: &str, email: &str, role: &str, sees: &str| MemberRow {
        id: id.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        role: role.to_owned(),
        sees: sees.to_owned(),
        is_self: false,
        roles: roles(),
        projects: projects(),
        sees_all: false,
    };
    MembersPage {
        csrf: csrf(),
        members: vec![
            MemberRow {
                is_self: true,
                projects: vec![],
                ..row("u1", names.person, names.email, "Owner", "All projects")
            },
            row(
                "u2",
                "Grace Hopper",
                "grace@northwind.example",
                "Admin",
                "All projects",
            ),
            row(
                "u3",
                "Katherine Johnson",
                "katherine@northwind.example",
                "Member",
                "2 projects, 1 team",
            ),
        ],
        invitations: vec![InvitationRow {
            id: "i1".to_owned(),
            who: names.email.to_owned(),
            role: "Member".to_owned(),
            expires: Moment {
                at_ms: NOW_MS + 6 * DAY_MS,
                now_ms: NOW_MS,
            },
        }],
        roles: roles(),
        projects: projects(),
        new_link: Some(
            "https://mcp.northwind.example/invite/q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"
                .to_owned(),
        ),
        new_reset: Some(
            "https://mcp.northwind.example/reset/q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"
                .to_owned(),
        ),
    }
}

fn teams_page(names: Names) -> TeamsPage {
    TeamsPage {
        csrf: csrf(),
        teams: vec![TeamRow {
            id: "t1".to_owned(),
            name: "Growth".to_owned(),
            members: vec![
                choice("u1", names.person, true),
                choice("u2", "Grace Hopper", true),
            ],
            projects: vec![
                choice("shop", names.project, true),
                choice("docs", "Documentation", false),
            ],
        }],
    }
}

fn audit_page(names: Names) -> AuditPage {
    let row = |minutes: i64, what: &str, detail: &str, alarming| AuditRow {
        at: ago(minutes * MINUTE_MS),
        what: what.to_owned(),
        who: names.person.to_owned(),
        detail: detail.to_owned(),
        alarming,
    };
    AuditPage {
        rows: vec![
            row(2, "Signed in", "By password, Firefox on Linux", false),
            row(9, "Connection made", names.app, false),
            row(
                75,
                "Refresh token replayed",
                "The connection “Cursor on the laptop” was ended",
                true,
            ),
            row(3000, "Sign-in failed", "Password wrong", true),
            row(9000, "API client created", "Nightly report", false),
        ],
        older: Some("1795672800000".to_owned()),
    }
}

fn account_page(names: Names) -> AccountPage {
    let row = |id: &str, browser: &str, is_this| SessionRow {
        id: id.to_owned(),
        browser: browser.to_owned(),
        created: ago(6 * DAY_MS),
        last_seen: ago(MINUTE_MS * if is_this { 0 } else { 300 }),
        is_this,
    };
    AccountPage {
        csrf: csrf(),
        name: names.person.to_owned(),
        email: names.email.to_owned(),
        has_password: true,
        sessions: vec![
            row("s1", "Firefox on Linux", true),
            row("s2", "Safari on iPhone", false),
        ],
    }
}
