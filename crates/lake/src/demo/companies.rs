//! The companies of the demo's product, and the people with a seat at them.

use chrono::{Datelike as _, NaiveDate};

use super::{dice::Dice, people::Person};

/// A company that uses the product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Company {
    pub id: &'static str,
    pub name: &'static str,
    pub industry: &'static str,
    pub plan: &'static str,
    pub seats: u64,
    /// Days ago it became a customer.
    pub since: i64,
    /// Days ago it left, or 0 when it stays.
    pub until: i64,
}

const fn company(
    (id, name): (&'static str, &'static str),
    industry: &'static str,
    plan: &'static str,
    seats: u64,
    (since, until): (i64, i64),
) -> Company {
    Company {
        id,
        name,
        industry,
        plan,
        seats,
        since,
        until,
    }
}

pub(super) const COMPANIES: [Company; 24] = [
    company(
        ("adler-werke", "Adler Werke"),
        "manufacturing",
        "enterprise",
        38,
        (210, 0),
    ),
    company(("blauwal", "Blauwal Media"), "media", "team", 12, (180, 0)),
    company(
        ("brightside", "Brightside Energy"),
        "energy",
        "enterprise",
        31,
        (160, 0),
    ),
    company(
        ("cedar-clinic", "Cedar Clinic"),
        "health",
        "team",
        14,
        (150, 41),
    ),
    company(
        ("copperline", "Copperline"),
        "logistics",
        "team",
        18,
        (140, 0),
    ),
    company(("dunes", "Dunes Travel"), "travel", "starter", 6, (130, 0)),
    company(
        ("eisvogel", "Eisvogel Software"),
        "software",
        "team",
        16,
        (120, 0),
    ),
    company(
        ("fjord-bank", "Fjord Bank"),
        "finance",
        "enterprise",
        34,
        (115, 0),
    ),
    company(
        ("glasperle", "Glasperle"),
        "retail",
        "starter",
        5,
        (110, 62),
    ),
    company(
        ("halcyon", "Halcyon Labs"),
        "research",
        "team",
        13,
        (100, 0),
    ),
    company(
        ("ironbridge", "Ironbridge"),
        "construction",
        "team",
        17,
        (95, 0),
    ),
    company(
        ("jolly-foods", "Jolly Foods"),
        "food",
        "starter",
        7,
        (88, 0),
    ),
    company(("kestrel", "Kestrel Air"), "logistics", "team", 15, (80, 0)),
    company(
        ("lumen-arts", "Lumen Arts"),
        "culture",
        "starter",
        6,
        (74, 20),
    ),
    company(("moor-and-co", "Moor & Co"), "legal", "team", 11, (66, 0)),
    company(
        ("nordlicht", "Nordlicht Studio"),
        "design",
        "starter",
        8,
        (58, 0),
    ),
    company(
        ("orchard", "Orchard Schools"),
        "education",
        "team",
        19,
        (50, 0),
    ),
    company(
        ("pinewood", "Pinewood Homes"),
        "real estate",
        "starter",
        6,
        (44, 0),
    ),
    company(
        ("quarry", "Quarry Stone"),
        "construction",
        "starter",
        5,
        (37, 0),
    ),
    company(
        ("riverbend", "Riverbend Insurance"),
        "finance",
        "enterprise",
        26,
        (33, 0),
    ),
    company(("saltworks", "Saltworks"), "food", "starter", 7, (26, 0)),
    company(("tramontana", "Tramontana"), "travel", "team", 12, (19, 0)),
    company(
        ("uferlos", "Uferlos e. V."),
        "non-profit",
        "starter",
        5,
        (12, 0),
    ),
    company(
        ("vanguard-tools", "Vanguard Tools"),
        "manufacturing",
        "team",
        14,
        (6, 0),
    ),
];

impl Company {
    /// Price of a month in cents.
    pub(super) fn monthly_price(&self) -> i64 {
        let seat = match self.plan {
            "enterprise" => 1_900,
            "team" => 1_200,
            _ => 700,
        };
        seat * self.seats as i64
    }

    /// Whether it was a customer so many days ago.
    pub(super) fn is_active(&self, days_ago: i64) -> bool {
        (self.until..=self.since).contains(&days_ago)
    }
}

/// Somebody with a seat.
#[derive(Debug, Clone, Copy)]
pub(super) struct User {
    pub company: &'static Company,
    /// Which seat: 0 owns the account.
    pub seat: u64,
    /// Which of all users.
    pub number: u64,
}

impl User {
    /// The id the product knows them by.
    pub(super) fn id(&self) -> String {
        format!("u_{:05}", self.number)
    }

    /// Their name and address.
    pub(super) fn person(&self, seed: u64) -> Person {
        Person::of(
            seed,
            self.number,
            &format!("{}.example.com", self.company.id),
        )
    }

    /// What they do at work.
    pub(super) fn role(&self) -> &'static str {
        if self.seat == 0 {
            "owner"
        } else {
            ["member", "member", "admin", "member", "guest"][(self.seat % 5) as usize]
        }
    }

    /// Whether their company's subscription renews: once a month, in the hands of the owner.
    pub(super) fn renews_on(&self, day: NaiveDate) -> bool {
        self.seat == 0 && i64::from(day.day()) == 1 + self.company.since % 28
    }

    /// How likely they come on a working day: everybody is different, and newcomers need a while.
    pub(super) fn diligence(&self, seed: u64, days_ago: i64) -> f64 {
        let joined = self.company.since - (self.seat as i64).min(20);
        if days_ago > joined {
            return 0.0;
        }
        let own = 0.15 + 0.75 * Dice::of(seed, "diligence", self.number).unit();
        let leaving = self.company.until > 0 && days_ago - self.company.until < 21;
        if leaving { own * 0.4 } else { own }
    }
}

/// Everybody with a seat, in the order of companies.
pub(super) fn users() -> impl Iterator<Item = User> {
    let seats = COMPANIES
        .iter()
        .flat_map(|company| (0..company.seats).map(move |seat| (company, seat)));
    seats.zip(1..).map(|((company, seat), number)| User {
        company,
        seat,
        number,
    })
}
