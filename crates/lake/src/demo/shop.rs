//! `shop`: people look at tea and chocolate, search, fill a cart, and pay, or fail to.
//!
//! What there is to find: a launch five weeks ago that brought a crowd with few buyers; a checkout that threw an error for
//! three days, nine to eleven days ago, with rage clicks, abandoned forms and hardly any revenue; weekends and evenings;
//! a newsletter that sells and social posts that do not.

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::{
    assortment::{CATEGORIES, LAUNCH, PRODUCTS, SEARCHES, SOURCES},
    dice::Dice,
    people::{Visitors, equipment, setting},
    visit::Visit,
    world::{LEISURE_HOURS, Source, begin_ms},
};

pub(super) const ORIGIN: &str = "https://shop.northwind.example.com";

const COUNTRIES: [(&str, f64); 9] = [
    ("US", 45.0),
    ("CA", 10.0),
    ("GB", 13.0),
    ("DE", 9.0),
    ("FR", 6.0),
    ("AU", 6.0),
    ("BR", 4.0),
    ("JP", 3.0),
    ("ES", 4.0),
];

/// Days ago of the launch.
const LAUNCHED: i64 = 35;

/// Days ago the checkout was broken.
const BROKEN: std::ops::RangeInclusive<i64> = 9..=11;

/// Number of visits on a day.
pub(super) fn visits(dice: &mut Dice, day: NaiveDate, days_ago: i64) -> i64 {
    let weekday = match day.weekday() {
        Weekday::Sat => 1.25,
        Weekday::Sun => 1.35,
        Weekday::Fri => 1.05,
        Weekday::Tue | Weekday::Wed => 0.85,
        _ => 0.95,
    };
    let launch = match LAUNCHED - days_ago {
        0 => 3.8,
        1 => 2.1,
        2 => 1.4,
        _ => 1.0,
    };
    let growth = 1.0 + 0.25 * (90 - days_ago.min(90)) as f64 / 90.0;
    (125.0 * weekday * launch * growth * (0.92 + 0.16 * dice.unit())) as i64
}

/// The visit of this number, on the day that begins at `midnight_ms`.
pub(super) fn visit(
    seed: u64,
    number: u64,
    visitors: &mut Visitors,
    midnight_ms: i64,
    days_ago: i64,
) -> Visit {
    let mut dice = Dice::of(seed, "shop visit", number);
    let visitor = visitors.next(&mut dice, 0.42);
    let equipment = equipment(seed, visitor, &mut dice, &COUNTRIES);
    let came_for_launch = (LAUNCHED - 1..=LAUNCHED).contains(&days_ago) && dice.chance(0.6);
    let sources: &[Source] = if came_for_launch { &LAUNCH } else { &SOURCES };
    let source =
        Some(*dice.weighted(sources, |source| source.weight)).filter(Source::says_something);
    let at_ms = midnight_ms + begin_ms(&mut dice, &equipment.0, &LEISURE_HOURS);
    let mut setting = setting(ORIGIN, equipment, source);
    setting.session_id = Some(format!("s_{:016x}", dice.next()));
    let customer = customer(seed, visitor);
    let signed_in = customer.as_ref().filter(|_| dice.chance(0.6));
    let profile_id = signed_in
        .cloned()
        .unwrap_or_else(|| setting.device_id.clone());
    let (path, title) = landing(&mut dice, came_for_launch, setting.source.as_ref());
    let mut visit = Visit::begin(setting, &profile_id, dice, at_ms, &path, &title);
    let shopper = Shopper {
        customer,
        days_ago,
        came_for_launch,
    };
    shopper.tell(&mut visit);
    visit
}

/// The user id of a visitor who is a customer.
pub(super) fn customer(seed: u64, visitor: u64) -> Option<String> {
    Dice::of(seed, "customer", visitor)
        .chance(0.3)
        .then(|| format!("cus_{visitor:07}"))
}

fn landing(dice: &mut Dice, came_for_launch: bool, source: Option<&Source>) -> (String, String) {
    if came_for_launch {
        return (
            "/launch/winter-blend".to_owned(),
            "Winter Blend is here".to_owned(),
        );
    }
    match source.map(|source| source.kind) {
        Some("search" | "ai" | "referral") if dice.chance(0.65) => {
            product_page(dice.pick(&PRODUCTS))
        }
        Some("social") if dice.chance(0.5) => category_page(dice.pick(&CATEGORIES)),
        _ => (
            "/".to_owned(),
            "Northwind: tea, coffee, chocolate".to_owned(),
        ),
    }
}

fn product_page(product: &(&str, &str, &str, i64)) -> (String, String) {
    (format!("/products/{}", product.0), product.1.to_owned())
}

fn category_page(category: &(&str, &str)) -> (String, String) {
    (format!("/categories/{}", category.0), category.1.to_owned())
}

struct Shopper {
    customer: Option<String>,
    days_ago: i64,
    came_for_launch: bool,
}

impl Shopper {
    fn tell(&self, visit: &mut Visit) {
        let bounces = if self.came_for_launch { 0.62 } else { 0.36 };
        if visit.chance(bounces) {
            if visit.chance(0.4) {
                visit.wait_s(3, 90);
                visit.click("nav .logo", "Northwind");
            }
            return;
        }
        let mut cart = Vec::new();
        for _ in 0..visit.dice().between(1, 5) {
            self.browse(visit, &mut cart);
        }
        if visit.chance(0.012) {
            visit.event(
                "$feedback",
                &[
                    ("rating", "2"),
                    ("message", "Shipping costs were a surprise."),
                ],
            );
        }
        let buys = if self.came_for_launch { 0.3 } else { 0.72 };
        if !cart.is_empty() && visit.chance(buys) {
            self.buy(visit, &cart);
        }
        if visit.chance(0.7) {
            visit.end();
        }
    }

    fn browse(
        &self,
        visit: &mut Visit,
        cart: &mut Vec<(&'static str, &'static str, &'static str, i64)>,
    ) {
        visit.wait_s(5, 75);
        if visit.chance(0.18) {
            let (query, results) = *visit.dice().pick(&SEARCHES);
            visit.view("/search", "Search");
            visit.event(
                "search",
                &[("query", query), ("results.count", &results.to_string())],
            );
            visit.wait_s(3, 25);
        } else if visit.chance(0.5) {
            let (path, title) = category_page(visit.dice().pick(&CATEGORIES));
            visit.view(&path, &title);
            visit.wait_s(4, 40);
        }
        if visit.chance(0.05) {
            // A picture that looks like a button.
            visit.click(".hero img", "");
            visit.wait_s(3, 8);
            visit.event("scroll", &[("depth", "75")]);
        }
        let from = (visit.path().to_owned(), "Northwind".to_owned());
        let product = *visit.dice().pick(&PRODUCTS);
        let (path, title) = product_page(&product);
        visit.click(&format!("a[href='{path}']"), product.1);
        visit.wait_ms(420);
        visit.view(&path, &title);
        if visit.chance(0.07) {
            visit.wait_s(2, 4);
            visit.view(&from.0, &from.1);
            return;
        }
        visit.wait_s(6, 120);
        if visit.chance(0.015) {
            visit.failed_request("/api/reviews", "503");
        } else if visit.chance(0.006) {
            visit.script_error(
                "ResizeObserver loop completed with undelivered notifications",
                "gallery.91ab.js",
            );
        }
        if visit.chance(0.22) {
            visit.click("button.add-to-cart", "Add to cart");
            visit.wait_ms(90);
            let price = format!("{}.{:02}", product.3 / 100, product.3 % 100);
            visit.event(
                "add_to_cart",
                &[
                    ("product.id", product.0),
                    ("product.category", product.2),
                    ("product.price", &price),
                    ("quantity", "1"),
                ],
            );
            cart.push(product);
        }
    }

    fn buy(&self, visit: &mut Visit, cart: &[(&str, &str, &str, i64)]) {
        visit.wait_s(4, 30);
        visit.view("/cart", "Your cart");
        visit.wait_s(5, 60);
        if visit.chance(0.25) {
            return;
        }
        visit.view("/checkout", "Checkout");
        visit.event(
            "checkout_started",
            &[("cart.items", &cart.len().to_string())],
        );
        visit.wait_s(2, 10);
        visit.event("$form_start", &[("form", "checkout")]);
        if let Some(customer) = &self.customer
            && visit.profile_id != *customer
        {
            visit.wait_s(5, 20);
            visit.profile_id.clone_from(customer);
            visit.event("login", &[("method", "password")]);
        }
        visit.wait_s(15, 90);
        if BROKEN.contains(&self.days_ago) && visit.chance(0.93) {
            self.fail_to_pay(visit);
            return;
        }
        if visit.chance(0.22) {
            return;
        }
        self.pay(visit, cart);
    }

    /// The pay button did nothing but throw.
    fn fail_to_pay(&self, visit: &mut Visit) {
        for attempt in 0..visit.dice().between(1, 3) {
            visit.rage("#pay", "Pay now", if attempt == 0 { 1 } else { 4 });
            visit.wait_ms(60);
            visit.script_error(
                "TypeError: Cannot read properties of undefined (reading 'total')",
                "checkout.4f1c.js",
            );
            visit.wait_s(2, 9);
        }
        if visit.chance(0.1) {
            visit.event(
                "$feedback",
                &[
                    ("rating", "1"),
                    ("message", "I cannot pay! The button does nothing."),
                ],
            );
        }
    }

    fn pay(&self, visit: &mut Visit, cart: &[(&str, &str, &str, i64)]) {
        let total: i64 = cart.iter().map(|product| product.3).sum();
        let total = total + if total < 5_000 { 490 } else { 0 };
        visit.event(
            "payment_info_added",
            &[(
                "payment.method",
                if total > 6_000 { "invoice" } else { "card" },
            )],
        );
        visit.wait_s(3, 20);
        visit.click("#pay", "Pay now");
        visit.wait_ms(250);
        visit.event("$form_submit", &[("form", "checkout")]);
        visit.wait_ms(1_300);
        visit.view("/checkout/complete", "Thank you");
        let order = format!("ord_{:010x}", visit.dice().next() >> 24);
        visit.event(
            "purchase",
            &[
                ("order.id", &order),
                ("order.items", &cart.len().to_string()),
            ],
        );
        visit.revenue(total, &[("order.id", &order), ("currency", "USD")]);
    }
}
