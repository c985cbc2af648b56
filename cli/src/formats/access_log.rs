//! Access logs: every successful view of a page is a `screen_view`.
//!
//! The visitor is a hash of address and user agent (no address is kept), sessions follow from gaps. What a page view is,
//! what a bot is and where visitors come from is decided in `web`.

use std::io::BufRead as _;

use crate::{
    input::Input,
    intake::Intake,
    web::{AccessLogRules, LogLine, Referrer, UserAgent, campaign},
};

/// Reads all lines.
pub fn read(input: Input, rules: &AccessLogRules, intake: &mut Intake) -> anyhow::Result<()> {
    let mut reader = input.into_reader();
    let mut bytes = Vec::new();
    let mut line: u64 = 0;
    loop {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        line += 1;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        intake.count_row();
        match LogLine::parse(text) {
            Ok(parsed) => view(&parsed, rules, intake)?,
            Err(reason) => intake.bad(format_args!("line {line}"), reason)?,
        }
    }
}

fn view(line: &LogLine<'_>, rules: &AccessLogRules, intake: &mut Intake) -> anyhow::Result<()> {
    let Some(page) = line.page_view() else {
        intake.counts.not_pages += 1;
        return Ok(());
    };
    let agent = UserAgent::parse(line.user_agent);
    if agent.bot.is_some() && !rules.include_bots {
        intake.counts.bots_left_out += 1;
        return Ok(());
    }
    let device_id = rules.device_id(line.address, line.user_agent);
    let referrer = Referrer::parse(line.referrer, rules.host());
    let campaign = campaign(page.query);
    let rows = intake.row();
    rows.instant("timestamp", line.at_ms)
        .text("name", "screen_view")
        .text("profile_id", &device_id)
        .text("device_id", &device_id)
        .text_if("origin", rules.origin())
        .text("path", page.path)
        .text_if("device", agent.device)
        .text_if("browser", agent.browser)
        .text_if("browser_version", agent.browser_version)
        .text_if("os", agent.os)
        .text_if("os_version", agent.os_version.as_deref());
    if let Some(referrer) = &referrer {
        rows.text("referrer", &referrer.url)
            .text("referrer_name", &referrer.name)
            .text("referrer_type", referrer.kind);
    }
    for (column, value) in &campaign {
        rows.text(column, value);
    }
    if let Some(bot) = agent.bot {
        rows.pairs("properties", &[("bot".to_owned(), bot)]);
        intake.counts.bots_kept += 1;
    }
    intake.end_row()
}
