//! A person with an account, and the names people give.

use crate::database::{Row, StoreFault};
use crate::email::Email;
use crate::failure::AccountsError;

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: String,
    /// The address signed in with.
    pub email: Email,
    /// What to call them.
    pub name: String,
}

impl Person {
    pub(crate) fn read(row: &Row) -> Result<Self, StoreFault> {
        let email = row.text("email")?;
        Ok(Self {
            id: row.text("user_id")?,
            name: row.text_if_any("name")?.unwrap_or_else(|| email.clone()),
            email: Email::parse(&email)
                .map_err(|_| StoreFault("a stored address is not one".to_owned()))?,
        })
    }
}

/// A name of a person, organization or team: trimmed, 1 to 200 characters, none of them a control character or one that turns the direction
/// of the text around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The name that `text` is.
    ///
    /// # Errors
    /// [`AccountsError::Name`].
    pub fn parse(text: &str) -> Result<Self, AccountsError> {
        let text = text.trim();
        let hidden = |c: char| {
            c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        };
        if !(1..=200).contains(&text.chars().count()) || text.chars().any(hidden) {
            return Err(AccountsError::Name);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_any_text_one_can_see() {
        for text in ["Ada", " Ada ", "O'Brien & <Sons>", "李", &"x".repeat(200)] {
            assert_eq!(
                Name::parse(text).map(|name| name.0),
                Ok(text.trim().to_owned())
            );
        }
        for text in ["", "   ", "a\nb", "a\u{202e}b", "a\0", &"x".repeat(201)] {
            assert_eq!(Name::parse(text), Err(AccountsError::Name), "{text:?}");
        }
    }
}
