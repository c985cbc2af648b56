//! One structured line per request.
//!
//! What may be in it is this struct: no token, no address with a query, no SQL, no argument, no row, no e-mail (invariant 6).

use serde::Serialize;

/// A finished request.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestLine<'a> {
    /// The id that error answers repeat.
    pub request_id: &'a str,
    /// The path's entry in the route table.
    pub route: &'a str,
    /// HTTP status.
    pub status: u16,
    /// The JSON-RPC method, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'a str>,
    /// The tool, for `tools/call`: a name of ours, or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<&'a str>,
    /// The API client, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<&'a str>,
    /// Why a request was refused, by a stable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<&'a str>,
    /// Wall-clock time in ms.
    pub duration_ms: u64,
    /// Requests to the bucket.
    pub lake_reads: u64,
    /// Bytes from the bucket.
    pub lake_bytes: u64,
    /// What failed inside, by slug and detail; the answer says only the request's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl RequestLine<'_> {
    /// Writes the line.
    pub fn write(&self) {
        match serde_json::to_string(self) {
            Ok(line) if self.fault.is_some() => worker::console_error!("{line}"),
            Ok(line) => worker::console_log!("{line}"),
            Err(error) => worker::console_error!("a log line could not be written: {error}"),
        }
    }
}
