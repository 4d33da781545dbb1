//! One word: is it AWS's, is it an identifier of a known shape, or is it a name?

use super::Redactor;
use super::stand_in::Shape;
use super::text::Reading;
use crate::event::arn::Arn;
use crate::event::{Time, partition};

/// Prefixes of IAM's unique ids and access key ids (IAM user guide, "Unique identifiers").
const UNIQUE: [&str; 13] = [
    "ABIA", "ACCA", "AGPA", "AIDA", "AIPA", "AKIA", "ANPA", "ANVA", "APKA", "AROA", "ASCA", "ASIA",
    "A3T",
];

/// Types of resources as they begin the last part of an ARN (service authorization reference, "Resource
/// types").
const TYPES: &str = "
    accelerator access-point accesspoint agent alarm alias api apis app application apps archive
    assessment assumed-role autoScalingGroup automation-execution backup-plan backup-vault bot
    broker build cache certificate certificate-authority channel chime cluster configuration
    configuration-set connection connector container-instance contact crawler customer-gateway
    data-catalog database dataset datasource db deliverystream deployment deploymentconfig
    deploymentgroup detector device dhcp-options directory distribution document domain
    elastic-ip endpoint endpoint-config environment event-bus event-source-mapping execution
    export-task faces federated-user file-system fleet flow flow-definition function gateway
    group hostedzone hub identity identitypool image index instance instance-profile
    internet-gateway job jobqueue job-definition job-queue key key-pair keyspace launch-template
    launchConfiguration layer listener loadbalancer log-group maintenancewindow managed-instance
    mfa model natgateway network-acl network-interface nodegroup notebook-instance oidc-provider
    opsitem ou account organization parameter patchbaseline pipeline placement-group policy
    portfolio prefix-list product project queue recovery-point recoverypoint registry
    replication-group repository reserved-instances resolver-endpoint resource-share role root
    route-table rule rule-group runtime saml-provider scheduledUpdate schedule schedule-group
    secret security-group security-group-rule server-certificate service session snapshot
    spot-instances-request stack stackset stage state stateMachine stream sts subnet subgrp
    subnet-group table table-bucket target targetgroup task task-definition topic trail
    training-job transit-gateway user userpool vault volume vpc vpc-endpoint
    vpc-endpoint-service vpc-peering-connection vpn-connection vpn-gateway webacl workgroup
    workspace";

/// Beginnings of the paths of roles that AWS makes (IAM user guide, "Service-linked roles", "Service
/// roles"; IAM Identity Center user guide).
const PATHS: [&str; 3] = ["aws-service-role", "service-role", "aws-reserved"];

impl Redactor {
    /// The word of a sentence, or what stands for it.
    pub(super) fn word(&mut self, word: &str, reading: Reading) -> String {
        if word.is_empty() || self.given.contains(word) {
            return word.to_owned();
        }
        if let Some(arn) = Arn::parse(word) {
            return self.arn(&arn);
        }
        let known = match reading {
            Reading::Prose => self.vocabulary.knows(word) || is_harmless(word),
            Reading::Log | Reading::Fixed => {
                self.vocabulary.is_denial(word) || super::recorded::is_kind(word)
            }
        };
        let said = word == "*" || word.bytes().all(|byte| !byte.is_ascii_alphanumeric());
        if known || said || self.is_service(word) || self.is_action(word) {
            return word.to_owned();
        }
        if let Some(replaced) = self.shaped(word) {
            return replaced;
        }
        if let Some(replaced) = self.condition_key(word) {
            return replaced;
        }
        match reading {
            Reading::Prose => self.compound(word, reading),
            Reading::Log | Reading::Fixed => self.name(word),
        }
    }

    /// What someone named, whatever it looks like: an ARN, an address, an id, a name.
    pub(super) fn name(&mut self, text: &str) -> String {
        if text.is_empty() || text == "*" {
            return text.to_owned();
        }
        if let Some(known) = self.stand_ins.get(text) {
            return known.to_owned();
        }
        if let Some(arn) = Arn::parse(text) {
            return self.arn(&arn);
        }
        match self.shaped(text) {
            Some(replaced) => replaced,
            None => self.wildcards(text),
        }
    }

    /// Who called: a service of AWS's stays.
    pub(super) fn caller(&mut self, text: &str) -> String {
        match self.is_service(text) || text == "AWS Internal" {
            true => text.to_owned(),
            false => self.name(text),
        }
    }

    /// A condition key, or something named.
    pub(super) fn key(&mut self, text: &str) -> String {
        self.condition_key(text).unwrap_or_else(|| self.name(text))
    }

    /// Whether it is the principal of a service that is known.
    pub(super) fn is_service(&self, text: &str) -> bool {
        is_service(text) && {
            let label = text.split('.').next().unwrap_or_default();
            self.vocabulary.is_service(label) || self.vocabulary.is_principal(text)
        }
    }

    /// Whether it is an action of a service that is known, or a pattern of some.
    pub(super) fn is_action(&self, text: &str) -> bool {
        let Some((service, name)) = text.split_once(':') else { return text == "*" };
        self.vocabulary.is_service(service) && !holds_account(service) && is_call(name)
    }

    /// `service:Call` of which a part cannot be kept: the other part stays, and so does the form.
    pub(super) fn call(&mut self, text: &str) -> String {
        let Some((service, call)) = text.split_once(':') else { return self.name(text) };
        let service = match self.vocabulary.is_service(service) {
            true => service.to_owned(),
            false => self.name(service),
        };
        let call = match is_call(call) {
            true => call.to_owned(),
            false => self.name(call),
        };
        format!("{service}:{call}")
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
        // Everybody's: `arn:aws:iam::aws:policy/…`.
        let managed = *account == "aws" && *service == "iam" && resource.starts_with("policy/");
        let resource = match managed {
            true => (*resource).to_owned(),
            false => self.resource(arn, resource),
        };
        let account = match *account {
            "" | "aws" | "*" => (*account).to_owned(),
            account => self.name(account),
        };
        let region = match is_region(region) || matches!(*region, "" | "*") {
            true => (*region).to_owned(),
            false => self.name(region),
        };
        let known = self.vocabulary.is_service(service) || *service == "*";
        let service = if known { (*service).to_owned() } else { self.name(service) };
        let known = partition::named(partition).is_some() || *partition == "*";
        let partition = if known { (*partition).to_owned() } else { self.name(partition) };
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    fn resource(&mut self, arn: &Arn<'_>, resource: &str) -> String {
        let (kind, rest) = arn.split();
        let known = |kind: &&str| TYPES.split_whitespace().any(|known| known == *kind);
        let (kept, rest) = match kind.filter(known) {
            Some(kind) => (resource.get(..kind.len() + 1).unwrap_or_default(), rest),
            None if resource == "root" && arn.service == "iam" => return resource.to_owned(),
            None => ("", resource),
        };
        if let Some(role) = rest.strip_prefix("aws-service-role/").filter(|_| kept == "role/")
            && let Some((service, role)) = role.split_once('/')
            && is_service(service)
            && !role.contains('/')
        {
            let role = match role.strip_prefix("AWSServiceRoleFor") {
                Some(_) => self.service_role(role),
                None => self.wildcards(role),
            };
            return format!("{kept}aws-service-role/{service}/{role}");
        }
        if arn.service == "sts" && kept == "assumed-role/" {
            return self.session(rest);
        }
        let path = rest.split_once('/').map(|(path, _)| path).filter(|path| PATHS.contains(path));
        let (path, rest) = match path.filter(|_| arn.service == "iam") {
            Some(path) => rest.split_at(path.len() + 1),
            None => ("", rest),
        };
        let rest = self.pieces(rest, |this, piece| this.named(piece));
        format!("{kept}{path}{rest}")
    }

    /// A session of a role: service-linked roles are known from their own ARNs.
    fn session(&mut self, rest: &str) -> String {
        if let Some(instance) = rest.strip_prefix("aws:ec2-infrastructure/") {
            return format!("assumed-role/aws:ec2-infrastructure/{}", self.named(instance));
        }
        let (role, session) = rest.split_once('/').unwrap_or((rest, ""));
        let told = match self.linked.contains(role) {
            true => self.service_role(role),
            false => self.named(role),
        };
        match session {
            "" => format!("assumed-role/{told}"),
            session => format!("assumed-role/{told}/{}", self.named(session)),
        }
    }

    /// A piece of an ARN.
    fn named(&mut self, piece: &str) -> String {
        match piece {
            "" => String::new(),
            _ => self.shaped(piece).unwrap_or_else(|| self.wildcards(piece)),
        }
    }

    /// `AWSServiceRoleForAutoScaling_team`: what follows the underscore is the customer's.
    fn service_role(&mut self, name: &str) -> String {
        match name.split_once('_') {
            Some((role, suffix)) => format!("{role}_{}", self.named(suffix)),
            None => name.to_owned(),
        }
    }

    /// Remembers the service-linked roles that an ARN of one names.
    pub(super) fn collect_linked(&mut self, text: &str) {
        for (at, mark) in text.match_indices(":role/aws-service-role/") {
            let rest = text.get(at + mark.len()..).unwrap_or_default();
            let Some((service, rest)) = rest.split_once('/') else { continue };
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"_-+=,.@".contains(c));
            let role = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            if is_service(service) && role.starts_with("AWSServiceRoleFor") {
                self.linked.insert(role.to_owned());
            }
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
    fn wildcards(&mut self, piece: &str) -> String {
        let mut result = String::new();
        for part in piece.split_inclusive(['*', '?']) {
            let name = part.trim_end_matches(['*', '?']);
            if !name.is_empty() {
                result.push_str(&self.stand_ins.of(Shape::Name, "", name));
            }
            result.push_str(part.strip_prefix(name).unwrap_or_default());
        }
        result
    }

    /// A word of several parts in a sentence: each is looked at by itself.
    fn compound(&mut self, word: &str, reading: Reading) -> String {
        self.pieces(word, |this, piece| {
            let known = this.given.contains(piece) || is_harmless(piece);
            match known || (reading == Reading::Prose && this.vocabulary.knows(piece)) {
                true => piece.to_owned(),
                false => this.named(piece),
            }
        })
    }

    /// `aws:PrincipalTag/Team`: the key stays, the tag someone named does not.
    fn condition_key(&mut self, word: &str) -> Option<String> {
        let (prefix, key) = word.split_once(':')?;
        if !self.vocabulary.is_service(prefix) || key.is_empty() || holds_account(word) {
            return None;
        }
        if let Some((kind, tag)) = key.split_once('/') {
            if kind.ends_with("Tag") || kind.ends_with("tag") {
                return Some(format!("{prefix}:{kind}/{}", self.name(tag)));
            }
            return None;
        }
        if let Some(context) = key.strip_prefix("EncryptionContext:") {
            let kept = context.starts_with("aws:");
            let context = if kept { context.to_owned() } else { self.name(context) };
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
pub(super) fn is_region(word: &str) -> bool {
    let of_zone = word.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(word);
    let number = of_zone.rsplit('-').next().unwrap_or_default();
    number.len() == 1 && partition::is_region(of_zone)
}

/// A service principal, also a regional one: `ec2.amazonaws.com`, `logs.eu-west-1.amazonaws.com`,
/// `fas.s3.amazonaws.com`. A host with a customer's label in front is none.
pub(super) fn is_service(word: &str) -> bool {
    let Some(name) = partition::without_domain(word) else { return false };
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
        && !holds_account(label)
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether an account id may stand in it. No service, call or code of AWS's has as many digits in a row.
pub(super) fn holds_account(word: &str) -> bool {
    word.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= 12)
}

/// `CreateVolume`, `Get*`: what may follow a service's prefix in an action.
fn is_call(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_alphanumeric() || b"*?".contains(&b))
        && !holds_account(word)
        && word.starts_with(|c: char| c.is_ascii_uppercase() || c == '*')
}

/// `--policy-name`: an option of a command.
fn is_option(word: &str) -> bool {
    let name = word.strip_prefix("--").unwrap_or_default();
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}
