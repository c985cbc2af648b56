//! The console's cookies, all with the `__Host-` prefix (RFC 6265bis §4.1.3.2): of this host alone, over TLS alone, unseen by scripts.
//!
//! `SameSite=Lax` and not `Strict`: an app sends the browser to `/authorize` from another site, and there the person must count as
//! signed in. Forms are guarded by CSRF tokens besides.

/// Who is signed in.
pub const SESSION_COOKIE: &str = "__Host-sightline";
/// That this browser has signed someone in before: see [`crate::ThrottlePolicy`].
pub const BROWSER_COOKIE: &str = "__Host-sightline-browser";
/// What forms of people who are not signed in are bound to, and the way back from another provider.
pub const FORM_COOKIE: &str = "__Host-sightline-form";

/// A `Set-Cookie` value. Without `max_age_s` the cookie ends with the browser.
pub fn cookie(name: &str, value: &str, max_age_s: Option<i64>) -> String {
    let age = max_age_s.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")
}

/// A `Set-Cookie` value that removes the cookie.
pub fn clear_cookie(name: &str) -> String {
    cookie(name, "", Some(0))
}

/// The value of the cookie called `name` in a `Cookie` header. If it comes twice, somebody planted one: then there is none.
pub fn read_cookie<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut values = header.split(';').filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    });
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_cookie_is_of_this_host_over_tls_and_unseen_by_scripts() {
        assert_eq!(
            cookie(SESSION_COOKIE, "abc", Some(60)),
            "__Host-sightline=abc; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60"
        );
        assert_eq!(
            clear_cookie(SESSION_COOKIE),
            "__Host-sightline=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_only_if_it_came_once() {
        let header = "a=1; __Host-sightline=x; __Host-sightline-form=y";
        assert_eq!(read_cookie(header, SESSION_COOKIE), Some("x"));
        assert_eq!(read_cookie(header, FORM_COOKIE), Some("y"));
        assert_eq!(read_cookie(header, "sightline"), None);
        assert_eq!(read_cookie("", SESSION_COOKIE), None);
        assert_eq!(
            read_cookie("__Host-sightline=x; __Host-sightline=y", SESSION_COOKIE),
            None
        );
    }
}
