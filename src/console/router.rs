//! From a path to the file of its noun, and from what comes back to a response.

use http::header::CONTENT_TYPE;
use http::{Method, Response, StatusCode};
use sightline_console::{Brand, Shell, path};
use worker::{Body, Date, Env, HttpRequest, Result};

use crate::config::Config;
use crate::console::answer::Answer;
use crate::console::form::{Form, FormFlaw, MAX_BYTES};
use crate::console::refused::Refused;
use crate::console::visit::Visit;
use crate::console::{
    account, api_clients, assets, audit, authorize, connections, invitation, landing, members,
    organization, projects, provider, reset, set_up, settings, sign_in, teams,
};
use crate::endpoint::{chunks_of, read, request_id};
use crate::log::RequestLine;
use crate::oauth::realm;
use crate::shield::{Shield, sender};

/// The nouns: the first segment of a path, as it stands in the log. What follows it may be a secret.
const NOUNS: [&str; 16] = [
    path::HOME,
    "/assets",
    path::SET_UP,
    path::SIGN_IN,
    path::SIGN_OUT,
    path::AUTHORIZE,
    path::INVITATION,
    path::RESET,
    path::CONNECTIONS,
    path::API_CLIENTS,
    path::PROJECTS,
    path::MEMBERS,
    path::TEAMS,
    path::AUDIT,
    path::ACCOUNT,
    path::ORGANIZATION,
];

/// Nouns that are open to people not signed in, and cost something: behind the shield.
const SHIELDED: [&str; 6] = [
    path::HOME,
    path::SET_UP,
    path::SIGN_IN,
    path::AUTHORIZE,
    path::INVITATION,
    path::RESET,
];

/// The noun of a path.
fn noun(path: &str) -> Option<&'static str> {
    let first = path.split('/').nth(1)?;
    NOUNS.into_iter().find(|noun| noun.get(1..) == Some(first))
}

/// The answer, if the request's path is one of the console's; the request itself if it is not.
///
/// # Errors
/// None of its own: failures are answers.
pub async fn answer(
    request: HttpRequest,
    env: &Env,
) -> std::result::Result<Result<Response<Body>>, HttpRequest> {
    match noun(request.uri().path()) {
        Some(noun) => Ok(respond(request, env, noun).await),
        None => Err(request),
    }
}

async fn respond(request: HttpRequest, env: &Env, noun: &'static str) -> Result<Response<Body>> {
    let started_ms = Date::now().as_millis();
    let request_id = request_id(started_ms);
    let mut line = RequestLine {
        request_id: &request_id,
        route: noun,
        ..RequestLine::default()
    };
    let (parts, body) = request.into_parts();
    let is_head = parts.method == Method::HEAD;
    let mut cookies = Vec::new();
    let brand = settings::brand(env).unwrap_or_else(|refused| {
        // Pages in Sightline's own colours are better than none.
        line.fault = Some(format!("brand_misconfigured: {refused}"));
        Brand::default()
    });
    let outside = |refused: &Refused| {
        let shell = Shell {
            brand: &brand,
            nav: None,
            status: None,
        };
        refused.answer(&shell, &request_id)
    };
    let visit = if let Some(file) = assets::file(parts.uri.path(), &brand) {
        Err(Ok(file))
    } else {
        let key = format!("{} {noun} {}", parts.method, sender(&parts.headers));
        let passes = !SHIELDED.contains(&noun) || Shield::Open.lets_through(env, &key).await;
        let now_ms = i64::try_from(started_ms).unwrap_or(i64::MAX);
        match (passes, realm(&Config::of(env), &parts.uri)) {
            (false, _) => Err(Err(Refused::Busy)),
            (true, None) => Err(Err(Refused::Told {
                status: StatusCode::BAD_REQUEST,
                title: "This address is not served here",
                text: "Use the server's own address, with https.".to_owned(),
                slug: "host_not_served",
            })),
            (true, Some(realm)) => {
                Visit::new(env, realm, brand.clone(), now_ms, &parts.uri, parts.headers)
                    .map_err(|fault| Err(fault.into()))
            }
        }
    };
    let outcome = match visit {
        Ok(visit) => {
            let outcome = of_visit(&visit, &parts.method, body).await?;
            cookies = visit.take_cookies();
            line.fault = line.fault.take().or(visit.take_fault());
            line.slug = visit.slug();
            outcome
        }
        Err(outcome) => outcome,
    };
    let answer = outcome.unwrap_or_else(|refused| {
        line.slug = Some(refused.slug());
        line.fault = refused.fault().or(line.fault.take());
        outside(&refused)
    });
    line.status = answer.status.as_u16();
    line.duration_ms = Date::now().as_millis().saturating_sub(started_ms);
    line.write();
    answer.into_response(cookies, is_head)
}

/// Reads the form, if there is one, and leads on.
async fn of_visit(
    visit: &Visit<'_>,
    method: &Method,
    body: Body,
) -> Result<std::result::Result<Answer, Refused>> {
    Ok(match *method {
        Method::GET | Method::HEAD => get(visit).await,
        Method::POST => {
            let body = read(&mut chunks_of(body), MAX_BYTES).await?;
            match Form::parse(visit.header(&CONTENT_TYPE), &body) {
                Ok(form) => post(visit, &form).await,
                Err(FormFlaw::NotAForm) => Err(Refused::malformed("It was not sent as a form.")),
                Err(FormFlaw::TooLong) => Err(Refused::malformed("The form was too long.")),
            }
        }
        _ => Err(Refused::Method),
    })
}

async fn get(visit: &Visit<'_>) -> std::result::Result<Answer, Refused> {
    match visit.path.as_str() {
        path::HOME => landing::page(visit).await,
        path::SET_UP => set_up::page(visit).await,
        path::SIGN_IN => sign_in::page(visit).await,
        path::RESET => reset::recovery(visit).await,
        path::SIGN_IN_CALLBACK => provider::come_back(visit).await,
        path::AUTHORIZE => authorize::begin(visit).await,
        path::CONSENT => authorize::question(visit).await,
        path::CONNECTIONS => connections::page(visit).await,
        path::API_CLIENTS => api_clients::page(visit).await,
        path::PROJECTS => projects::page(visit).await,
        path::MEMBERS => members::page(visit).await,
        path::TEAMS => teams::page(visit).await,
        path::AUDIT => audit::page(visit).await,
        path::ACCOUNT => account::page(visit).await,
        other => match split(other) {
            Some((path::INVITATION, token)) => invitation::page(visit, token).await,
            Some((path::RESET, token)) => reset::page(visit, token).await,
            _ => Err(Refused::NotFound),
        },
    }
}

async fn post(visit: &Visit<'_>, form: &Form) -> std::result::Result<Answer, Refused> {
    match visit.path.as_str() {
        path::SET_UP => set_up::set_up(visit, form).await,
        path::SIGN_IN => sign_in::sign_in(visit, form).await,
        path::SIGN_IN_PROVIDER => provider::depart(visit, form).await,
        path::SIGN_OUT => sign_in::sign_out(visit, form).await,
        path::RESET => reset::recover(visit, form).await,
        path::CONSENT => authorize::decide(visit, form).await,
        path::API_CLIENTS => api_clients::create(visit, form).await,
        path::PROJECTS => projects::create(visit, form).await,
        path::TEAMS => teams::create(visit, form).await,
        path::ORGANIZATION => organization::choose(visit, form).await,
        other => match split(other) {
            Some((path::INVITATION, token)) => invitation::take(visit, form, token).await,
            Some((path::RESET, token)) => reset::set(visit, form, token).await,
            Some((path::CONNECTIONS, "rename")) => connections::rename(visit, form).await,
            Some((path::CONNECTIONS, "revoke")) => connections::revoke(visit, form).await,
            Some((path::API_CLIENTS, "limit")) => api_clients::limit(visit, form).await,
            Some((path::API_CLIENTS, "revoke")) => api_clients::revoke(visit, form).await,
            Some((path::PROJECTS, "rename")) => projects::rename(visit, form).await,
            Some((path::PROJECTS, "archive")) => projects::archive(visit, form).await,
            Some((path::MEMBERS, "invite")) => members::invite(visit, form).await,
            Some((path::MEMBERS, "revoke-invitation")) => {
                members::revoke_invitation(visit, form).await
            }
            Some((path::MEMBERS, "reset")) => members::offer_reset(visit, form).await,
            Some((path::MEMBERS, "change")) => members::change(visit, form).await,
            Some((path::MEMBERS, "remove")) => members::remove(visit, form).await,
            Some((path::TEAMS, "change")) => teams::change(visit, form).await,
            Some((path::TEAMS, "delete")) => teams::delete(visit, form).await,
            Some((path::ACCOUNT, "password")) => account::change_password(visit, form).await,
            Some((path::ACCOUNT, "sessions/end")) => account::end_session(visit, form).await,
            Some((path::ACCOUNT, "sessions/end-all")) => account::end_all(visit, form).await,
            _ => Err(Refused::Method),
        },
    }
}

/// A path's noun, and what follows it.
fn split(path: &str) -> Option<(&'static str, &str)> {
    let noun = noun(path)?;
    Some((noun, path.strip_prefix(noun)?.strip_prefix('/')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_noun_it_begins_with_and_the_log_sees_no_more_of_it() {
        assert_eq!(noun("/"), Some("/"));
        assert_eq!(noun("/invite/secret"), Some("/invite"));
        assert_eq!(noun("/sign-in/provider/callback"), Some("/sign-in"));
        assert_eq!(noun("/assets/console.css"), Some("/assets"));
        assert_eq!(noun("/mcp"), None);
        assert_eq!(noun("/token"), None);
        assert_eq!(noun("/invited"), None);
        assert_eq!(noun(""), None);
    }

    #[test]
    fn what_follows_a_noun_is_its_action() {
        assert_eq!(split("/members/invite"), Some(("/members", "invite")));
        assert_eq!(
            split("/account/sessions/end"),
            Some(("/account", "sessions/end"))
        );
        assert_eq!(split("/members"), None);
        assert_eq!(split("/members/"), Some(("/members", "")));
    }
}
