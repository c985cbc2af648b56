//! Which revision a request speaks, and whether its headers agree with its body.
//!
//! Steps 6 and 7 of the order of checks (see the crate), up to the method table: the checks are in the
//! order there, because clients tell servers of the two eras apart by which error comes first.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::Value;

use crate::failure::{Failure, quoted};
use crate::header::header_text;
use crate::message::{CAPABILITIES_KEY, RawRequest, VERSION_KEY};
use crate::revision::Revision;

const VERSION_HEADER: &str = "mcp-protocol-version";
const METHOD_HEADER: &str = "mcp-method";
const NAME_HEADER: &str = "mcp-name";

/// What the `MCP-Protocol-Version` header alone says of a body that is no request: a notification,
/// a response, a batch, or nothing readable.
pub(crate) fn of_header(headers: &HeaderMap) -> Result<Revision, Failure> {
    let Some(version) = header_text(headers, VERSION_HEADER) else {
        return Ok(Revision::ASSUMED);
    };
    Revision::named(&version).ok_or_else(|| Failure::unsupported_version(&version, &Revision::ALL))
}

/// The revision under which a request is to be answered.
pub(crate) fn of_request(headers: &HeaderMap, request: &RawRequest) -> Result<Revision, Failure> {
    let header = header_text(headers, VERSION_HEADER);
    let named = request.meta().and_then(|meta| meta.get(VERSION_KEY));
    let modern = named.is_some()
        || header.as_deref().is_some_and(is_modern_date)
        || request.method == "server/discover";
    if !modern {
        return of_header(headers);
    }
    let Some(header) = header else {
        return Err(Failure::header_mismatch(
            "The MCP-Protocol-Version header is missing.",
        ));
    };
    let Some(version) = named else {
        let message = format!("`params._meta[\"{VERSION_KEY}\"]` is missing.");
        return Err(Failure::malformed_meta(true, message));
    };
    let Some(version) = version.as_str() else {
        let message = format!("`params._meta[\"{VERSION_KEY}\"]` must be a string.");
        return Err(Failure::malformed_meta(true, message));
    };
    if version != header {
        return Err(Failure::header_mismatch(format!(
            "The MCP-Protocol-Version header says {}, `params._meta` says {}.",
            quoted(&header),
            quoted(version)
        )));
    }
    let revision = Revision::named(version)
        .filter(|revision| Revision::MODERN.contains(revision))
        .ok_or_else(|| Failure::unsupported_version(version, &Revision::MODERN))?;
    check_mirrors(headers, request)?;
    match request.meta().and_then(|meta| meta.get(CAPABILITIES_KEY)) {
        Some(Value::Object(_)) => Ok(revision),
        Some(_) => {
            let message = format!("`params._meta[\"{CAPABILITIES_KEY}\"]` must be an object.");
            Err(Failure::malformed_meta(true, message))
        }
        None => {
            let message = format!(
                "`params._meta[\"{CAPABILITIES_KEY}\"]` is missing; an empty object declares none."
            );
            Err(Failure::malformed_meta(true, message))
        }
    }
}

/// Whether the header is a date from which on requests stand alone. Anything that is no date says
/// nothing about the era.
fn is_modern_date(version: &str) -> bool {
    let shape = version.len() == 10
        && version.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape && version >= Revision::V2026_07_28.name()
}

/// `Mcp-Method` and `Mcp-Name` against the body (2026-07-28, "Server Validation").
fn check_mirrors(headers: &HeaderMap, request: &RawRequest) -> Result<(), Failure> {
    let Some(method) = header_text(headers, METHOD_HEADER) else {
        return Err(Failure::header_mismatch(
            "The Mcp-Method header is missing.",
        ));
    };
    if method != request.method {
        return Err(mismatch("Mcp-Method", &method, &request.method));
    }
    let mirrored = match request.method.as_str() {
        "tools/call" | "prompts/get" => request.text_param("name"),
        "resources/read" => request.text_param("uri"),
        _ => None,
    };
    // A body without the name is a fault of its params, found when they are read.
    let Some(name) = mirrored else { return Ok(()) };
    let Some(header) = header_text(headers, NAME_HEADER) else {
        return Err(Failure::header_mismatch("The Mcp-Name header is missing."));
    };
    let decoded = decode(&header)?;
    if decoded != name {
        return Err(mismatch("Mcp-Name", &decoded, name));
    }
    Ok(())
}

fn mismatch(header: &str, says: &str, body: &str) -> Failure {
    Failure::header_mismatch(format!(
        "The {header} header says {}, the body says {}.",
        quoted(says),
        quoted(body)
    ))
}

/// A header value in the clear: `=?base64?…?=` is decoded, anything else is literal (2026-07-28,
/// "Value Encoding"). The markers are case-sensitive and the padding is required.
fn decode(value: &str) -> Result<String, Failure> {
    let Some(encoded) = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="))
    else {
        return Ok(value.to_owned());
    };
    STANDARD
        .decode(encoded)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            Failure::header_mismatch("The Mcp-Name header is not valid Base64 of UTF-8 text.")
        })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use http::HeaderValue;
    use rmcp::model::RequestId;
    use serde_json::json;

    use super::*;

    fn request(method: &str, params: Value) -> RawRequest {
        RawRequest {
            id: RequestId::Number(1),
            method: method.to_owned(),
            params: Some(params),
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn meta() -> Value {
        json!({VERSION_KEY: "2026-07-28", CAPABILITIES_KEY: {}})
    }

    fn code(headers: &HeaderMap, request: &RawRequest) -> i32 {
        of_request(headers, request).unwrap_err().error.code.0
    }

    const VERSION: (&str, &str) = (VERSION_HEADER, "2026-07-28");

    #[test]
    fn a_request_without_header_and_meta_is_taken_for_2025_03_26() {
        let request = request("tools/list", json!({}));
        assert_eq!(
            of_request(&HeaderMap::new(), &request).unwrap(),
            Revision::V2025_03_26
        );
    }

    #[test]
    fn the_header_names_a_legacy_revision_and_an_unknown_one_is_400() {
        let request = request("tools/list", json!({}));
        let known = headers(&[(VERSION_HEADER, " 2025-06-18 ")]);
        assert_eq!(of_request(&known, &request).unwrap(), Revision::V2025_06_18);
        for unknown in ["2025-01-01", "v999.0.0", "", "2025-06-18, 2025-06-18", "é"] {
            let failure = of_request(&headers(&[(VERSION_HEADER, unknown)]), &request).unwrap_err();
            assert_eq!(
                (failure.status.as_u16(), failure.error.code.0),
                (400, -32022),
                "{unknown}"
            );
        }
    }

    #[test]
    fn a_modern_header_without_meta_is_not_served() {
        let request = request("tools/list", json!({}));
        assert_eq!(code(&headers(&[VERSION]), &request), -32602);
        assert_eq!(
            code(&headers(&[(VERSION_HEADER, "2027-01-01")]), &request),
            -32602
        );
    }

    #[test]
    fn server_discover_is_modern_whatever_else_is_missing() {
        assert_eq!(
            code(&HeaderMap::new(), &request("server/discover", json!({}))),
            -32020
        );
        assert_eq!(
            code(&headers(&[VERSION]), &request("server/discover", json!({}))),
            -32602
        );
    }

    #[test]
    fn header_and_meta_must_agree_before_the_version_is_judged() {
        let unknown = json!({"_meta": {VERSION_KEY: "v999.0.0", CAPABILITIES_KEY: {}}});
        let request = request("server/discover", unknown);
        assert_eq!(code(&headers(&[VERSION]), &request), -32020);
        let failure = of_request(&headers(&[(VERSION_HEADER, "v999.0.0")]), &request).unwrap_err();
        assert_eq!(failure.status.as_u16(), 400);
        insta::assert_json_snapshot!(failure.error.data, @r#"
        {
          "supported": [
            "2026-07-28"
          ],
          "requested": "v999.0.0"
        }
        "#);
    }

    #[test]
    fn a_legacy_version_in_meta_is_not_supported_because_it_needs_initialize() {
        let params = json!({"_meta": {VERSION_KEY: "2025-11-25", CAPABILITIES_KEY: {}}});
        let headers = headers(&[
            (VERSION_HEADER, "2025-11-25"),
            (METHOD_HEADER, "tools/list"),
        ]);
        assert_eq!(code(&headers, &request("tools/list", params)), -32022);
    }

    #[test]
    fn mcp_method_is_required_and_compared_case_sensitively() {
        let request = request("tools/list", json!({"_meta": meta()}));
        assert_eq!(code(&headers(&[VERSION]), &request), -32020);
        assert_eq!(
            code(
                &headers(&[VERSION, (METHOD_HEADER, "TOOLS/LIST")]),
                &request
            ),
            -32020
        );
        assert_eq!(
            code(
                &headers(&[VERSION, (METHOD_HEADER, "prompts/list")]),
                &request
            ),
            -32020
        );
        assert!(
            of_request(
                &headers(&[VERSION, (METHOD_HEADER, "\t tools/list ")]),
                &request
            )
            .is_ok()
        );
    }

    #[test]
    fn mcp_name_is_required_where_the_body_has_one_and_decoded_strictly() {
        let request = request("tools/call", json!({"name": "Hello", "_meta": meta()}));
        let with = |name: Option<&str>| {
            let mut pairs = vec![VERSION, (METHOD_HEADER, "tools/call")];
            pairs.extend(name.map(|name| (NAME_HEADER, name)));
            of_request(&headers(&pairs), &request).map_err(|failure| failure.error.code.0)
        };
        assert_eq!(with(Some("Hello")), Ok(Revision::V2026_07_28));
        assert_eq!(with(Some("  Hello  ")), Ok(Revision::V2026_07_28));
        assert_eq!(with(Some("=?base64?SGVsbG8=?=")), Ok(Revision::V2026_07_28));
        for bad in [
            None,
            Some("hello"),
            Some("SGVsbG8="),
            Some("=?base64?SGVsbG8?="),
            Some("=?base64?SGVs!!!bG8=?="),
            Some("=?BASE64?SGVsbG8=?="),
            Some("=?base64?/w==?="),
            Some("=?base64?="),
        ] {
            assert_eq!(with(bad), Err(-32020), "{bad:?}");
        }
    }

    #[test]
    fn a_name_that_looks_encoded_must_itself_be_encoded() {
        let name = "=?base64?literal?=";
        let request = request("prompts/get", json!({"name": name, "_meta": meta()}));
        let encoded = format!("=?base64?{}?=", STANDARD.encode(name));
        let pairs = [
            VERSION,
            (METHOD_HEADER, "prompts/get"),
            (NAME_HEADER, encoded.as_str()),
        ];
        assert!(of_request(&headers(&pairs), &request).is_ok());
    }

    #[test]
    fn client_capabilities_come_after_the_headers_and_are_required() {
        for capabilities in [None, Some(json!(null)), Some(json!([])), Some(json!("all"))] {
            let mut meta = json!({VERSION_KEY: "2026-07-28"});
            if let Some(capabilities) = capabilities {
                meta[CAPABILITIES_KEY] = capabilities;
            }
            let request = request("tools/list", json!({"_meta": meta}));
            assert_eq!(code(&headers(&[VERSION]), &request), -32020);
            let failure = of_request(
                &headers(&[VERSION, (METHOD_HEADER, "tools/list")]),
                &request,
            )
            .unwrap_err();
            assert_eq!(
                (failure.status.as_u16(), failure.error.code.0),
                (400, -32602)
            );
        }
    }
}
