//! A bucket that is read, and what was listed of an object in it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use tokio::runtime::{Builder, Runtime};

use super::profile::{Profile, variable};
use super::trouble;
use crate::error::{Error, Result};

/// How often and for how long a request is repeated: S3 answers 503 to many requests for one prefix (S3 user guide,
/// "Best practices design patterns: optimizing Amazon S3 performance").
const RETRIES: usize = 8;
const RETRY_FOR: Duration = Duration::from_secs(90);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The longest time for a request, as for a large object on a slow line.
const REQUEST: Duration = Duration::from_secs(600);
const CONNECT: Duration = Duration::from_secs(10);

/// A bucket that is read.
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) store: AmazonS3,
    pub(super) runtime: Runtime,
    pub(super) trouble: trouble::Where,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What is known of an object before it is read.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) bucket: Arc<Bucket>,
    pub(super) key: Path,
    /// Bytes, if it was listed.
    pub(super) size: Option<u64>,
    /// The version that was listed; no other is read.
    pub(super) e_tag: Option<String>,
}

impl Bucket {
    /// Prepares reading from a bucket. Nothing is requested yet, except for the Region of the bucket if no setting
    /// gives it.
    pub(super) fn open(name: &str) -> Result<Bucket> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(Error::temporary)?;
        let endpoint = variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL"));
        let client = ClientOptions::new()
            .with_timeout(REQUEST)
            .with_connect_timeout(CONNECT)
            .with_allow_http(endpoint.as_deref().is_some_and(|url| url.starts_with("http://")));
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(name);
        let profile = Profile::read()?;
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
