//! What surrounds every page: brand, navigation, the person, a message.

use maud::{DOCTYPE, Markup, html};

use crate::assets::{ICON_PATH, MARK_LINE, SCRIPT_PATH, STYLESHEET_PATH};
use crate::brand::{Brand, Logo};
use crate::field::{Choice, Csrf};
use crate::path;

/// A finished page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page(pub(crate) String);

impl Page {
    /// The document.
    pub fn html(&self) -> &str {
        &self.0
    }
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It was done.
    Done,
    /// It was not.
    Failed,
}

/// A message above the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Whether it is good news.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
}

/// A part of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// How to connect.
    Connect,
    /// Connected apps.
    Connections,
    /// API clients.
    ApiClients,
    /// Projects.
    Projects,
    /// Members and invitations.
    Members,
    /// Teams.
    Teams,
    /// The audit log.
    Audit,
    /// One's own account.
    Account,
}

impl Section {
    const ALL: [Self; 8] = [
        Self::Connect,
        Self::Connections,
        Self::ApiClients,
        Self::Projects,
        Self::Members,
        Self::Teams,
        Self::Audit,
        Self::Account,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Connect => "Connect",
            Self::Connections => "Connections",
            Self::ApiClients => "API clients",
            Self::Projects => "Projects",
            Self::Members => "Members",
            Self::Teams => "Teams",
            Self::Audit => "Audit log",
            Self::Account => "Account",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Connect => path::HOME,
            Self::Connections => path::CONNECTIONS,
            Self::ApiClients => path::API_CLIENTS,
            Self::Projects => path::PROJECTS,
            Self::Members => path::MEMBERS,
            Self::Teams => path::TEAMS,
            Self::Audit => path::AUDIT,
            Self::Account => path::ACCOUNT,
        }
    }

    fn is_for_admins(self) -> bool {
        matches!(
            self,
            Self::ApiClients | Self::Members | Self::Teams | Self::Audit
        )
    }
}

/// Navigation for somebody signed in.
#[derive(Debug, Clone)]
pub struct Nav {
    /// What to call the person.
    pub person: String,
    /// The organizations they belong to. With one, there is nothing to choose.
    pub organizations: Vec<Choice>,
    /// Whether they run the organization chosen.
    pub is_admin: bool,
    /// For the forms of the navigation.
    pub csrf: Csrf,
}

/// The surroundings of a page.
#[derive(Debug, Clone)]
pub struct Shell<'a> {
    /// The operator's brand.
    pub brand: &'a Brand,
    /// Navigation, if somebody is signed in.
    pub nav: Option<Nav>,
    /// A message.
    pub status: Option<Status>,
}

impl Shell<'_> {
    /// A page of the console, with navigation.
    pub(crate) fn wide(&self, title: &str, section: Section, body: &Markup) -> Page {
        let body = html! {
            (self.header(true))
            div class=(if self.nav.is_some() { "frame" } else { "frame alone" }) {
                @if let Some(nav) = &self.nav { (nav.render(section)) }
                main id="main" tabindex="-1" {
                    (self.status_line())
                    (body)
                }
            }
            (self.footer())
        };
        self.document(title, &body, None)
    }

    /// A page with one thing to do, in the middle.
    pub(crate) fn narrow(&self, title: &str, body: &Markup) -> Page {
        self.centred(title, body, None)
    }

    /// The same, going on to `next` by itself.
    pub(crate) fn narrow_going_on(&self, title: &str, body: &Markup, next: &str) -> Page {
        self.centred(title, body, Some(next))
    }

    fn centred(&self, title: &str, body: &Markup, next: Option<&str>) -> Page {
        let body = html! {
            (self.header(false))
            main id="main" class="narrow" tabindex="-1" {
                div class="card" {
                    (self.status_line())
                    (body)
                }
            }
            (self.footer())
        };
        self.document(title, &body, next)
    }

    fn document(&self, title: &str, body: &Markup, next: Option<&str>) -> Page {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    @if let Some(next) = next { meta http-equiv="refresh" content={ "0; url=" (next) }; }
                    title { (title) " · " (self.brand.name()) }
                    link rel="icon" href=(match self.brand.logo() { Logo::Mark => ICON_PATH, Logo::Image(url) => url });
                    link rel="stylesheet" href=(STYLESHEET_PATH);
                    script src=(SCRIPT_PATH) defer {}
                }
                body {
                    a class="skip" href="#main" { "Skip to content" }
                    (body)
                    div id="announce" class="unseen" role="status" {}
                }
            }
        };
        Page(page.into_string())
    }

    fn status_line(&self) -> Markup {
        html! {
            @if let Some(status) = &self.status {
                @match status.tone {
                    Tone::Done => p class="status done" role="status" { (status.text) },
                    Tone::Failed => p class="status failed" role="alert" { (status.text) },
                }
            }
        }
    }

    fn header(&self, invites: bool) -> Markup {
        html! {
            header class="top" {
                a class="brand" href=(path::HOME) {
                    @match self.brand.logo() {
                        Logo::Mark => (mark()),
                        Logo::Image(url) => img src=(url) alt="" width="28" height="28";,
                    }
                    span { (self.brand.name()) }
                }
                @match &self.nav {
                    Some(nav) => (nav.person_menu()),
                    None if invites => a class="button quiet" href=(path::SIGN_IN) { "Sign in" },
                    None => {},
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        html! {
            footer {
                span { (self.brand.name()) " reads your analytics and changes nothing." }
                @if let Some(support) = self.brand.support() { a href=(support) { "Support" } }
            }
        }
    }
}

impl Nav {
    fn render(&self, current: Section) -> Markup {
        html! {
            nav class="side" aria-label="Console" {
                ul {
                    @for section in Section::ALL {
                        @if self.is_admin || !section.is_for_admins() {
                            li { a href=(section.path()) aria-current=[(section == current).then_some("page")] { (section.label()) } }
                        }
                    }
                }
            }
        }
    }

    fn person_menu(&self) -> Markup {
        html! {
            div class="person" {
                @if self.organizations.len() > 1 {
                    form method="post" action=(path::ORGANIZATION) class="switch" {
                        (self.csrf.field())
                        label class="unseen" for="organization" { "Organization" }
                        select id="organization" name="organization" {
                            @for choice in &self.organizations { option value=(choice.value) selected[choice.chosen] { (choice.label) } }
                        }
                        button class="quiet" { "Switch" }
                    }
                } @else if let Some(only) = self.organizations.first() {
                    span class="only" { (only.label) }
                }
                span class="who" { (self.person) }
                form method="post" action=(path::SIGN_OUT) {
                    (self.csrf.field())
                    button class="quiet" { "Sign out" }
                }
            }
        }
    }
}

/// Sightline's mark, coloured by the stylesheet.
fn mark() -> Markup {
    html! {
        svg class="mark" viewBox="0 0 28 28" width="28" height="28" aria-hidden="true" {
            rect width="28" height="28" rx="7" class="ground" {}
            path d=(MARK_LINE) class="line" {}
            circle cx="15" cy="16.5" r="2.6" class="dot" {}
        }
    }
}
