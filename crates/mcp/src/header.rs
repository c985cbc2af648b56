//! Reading a request header as text, the same way everywhere.

use http::HeaderMap;

/// A header's value as text, several of one name joined as a proxy would join them (RFC 9110 §5.3).
/// None if it is absent; unreadable bytes become `\u{FFFD}`, which equals nothing we compare with.
pub(crate) fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    let texts: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    Some(texts.join(", ").trim_matches([' ', '\t']).to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_repeated_header_is_joined_so_that_it_equals_neither_of_its_values() {
        let mut headers = HeaderMap::new();
        headers.append("mcp-method", HeaderValue::from_static("tools/call"));
        headers.append("mcp-method", HeaderValue::from_static("tools/list"));
        assert_eq!(
            header_text(&headers, "mcp-method").as_deref(),
            Some("tools/call, tools/list")
        );
        assert_eq!(header_text(&headers, "mcp-name"), None);
    }
}
