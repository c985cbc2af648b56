//! Parts of forms.

use maud::{Markup, html};

/// What is asked of a new password.
pub(crate) const PASSWORD_HINT: &str =
    "At least 12 characters. A few words in a row are easy to remember.";

/// A CSRF token for the forms of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csrf(pub String);

/// One of several to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

impl Csrf {
    /// The hidden field.
    pub(crate) fn field(&self) -> Markup {
        html! { input type="hidden" name="csrf" value=(self.0); }
    }
}

/// A line of text to fill in.
pub(crate) struct TextField<'a> {
    pub name: &'a str,
    pub label: &'a str,
    pub kind: &'a str,
    pub value: &'a str,
    pub hint: Option<&'a str>,
    pub autocomplete: &'a str,
    pub required: bool,
}

impl TextField<'_> {
    pub(crate) fn render(&self) -> Markup {
        let id = format!("f-{}", self.name);
        let hint_id = format!("{id}-hint");
        html! {
            div class="field" {
                label for=(id) { (self.label) @if !self.required { span class="optional" { " optional" } } }
                input id=(id) name=(self.name) type=(self.kind) value=(self.value) autocomplete=(self.autocomplete)
                    required[self.required] aria-describedby=[self.hint.map(|_| hint_id.as_str())]
                    minlength=[(self.autocomplete == "new-password").then_some("12")]
                    maxlength=(if self.kind == "password" { "256" } else { "200" })
                    autocapitalize=[(self.kind != "text").then_some("none")] spellcheck="false";
                @if let Some(hint) = self.hint { p class="hint" id=(hint_id) { (hint) } }
            }
        }
    }
}

/// One of several, in a list that opens.
pub(crate) fn select(id: &str, name: &str, label: &str, choices: &[Choice]) -> Markup {
    html! {
        div class="field" {
            label for=(id) { (label) }
            select id=(id) name=(name) {
                @for choice in choices { option value=(choice.value) selected[choice.chosen] { (choice.label) } }
            }
        }
    }
}

/// Any of several, each with a tick.
pub(crate) fn ticks(name: &str, legend: &str, choices: &[Choice]) -> Markup {
    html! {
        fieldset class="ticks" {
            legend { (legend) }
            @for choice in choices {
                label class="tick" {
                    input type="checkbox" name=(name) value=(choice.value) checked[choice.chosen];
                    span { (choice.label) }
                }
            }
        }
    }
}

/// A value to copy, with a button that only shows if the script runs.
pub(crate) fn copyable(id: &str, label: &str, text: &str) -> Markup {
    html! {
        div class="copyable" {
            code id=(id) tabindex="0" aria-label=(label) { (text) }
            button type="button" class="quiet" data-copy=(id) hidden { "Copy" }
        }
    }
}

/// Something that cannot be taken back: the button is behind a question that opens without a script.
pub(crate) fn danger(question: &str, label: &str, action: &str, csrf: &Csrf, id: &str) -> Markup {
    html! {
        details class="ask" {
            summary class="button quiet danger" { (label) }
            form method="post" action=(action) class="answer" {
                (csrf.field())
                input type="hidden" name="id" value=(id);
                p { (question) }
                button class="danger" { (label) }
            }
        }
    }
}
