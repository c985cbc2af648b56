//! Why a tool has no answer.
//!
//! A [`Mistake`] is the caller's to mend: its text is written for a model and says what was wrong, what is allowed, what to call
//! next. Everything else is told without anything internal, with an id that the log knows.

use sightline_warehouse::WarehouseError;

/// What the caller can put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake(String);

impl Mistake {
    /// A mistake, told in whole sentences.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What to do next, in a sentence of its own.
    pub(crate) fn next(mut self, step: impl AsRef<str>) -> Self {
        self.0.push(' ');
        self.0.push_str(step.as_ref());
        self
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller can mend it.
    Mistake(Mistake),
    /// The warehouse did not answer.
    Warehouse(WarehouseError),
    /// A fault of the program; the text is for the log.
    Fault(String),
}

impl Failure {
    /// A fault of the program's own, with what the log should say.
    pub(crate) fn fault(detail: impl Into<String>) -> Self {
        Self::Fault(detail.into())
    }

    /// A short name for logs and metrics.
    pub(crate) fn slug(&self) -> &'static str {
        match self {
            Self::Mistake(_) => "mistake",
            Self::Warehouse(error) => error.slug(),
            Self::Fault(_) => "tool_failed",
        }
    }

    /// What the model is told, and what only the log is.
    pub(crate) fn told(&self, request_id: &str) -> (String, Option<String>) {
        match self {
            Self::Mistake(mistake) => (mistake.text().to_owned(), None),
            Self::Warehouse(WarehouseError::Internal(detail)) | Self::Fault(detail) => (
                format!(
                    "The question could not be answered because of a fault on the server's side (id {request_id}). \
                     Nothing is wrong with the input. Ask once more; if it stays, give that id to whoever runs this server."
                ),
                Some(detail.clone()),
            ),
            Self::Warehouse(error) => (error.to_string(), None),
        }
    }
}

impl From<Mistake> for Failure {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

impl From<WarehouseError> for Failure {
    fn from(error: WarehouseError) -> Self {
        Self::Warehouse(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(format!("an answer could not be written as JSON: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_fault_tells_an_id_and_nothing_else() {
        let (told, logged) =
            Failure::from(WarehouseError::internal("table at r2://secret/path")).told("req_7");
        assert!(
            told.contains("id req_7") && !told.contains("secret"),
            "{told}"
        );
        assert_eq!(logged.as_deref(), Some("table at r2://secret/path"));
    }

    #[test]
    fn what_the_caller_can_act_on_is_told_as_it_is() {
        let (told, logged) =
            Failure::from(WarehouseError::TooLarge("It would read 3 GB.".into())).told("req_7");
        assert_eq!((told.as_str(), logged), ("It would read 3 GB.", None));
    }
}
