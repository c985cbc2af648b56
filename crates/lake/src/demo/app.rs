//! `app`: teams of companies plan their work on boards, on weekdays, in Europe. People are known and belong to a company.
//!
//! What there is to find: a feature released 30 days ago that spreads, companies that grow quieter, slow report exports,
//! subscriptions renewed once a month, trials from the public pages.

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::{
    companies::{User, users},
    dice::Dice,
    people::{Visitors, equipment, setting},
    visit::Visit,
    world::{OFFICE_HOURS, Source, begin_ms},
};

const ORIGIN: &str = "https://boards.northwind.example.com";

const COUNTRIES: [(&str, f64); 8] = [
    ("DE", 42.0),
    ("AT", 8.0),
    ("CH", 8.0),
    ("NL", 10.0),
    ("FR", 10.0),
    ("GB", 12.0),
    ("SE", 5.0),
    ("PL", 5.0),
];

const SOURCES: [Source; 4] = [
    Source {
        referrer: "",
        name: "",
        kind: "",
        utm: [""; 5],
        weight: 40.0,
    },
    Source {
        referrer: "https://www.google.de/",
        name: "Google",
        kind: "search",
        utm: [""; 5],
        weight: 35.0,
    },
    Source {
        referrer: "https://www.linkedin.com/",
        name: "LinkedIn",
        kind: "social",
        utm: ["linkedin", "paid-social", "teams-q4", "video", ""],
        weight: 15.0,
    },
    Source {
        referrer: "https://www.capterra.com/",
        name: "Capterra",
        kind: "referral",
        utm: [""; 5],
        weight: 10.0,
    },
];

/// Days ago automations were released.
const RELEASED: i64 = 30;

/// All visits on the day that begins at `midnight_ms`.
pub(super) fn visits(
    seed: u64,
    visitors: &mut Visitors,
    day: NaiveDate,
    midnight_ms: i64,
    days_ago: i64,
) -> Vec<Visit> {
    let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let mut visits = Vec::new();
    let number = |user: u64| (90 - days_ago).unsigned_abs() * 100_000 + user;
    for user in users().filter(|user| user.company.is_active(days_ago)) {
        let mut dice = Dice::of(seed, "app visit", number(user.number));
        // Renewals are booked whatever the day: somebody looks at the bill.
        let likely = match user.renews_on(day) {
            true => 1.0,
            false => user.diligence(seed, days_ago) * if weekend { 0.07 } else { 0.8 },
        };
        if dice.chance(likely) {
            let again = dice.chance(0.3) && !user.renews_on(day);
            visits.push(work(seed, &user, dice, day, midnight_ms, days_ago));
            if again {
                let dice = Dice::of(seed, "app second visit", number(user.number));
                visits.push(work(seed, &user, dice, day, midnight_ms, days_ago));
            }
        }
    }
    let mut dice = Dice::of(seed, "app public", number(0));
    for visit in 0..(if weekend { 18 } else { 46 }) {
        let dice = Dice::of(seed, "app public visit", dice.next() ^ visit);
        visits.push(look(seed, visitors, dice, midnight_ms));
    }
    visits
}

/// Somebody works on their boards.
fn work(
    seed: u64,
    user: &User,
    mut dice: Dice,
    day: NaiveDate,
    midnight_ms: i64,
    days_ago: i64,
) -> Visit {
    let equipment = equipment(seed ^ 0xA99, user.number, &mut dice, &COUNTRIES);
    let at_ms = midnight_ms + begin_ms(&mut dice, &equipment.0, &OFFICE_HOURS);
    let mut setting = setting(ORIGIN, equipment, None);
    setting.session_id = Some(format!("s_{:016x}", dice.next()));
    setting.groups = vec![user.company.id.to_owned()];
    let mut visit = Visit::begin(setting, &user.id(), dice, at_ms, "/home", "Home");
    if user.renews_on(day) {
        visit.event(
            "subscription_renewed",
            &[
                ("plan", user.company.plan),
                ("seats", &user.company.seats.to_string()),
            ],
        );
        visit.revenue(
            user.company.monthly_price(),
            &[("plan", user.company.plan), ("currency", "EUR")],
        );
    }
    let adopts = Dice::of(seed, "automation", user.number).between(0, 60);
    for _ in 0..visit.dice().between(2, 8) {
        act(
            &mut visit,
            days_ago <= RELEASED && RELEASED - days_ago >= adopts,
        );
    }
    if visit.chance(0.6) {
        visit.end();
    }
    visit
}

fn act(visit: &mut Visit, has_automations: bool) {
    visit.wait_s(10, 260);
    let board = visit.dice().between(1, 9).to_string();
    match visit.dice().between(0, 99) {
        0..=34 => {
            visit.view(&format!("/boards/{board}"), "Board");
            visit.wait_s(3, 40);
            visit.event(
                "card_moved",
                &[("board.id", &board), ("column.to", "doing")],
            );
        }
        35..=54 => visit.event(
            "card_created",
            &[("board.id", &board), ("card.kind", "task")],
        ),
        55..=69 => visit.event("comment_added", &[("board.id", &board)]),
        70..=74 => {
            visit.view("/boards/new", "New board");
            visit.event("$form_start", &[("form", "new-board")]);
            visit.wait_s(5, 40);
            if visit.chance(0.8) {
                visit.event("$form_submit", &[("form", "new-board")]);
                visit.event("board_created", &[("template", "kanban")]);
            }
        }
        75..=80 => {
            visit.view("/reports", "Reports");
            visit.click("button.export", "Export");
            let took_ms = 900 + (visit.dice().unit().powi(4) * 14_000.0) as i64;
            visit.wait_ms(took_ms);
            visit.timed("report_exported", took_ms, &[("report.format", "xlsx")]);
        }
        81..=83 => visit.event("member_invited", &[("role", "member")]),
        84..=86 => {
            visit.view("/settings/integrations", "Integrations");
            visit.failed_request("/api/integrations", "502");
        }
        87..=95 if has_automations => {
            visit.view("/automations", "Automations");
            visit.event("automation_created", &[("trigger", "card_moved")]);
        }
        _ => visit.view("/home", "Home"),
    }
}

/// Somebody looks at the public pages, and may start a trial.
fn look(seed: u64, visitors: &mut Visitors, mut dice: Dice, midnight_ms: i64) -> Visit {
    let visitor = visitors.next(&mut dice, 0.2);
    let equipment = equipment(seed ^ 0xA9A, visitor, &mut dice, &COUNTRIES);
    let source =
        Some(*dice.weighted(&SOURCES, |source| source.weight)).filter(Source::says_something);
    let at_ms = midnight_ms + begin_ms(&mut dice, &equipment.0, &OFFICE_HOURS);
    let mut setting = setting(ORIGIN, equipment, source);
    setting.session_id = Some(format!("s_{:016x}", dice.next()));
    let profile_id = setting.device_id.clone();
    let mut visit = Visit::begin(setting, &profile_id, dice, at_ms, "/", "Boards for teams");
    if visit.chance(0.45) {
        visit.wait_s(5, 60);
        visit.view("/pricing", "Pricing");
        visit.wait_s(8, 90);
        if visit.chance(0.3) {
            visit.view("/signup", "Start a trial");
            visit.event("$form_start", &[("form", "signup")]);
            visit.wait_s(10, 60);
            if visit.chance(0.4) {
                visit.event("$form_submit", &[("form", "signup")]);
                visit.event("trial_started", &[("plan", "team")]);
            }
        }
    }
    visit
}
