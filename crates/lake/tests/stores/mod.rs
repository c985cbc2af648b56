//! An object store around another that counts, fails on purpose, or has somebody else at work in it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result, path::Path,
};

/// The store.
#[derive(Debug)]
pub struct ScriptedStore {
    inner: Arc<dyn ObjectStore>,
    puts_allowed: Option<usize>,
    gets_allowed: Option<usize>,
    has_rival: bool,
    calls: Mutex<Vec<String>>,
}

#[expect(dead_code, reason = "every test file uses some of it")]
impl ScriptedStore {
    /// A store that only counts.
    pub fn over(inner: &Arc<dyn ObjectStore>) -> Self {
        Self {
            inner: Arc::clone(inner),
            puts_allowed: None,
            gets_allowed: None,
            has_rival: false,
            calls: Mutex::default(),
        }
    }

    /// After this many, puts fail.
    pub fn failing_after_puts(self, allowed: usize) -> Self {
        Self {
            puts_allowed: Some(allowed),
            ..self
        }
    }

    /// After this many, gets fail.
    pub fn failing_after_gets(self, allowed: usize) -> Self {
        Self {
            gets_allowed: Some(allowed),
            ..self
        }
    }

    /// Just before a manifest is replaced, somebody else replaces it.
    pub fn with_rival(self) -> Self {
        Self {
            has_rival: true,
            ..self
        }
    }

    /// What was asked of the store since the last time, e.g. `get events/a.parquet`.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ScriptedStore {
    /// Notes a call, and fails it if there were enough of its kind.
    fn note(&self, kind: &str, path: impl fmt::Display, allowed: Option<usize>) -> Result<()> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(format!("{kind} {path}"));
        let made = calls.iter().filter(|call| call.starts_with(kind)).count();
        match allowed {
            Some(allowed) if made > allowed => Err(Error::Generic {
                store: "Scripted",
                source: "https://bucket.example.com said 503 to key AKIASECRET".into(),
            }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for ScriptedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("scripted")
    }
}

#[async_trait]
impl ObjectStore for ScriptedStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        self.note("put", location, self.puts_allowed)?;
        if self.has_rival && matches!(opts.mode, PutMode::Update(_)) {
            let theirs = self.inner.get(location).await?.bytes().await?;
            self.inner
                .put(location, PutPayload::from_bytes(theirs))
                .await?;
        }
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.note(
            if options.head { "head" } else { "get" },
            location,
            self.gets_allowed,
        )?;
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        // Counted only: no test makes a listing fail.
        let _ = self.note("list", prefix.map(Path::as_ref).unwrap_or_default(), None);
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.note("look", prefix.map(Path::as_ref).unwrap_or_default(), None)?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
