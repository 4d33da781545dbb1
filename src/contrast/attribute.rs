//! What can differ between a call that failed and one that worked.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

use crate::chain::Chains;
use crate::event::{self, CallerKind, Denial, Event, Field, Time, Whose};

/// One property of a call by which calls are compared. The order is the order of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribute {
    /// The role or user behind the call, or the service principal.
    Principal,
    /// What the call was on.
    Resource,
    /// Account that owns the resource.
    ResourceAccount,
    /// Account of the caller.
    CallerAccount,
    /// In which way the call was signed.
    CallerKind,
    /// `invokedBy`.
    InvokedBy,
    /// The user call at the top.
    RootAction,
    /// The endpoint the call came through.
    VpcEndpoint,
    /// The endpoint the user call came through.
    RootVpcEndpoint,
    /// Region of the call.
    Region,
    /// `mfaAuthenticated` of the user call's session.
    Mfa,
    /// The user call's address.
    SourceAddress,
    /// Public, private, or a service.
    Network,
    /// Role session name.
    SessionName,
    /// `sts:SourceIdentity`.
    SourceIdentity,
    /// Long-term key, role session, console.
    Credentials,
    /// Encryption context keys of the call.
    EncryptionContextKeys,
    /// Name of the program at the head of the user agent.
    UserAgent,
    /// TLS version of the user call.
    Tls,
}

impl Attribute {
    /// All of them, in their order.
    pub const ALL: [Attribute; 19] = [
        Attribute::Principal,
        Attribute::Resource,
        Attribute::ResourceAccount,
        Attribute::CallerAccount,
        Attribute::CallerKind,
        Attribute::InvokedBy,
        Attribute::RootAction,
        Attribute::VpcEndpoint,
        Attribute::RootVpcEndpoint,
        Attribute::Region,
        Attribute::Mfa,
        Attribute::SourceAddress,
        Attribute::Network,
        Attribute::SessionName,
        Attribute::SourceIdentity,
        Attribute::Credentials,
        Attribute::EncryptionContextKeys,
        Attribute::UserAgent,
        Attribute::Tls,
    ];

    /// The name in the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Attribute::Principal => "principal",
            Attribute::Resource => "resource",
            Attribute::ResourceAccount => "resource_account",
            Attribute::CallerAccount => "caller_account",
            Attribute::CallerKind => "caller_kind",
            Attribute::InvokedBy => "invoked_by",
            Attribute::RootAction => "root_action",
            Attribute::VpcEndpoint => "vpc_endpoint",
            Attribute::RootVpcEndpoint => "root_vpc_endpoint",
            Attribute::Region => "region",
            Attribute::Mfa => "mfa",
            Attribute::SourceAddress => "source_address",
            Attribute::Network => "network",
            Attribute::SessionName => "session_name",
            Attribute::SourceIdentity => "source_identity",
            Attribute::Credentials => "credentials",
            Attribute::EncryptionContextKeys => "encryption_context_keys",
            Attribute::UserAgent => "user_agent",
            Attribute::Tls => "tls",
        }
    }

    /// How much a difference in this attribute sets two calls apart when looking for the nearest
    /// success; what policies speak of weighs most.
    pub(super) fn distance(self) -> u32 {
        match self {
            Attribute::Principal | Attribute::Resource => 40,
            Attribute::CallerKind | Attribute::InvokedBy | Attribute::RootAction => 30,
            Attribute::ResourceAccount | Attribute::CallerAccount | Attribute::Region => 20,
            Attribute::VpcEndpoint | Attribute::RootVpcEndpoint => 20,
            Attribute::Mfa
            | Attribute::Network
            | Attribute::Credentials
            | Attribute::SourceIdentity => 10,
            Attribute::SourceAddress | Attribute::EncryptionContextKeys => 5,
            Attribute::SessionName | Attribute::UserAgent | Attribute::Tls => 1,
        }
    }
}

/// A call with everything by which it can be compared.
#[derive(Debug, Clone)]
pub struct Observation<'e> {
    /// Position among the events.
    pub index: usize,
    /// The call.
    pub event: &'e Event,
    /// Position of the topmost logged call.
    pub root: usize,
    /// Who signed it.
    pub caller_kind: CallerKind,
    /// When it was: where a call stands for others, that of one of them.
    pub time: Time,
    values: Arc<[Option<Box<str>>; Attribute::ALL.len()]>,
    /// One number for each value: calls are compared far more often than they are shown.
    hashes: Arc<[u64; Attribute::ALL.len()]>,
}

impl<'e> Observation<'e> {
    /// Observes the call at `index`; `None` when there is no such call.
    pub fn new(events: &'e [Event], chains: &Chains, index: usize) -> Option<Self> {
        let event = events.get(index)?;
        let root_index = chains.asked(index, events);
        let root = events.get(root_index).unwrap_or(event);
        let caller_kind = chains.caller_kind(index, event);
        let mut values: Box<[Option<Box<str>>; Attribute::ALL.len()]> = Box::default();
        let mut hashes = Box::new([0; Attribute::ALL.len()]);
        let mut put = |attribute: Attribute, value: Option<String>| {
            let at = attribute as usize;
            if let (Some(place), Some(hash)) = (values.get_mut(at), hashes.get_mut(at)) {
                *hash = value.as_deref().map_or(0, value_hash_of);
                *place = value.map(String::into_boxed_str);
            }
        };
        put(Attribute::Principal, principal(event));
        let resource = resource(event).or_else(|| chains.inferred_key(index).map(str::to_owned));
        put(
            Attribute::ResourceAccount,
            resource.as_deref().and_then(account_of).map(str::to_owned),
        );
        put(Attribute::Resource, resource);
        put(Attribute::CallerAccount, event.caller_account().map(str::to_owned));
        put(Attribute::CallerKind, Some(caller_kind.as_str().to_owned()));
        put(Attribute::InvokedBy, event.invoked_by().map(str::to_owned));
        if root_index != index {
            put(Attribute::RootAction, Some(event::action(root)));
            put(Attribute::RootVpcEndpoint, root.get(Field::VpcEndpointId).map(str::to_owned));
        }
        put(Attribute::VpcEndpoint, event.get(Field::VpcEndpointId).map(str::to_owned));
        put(Attribute::Region, event.region().map(str::to_owned));
        put(Attribute::Mfa, root.mfa.map(|mfa| mfa.to_string()));
        let address = root.get(Field::SourceIpAddress);
        put(Attribute::SourceAddress, address.map(str::to_owned));
        put(Attribute::Network, address.map(|a| network(a).to_owned()));
        put(Attribute::SessionName, root.session_name().map(str::to_owned));
        put(Attribute::SourceIdentity, root.get(Field::SourceIdentity).map(str::to_owned));
        put(Attribute::Credentials, credentials(root).map(str::to_owned));
        put(Attribute::EncryptionContextKeys, context_keys(event));
        put(Attribute::UserAgent, root.get(Field::UserAgent).map(agent_family));
        let (values, hashes) = (Arc::from(values), Arc::from(hashes));
        let (root, time) = (root_index, event.time);
        Some(Observation { index, event, root, caller_kind, time, values, hashes })
    }

    /// Whether it is the very call and none that it stands for.
    pub fn is_itself(&self) -> bool {
        self.time == self.event.time
    }

    /// The same at another time: a call that is alike in everything else, and that this one stands for.
    #[must_use]
    pub fn at(&self, time: Time) -> Self {
        Observation { time, ..self.clone() }
    }

    /// The value of an attribute, where the call has it.
    pub fn get(&self, attribute: Attribute) -> Option<&str> {
        self.values.get(attribute as usize)?.as_deref()
    }

    /// The number that stands for the value of an attribute; 0 where the call has none.
    pub fn value_hash(&self, attribute: Attribute) -> u64 {
        self.hashes.get(attribute as usize).copied().unwrap_or_default()
    }

    /// The numbers of all attributes, in their order.
    pub fn value_hashes(&self) -> &[u64] {
        self.hashes.as_slice()
    }

    /// The number that stands for a value.
    pub fn value_hash_of(value: Option<&str>) -> u64 {
        value.map_or(0, value_hash_of)
    }

    /// Whether both have the same value of an attribute, or both none.
    pub fn agrees(&self, other: &Observation<'_>, attribute: Attribute) -> bool {
        self.hashes.get(attribute as usize) == other.hashes.get(attribute as usize)
    }
}

/// Never 0, which stands for no value.
fn value_hash_of(value: &str) -> u64 {
    foldhash::quality::FixedState::default().hash_one(value) | 1
}

/// The role or user behind a call, or the service principal.
pub fn principal(event: &Event) -> Option<String> {
    event
        .principal_arn()
        .or_else(|| event.invoked_by())
        .or_else(|| event.principal_id())
        .or_else(|| event.caller_account())
        .map(str::to_owned)
}

/// The ARN (or name) of what a call was on; for KMS always the key.
pub fn resource(event: &Event) -> Option<String> {
    if event.source() == "kms.amazonaws.com"
        && let Some(key) = crate::chain::kms_key(event)
    {
        return Some(key.to_owned());
    }
    event::resource::resource_of(event).map(|r| policy_holder(&r.id))
}

/// Who was refused what on what, as far as the record alone tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The IAM action that has to be allowed.
    pub action: String,
    /// Whose permission it is; `None` where nothing tells.
    pub principal: Option<String>,
    /// What has to be allowed on it, by ARN or name; of an object its bucket.
    pub resource: Option<String>,
}

/// What a refused call tells. Where another call behind it was refused, its resource is the one that
/// the text names, or the only one of that service in the request; never what the call itself was on.
pub fn refused(event: &Event, denial: &Denial) -> Refused {
    let action = denial.action.clone().unwrap_or_else(|| event::action(event));
    let principal = match &denial.whose {
        Whose::Caller => principal(event),
        Whose::Principal(named) | Whose::Service(named) => Some(named.clone()),
        Whose::RoleOf(_) | Whose::NotTold => None,
    };
    let told = denial.resource.as_deref().filter(|resource| *resource != "*").map(policy_holder);
    let resource = told.or_else(|| match denial.is_behind(event) {
        // The role that a request names is the one that is handed on, and nothing else of IAM.
        true if action.starts_with("iam:") && action != "iam:PassRole" => None,
        true => {
            let service = action.split_once(':').map_or("", |(service, _)| service);
            let named = event::refusals::named_in_request(event, service);
            named.map(|r| policy_holder(&r)).filter(|named| Some(named) != principal.as_ref())
        }
        false => resource(event),
    });
    Refused { action, principal, resource }
}

/// The resource whose policy is asked: of an S3 object its bucket, as objects have no policies.
pub fn policy_holder(resource: &str) -> String {
    match resource.split_once(":s3:::") {
        Some((head, path)) => {
            let bucket = path.split('/').next().unwrap_or(path);
            format!("{head}:s3:::{bucket}")
        }
        None => resource.to_owned(),
    }
}

/// The account in an ARN.
pub fn account_of(arn: &str) -> Option<&str> {
    arn.starts_with("arn:").then(|| arn.split(':').nth(4)).flatten().filter(|a| !a.is_empty())
}

/// `public`, `private`, or the service the call came from.
fn network(address: &str) -> &str {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) if v4.is_private() || v4.is_loopback() || v4.is_link_local() => {
            "private"
        }
        Ok(IpAddr::V6(v6)) if v6.is_unique_local() || v6.is_loopback() => "private",
        Ok(_) => "public",
        Err(_) => address,
    }
}

fn credentials(event: &Event) -> Option<&'static str> {
    if event.from_console {
        return Some("console");
    }
    let key = event.access_key()?;
    match key.get(..4) {
        Some("AKIA") => Some("long-term key"),
        Some("ASIA") => Some("temporary credentials"),
        _ => None,
    }
}

fn context_keys(event: &Event) -> Option<String> {
    let mut keys: Vec<String> =
        crate::chain::encryption_context(event).into_iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys.dedup();
    (!keys.is_empty()).then(|| keys.join(", "))
}

/// The program name at the head of a user agent, without its version.
fn agent_family(agent: &str) -> String {
    let head = agent.trim_start_matches('[').split([' ', '/', ',']).next().unwrap_or(agent);
    head.chars().take(64).collect()
}
