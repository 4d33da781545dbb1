//! Turns an error of S3 into a sentence that says what would help: which action is missing on which resource, or
//! which Region was asked.

use std::error::Error as _;
use std::fmt;

use object_store::Error;

use crate::event::partition;
use crate::wording::{Language, Sentence, Wording};

/// The bucket that was asked for, and how.
#[derive(Debug)]
pub(super) struct Where {
    pub(super) bucket: String,
    pub(super) region: Option<String>,
}

/// A sentence as the error of an operation on a file.
#[derive(Debug)]
pub(crate) struct Said(pub(crate) Sentence);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Wording::new(Language::En).say(&self.0))
    }
}

impl std::error::Error for Said {}

impl Where {
    /// What to say of an error that listing gave, or getting the object of a key.
    pub(super) fn sentence(&self, key: Option<&str>, error: &Error) -> Sentence {
        let region = self.region.as_deref().unwrap_or("us-east-1");
        let partition = partition::of_region(region).name;
        let bucket = format!("arn:{partition}:s3:::{}", self.bucket);
        let (action, on) = match key {
            Some(key) => ("s3:GetObject", format!("{bucket}/{key}")),
            None => ("s3:ListBucket", bucket),
        };
        let is_refused = REFUSED.iter().any(|status| innermost(error).contains(status));
        match error {
            _ if is_refused => {
                let why = innermost(error);
                let why = element(&why, "Code").unwrap_or("AccessDenied").to_owned();
                Sentence::new("log-s3-denied").arg("action", action).arg("on", on).arg("why", why)
            }
            _ if innermost(error).contains("NoSuchBucket") => {
                Sentence::new("log-s3-no-bucket").arg("bucket", &*self.bucket)
            }
            Error::NotFound { .. } => Sentence::new("log-s3-gone"),
            Error::Precondition { .. } => Sentence::new("log-s3-changed"),
            _ if is_redirect(error) => Sentence::new("log-s3-region")
                .arg("action", action)
                .arg("bucket", &*self.bucket)
                .arg("region", region.to_owned()),
            _ => {
                let text = innermost(error);
                let answer = element(&text, "Code").zip(element(&text, "Message"));
                let why = answer.map(|(code, message)| format!("{code}: {message}"));
                let why: String = why.unwrap_or(text).chars().take(LONGEST).collect();
                Sentence::new("log-s3-failed").arg("action", action).arg("why", why)
            }
        }
    }
}

/// Answers to a request that is not permitted: listing has no error kind of its own for them.
const REFUSED: [&str; 2] = ["403 Forbidden", "401 Unauthorized"];

fn is_redirect(error: &Error) -> bool {
    let text = innermost(error);
    TOLD_ELSEWHERE.iter().any(|word| text.contains(word))
}

/// How S3 tells that a bucket is in another Region (S3 API reference, "Error responses"), and how
/// `object_store` tells of an answer that names no place.
const TOLD_ELSEWHERE: [&str; 4] = [
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "redirect without LOCATION",
];

/// What an element of S3's answer holds, such as `ExpiredToken` in `<Code>`.
fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(inner, _)| inner)
}

/// The cause behind all others, which says the most, on one line.
fn innermost(error: &Error) -> String {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The most characters of an answer that are quoted: an answer may be a whole page.
const LONGEST: usize = 300;
