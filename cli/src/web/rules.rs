//! What an import of access logs is told beforehand.

use anyhow::bail;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::destination::ProjectId;

/// How lines of access logs become events.
#[derive(Debug, Clone)]
pub struct AccessLogRules {
    origin: Option<String>,
    host: Option<String>,
    project: String,
    /// Whether page views of bots are kept.
    pub include_bots: bool,
}

impl AccessLogRules {
    /// Rules for a site at `origin`, e.g. `https://example.com`.
    pub fn new(
        origin: Option<&str>,
        project: &ProjectId,
        include_bots: bool,
    ) -> anyhow::Result<Self> {
        let (mut normal, mut host) = (None, None);
        if let Some(origin) = origin {
            let url = Url::parse(origin)
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"));
            let Some(url) = url else {
                bail!("--origin takes scheme and host, e.g. https://example.com; `{origin}` is not")
            };
            normal = Some(url.origin().ascii_serialization());
            host = url.host_str().map(str::to_owned);
        }
        Ok(Self {
            origin: normal,
            host,
            project: project.as_str().to_owned(),
            include_bots,
        })
    }

    /// The site's scheme and host.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The site's host.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// A visitor's stable id. The project is part of the hash, so that visitors cannot be followed from one to another.
    pub fn device_id(&self, address: &str, user_agent: &str) -> String {
        let mut hasher = Sha256::new();
        for part in [self.project.as_str(), address, user_agent] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher
            .finalize()
            .iter()
            .take(8)
            .fold("web_".to_owned(), |id, byte| format!("{id}{byte:02x}"))
    }
}
