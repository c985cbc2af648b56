//! Other hosts' documents, and a cache that forgets nothing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::document::{Documents, Fetched};
use crate::store::StoreFault;

/// Documents by address.
#[derive(Debug, Default)]
pub struct MemoryDocuments {
    answers: RefCell<BTreeMap<String, Fetched>>,
    kept: RefCell<BTreeMap<String, Vec<u8>>>,
    fetches: Cell<usize>,
}

impl MemoryDocuments {
    /// From now on, `url` answers so, as JSON.
    pub fn answer(&self, url: &str, status: u16, cache_control: &str, body: &str) {
        let fetched = Fetched {
            status,
            content_type: Some("application/json; charset=utf-8".to_owned()),
            cache_control: Some(cache_control.to_owned()),
            body: body.as_bytes().to_vec(),
        };
        self.answers.borrow_mut().insert(url.to_owned(), fetched);
    }

    /// How often anything was fetched.
    pub fn fetches(&self) -> usize {
        self.fetches.get()
    }
}

#[async_trait(?Send)]
impl Documents for MemoryDocuments {
    async fn fetch(&self, url: &str) -> Result<Fetched, StoreFault> {
        self.fetches.set(self.fetches.get() + 1);
        let found = self.answers.borrow().get(url).cloned();
        found.ok_or_else(|| StoreFault("nothing answers there".to_owned()))
    }

    async fn cached(&self, url: &str) -> Option<Vec<u8>> {
        self.kept.borrow().get(url).cloned()
    }

    async fn keep(&self, url: &str, body: &[u8], _seconds: u64) {
        self.kept.borrow_mut().insert(url.to_owned(), body.to_vec());
    }
}
