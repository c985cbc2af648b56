//! Forms: read whole, up to a bound, names and values decoded.

use std::borrow::Cow;

/// Most bytes of a form: a team with some hundred members and projects ticked fits.
pub const MAX_BYTES: usize = 64 << 10;

/// A form that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormFlaw {
    /// Another media type than forms have.
    NotAForm,
    /// Longer than [`MAX_BYTES`].
    TooLong,
}

/// Decoded fields, in order. Without `Debug`: there are passwords in it.
#[derive(Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The fields in `body`, which came as `content_type`.
    ///
    /// # Errors
    /// [`FormFlaw`].
    pub fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Self, FormFlaw> {
        let media = content_type.unwrap_or_default().split(';').next();
        let is_form = media.is_some_and(|media| {
            media
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        if body.len() > MAX_BYTES {
            return Err(FormFlaw::TooLong);
        }
        if !is_form {
            return Err(FormFlaw::NotAForm);
        }
        Ok(Self::of_query(body))
    }

    /// The parameters of a query, which are written as forms are.
    pub fn of_query(query: &[u8]) -> Self {
        let owned =
            |(name, value): (Cow<'_, str>, Cow<'_, str>)| (name.into_owned(), value.into_owned());
        Self(form_urlencoded::parse(query).map(owned).collect())
    }

    /// The value of a field; nothing, if it is absent or comes twice.
    pub fn get(&self, name: &str) -> &str {
        let mut named = self.0.iter().filter(|(key, _)| key == name);
        match (named.next(), named.next()) {
            (Some((_, value)), None) => value,
            _ => "",
        }
    }

    /// The value of a field, if it has one.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.get(name).trim()).filter(|value| !value.is_empty())
    }

    /// All values of a field: the ticks of a list.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named =
            move |(key, value): &'a (String, String)| (key == name).then_some(value.as_str());
        self.0.iter().filter_map(named)
    }

    /// The same, as a list of texts.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.all(name).map(str::to_owned).collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    const KIND: Option<&str> = Some("application/x-www-form-urlencoded; charset=UTF-8");

    #[test]
    fn fields_are_decoded_and_ticks_of_one_name_are_a_list() {
        let form = Form::parse(KIND, b"name=A+%26+B&project=x&project=y&empty=+")
            .ok()
            .unwrap();
        assert_eq!(form.get("name"), "A & B");
        assert_eq!(form.list("project"), ["x", "y"]);
        assert_eq!(form.given("empty"), None);
        assert_eq!(form.get("absent"), "");
    }

    #[test]
    fn a_field_that_must_be_one_and_comes_twice_is_as_if_it_had_not_come() {
        let form = Form::of_query(b"csrf=good&csrf=other");
        assert_eq!(form.get("csrf"), "");
    }

    #[test]
    fn what_is_no_form_or_too_long_is_refused() {
        let flaw = |kind, body: &[u8]| Form::parse(kind, body).err();
        assert_eq!(
            flaw(Some("application/json"), b"{}"),
            Some(FormFlaw::NotAForm)
        );
        assert_eq!(flaw(None, b"a=b"), Some(FormFlaw::NotAForm));
        assert_eq!(
            flaw(KIND, &vec![b'a'; MAX_BYTES + 1]),
            Some(FormFlaw::TooLong)
        );
        assert_eq!(flaw(KIND, &vec![b'a'; MAX_BYTES]), None);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_stop_the_reader() {
        let form = Form::of_query(b"name=%ff%fe&=x&&a");
        assert_eq!(form.get("name"), "\u{fffd}\u{fffd}");
    }
}
