//! What a page says after a form was carried out and the browser sent on: a name in the address, a sentence of ours.

use crate::console::form::Form;

macro_rules! notes {
    ($($(#[$doc:meta])* $name:ident = $slug:literal, $text:literal;)+) => {
        /// Something that was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Note { $($(#[$doc])* $name),+ }

        impl Note {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name),+];

            fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug),+ }
            }

            /// The sentence.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            fn from_slug(slug: &str) -> Option<Self> {
                match slug { $($slug => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

notes! {
    /// A connection ended.
    ConnectionRevoked = "connection-revoked", "The connection was revoked. It is out with its next request.";
    /// A connection has another name.
    ConnectionRenamed = "connection-renamed", "The connection was renamed.";
    /// An API client ended.
    ClientRevoked = "client-revoked", "The client was revoked. It is out with its next request.";
    /// An API client has another limit.
    ClientLimited = "client-limited", "The limit was changed. It applies from the client's next request.";
    /// A project was made.
    ProjectCreated = "project-created", "The project was created.";
    /// A project has another name.
    ProjectRenamed = "project-renamed", "The project was renamed.";
    /// A project is gone from sight.
    ProjectArchived = "project-archived", "The project was archived. Its data stays.";
    /// A member was changed.
    MemberChanged = "member-changed", "The member was changed.";
    /// A member was removed.
    MemberRemoved = "member-removed", "The member was removed.";
    /// The person left.
    Left = "left", "You left the organization.";
    /// An invitation is void.
    InvitationRevoked = "invitation-revoked", "The invitation was revoked. Its link does not work any more.";
    /// The person joined.
    Joined = "joined", "You belong to the organization now.";
    /// They did before.
    AlreadyMember = "already-member", "You belonged to the organization already.";
    /// A team was made.
    TeamCreated = "team-created", "The team was created. Give it members and projects now.";
    /// A team was changed.
    TeamChanged = "team-changed", "The team was changed.";
    /// A team was deleted.
    TeamDeleted = "team-deleted", "The team was deleted.";
    /// Another password.
    PasswordChanged = "password-changed", "The password was changed. Other browsers were signed out.";
    /// A session ended.
    SessionEnded = "session-ended", "That browser was signed out.";
    /// Nobody is signed in any more.
    SignedOut = "signed-out", "You are signed out.";
    /// The first account was made.
    SetUp = "set-up", "Everything is set up. Create a project, then connect your assistant.";
}

impl Note {
    /// The address of `page` that says so.
    pub fn at(self, page: &str) -> String {
        format!("{page}?done={}", self.slug())
    }

    /// The note that an address names.
    pub fn of_query(query: &Form) -> Option<Self> {
        Self::from_slug(query.get("done"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_reads_back_from_its_address_and_no_other_text_is_shown() {
        for note in Note::ALL {
            let address = note.at("/x");
            let query = address.strip_prefix("/x?").unwrap_or_default();
            assert_eq!(
                Note::of_query(&Form::of_query(query.as_bytes())),
                Some(*note)
            );
        }
        let query = Form::of_query(b"done=Your+account+is+locked,+call+us");
        assert_eq!(Note::of_query(&query), None);
    }
}
