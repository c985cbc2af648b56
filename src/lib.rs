//! The Worker: routes, bindings and glue around the crates that do the work.
//!
//! Only this package names the `worker` crate (invariant 1). A request is matched against [`routes`], let in by [`access`],
//! counted by [`limits`], understood by `sightline-mcp`, answered by `sightline-analytics` over [`warehouses`], and told of in one
//! log line. The pages people see are [`console`]'s, how apps get in is [`oauth`]'s. Nothing is built at module load; what an isolate shares is made when its first request needs it.

mod access;
mod clickhouse;
mod config;
mod console;
mod endpoint;
mod host;
mod limiter;
mod limits;
mod log;
mod oauth;
mod project_row;
mod r2;
mod routes;
mod service;
mod shield;
mod usage;
mod warehouses;

use worker::{Context, Env, HttpRequest, ScheduleContext, ScheduledEvent, event};

/// The Worker's entry point.
///
/// # Errors
/// None: every failure is an answer.
#[event(fetch)]
pub async fn fetch(
    request: HttpRequest,
    env: Env,
    _context: Context,
) -> worker::Result<http::Response<worker::Body>> {
    console_error_panic_hook::set_once();
    routes::answer(request, env).await
}

/// What the cron triggers of `wrangler.toml` run.
#[event(scheduled)]
pub async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    console_error_panic_hook::set_once();
    oauth::run(&env).await;
}
