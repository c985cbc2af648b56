//! How a question reaches the server: whoever implements [`Transport`] knows the address, the user and the password.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::LocalBoxStream;

/// A statement on its way: `POST` with `settings` in the address, `query` and `param_…` as fields of a form.
///
/// Values travel in the body, never in the address, which proxies write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The text.
    pub query: String,
    /// Values by placeholder: `p1` is sent as `param_p1`.
    pub parameters: Vec<(String, String)>,
    /// What the server is asked to do, and not to do.
    pub settings: Vec<(&'static str, String)>,
}

impl Question {
    /// The body of the request: a form (RFC 7578) whose parts `boundary` sets apart, which must be in none of them.
    pub fn form(&self, boundary: &str) -> Vec<u8> {
        let mut form = String::new();
        let mut part = |name: &str, value: &str| {
            for piece in [
                "--",
                boundary,
                "\r\nContent-Disposition: form-data; name=\"",
                name,
                "\"\r\n\r\n",
                value,
                "\r\n",
            ] {
                form.push_str(piece);
            }
        };
        part("query", &self.query);
        for (name, value) in &self.parameters {
            part(&format!("param_{name}"), value);
        }
        form.push_str("--");
        form.push_str(boundary);
        form.push_str("--\r\n");
        form.into_bytes()
    }
}

/// What came back, up to the body.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The header `X-ClickHouse-Summary`.
    pub summary: Option<String>,
    /// The body, decompressed.
    pub body: Body,
}

/// A body as it comes. Dropping it tells the server that nobody listens any more, and with that the query ends.
pub type Body = LocalBoxStream<'static, Result<Bytes, TransportFault>>;

/// Why there is no answer, without the address it was asked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportFault {
    /// No connection, no name, or it broke.
    Unreachable,
    /// The server's certificate is not its own, or no longer good.
    Certificate,
}

/// Sends questions to one server.
#[async_trait(?Send)]
pub trait Transport {
    /// Sends a question and waits for the response's head.
    ///
    /// # Errors
    /// A [`TransportFault`] when there is none.
    async fn ask(&self, question: &Question) -> Result<Response, TransportFault>;
}
