//! Who signs a call, in the six ways CloudTrail knows, and everything in a record that follows from
//! it: `userIdentity`, address, agent, TLS details, endpoint, `sharedEventID`.

use super::random::Random;
use super::record::stamp;

/// A role; the path is in its own ARN and lost in the ARN of its sessions.
#[derive(Debug, Clone)]
pub struct Role {
    pub account: String,
    pub path: String,
    pub name: String,
    pub id: String,
}

impl Role {
    /// A role whose unique id is made of its name, so that it is the same everywhere.
    pub fn new(account: &str, path: &str, name: &str) -> Self {
        Role {
            account: account.into(),
            path: path.into(),
            name: name.into(),
            id: unique_id("AROA", account, name),
        }
    }

    /// The service-linked role of a service.
    pub fn linked(account: &str, service: &str, name: &str) -> Self {
        Role::new(account, &format!("/aws-service-role/{service}/"), name)
    }

    /// The role's ARN, with its path.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:role{}{}", self.account, self.path, self.name)
    }

    /// The ARN of one of its sessions, without the path.
    pub fn session_arn(&self, session: &str) -> String {
        format!("arn:aws:sts::{}:assumed-role/{}/{session}", self.account, self.name)
    }
}

/// `AROA…` or `AIDA…`: 21 characters, marked as an example.
pub fn unique_id(prefix: &str, account: &str, name: &str) -> String {
    let seed = account.bytes().chain(name.bytes()).fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    let digits = Random::new(seed).session_key();
    let tail: String = digits.chars().rev().take(9).collect();
    format!("{prefix}EXAMPLE1{tail}")
}

/// Someone with credentials.
#[derive(Debug, Clone)]
pub enum Principal {
    /// An IAM user with a long-term key.
    User { account: String, name: String, key: String },
    /// A session of a role.
    Session { role: Role, name: String, created: i64, mfa: bool, key: String },
}

impl Principal {
    /// An IAM user.
    pub fn user(account: &str, name: &str, key: &str) -> Self {
        Principal::User { account: account.into(), name: name.into(), key: key.into() }
    }

    /// A session of `role`, with its own key.
    pub fn session(random: &mut Random, role: &Role, name: &str, created: i64) -> Self {
        let key = random.session_key();
        Principal::Session { role: role.clone(), name: name.into(), created, mfa: false, key }
    }

    /// The ARN as error messages and `userIdentity` name it.
    pub fn arn(&self) -> String {
        match self {
            Principal::User { account, name, .. } => format!("arn:aws:iam::{account}:user/{name}"),
            Principal::Session { role, name, .. } => role.session_arn(name),
        }
    }

    /// The account it belongs to.
    pub fn account(&self) -> &str {
        match self {
            Principal::User { account, .. } => account,
            Principal::Session { role, .. } => &role.account,
        }
    }

    fn key(&self) -> &str {
        match self {
            Principal::User { key, .. } | Principal::Session { key, .. } => key,
        }
    }

    /// `userIdentity` with these credentials. `minted`: when a service made the session of a user
    /// who has a long-term key (the record then shows a session that its root has not).
    fn identity(&self, key: &str, minted: Option<i64>, invoked_by: Option<&str>) -> String {
        let invoked = invoked_by.map_or(String::new(), |by| format!(r#","invokedBy":"{by}""#));
        match self {
            Principal::User { account, name, .. } => {
                let id = unique_id("AIDA", account, name);
                let arn = self.arn();
                let session = minted.map_or(String::new(), |at| {
                    let at = stamp(at);
                    format!(
                        r#","sessionContext":{{"attributes":{{"creationDate":"{at}","mfaAuthenticated":"false"}}}}"#
                    )
                });
                format!(
                    r#"{{"type":"IAMUser","principalId":"{id}","arn":"{arn}","accountId":"{account}","accessKeyId":"{key}","userName":"{name}"{session}{invoked}}}"#
                )
            }
            Principal::Session { role, name, created, mfa, .. } => format!(
                r#"{{"type":"AssumedRole","principalId":"{id}:{name}","arn":"{arn}","accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{id}","arn":"{issuer}","accountId":"{account}","userName":"{user}"}},"attributes":{{"creationDate":"{created}","mfaAuthenticated":"{mfa}"}}}}{invoked}}}"#,
                id = role.id,
                arn = self.arn(),
                account = role.account,
                issuer = role.arn(),
                user = role.name,
                created = stamp(*created),
            ),
        }
    }
}

/// From where, and with what, somebody calls.
#[derive(Debug, Clone)]
pub struct Client {
    pub address: String,
    pub agent: String,
    pub console: bool,
    /// Id and owner of the VPC endpoint the calls pass.
    pub endpoint: Option<(String, String)>,
}

impl Client {
    /// The AWS CLI at an address.
    pub fn cli(address: &str) -> Self {
        Client::new(
            address,
            "aws-cli/2.31.12 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython cfg/retry-mode#standard",
        )
    }

    /// Terraform at an address.
    pub fn terraform(address: &str) -> Self {
        Client::new(
            address,
            "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 (+https://www.terraform.io) terraform-provider-aws/6.15.0 aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.24.6 md/GOOS#linux md/GOARCH#amd64",
        )
    }

    /// The console in a browser at an address.
    pub fn console(address: &str) -> Self {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
        Client { console: true, ..Client::new(address, agent) }
    }

    /// A program at an address.
    pub fn new(address: &str, agent: &str) -> Self {
        Client { address: address.into(), agent: agent.into(), console: false, endpoint: None }
    }

    /// The same through a VPC endpoint.
    pub fn through(mut self, endpoint: &str, owner: &str) -> Self {
        self.endpoint = Some((endpoint.into(), owner.into()));
        self
    }
}

/// Who signs one call.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account whose trail gets the record.
    pub account: String,
    /// How an error message names the caller.
    pub name: String,
    /// `userIdentity`.
    pub identity: String,
    pub address: String,
    pub agent: String,
    /// TLS details are recorded only for calls that do not come from a service.
    pub tls: bool,
    pub console: bool,
    /// Whether the record has a `sharedEventID`.
    pub shared: bool,
    pub endpoint: Option<(String, String)>,
}

impl Caller {
    /// A principal calling on its own.
    pub fn direct(principal: &Principal, client: &Client) -> Self {
        Caller {
            account: principal.account().into(),
            name: principal.arn(),
            identity: principal.identity(principal.key(), None, None),
            address: client.address.clone(),
            agent: client.agent.clone(),
            tls: true,
            console: client.console,
            shared: false,
            endpoint: client.endpoint.clone(),
        }
    }

    /// A service calling on behalf of a principal (forward access session): the principal's
    /// identity with another key, and the service's name where the address would be.
    pub fn forwarded(principal: &Principal, service: &str, key: &str, minted: i64) -> Self {
        let identity = principal.identity(key, Some(minted), Some(service));
        let of_ec2 = service == "ec2-frontend-api.amazonaws.com";
        Caller {
            shared: of_ec2,
            endpoint: of_ec2.then(|| ("AWS Internal".into(), "AWS Internal".into())),
            ..Caller::inside(principal.account(), &principal.arn(), identity, service)
        }
    }

    /// A service-linked or service role, used from the service's own network.
    pub fn by_role(session: &Principal, service: &str) -> Self {
        let identity = session.identity(session.key(), None, Some(service));
        Caller::inside(session.account(), &session.arn(), identity, service)
    }

    /// A service principal; `account` is the account it works for.
    pub fn service(service: &str, account: &str) -> Self {
        let identity = format!(r#"{{"type":"AWSService","invokedBy":"{service}"}}"#);
        Caller { shared: true, ..Caller::inside(account, service, identity, service) }
    }

    /// Who an `AwsServiceEvent` is ascribed to.
    pub fn service_event(service: &str, account: &str) -> Self {
        let identity = format!(r#"{{"accountId":"{account}","invokedBy":"{service}"}}"#);
        Caller::inside(account, service, identity, service)
    }

    /// EC2's infrastructure, decrypting a volume for an instance.
    pub fn infrastructure(
        account: &str,
        region: &str,
        instance: &str,
        key: &str,
        created: i64,
    ) -> Self {
        let created = stamp(created);
        let arn = format!("arn:aws:sts::{account}:assumed-role/aws:ec2-infrastructure/{instance}");
        let identity = format!(
            r#"{{"type":"AssumedRole","principalId":"{account}:aws:ec2-infrastructure:{instance}","arn":"{arn}","accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{account}:aws:ec2-infrastructure","arn":"arn:aws:iam::{account}:role/aws:ec2-infrastructure","accountId":"{account}","userName":"aws:ec2-infrastructure"}},"attributes":{{"creationDate":"{created}","mfaAuthenticated":"false"}}}},"invokedBy":"AWS Internal","inScopeOf":{{"issuerType":"AWS::EC2::Instance","credentialsIssuedTo":"arn:aws:ec2:{region}:{account}:instance/{instance}"}}}}"#
        );
        Caller::inside(account, &arn, identity, "AWS Internal")
    }

    fn inside(account: &str, name: &str, identity: String, service: &str) -> Self {
        Caller {
            account: account.into(),
            name: name.into(),
            identity,
            address: service.into(),
            agent: service.into(),
            tls: false,
            console: false,
            shared: false,
            endpoint: None,
        }
    }
}
