//! The scheduled run: a new signing key if it is time, and expired rows deleted. Each by itself, so that one failing leaves the other.

use sightline_oauth::StoreFault;
use worker::Env;

use crate::console;
use crate::oauth::deployment::Deployment;

fn note(what: &str, outcome: Result<(), StoreFault>) {
    match outcome {
        Ok(()) => worker::console_log!("{{\"scheduled\":\"{what}\",\"ok\":true}}"),
        Err(fault) => {
            let line =
                serde_json::json!({"scheduled": what, "ok": false, "fault": fault.to_string()});
            worker::console_error!("{line}");
        }
    }
}

/// Runs it.
pub async fn run(env: &Env) {
    let deployment = match Deployment::of(env) {
        Ok(deployment) => deployment,
        Err(fault) => return note("set-up", Err(fault)),
    };
    let maintenance = deployment.maintenance();
    note("keys", maintenance.rotate_keys().await.map(drop));
    note("purge", maintenance.purge().await);
    let people = console::purge(env, maintenance.now_ms).await;
    note("purge-people", people.map_err(|fault| StoreFault(fault.0)));
}
