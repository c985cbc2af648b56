//! The audit log, for whoever runs the organization.

use serde_json::Value as Json;
use sightline_accounts::{Action, Database as _, Row, Statement};
use sightline_console::pages::{AuditPage, AuditRow, audit as page_of};

use crate::console::answer::Answer;
use crate::console::refused::Refused;
use crate::console::visit::Visit;

/// Rows on a page.
const SHOWN: usize = 50;

/// What happened in the organization `?1`, and its members' signing in; older than `?2` and, at that instant, `?3`. Names of what a line is about are
/// looked up within the organization.
const LIST: &str = "SELECT a.id, a.at, a.action, a.detail, u.name AS who, COALESCE( \
       (SELECT c.app_name FROM connections c WHERE c.id = json_extract(a.detail, '$.connection') AND c.organization_id = ?1), \
       (SELECT k.name FROM api_clients k WHERE k.id = json_extract(a.detail, '$.client') AND k.organization_id = ?1), \
       (SELECT p.name FROM projects p WHERE p.id = json_extract(a.detail, '$.project') AND p.organization_id = ?1), \
       (SELECT t.name FROM teams t WHERE t.id = json_extract(a.detail, '$.team') AND t.organization_id = ?1), \
       (SELECT m.name FROM users m WHERE m.id = json_extract(a.detail, '$.member') AND a.organization_id = ?1), \
       (SELECT x.name FROM apps x WHERE x.id = json_extract(a.detail, '$.app'))) AS about \
     FROM audit a LEFT JOIN users u ON u.id = a.user_id \
     WHERE (a.organization_id = ?1 OR (a.organization_id IS NULL \
       AND a.action IN ('sign_in.done', 'sign_in.refused', 'sign_out.done', 'password.changed', 'password.reset', 'session.ended', 'set_up.done', 'member.joined') \
       AND a.user_id IN (SELECT user_id FROM members WHERE organization_id = ?1))) \
     AND (a.at < ?2 OR (a.at = ?2 AND a.id < ?3)) ORDER BY a.at DESC, a.id DESC LIMIT 51";

/// The page.
///
/// # Errors
/// [`Refused::SignIn`]; 403 for members; if the database fails.
pub async fn page(visit: &Visit<'_>) -> Result<Answer, Refused> {
    let seat = visit.seat().await?;
    let actor = seat.actor_who_may(Action::ReadAudit)?;
    let (at_ms, id) =
        before(visit.query.get("before")).unwrap_or((visit.now_ms + 1, String::new()));
    let values = [
        actor.organization_id.as_str().into(),
        at_ms.into(),
        id.into(),
    ];
    let found = visit
        .store
        .batch(vec![Statement::new(LIST, values)])
        .await?;
    let rows = found.first().map_or(&[][..], |outcome| &outcome.rows[..]);
    let older = match rows.get(SHOWN - 1) {
        Some(last) if rows.len() > SHOWN => {
            Some(format!("{}.{}", last.integer("at")?, last.text("id")?))
        }
        _ => None,
    };
    let rows = rows.iter().take(SHOWN);
    let data = AuditPage {
        rows: rows.map(|row| read(visit, row)).collect::<Result<_, _>>()?,
        older,
    };
    Ok(Answer::page(&page_of(&visit.shell(seat.nav()), &data)))
}

/// The place a cursor names: an instant and a line's id.
fn before(cursor: &str) -> Option<(i64, String)> {
    let (at_ms, id) = cursor.split_once('.')?;
    Some((at_ms.parse().ok()?, id.to_owned()))
}

fn read(visit: &Visit<'_>, row: &Row) -> Result<AuditRow, Refused> {
    let action = row.text("action")?;
    let detail: Json = serde_json::from_str(&row.text("detail")?).unwrap_or_default();
    let about = row.text_if_any("about")?;
    Ok(AuditRow {
        at: visit.moment(row.integer("at")?),
        what: in_words(&action).to_owned(),
        who: row
            .text_if_any("who")?
            .unwrap_or_else(|| "An app".to_owned()),
        alarming: is_alarming(&action, &detail),
        detail: particulars(about.as_deref(), &detail),
    })
}

fn in_words(action: &str) -> &str {
    match action {
        "app.registered" => "App registered",
        "consent.granted" => "Consent given",
        "consent.denied" => "Consent refused",
        "connection.made" => "Connection made",
        "connection.renamed" => "Connection renamed",
        "connection.revoked" => "Connection ended",
        "refresh.rotated" => "Access renewed",
        "refresh.refused" => "Renewal refused",
        "key.rotated" => "Signing key replaced",
        "sign_in.done" => "Signed in",
        "sign_in.refused" => "Sign-in failed",
        "sign_out.done" => "Signed out",
        "password.changed" => "Password changed",
        "password.reset_offered" => "Password link made",
        "password.reset" => "Password set by link",
        "session.ended" => "Session ended",
        "set_up.done" => "Set up",
        "invitation.made" => "Invitation made",
        "invitation.revoked" => "Invitation revoked",
        "member.joined" => "Member joined",
        "member.changed" => "Member changed",
        "member.removed" => "Member removed",
        "team.created" => "Team created",
        "team.changed" => "Team changed",
        "team.deleted" => "Team deleted",
        "project.created" => "Project created",
        "project.renamed" => "Project renamed",
        "project.archived" => "Project archived",
        "client.created" => "API client created",
        "client.limited" => "API client limited",
        "client.revoked" => "API client revoked",
        other => other,
    }
}

/// Whether somebody should look: a guess, a replay.
fn is_alarming(action: &str, detail: &Json) -> bool {
    let because = detail.get("because").and_then(Json::as_str);
    match action {
        "sign_in.refused" => true,
        // A refused renewal is the end of something ended before; a replay ends the connection itself.
        "connection.revoked" => matches!(because, Some("code_replayed" | "refresh_replayed")),
        _ => false,
    }
}

/// What it was about, and the particulars that people understand. Ids are left out.
fn particulars(about: Option<&str>, detail: &Json) -> String {
    const SHOWN: [&str; 9] = [
        "name",
        "redirectHost",
        "by",
        "role",
        "sees",
        "reads",
        "limit",
        "because",
        "reason",
    ];
    let mut parts: Vec<String> = about.map(str::to_owned).into_iter().collect();
    for key in SHOWN {
        let words = match detail.get(key) {
            Some(Json::String(text)) => text.replace('_', " "),
            Some(Json::Number(number)) => number.to_string(),
            _ => continue,
        };
        parts.push(match key {
            "name" | "redirectHost" => words,
            "by" => format!("by {words}"),
            "role" => format!("as {words}"),
            "sees" => format!("sees {words}"),
            "reads" if words == "*" => "reads all projects".to_owned(),
            "reads" => format!("reads {words}"),
            "limit" => format!("{words} requests a minute"),
            "because" if words == "person" => continue,
            _ => format!("because: {words}"),
        });
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cursor_names_an_instant_and_a_line() {
        assert_eq!(
            before("1795672800000.aud_x"),
            Some((1_795_672_800_000, "aud_x".to_owned()))
        );
        assert_eq!(before(""), None);
        assert_eq!(before("x.y"), None);
    }

    #[test]
    fn replays_and_guesses_are_marked_and_what_people_end_themselves_is_not() {
        let replayed = json!({"because": "refresh_replayed"});
        assert!(is_alarming("connection.revoked", &replayed));
        assert!(!is_alarming(
            "connection.revoked",
            &json!({"because": "person"})
        ));
        assert!(is_alarming("sign_in.refused", &json!({})));
        let reason = json!({"reason": "connection_revoked"});
        assert!(!is_alarming("refresh.refused", &reason));
        assert!(!is_alarming("sign_in.done", &json!({"by": "password"})));
    }

    #[test]
    fn particulars_are_words_and_no_ids() {
        let detail = json!({"connection": "con_1", "app": "app_1", "because": "code_replayed"});
        assert_eq!(
            particulars(Some("Claude"), &detail),
            "Claude · because: code replayed"
        );
        let detail = json!({"client": "client_1", "reads": "*"});
        assert_eq!(particulars(Some("CI"), &detail), "CI · reads all projects");
        assert_eq!(particulars(None, &json!({})), "");
    }
}
