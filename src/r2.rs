//! One project's objects in the `LAKE` bucket, as an object store the engine can read.
//!
//! The store is made for one project and adds that project's prefix to every key: nothing above it can name another
//! (invariant 4). JS promises cannot leave this thread, so each runs under `spawn_local` and hands its outcome over a channel;
//! the query's driver is told when it ends ([`Reads::depart`]). Writing is not implemented.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::channel::oneshot;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};
use sightline_warehouse::parquet::Reads;
use worker::send::SendWrapper;
use worker::{Bucket, Conditional, Object, Range};

/// The objects of one project.
#[derive(Debug)]
pub struct ProjectBucket {
    bucket: SendWrapper<Bucket>,
    prefix: Arc<str>,
    reads: Arc<Reads>,
}

impl ProjectBucket {
    /// The objects whose keys begin with `{project_id}/`.
    pub fn new(bucket: Bucket, project_id: &str, reads: Arc<Reads>) -> Self {
        Self {
            bucket: SendWrapper(bucket),
            prefix: format!("{project_id}/").into(),
            reads,
        }
    }

    fn key(&self, location: &Path) -> String {
        format!("{}{location}", self.prefix)
    }

    fn not_writable(operation: &str) -> Error {
        Error::NotImplemented {
            operation: operation.to_owned(),
            implementer: "the project's bucket".to_owned(),
        }
    }

    /// Runs JS-bound work on this thread and hands its outcome to whoever awaits it.
    fn outside<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + 'static,
    ) -> BoxFuture<'static, Result<T>> {
        let (sender, receiver) = oneshot::channel();
        let flight = self.reads.depart();
        wasm_bindgen_futures::spawn_local(async move {
            let outcome = work.await;
            // Nobody waits any more when the query was dropped.
            let _ = sender.send(outcome);
            drop(flight);
        });
        Box::pin(async move {
            receiver
                .await
                .unwrap_or_else(|_| Err(failed("the read was abandoned")))
        })
    }

    fn list_all(
        &self,
        prefix: Option<&Path>,
        delimiter: bool,
    ) -> BoxFuture<'static, Result<ListResult>> {
        let bucket = self.bucket.0.clone();
        let root = Arc::clone(&self.prefix);
        let prefix = prefix.map_or_else(|| root.to_string(), |prefix| format!("{root}{prefix}/"));
        self.outside(async move {
            let mut found = ListResult {
                common_prefixes: Vec::new(),
                objects: Vec::new(),
            };
            let mut cursor = None;
            loop {
                let mut list = bucket.list().prefix(prefix.as_str());
                if delimiter {
                    list = list.delimiter("/");
                }
                if let Some(cursor) = cursor.take() {
                    list = list.cursor(cursor);
                }
                let page = list
                    .execute()
                    .await
                    .map_err(|error| failed(error.to_string()))?;
                found.objects.extend(
                    page.objects()
                        .iter()
                        .filter_map(|object| meta(object, &root)),
                );
                let folders = page.delimited_prefixes();
                found
                    .common_prefixes
                    .extend(folders.iter().filter_map(|folder| relative(folder, &root)));
                match page.cursor() {
                    Some(next) if page.truncated() => cursor = Some(next),
                    _ => return Ok(found),
                }
            }
        })
    }
}

fn failed(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Generic {
        store: "R2",
        source: reason.into(),
    }
}

/// The path of a key within the project; keys that are no valid paths are not the lake's.
fn relative(key: &str, prefix: &str) -> Option<Path> {
    Path::parse(key.strip_prefix(prefix)?).ok()
}

fn meta(object: &Object, prefix: &str) -> Option<ObjectMeta> {
    Some(ObjectMeta {
        location: relative(&object.key(), prefix)?,
        last_modified: i64::try_from(object.uploaded().as_millis())
            .ok()
            .and_then(DateTime::<Utc>::from_timestamp_millis)
            .unwrap_or_default(),
        size: object.size(),
        e_tag: Some(object.etag()),
        version: None,
    })
}

fn r2_range(range: &GetRange) -> Range {
    match range {
        GetRange::Bounded(range) => Range::OffsetWithLength {
            offset: range.start,
            length: range.end.saturating_sub(range.start),
        },
        GetRange::Offset(offset) => Range::OffsetToEnd { offset: *offset },
        GetRange::Suffix(suffix) => Range::Suffix { suffix: *suffix },
    }
}

/// The bytes a range means in an object of `size` bytes.
fn absolute(range: Option<&GetRange>, size: u64) -> std::ops::Range<u64> {
    match range {
        None => 0..size,
        Some(GetRange::Bounded(range)) => range.start.min(size)..range.end.min(size),
        Some(GetRange::Offset(offset)) => (*offset).min(size)..size,
        Some(GetRange::Suffix(suffix)) => size.saturating_sub(*suffix)..size,
    }
}

async fn read(
    bucket: Bucket,
    key: String,
    prefix: Arc<str>,
    options: GetOptions,
) -> Result<(ObjectMeta, Option<Bytes>)> {
    let missing = || Error::NotFound {
        path: key.clone(),
        source: "no such object".into(),
    };
    if options.head {
        let object = bucket
            .head(key.as_str())
            .await
            .map_err(|error| failed(error.to_string()))?
            .ok_or_else(missing)?;
        return Ok((meta(&object, &prefix).ok_or_else(missing)?, None));
    }
    let mut request = bucket.get(key.as_str());
    if options.if_match.is_some() || options.if_none_match.is_some() {
        request = request.only_if(Conditional {
            etag_matches: options.if_match.clone(),
            etag_does_not_match: options.if_none_match.clone(),
            uploaded_before: None,
            uploaded_after: None,
        });
    }
    if let Some(range) = &options.range {
        request = request.range(r2_range(range));
    }
    let object = request
        .execute()
        .await
        .map_err(|error| failed(error.to_string()))?
        .ok_or_else(missing)?;
    let meta = meta(&object, &prefix).ok_or_else(missing)?;
    // R2 answers a condition that is not met with the object's metadata alone.
    let Some(body) = object.body() else {
        let source = "the condition was not met".into();
        return Err(match options.if_none_match {
            Some(_) => Error::NotModified { path: key, source },
            None => Error::Precondition { path: key, source },
        });
    };
    let bytes = body
        .bytes()
        .await
        .map_err(|error| failed(error.to_string()))?;
    Ok((meta, Some(bytes.into())))
}

#[async_trait]
impl ObjectStore for ProjectBucket {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(Self::not_writable("put"))
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(Self::not_writable("put_multipart"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let range = options.range.clone();
        let work = read(
            self.bucket.0.clone(),
            self.key(location),
            Arc::clone(&self.prefix),
            options,
        );
        let (meta, bytes) = self.outside(work).await?;
        let range = absolute(range.as_ref(), meta.size);
        let payload = GetResultPayload::Stream(stream::iter(bytes.map(Ok)).boxed());
        Ok(GetResult {
            payload,
            meta,
            range,
            attributes: Attributes::default(),
        })
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        stream::once(async { Err(Self::not_writable("delete")) }).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::once(self.list_all(prefix, false))
            .map_ok(|found| stream::iter(found.objects.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.list_all(prefix, true).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(Self::not_writable("copy"))
    }
}

impl fmt::Display for ProjectBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the project's bucket")
    }
}
