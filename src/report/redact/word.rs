//! One word: is it AWS's, is it an identifier of a known shape, or is it a name?

use super::Redactor;
use super::stand_in::Shape;
use super::text::Reading;
use crate::event::Time;
use crate::event::arn::Arn;

/// Extensions that say what a file is and not whose.
const EXTENSIONS: [&str; 10] =
    ["json", "gz", "tf", "yaml", "yml", "txt", "csv", "log", "html", "template"];

/// Prefixes of IAM's unique ids and access key ids (IAM user guide, "Unique identifiers").
const UNIQUE: [&str; 13] = [
    "ABIA", "ACCA", "AGPA", "AIDA", "AIPA", "AKIA", "ANPA", "ANVA", "APKA", "AROA", "ASCA", "ASIA",
    "A3T",
];

impl Redactor {
    /// The word, or what stands for it.
    pub(super) fn word(&mut self, word: &str, reading: Reading) -> String {
        if word.is_empty() || self.given.contains(word) {
            return word.to_owned();
        }
        if let Some(arn) = Arn::parse(word) {
            return self.arn(&arn);
        }
        if is_harmless(word) || self.is_known(word, reading) {
            return word.to_owned();
        }
        if let Some(replaced) = self.shaped(word) {
            return replaced;
        }
        if let Some(replaced) = self.condition_key(word) {
            return replaced;
        }
        self.compound(word, reading)
    }

    fn is_known(&self, word: &str, reading: Reading) -> bool {
        match reading {
            Reading::Prose => self.vocabulary.knows(word),
            // `aws_kms_key_policy` is a type of Terraform's.
            Reading::Policy => self.vocabulary.is_grammar(word) || word.starts_with("aws_"),
            Reading::Name => false,
        }
    }

    /// Identifiers whose shape says what they are.
    fn shaped(&mut self, word: &str) -> Option<String> {
        if let Some(address) = self.address(word) {
            return Some(address);
        }
        let (shape, prefix) = shape(word)?;
        Some(self.stand_ins.of(shape, prefix, word))
    }

    /// Partition, service, Region and the type of the resource stay.
    fn arn(&mut self, arn: &Arn<'_>) -> String {
        let Arn { partition, service, region, account, resource } = arn;
        // Everybody's: `arn:aws:iam::aws:policy/…`, and AWS's own roles.
        let resource = match *account {
            "aws" => (*resource).to_owned(),
            _ => self.resource(arn, resource),
        };
        let account = match *account {
            "" | "aws" | "*" => (*account).to_owned(),
            account => self.word(account, Reading::Name),
        };
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    fn resource(&mut self, arn: &Arn<'_>, resource: &str) -> String {
        let (kind, rest) = arn.split();
        let kept = match kind {
            Some(kind) => resource.get(..kind.len() + 1).unwrap_or_default(),
            None if resource == "root" && arn.service == "iam" => return resource.to_owned(),
            None => "",
        };
        let aws_role = rest.starts_with("aws-service-role/") || rest.starts_with("AWSServiceRole");
        let rest = self.pieces(rest, |this, piece| {
            if aws_role && piece.starts_with("AWSServiceRole") {
                return this.service_role(piece);
            }
            if matches!(piece, "aws-service-role" | "aws-reserved" | "ec2-infrastructure" | "aws") {
                return piece.to_owned();
            }
            this.wildcards(piece, Reading::Name)
        });
        format!("{kept}{rest}")
    }

    /// `AWSServiceRoleForAutoScaling_team`: what follows the underscore is the customer's.
    fn service_role(&mut self, name: &str) -> String {
        match name.split_once('_') {
            Some((role, suffix)) => format!("{role}_{}", self.plain(suffix, Reading::Name)),
            None => name.to_owned(),
        }
    }

    /// Replaces what stands between slashes and colons, one by one, so that a part keeps its
    /// stand-in wherever it appears.
    fn pieces(&mut self, text: &str, replace: impl Fn(&mut Self, &str) -> String) -> String {
        let mut result = String::with_capacity(text.len());
        for piece in text.split_inclusive(['/', ':']) {
            let (piece, end) = match piece.char_indices().next_back() {
                Some((at, end @ ('/' | ':'))) => {
                    (piece.get(..at).unwrap_or_default(), end.to_string())
                }
                _ => (piece, String::new()),
            };
            result.push_str(&replace(self, piece));
            result.push_str(&end);
        }
        result
    }

    /// `orders-*`: the wildcard stays.
    fn wildcards(&mut self, piece: &str, reading: Reading) -> String {
        let mut result = String::new();
        for part in piece.split_inclusive(['*', '?']) {
            let name = part.trim_end_matches(['*', '?']);
            if !name.is_empty() {
                result.push_str(&self.plain(name, reading));
            }
            result.push_str(part.strip_prefix(name).unwrap_or_default());
        }
        result
    }

    /// A piece without separators.
    fn plain(&mut self, piece: &str, reading: Reading) -> String {
        let kept = self.given.contains(piece) || is_harmless(piece);
        if kept || self.is_known(piece, reading) {
            return piece.to_owned();
        }
        if let Some(replaced) = self.shaped(piece) {
            return replaced;
        }
        if let Some((stem, extension)) = piece.rsplit_once('.')
            && EXTENSIONS.contains(&extension)
            && !stem.is_empty()
        {
            return format!("{}.{extension}", self.plain(stem, reading));
        }
        self.stand_ins.of(Shape::Name, "", piece)
    }

    /// A word of several parts: each is looked at by itself.
    fn compound(&mut self, word: &str, reading: Reading) -> String {
        self.pieces(word, |this, piece| match piece {
            "" => String::new(),
            _ => this.wildcards(piece, reading),
        })
    }

    /// `aws:PrincipalTag/Team`: the key stays, the tag someone named does not.
    fn condition_key(&mut self, word: &str) -> Option<String> {
        let (prefix, key) = word.split_once(':')?;
        if !self.vocabulary.is_service(prefix) || key.is_empty() {
            return None;
        }
        if let Some((kind, tag)) = key.split_once('/') {
            if kind.ends_with("Tag") || kind.ends_with("tag") {
                return Some(format!("{prefix}:{kind}/{}", self.word(tag, Reading::Name)));
            }
            return None;
        }
        if let Some(context) = key.strip_prefix("EncryptionContext:") {
            let kept = context.starts_with("aws:");
            let context = if kept { context.to_owned() } else { self.word(context, Reading::Name) };
            return Some(format!("{prefix}:EncryptionContext:{context}"));
        }
        let action = key.starts_with(|c: char| c.is_ascii_uppercase() || c == '*');
        let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b"*?-_:".contains(&b));
        // `aws:ebs:id` and the like are encryption context keys that AWS names.
        (plain && (action || prefix == "aws" || key.starts_with("x-amz-"))).then(|| word.to_owned())
    }
}

/// The shape of an identifier, and what of it stays.
fn shape(word: &str) -> Option<(Shape, &str)> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if word.len() == 12 && digits(word) {
        return Some((Shape::Account, ""));
    }
    let groups: Vec<&str> = word.split('-').collect();
    if groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(|g| hex(g))
    {
        return Some((Shape::Uuid, ""));
    }
    if let Some(prefix) = UNIQUE.iter().find(|prefix| word.starts_with(**prefix)) {
        let capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if word.len() >= 16 && word.bytes().all(capital) {
            return Some((Shape::UniqueId, prefix));
        }
    }
    let (prefix, id) = word.split_once('-')?;
    if prefix == "inc" && id.len() >= 8 && hex(id) {
        return Some((Shape::Incident, prefix));
    }
    if prefix == "sig" && id.len() >= 8 && hex(id) {
        return Some((Shape::Signature, prefix));
    }
    let short = (1..=12).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_lowercase());
    if short && matches!(id.len(), 8 | 17) && hex(id) {
        return Some((Shape::Resource, prefix));
    }
    if matches!(prefix, "o" | "ou" | "r" | "p") && id.bytes().all(is_organization_id) {
        return Some((Shape::Organization, prefix));
    }
    None
}

fn is_organization_id(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// Numbers, times, versions, Regions, service principals, options: they identify nobody.
fn is_harmless(word: &str) -> bool {
    let number = word.len() < 12 && word.parse::<f64>().is_ok_and(f64::is_finite);
    let version = word.strip_prefix('v').is_some_and(|rest| {
        rest.len() < 6
            && rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    number
        || version
        || word == "*"
        || word.bytes().all(|byte| !byte.is_ascii_alphanumeric())
        || is_time(word)
        || is_region(word)
        || is_service(word)
        || is_option(word)
}

/// `2026-10-14T09:12:03Z`, `2026-10-14`, `09:12:03`: parts of a time, and nothing else.
fn is_time(word: &str) -> bool {
    let plain = word.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ+".contains(&byte));
    let dated = word.len() >= 10 && word.as_bytes().get(4) == Some(&b'-');
    plain && ((dated && Time::parse(word).is_some()) || (word.len() == 8 && word.contains(':')))
}

/// `eu-west-1`, `us-gov-east-1`, `ap-northeast-1a`.
fn is_region(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    match parts.as_slice() {
        [area, middle @ .., last] if !middle.is_empty() && middle.len() <= 2 => {
            let zone = last.trim_end_matches(|c: char| c.is_ascii_lowercase());
            area.len() == 2
                && letters(area)
                && middle.iter().all(letters)
                && zone.len() == 1
                && last.len() <= 2
                && zone.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    }
}

/// A service principal, also a regional one: `ec2.amazonaws.com`, `logs.eu-west-1.amazonaws.com`,
/// `fas.s3.amazonaws.com`. A host with a customer's label in front is none.
fn is_service(word: &str) -> bool {
    let Some(name) = word.strip_suffix(".amazonaws.com").or(word.strip_suffix(".amazonaws.com.cn"))
    else {
        return false;
    };
    let labels: Vec<&str> = name.split('.').collect();
    match labels.as_slice() {
        [service] => is_label(service),
        [service, region] if is_region(region) => is_label(service),
        ["fas" | "lifecycle", "s3"] | ["delivery", "logs"] | ["gamma", "lifecycle", "s3"] => true,
        _ => false,
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// `--policy-name`: an option of a command.
fn is_option(word: &str) -> bool {
    let name = word.strip_prefix("--").unwrap_or_default();
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}
