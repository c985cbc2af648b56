//! Under which key and limit a credential was counted last.
//!
//! An access check takes a round trip, and so does counting; with what is recalled, both go out side by side. What is recalled
//! decides nothing: whoever is not let in is forgotten, and only a credential that *was* let in is ever remembered. So a made-up
//! credential names nobody's key.

use std::collections::{HashMap, VecDeque};

/// What a credential was counted under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// The key of its window.
    pub key: String,
    /// Its limit at the time, in units a minute.
    pub limit: u32,
}

/// A bounded memory of credentials, by fingerprint: never by the credential itself.
#[derive(Debug)]
pub struct Recall {
    most: usize,
    known: HashMap<[u8; 32], Recalled>,
    /// Oldest first. Every fingerprint of `known` once, and perhaps some forgotten ones.
    order: VecDeque<[u8; 32]>,
}

impl Recall {
    /// A memory of at most `most` credentials. When it is full the one let in first goes.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            known: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// What a credential was counted under, if it is remembered.
    pub fn of(&self, fingerprint: &[u8; 32]) -> Option<&Recalled> {
        self.known.get(fingerprint)
    }

    /// Remembers a credential that was just let in.
    pub fn keep(&mut self, fingerprint: [u8; 32], recalled: Recalled) {
        if self.known.insert(fingerprint, recalled).is_none() {
            self.order.retain(|one| *one != fingerprint);
            self.order.push_back(fingerprint);
        }
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// Forgets a credential that was not let in.
    pub fn forget(&mut self, fingerprint: &[u8; 32]) {
        self.known.remove(fingerprint);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn recalled(limit: u32) -> Recalled {
        Recalled {
            key: format!("key{limit}"),
            limit,
        }
    }

    #[test]
    fn only_what_was_let_in_is_recalled_and_the_latest_limit_counts() {
        let mut recall = Recall::new(2);
        assert_eq!(recall.of(&[1; 32]), None);
        recall.keep([1; 32], recalled(60));
        recall.keep([1; 32], recalled(90));
        assert_eq!(recall.of(&[1; 32]), Some(&recalled(90)));
        recall.forget(&[1; 32]);
        assert_eq!(recall.of(&[1; 32]), None);
    }

    #[test]
    fn the_one_let_in_first_goes_when_it_is_full() {
        let mut recall = Recall::new(2);
        for one in 1..=3 {
            recall.keep([one; 32], recalled(60));
        }
        assert_eq!(recall.of(&[1; 32]), None);
        assert!(recall.of(&[2; 32]).is_some() && recall.of(&[3; 32]).is_some());
    }

    proptest! {
        #[test]
        fn it_never_holds_more_than_its_bound(
            steps in prop::collection::vec((any::<bool>(), 0..20u8), 0..300),
        ) {
            let mut recall = Recall::new(5);
            for (keeps, one) in steps {
                if keeps {
                    recall.keep([one; 32], recalled(60));
                    prop_assert!(recall.of(&[one; 32]).is_some());
                } else {
                    recall.forget(&[one; 32]);
                    prop_assert!(recall.of(&[one; 32]).is_none());
                }
                prop_assert!(recall.known.len() <= 5 && recall.order.len() <= 5);
                prop_assert!(recall.known.keys().all(|known| recall.order.contains(known)));
            }
        }
    }
}
