//! The headers every page is sent with.
//!
//! `form-action` is `'self'` on every page, and stays so where an app is waiting: Chromium applies it to each redirect that follows a form, so
//! a redirect to an app's callback (another host, `http://localhost`, `cursor:`) after the consent or sign-in form would be blocked. Such answers
//! are therefore never redirects: [`crate::pages::handover`] is a page of our own that ends the form's navigation and begins another one.

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// The headers, as names and values. Pages carry tokens and names of people, so nobody keeps them.
pub fn security_headers() -> [(&'static str, &'static str); 8] {
    [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", POLICY),
        // Beside `frame-ancestors`, for browsers that do not know it (RFC 9700 §4.16).
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        // The path of an invitation is a secret, and so is a callback's query.
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        (
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
        ("Cache-Control", "no-store"),
    ]
}
