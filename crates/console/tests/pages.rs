//! What holds of every page, and snapshots of the ones that decide something.

mod samples;

use samples::{FRIENDLY, Names};
use sightline_console::pages::*;
use sightline_console::{
    Brand, Csrf, ICON_PATH, Nav, SCRIPT_PATH, STYLESHEET_PATH, Shell, Status, Tone,
    security_headers,
};

const ATTACK: &str = r#""><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;"#;

fn hostile() -> Names {
    Names {
        app: ATTACK,
        person: ATTACK,
        organization: ATTACK,
        project: ATTACK,
        email: ATTACK,
    }
}

/// The tags of a page, as `(name, attributes)`. Text cannot contain `<`, or the page is broken anyway.
fn tags(html: &str) -> Vec<(String, String)> {
    html.split('<')
        .skip(1)
        .filter_map(|piece| {
            let (tag, _) = piece.split_once('>')?;
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            Some((name.to_owned(), attributes.to_owned()))
        })
        .collect()
}

fn readable(html: &str) -> String {
    html.replace("><", ">\n<")
}

#[test]
fn hostile_names_stay_text_on_every_page() {
    let brand = Brand::default();
    let friendly = samples::all(&brand, FRIENDLY);
    for ((name, page), (_, plain)) in samples::all(&brand, hostile()).iter().zip(&friendly) {
        let html = page.html();
        assert!(
            !html.contains("<script>") && !html.contains("<img"),
            "{name}"
        );
        // Names change no markup: the same tags, in the same order.
        let names = |html: &str| {
            tags(html)
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(html), names(plain.html()), "{name}");
    }
    let shown = samples::all(&brand, hostile())
        .iter()
        .filter(|(_, page)| page.html().contains("&lt;script&gt;"))
        .count();
    assert!(shown >= 12, "only {shown} pages show the names at all");
}

#[test]
fn no_page_carries_inline_style_or_script_or_anything_from_elsewhere() {
    for (name, page) in samples::all(&Brand::default(), FRIENDLY) {
        for (tag, attributes) in tags(page.html()) {
            assert!(
                !attributes.contains("style=\""),
                "{name}: {tag} {attributes}"
            );
            assert!(
                !attributes
                    .split(' ')
                    .any(|part| part.starts_with("on") && part.contains("=\"")),
                "{name}: {tag} {attributes}"
            );
            assert_ne!(tag, "style", "{name}");
            if tag == "script" {
                assert_eq!(
                    attributes,
                    format!(r#"src="{SCRIPT_PATH}" defer"#),
                    "{name}"
                );
            }
            if tag == "link" {
                assert!(
                    attributes == format!(r#"rel="stylesheet" href="{STYLESHEET_PATH}""#)
                        || attributes == format!(r#"rel="icon" href="{ICON_PATH}""#),
                    "{name}: {attributes}"
                );
            }
        }
    }
}

#[test]
fn every_form_posts_to_this_host_with_a_csrf_token() {
    let mut forms = 0;
    for (name, page) in samples::all(&Brand::default(), FRIENDLY) {
        for form in page.html().split("<form ").skip(1) {
            let (head, rest) = form.split_once('>').unwrap_or_default();
            let body = rest.split("</form>").next().unwrap_or_default();
            assert!(
                head.contains(r#"method="post""#)
                    && head.contains(r#"action="/"#)
                    && !head.contains(r#"action="//"#),
                "{name}: {head}"
            );
            assert!(
                body.contains(r#"name="csrf" value="csrf-token""#),
                "{name}: {head}"
            );
            forms += 1;
        }
    }
    assert!(forms > 40, "{forms}");
}

#[test]
fn every_field_has_a_label_and_no_id_comes_twice() {
    for (name, page) in samples::all(&Brand::default(), FRIENDLY) {
        let all = tags(page.html());
        let value = |attributes: &str, key: &str| {
            let start = format!("{key}=\"");
            let attributes = format!(" {attributes}");
            attributes
                .split_once(&format!(" {start}"))
                .and_then(|(_, rest)| rest.split_once('"'))
                .map(|(value, _)| value.to_owned())
        };
        let mut ids: Vec<_> = all
            .iter()
            .filter_map(|(_, attributes)| value(attributes, "id"))
            .collect();
        let labelled: Vec<_> = all
            .iter()
            .filter(|(tag, _)| tag == "label")
            .filter_map(|(_, attributes)| value(attributes, "for"))
            .collect();
        for (tag, attributes) in &all {
            let is_field = matches!(tag.as_str(), "input" | "select")
                && !attributes.contains("type=\"hidden\"");
            let is_wrapped =
                attributes.contains("type=\"checkbox\"") || attributes.contains("type=\"radio\"");
            if is_field && !(is_wrapped && value(attributes, "id").is_none()) {
                let id = value(attributes, "id").unwrap_or_default();
                assert!(labelled.contains(&id), "{name}: {attributes}");
            }
        }
        for (_, attributes) in &all {
            for key in ["aria-describedby", "aria-labelledby", "for", "data-copy"] {
                if let Some(target) = value(attributes, key) {
                    assert!(ids.contains(&target), "{name}: {key}={target}");
                }
            }
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}");
    }
}

#[test]
fn every_page_has_its_landmarks_one_heading_and_a_way_past_the_navigation() {
    for (name, page) in samples::all(&Brand::default(), FRIENDLY) {
        let html = page.html();
        for part in [
            "<html lang=\"en\">",
            "<meta name=\"viewport\"",
            "<header",
            "<main id=\"main\"",
            "<footer",
            "class=\"skip\" href=\"#main\"",
        ] {
            assert_eq!(html.matches(part).count(), 1, "{name}: {part}");
        }
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
        let head = html.split("</head>").next().unwrap_or_default();
        assert_eq!(head.matches("<title>").count(), 1, "{name}");
    }
}

#[test]
fn a_message_is_announced_by_its_role() {
    let brand = Brand::default();
    let page = |tone| {
        let status = Some(Status {
            tone,
            text: "So it is.".to_owned(),
        });
        error(
            &Shell {
                brand: &brand,
                nav: None,
                status,
            },
            &ErrorPage {
                title: "T",
                text: "x",
                reference: None,
                next: None,
            },
        )
    };
    assert!(
        page(Tone::Done)
            .html()
            .contains(r#"<p class="status done" role="status">So it is.</p>"#)
    );
    assert!(
        page(Tone::Failed)
            .html()
            .contains(r#"<p class="status failed" role="alert">So it is.</p>"#)
    );
}

#[test]
fn navigation_shows_members_what_they_may_open() {
    let brand = Brand::default();
    let page = |is_admin| {
        let nav = Some(Nav {
            person: "Bob".to_owned(),
            organizations: vec![],
            is_admin,
            csrf: Csrf("t".to_owned()),
        });
        connections(
            &Shell {
                brand: &brand,
                nav,
                status: None,
            },
            &ConnectionsPage {
                csrf: Csrf("t".to_owned()),
                own: vec![],
                others: None,
            },
        )
    };
    for admins in ["/members", "/teams", "/audit", "/api-clients"] {
        let link = format!("href=\"{admins}\"");
        assert!(
            page(true).html().contains(&link) && !page(false).html().contains(&link),
            "{admins}"
        );
    }
    assert!(
        page(false)
            .html()
            .contains(r#"<a href="/connections" aria-current="page">"#)
    );
}

#[test]
fn a_token_is_on_the_page_that_made_it_and_copies_without_a_script() {
    let (_, page) = samples::all(&Brand::default(), FRIENDLY)
        .into_iter()
        .find(|(name, _)| *name == "api-clients")
        .unwrap_or_else(|| panic!("no page"));
    assert!(page.html().contains("shown this once"));
    assert!(
        page.html().contains(r#"data-copy="token" hidden"#),
        "the button shows only if the script runs"
    );
}

#[test]
fn pages_are_sent_with_a_policy_that_allows_only_this_host() {
    insta::assert_snapshot!(
        security_headers()
            .map(|(name, value)| format!("{name}: {value}"))
            .join("\n")
    );
}

#[test]
fn pages_that_decide_something_look_as_they_did() {
    for (name, page) in samples::all(&Brand::default(), FRIENDLY) {
        if matches!(
            name,
            "consent"
                | "consent-local"
                | "handover"
                | "sign-in-provider"
                | "set-up"
                | "connections"
        ) {
            insta::assert_snapshot!(name, readable(page.html()));
        }
    }
}
