//! Objects that addresses name, in the order in which they are read.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::sync::Arc;

use object_store::path::Path;

use super::connection::{Bucket, Listed};
use super::fetch::{self, Queue};
use super::list;
use crate::error::{Error, Result};
use crate::ingest::files::delivery::Delivery;
use crate::ingest::files::selection::{Bounds, Selection};
use crate::sanitize;
use crate::wording::Sentence;

/// An object in a bucket.
#[derive(Debug, Clone)]
pub struct Object {
    listed: Listed,
    /// `s3://BUCKET/KEY`.
    url: String,
    /// Its queue, and its place in it.
    turn: Option<(Arc<Queue>, usize)>,
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.url == other.url
    }
}

impl Eq for Object {}

impl Object {
    fn new(listed: Listed) -> Object {
        let url = format!("s3://{}/{}", listed.bucket.name, listed.key);
        Object { listed, url, turn: None }
    }

    /// `s3://BUCKET/KEY`.
    pub(crate) fn address(&self) -> &OsStr {
        OsStr::new(&self.url)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Bytes, where it was listed.
    pub(crate) fn size(&self) -> Option<u64> {
        self.listed.size
    }

    pub(crate) fn delivery(&self) -> Option<Delivery> {
        Delivery::of(std::path::Path::new(self.listed.key.as_ref()))
    }

    /// The bytes of the object as it was when it was listed.
    ///
    /// # Errors
    /// When it cannot be read; the error holds a sentence.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read>> {
        match &self.turn {
            Some((queue, at)) => queue.take(*at),
            None => fetch::directly(&self.listed),
        }
    }
}

/// Queues objects in this order, so that those that are read next are fetched ahead.
pub(crate) fn line_up<'o>(objects: impl Iterator<Item = &'o mut Object>) {
    let mut objects: Vec<&mut Object> = objects.collect();
    let all: Vec<Listed> = objects.iter().map(|object| object.listed.clone()).collect();
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
/// When a text is no address, or its bucket cannot be listed.
pub(crate) fn find(urls: &[&str], selection: &Selection, bounds: Bounds) -> Result<Vec<Object>> {
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
            true => found.push(Listed { bucket, key: path, size: None, e_tag: None }),
            false => found.extend(list::below(&bucket, &path, selection, bounds)?),
        }
    }
    Ok(found.into_iter().map(Object::new).collect())
}

/// Whether a key is that of one object: its last part has a suffix, as log files have.
fn is_object(key: &str) -> bool {
    key.rsplit('/').next().is_some_and(|name| name.contains('.'))
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
