//! Visitors and users, computed from their number.

use super::{
    dice::Dice,
    visit::Setting,
    world::{DEVICES, Device, PLACES, Place, Source},
};

const FIRST_NAMES: [&str; 24] = [
    "Ada", "Ben", "Chloe", "David", "Elif", "Farid", "Grace", "Hana", "Igor", "Julia", "Kenji",
    "Lena", "Marco", "Nadia", "Omar", "Priya", "Quentin", "Rosa", "Samir", "Tara", "Uma", "Viktor",
    "Wanda", "Yuki",
];
const LAST_NAMES: [&str; 24] = [
    "Abel", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Hoffmann", "Ito",
    "Jansen", "Kowalski", "Larsen", "Moreau", "Novak", "Okafor", "Patel", "Quinn", "Rossi", "Sato",
    "Tanaka", "Usman", "Vogel", "Weber", "Young",
];

/// A user with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub email: String,
}

impl Person {
    /// The user of this number, with an address at `domain`.
    pub(super) fn of(seed: u64, number: u64, domain: &str) -> Self {
        let mut dice = Dice::of(seed, "person", number);
        let (first_name, last_name) = (*dice.pick(&FIRST_NAMES), *dice.pick(&LAST_NAMES));
        let email = format!(
            "{}.{}{number}@{domain}",
            first_name.to_lowercase(),
            last_name.to_lowercase()
        );
        Self {
            first_name,
            last_name,
            email,
        }
    }
}

/// Where and with what the visitor of this number comes. `weights` says how common each country is; countries it does not
/// name have no visitors. Some use their phone now and then.
pub(super) fn equipment(
    seed: u64,
    visitor: u64,
    visit: &mut Dice,
    weights: &[(&str, f64)],
) -> (Place, Device, String) {
    let mut dice = Dice::of(seed, "visitor", visitor);
    let country = dice.weighted(weights, |country| country.1).0;
    let places: Vec<&Place> = PLACES
        .iter()
        .filter(|place| place.country == country)
        .collect();
    let place = if places.is_empty() {
        PLACES[0]
    } else {
        **dice.pick(&places)
    };
    let own = *dice.weighted(&DEVICES, |device| device.weight);
    let has_phone = own.device == "desktop" && dice.chance(0.4);
    let phone = *dice.weighted(&DEVICES[6..10], |device| device.weight);
    let ids = (dice.next(), dice.next());
    if has_phone && visit.chance(0.25) {
        (place, phone, format!("dev_{:016x}", ids.1))
    } else {
        (place, own, format!("dev_{:016x}", ids.0))
    }
}

/// What a visit keeps throughout.
pub(super) fn setting(
    origin: &'static str,
    (place, device, device_id): (Place, Device, String),
    source: Option<Source>,
) -> Setting {
    Setting {
        origin,
        place,
        device,
        device_id,
        session_id: None,
        groups: Vec::new(),
        source,
        sdk: ("web", "2.4.1"),
    }
}

/// One visitor in so many is a regular.
const REGULAR_EVERY: u64 = 20;

/// The visitors a site has had so far.
#[derive(Debug, Default)]
pub(super) struct Visitors {
    known: u64,
}

impl Visitors {
    /// A new visitor, or with `returning` likelihood one that was here before: mostly somebody of late, sometimes one of
    /// the few who always come back.
    pub(super) fn next(&mut self, dice: &mut Dice, returning: f64) -> u64 {
        if self.known == 0 || !dice.chance(returning) {
            self.known += 1;
            return self.known - 1;
        }
        if dice.chance(0.3) {
            return (dice.unit() * (self.known / REGULAR_EVERY + 1) as f64) as u64 * REGULAR_EVERY
                % self.known;
        }
        let back = (dice.unit().powi(3) * self.known as f64) as u64;
        self.known - 1 - back.min(self.known - 1)
    }
}
