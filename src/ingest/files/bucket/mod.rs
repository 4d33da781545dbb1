//! Records read in place from Amazon S3: the only thing that trailwhy ever talks to over a network, and
//! only for a path that names a bucket, in a build with the feature `s3`.
//!
//! Only listing and getting are asked for (`s3:ListBucket`, `s3:GetObject`).

mod fetch;
mod list;
mod profile;
mod trouble;

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use tokio::runtime::{Builder, Runtime};

use crate::error::{Error, Result};
use crate::ingest::files::delivery::Delivery;
use crate::ingest::files::selection::{Bounds, Selection};
use crate::sanitize;
use crate::wording::Sentence;
use fetch::Queue;
pub(super) use trouble::Said;

/// Requests that are repeated, and for how long: S3 answers 503 to who asks much of one prefix (S3 user
/// guide, "Best practices design patterns: optimizing Amazon S3 performance").
const RETRIES: usize = 8;
const RETRY_FOR: Duration = Duration::from_secs(90);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A request may take so long in all, a large object at a slow line.
const REQUEST: Duration = Duration::from_secs(600);
const CONNECT: Duration = Duration::from_secs(10);

/// A bucket that is read.
pub(super) struct Bucket {
    name: String,
    store: AmazonS3,
    runtime: Runtime,
    trouble: trouble::Where,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An object in a bucket.
#[derive(Debug, Clone)]
pub struct Object {
    bucket: Arc<Bucket>,
    key: Path,
    /// `s3://BUCKET/KEY`.
    url: String,
    size: Option<u64>,
    e_tag: Option<String>,
    /// Where it stands among those that are read.
    turn: Option<(Arc<Queue>, usize)>,
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.url == other.url
    }
}

impl Eq for Object {}

impl Object {
    fn new(bucket: &Arc<Bucket>, key: Path, size: Option<u64>, e_tag: Option<String>) -> Object {
        let url = format!("s3://{}/{key}", bucket.name);
        Object { bucket: Arc::clone(bucket), key, url, size, e_tag, turn: None }
    }

    /// `s3://BUCKET/KEY`.
    pub(super) fn address(&self) -> &OsStr {
        OsStr::new(&self.url)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Bytes, where it was listed.
    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    pub(super) fn delivery(&self) -> Option<Delivery> {
        Delivery::of(std::path::Path::new(self.key.as_ref()))
    }

    /// The bytes of the object as it was when it was listed.
    ///
    /// # Errors
    /// When it cannot be had; the error holds a sentence ([`Said`]).
    pub(super) fn open(&self) -> io::Result<Box<dyn Read>> {
        match &self.turn {
            Some((queue, at)) => queue.take(*at),
            None => fetch::directly(self),
        }
    }
}

/// Gives objects their turns, so that those that are read next are already on their way.
pub(super) fn line_up<'o>(objects: impl Iterator<Item = &'o mut Object>) {
    let mut objects: Vec<&mut Object> = objects.collect();
    let all: Vec<Object> = objects.iter().map(|object| Object::clone(object)).collect();
    if all.is_empty() {
        return;
    }
    let queue = Arc::new(Queue::new(all));
    for (at, object) in objects.iter_mut().enumerate() {
        object.turn = Some((Arc::clone(&queue), at));
    }
}

/// Whether a path names what is in a bucket: `s3://BUCKET/PREFIX`; Hadoop spells it `s3a`.
pub fn is_address(path: &OsStr) -> bool {
    path.to_str().and_then(parts).is_some()
}

/// Bucket and key, or the beginning of keys.
fn parts(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let known = ["s3", "s3a", "s3n"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    (known && !bucket.is_empty()).then_some((bucket, key.trim_start_matches('/')))
}

/// The objects that the addresses name, without those that were delivered outside the range asked for,
/// as far as folders tell: those are not listed.
///
/// # Errors
/// When an address is none, or its bucket cannot be listed.
pub(super) fn find(urls: &[&str], selection: &Selection, bounds: Bounds) -> Result<Vec<Object>> {
    let mut buckets: Vec<Arc<Bucket>> = Vec::new();
    let mut found = Vec::new();
    for url in urls {
        let wrong = || Sentence::new("message-in-s3-what").arg("path", sanitize::line(url));
        let (name, key) = parts(url).ok_or_else(|| Error::Said(wrong()))?;
        let known = buckets.iter().find(|bucket| bucket.name == name).map(Arc::clone);
        let bucket = match known {
            Some(bucket) => bucket,
            None => {
                let bucket = Arc::new(Bucket::open(name)?);
                buckets.push(Arc::clone(&bucket));
                bucket
            }
        };
        let path = Path::parse(key.trim_end_matches('/')).map_err(|_| Error::Said(wrong()))?;
        match is_object(key) {
            true => found.push(Object::new(&bucket, path, None, None)),
            false => found.extend(list::below(&bucket, &path, selection, bounds)?),
        }
    }
    Ok(found)
}

/// One key is named where its last part has a suffix, as those of log files have.
fn is_object(key: &str) -> bool {
    key.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

impl Bucket {
    /// Makes ready to read; nothing is asked for yet, but where nothing tells the Region of the bucket.
    fn open(name: &str) -> Result<Bucket> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(Error::temporary)?;
        let endpoint = variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL"));
        let client = ClientOptions::new()
            .with_timeout(REQUEST)
            .with_connect_timeout(CONNECT)
            .with_allow_http(endpoint.as_deref().is_some_and(|url| url.starts_with("http://")));
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(name);
        let profile = profile::Profile::read()?;
        let is_signed = variable("AWS_SKIP_SIGNATURE").is_none_or(|word| word != "true");
        if let Some(keys) = profile.keys.filter(|_| is_signed) {
            builder = builder.with_access_key_id(keys.id).with_secret_access_key(keys.secret);
            if let Some(token) = keys.token {
                builder = builder.with_token(token);
            }
        }
        if let Some(endpoint) = &endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
        }
        let told = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let told = told.or(profile.region);
        let region = match (told, &endpoint) {
            (Some(region), _) => Some(region),
            (None, Some(_)) => None,
            (None, None) => {
                runtime.block_on(object_store::aws::resolve_bucket_region(name, &client)).ok()
            }
        };
        if let Some(region) = &region {
            builder = builder.with_region(region);
        }
        let retry = RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRY_FOR,
            backoff: BackoffConfig { max_backoff: LONGEST_PAUSE, ..BackoffConfig::default() },
        };
        let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
        let trouble = trouble::Where { bucket: name.to_owned(), region };
        let store = builder.with_client_options(client).with_retry(retry).build();
        let store = store.map_err(|error| Error::Said(trouble.sentence(None, &error)))?;
        Ok(Bucket { name: name.to_owned(), store, runtime, trouble })
    }
}

/// An environment variable that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_buckets_are_known() {
        for (url, told) in [
            ("s3://trail/AWSLogs/o-1/", Some(("trail", "AWSLogs/o-1/"))),
            ("s3a://trail/a b/x.json.gz", Some(("trail", "a b/x.json.gz"))),
            ("S3://trail", Some(("trail", ""))),
            ("s3://", None),
            ("s3:/trail/a", None),
            ("https://trail.s3.amazonaws.com/x", None),
            ("s3-export", None),
        ] {
            assert_eq!(parts(url), told, "{url}");
        }
        assert!(is_object("a/b.json.gz") && !is_object("a.b/c") && !is_object("a/b/"));
    }
}
