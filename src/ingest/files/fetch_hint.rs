//! A path that does not exist may name records elsewhere: an S3 address, a trail, a log group, a web address.
//! The message then gives the command that fetches them.

use crate::event::arn::Arn;
use crate::event::partition;
use crate::sanitize;
use crate::wording::Sentence;
use crate::wording::shell::quote;

/// Recognises one kind of name; `None` for any other.
type Reader = fn(&str) -> Option<Sentence>;

const READERS: [Reader; 5] = [in_bucket, bucket_by_arn, trail, log_group, address];

/// What to say of a path that does not exist; `None` where it names nothing else.
pub(crate) fn of(path: &str) -> Option<Sentence> {
    READERS.iter().find_map(|reader| reader(path))
}

/// `s3://BUCKET/PREFIX`.
fn in_bucket(path: &str) -> Option<Sentence> {
    let (scheme, rest) = path.split_once(':')?;
    let named = rest.trim_start_matches('/');
    (scheme.eq_ignore_ascii_case("s3") && !named.is_empty()).then(|| of_bucket(path, named))
}

fn bucket_by_arn(path: &str) -> Option<Sentence> {
    let arn = Arn::parse(path).filter(|arn| arn.service == "s3" && arn.region.is_empty())?;
    Some(of_bucket(path, arn.resource.trim_end_matches('*')))
}

/// `named` is bucket and key. One object is copied, everything below a prefix is synchronised; a key
/// with a suffix is one object.
fn of_bucket(path: &str, named: &str) -> Sentence {
    let key = named.split_once('/').map_or("", |(_, key)| key);
    let file = key.rsplit('/').next().unwrap_or_default();
    let from = quote(&format!("s3://{named}"));
    match file.contains('.') {
        true => Sentence::new("message-object-in-s3")
            .arg("path", sanitize::line(path))
            .arg("from", from)
            .arg("file", quote(file)),
        false => Sentence::new("message-in-s3").arg("path", sanitize::line(path)).arg("from", from),
    }
}

fn trail(path: &str) -> Option<Sentence> {
    Arn::parse(path).filter(|arn| arn.service == "cloudtrail" && arn.split().0 == Some("trail"))?;
    Some(Sentence::new("message-trail").arg("path", sanitize::line(path)).arg("from", quote(path)))
}

fn log_group(path: &str) -> Option<Sentence> {
    let arn = Arn::parse(path).filter(|arn| arn.service == "logs")?;
    let group = arn.resource.strip_prefix("log-group:")?.split(':').next()?;
    Some(
        Sentence::new("message-log-group")
            .arg("path", sanitize::line(path))
            .arg("group", quote(group))
            .arg("region", quote(arn.region)),
    )
}

/// `https://…`: a page of the console about a bucket, an object by one of its addresses (S3 user guide,
/// "Methods for accessing a general purpose bucket"), or whatever it is.
fn address(path: &str) -> Option<Sentence> {
    let (scheme, rest) = path.split_once("://")?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let (host, below) = rest.split_once('/').unwrap_or((rest, ""));
    let (below, query) = below.split_once('?').unwrap_or((below, ""));
    if let Some(bucket) = below.strip_prefix("s3/buckets/").filter(|_| host.contains("console")) {
        let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix="));
        return Some(of_bucket(path, &format!("{bucket}/{}", prefix.unwrap_or_default())));
    }
    // With a signature in it the address itself is what opens the object.
    let is_signed = query.contains("X-Amz-Signature=");
    if let Some(service) = partition::without_domain(host).filter(|_| !is_signed) {
        let labels: Vec<&str> = service.split('.').collect();
        let at = labels.iter().position(|label| *label == "s3" || label.starts_with("s3-"));
        match at {
            Some(0) => return Some(of_bucket(path, below)),
            Some(at) => {
                let bucket = labels.get(..at).unwrap_or_default().join(".");
                return Some(of_bucket(path, &format!("{bucket}/{below}")));
            }
            None => {}
        }
    }
    let file = below.rsplit('/').next().filter(|file| !file.is_empty()).unwrap_or("export");
    Some(
        Sentence::new("message-address")
            .arg("path", sanitize::line(path))
            .arg("from", quote(path))
            .arg("file", quote(file)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::{Language, Wording};

    #[test]
    fn names_of_records_elsewhere_give_the_command_that_fetches_them() {
        for (path, command) in [
            ("s3://trail/AWSLogs/", "aws s3 sync s3://trail/AWSLogs/ s3-export"),
            ("s3://trail", "aws s3 sync s3://trail s3-export"),
            ("s3:/trail/a", "aws s3 sync s3://trail/a s3-export"),
            ("S3://trail/a b/x.json.gz", "aws s3 cp 's3://trail/a b/x.json.gz' ."),
            ("arn:aws:s3:::trail/AWSLogs/*", "aws s3 sync s3://trail/AWSLogs/ s3-export"),
            (
                "https://trail.s3.eu-west-1.amazonaws.com/AWSLogs/x.json.gz",
                "aws s3 cp s3://trail/AWSLogs/x.json.gz .",
            ),
            (
                "https://s3.cn-north-1.amazonaws.com.cn/trail/AWSLogs",
                "aws s3 sync s3://trail/AWSLogs s3-export",
            ),
            (
                "https://us-east-1.console.aws.amazon.com/s3/buckets/trail?region=us-east-1&prefix=AWSLogs/",
                "aws s3 sync s3://trail/AWSLogs/ s3-export",
            ),
            (
                "https://trail.s3.amazonaws.com/x.json?X-Amz-Signature=1",
                "curl -fLo x.json 'https://trail.s3.amazonaws.com/x.json?X-Amz-Signature=1'",
            ),
            (
                "https://example.com/export.zip",
                "curl -fLo export.zip https://example.com/export.zip",
            ),
            ("http://example.com", "curl -fLo export http://example.com"),
            (
                "arn:aws:cloudtrail:eu-west-1:111122223333:trail/all",
                "aws cloudtrail get-trail --name arn:aws:cloudtrail:eu-west-1:111122223333:trail/all",
            ),
            (
                "arn:aws:logs:eu-west-1:111122223333:log-group:aws/trail:*",
                "aws logs filter-log-events --log-group-name aws/trail --region eu-west-1",
            ),
            ("s3://b/$(id)/x", "aws s3 sync 's3://b/$(id)/x' s3-export"),
        ] {
            let told = Wording::new(Language::En).say(&of(path).unwrap());
            assert!(told.contains(command), "{path}: {told}");
        }
        for path in ["s3-export", "a/b.json", "C:\\logs", "s3:", "ftp://x/y", ""] {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
