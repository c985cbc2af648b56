//! `sightline check`: whether a ClickHouse has what the Worker will ask it for, and lets its user do no more than that.
//!
//! It asks as the Worker does, by the same code. The password is taken from the environment alone: what stands in a command line is seen by
//! everybody on the machine.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail};
use async_trait::async_trait;
use chrono::Utc;
use futures::future::LocalBoxFuture;
use futures::{FutureExt, StreamExt, stream};
use reqwest::{Client, redirect};
use sightline_warehouse::Host;
use sightline_warehouse::clickhouse::{
    ClickHouse, Mapping, Question, Response, Transport, TransportFault, check,
};
use url::Url;

/// What `sightline check` takes: the names of the Worker's own variables.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the server answers.
    #[arg(long, env = "CLICKHOUSE_URL", value_name = "URL")]
    url: Url,
    /// Who asks; the password is CLICKHOUSE_PASSWORD's.
    #[arg(long, env = "CLICKHOUSE_USER", default_value = "default")]
    user: String,
    /// The database, unless it is the mapping's.
    #[arg(long, env = "CLICKHOUSE_DATABASE")]
    database: Option<String>,
    /// `sightline`, `openpanel`, or a mapping in JSON.
    #[arg(long, env = "CLICKHOUSE_MAPPING", default_value = "sightline")]
    mapping: String,
    /// A project whose events are to be found.
    #[arg(long, value_name = "ID")]
    project: Option<String>,
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let database = arguments.database.filter(|database| !database.is_empty());
    let mapping = Mapping::of(&arguments.mapping, database.as_deref())?;
    let database = mapping.database().to_owned();
    let server = Server {
        client: Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .context("no TLS")?,
        url: arguments.url,
        user: arguments.user,
        password: std::env::var("CLICKHOUSE_PASSWORD").unwrap_or_default(),
        database,
    };
    let clickhouse = ClickHouse::new(Rc::new(server), Rc::new(Here), mapping);
    let findings = check(&clickhouse, arguments.project.as_deref()).await;
    for finding in &findings {
        let mark = if finding.is_fatal { "✗" } else { "·" };
        println!("{mark} {}: {}", finding.about, finding.what);
    }
    let fatal = findings.iter().filter(|finding| finding.is_fatal).count();
    if fatal > 0 {
        bail!("{fatal} of these must be mended before tools can answer from there");
    }
    println!("✓ Tools can answer from there.");
    Ok(())
}

/// The process.
struct Here;

impl Host for Here {
    fn now_ms(&self) -> u64 {
        u64::try_from(Utc::now().timestamp_millis()).unwrap_or(0)
    }

    fn sleep_ms(&self, duration_ms: u64) -> LocalBoxFuture<'static, ()> {
        tokio::time::sleep(Duration::from_millis(duration_ms)).boxed_local()
    }
}

/// A server's address, and who asks there.
struct Server {
    client: Client,
    url: Url,
    user: String,
    password: String,
    database: String,
}

#[async_trait(?Send)]
impl Transport for Server {
    async fn ask(&self, question: &Question) -> Result<Response, TransportFault> {
        // Nothing of a question has this in it: it is written by this program.
        let boundary = "sightline-check";
        let response = self
            .client
            .post(self.url.clone())
            .query(&[("database", &self.database)])
            .query(&question.settings)
            .header("x-clickhouse-user", &self.user)
            .header("x-clickhouse-key", &self.password)
            .header(
                "content-type",
                format!("multipart/form-data; boundary={boundary}"),
            )
            .body(question.form(boundary))
            .send()
            .await
            .map_err(|error| fault(&error))?;
        let summary = response.headers().get("x-clickhouse-summary");
        let summary = summary.and_then(|summary| summary.to_str().ok());
        Ok(Response {
            status: response.status().as_u16(),
            summary: summary.map(str::to_owned),
            body: stream::try_unfold(response, |mut response| async move {
                let chunk = response.chunk().await.map_err(|error| fault(&error))?;
                Ok(chunk.map(|chunk| (chunk, response)))
            })
            .boxed_local(),
        })
    }
}

fn fault(error: &reqwest::Error) -> TransportFault {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        let told = error.to_string().to_ascii_lowercase();
        if ["certificate", "tls"]
            .iter()
            .any(|word| told.contains(word))
        {
            return TransportFault::Certificate;
        }
        cause = error.source();
    }
    TransportFault::Unreachable
}
