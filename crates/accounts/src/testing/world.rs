//! A small world for this crate's tests: one organization, and people made the way people are.

use futures::executor::block_on;

use super::{CountingEntropy, MemoryDatabase};
use crate::{
    Accounts, Actor, Browser, FirstOwner, NewInvitation, OpenSession, PasswordCost, Policy, Role,
    Sees, SetUpSecret, SignInOutcome, SignInRequest, SignedIn, Source, Token,
};

/// The usual policy with a hash that costs nothing.
pub(crate) fn cheap() -> Policy {
    Policy {
        password_cost: PasswordCost {
            memory_kib: 16,
            passes: 1,
        },
        ..Policy::default()
    }
}

/// The world.
pub(crate) struct World {
    pub database: MemoryDatabase,
    pub entropy: CountingEntropy,
    pub start_ms: i64,
}

impl World {
    pub const PASSWORD: &str = "three quiet herons";

    pub fn new() -> Self {
        Self {
            database: MemoryDatabase::new().unwrap(),
            entropy: CountingEntropy::default(),
            start_ms: 1_780_000_000_000,
        }
    }

    /// The door, so long after the start.
    pub fn at(&self, after_ms: i64) -> Accounts<'_> {
        Accounts::new(
            &self.database,
            &self.entropy,
            cheap(),
            self.start_ms + after_ms,
        )
    }

    /// Sets up with this first owner, of the organization `Acme`.
    pub fn owner(&self, email: &str) -> Token {
        let secret = "a-set-up-secret-of-the-operator";
        let form = FirstOwner {
            secret,
            name: "First",
            email,
            password: Self::PASSWORD,
            organization: "Acme",
        };
        let configured = SetUpSecret::configured(secret);
        block_on(
            self.at(0)
                .set_up(configured.as_ref(), &form, &Browser::default()),
        )
        .unwrap()
        .token
    }

    /// Who made the world's first organization.
    pub fn first(&self) -> Actor {
        let id = |sql: &str| {
            let dump = self.database.dump().unwrap();
            let line = dump
                .lines()
                .find(|line| line.starts_with(sql))
                .unwrap()
                .to_owned();
            let row: serde_json::Value = serde_json::from_str(&line[sql.len()..]).unwrap();
            row
        };
        let installation = id("installation ");
        let members = id("members ");
        Actor {
            user_id: installation["owner_id"].as_str().unwrap().to_owned(),
            organization_id: members["organization_id"].as_str().unwrap().to_owned(),
            role: Role::Owner,
        }
    }

    /// Invites somebody as `role`, who takes it with a new account.
    pub fn member(&self, email: &str, role: Role) -> Token {
        let form = NewInvitation {
            email: "",
            role,
            sees: Sees::All,
        };
        let (link, _) = block_on(self.at(0).invite(&self.first(), &form)).unwrap();
        block_on(self.at(0).accept_as_new(
            &link,
            email,
            "Somebody",
            Self::PASSWORD,
            &Browser::default(),
        ))
        .unwrap()
        .token
    }

    pub fn signed_in(&self, token: &Token) -> Option<SignedIn> {
        block_on(self.at(0).signed_in(token)).unwrap()
    }

    /// The session's person, acting in their first organization.
    pub fn actor(&self, token: &Token) -> Actor {
        let signed_in = self.signed_in(token).unwrap();
        Actor::new(&signed_in.person.id, &signed_in.memberships[0])
    }

    pub fn sign_in(&self, email: &str, password: &str) -> Result<OpenSession, String> {
        self.sign_in_from(email, password, Browser::default(), "192.0.2.200")
    }

    pub fn sign_in_from(
        &self,
        email: &str,
        password: &str,
        browser: Browser,
        ip: &str,
    ) -> Result<OpenSession, String> {
        let request = SignInRequest {
            email,
            password,
            source: Source::of_ip(ip),
            browser,
        };
        match block_on(self.at(0).sign_in(&request)).unwrap() {
            SignInOutcome::SignedIn(session) => Ok(session),
            other => Err(format!("{other:?}")),
        }
    }

    /// Adds a project to an organization.
    pub fn project(&self, organization_id: &str, id: &str) {
        self.database
            .execute(&format!(
                "INSERT INTO projects (id, organization_id, name, created_at) VALUES ('{id}', '{organization_id}', '{id}', 0)"
            ))
            .unwrap();
    }
}
