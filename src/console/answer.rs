//! What a handler answers with: a page, a way on, a file.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use sightline_console::{Page, security_headers};
use worker::{Body, Result};

use crate::routes::body_of;

/// An answer, before it is sent.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    location: Option<String>,
    file: Option<&'static str>,
    retry_after_s: Option<i64>,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: StatusCode, body: Vec<u8>) -> Self {
        Self {
            status,
            location: None,
            file: None,
            retry_after_s: None,
            body,
        }
    }

    /// A page.
    pub fn page(page: &Page) -> Self {
        Self::page_with(StatusCode::OK, page)
    }

    /// A page with another status.
    pub fn page_with(status: StatusCode, page: &Page) -> Self {
        Self::new(status, page.html().as_bytes().to_vec())
    }

    /// On to another address, by GET (RFC 9110 §15.4.4): a form is not sent on.
    pub fn see_other(location: impl Into<String>) -> Self {
        Self {
            location: Some(location.into()),
            ..Self::new(StatusCode::SEE_OTHER, Vec::new())
        }
    }

    /// A file of the pages, which may be kept for an hour.
    pub fn file(media_type: &'static str, text: String) -> Self {
        Self {
            file: Some(media_type),
            ..Self::new(StatusCode::OK, text.into_bytes())
        }
    }

    /// The same, saying when to come back.
    pub fn after(self, seconds: i64) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    /// The response, with these `Set-Cookie` values.
    ///
    /// # Errors
    /// If the body cannot be made.
    pub fn into_response(self, cookies: Vec<String>, is_head: bool) -> Result<Response<Body>> {
        let body = if is_head { Vec::new() } else { self.body };
        let mut response = Response::new(body_of(body)?);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for (name, value) in security_headers() {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        if let Some(media_type) = self.file {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            headers.insert(
                CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=3600"),
            );
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(location) = &self.location {
            // Only verified addresses and own paths come here, all of them ASCII.
            headers.insert(LOCATION, HeaderValue::from_str(location)?);
            headers.remove(CONTENT_TYPE);
        }
        for cookie in cookies {
            headers.append(SET_COOKIE, HeaderValue::from_str(&cookie)?);
        }
        Ok(response)
    }
}
