//! Condition keys of resources and of single services: tags, KMS, S3, STS, IAM (service
//! authorization reference; KMS "Condition keys").

use serde_json::Value as Json;

use super::super::change::{at, grant_context, grant_operations, text_at};
use super::Reading;
use super::caller_keys::put;
use crate::chain::service::Table;
use crate::iam::{Context, Request};

/// KMS operations that take an encryption context.
const WITH_CONTEXT: [&str; 9] = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncrypt",
    "ReEncryptFrom",
    "ReEncryptTo",
];

/// Members of `KeyMetadata` and the condition keys that say the same of the key used.
const KEY_PROPERTIES: [(&str, &str); 4] = [
    ("KeySpec", "kms:KeySpec"),
    ("KeyUsage", "kms:KeyUsage"),
    ("Origin", "kms:KeyOrigin"),
    ("MultiRegion", "kms:MultiRegion"),
];

impl Reading<'_> {
    /// Tags of the resource and in the request.
    pub(super) fn resource_keys(&self, context: &mut Context, request: &Request) {
        if let Some(arn) = request.resource.arn.as_deref().filter(|arn| *arn != "*") {
            let tags = self.inventory.tags(arn);
            for (key, value) in &tags.tags {
                context.insert(&format!("aws:ResourceTag/{key}"), value.as_str());
            }
            if tags.complete {
                context.mark_family_complete("aws:ResourceTag/");
            }
        }
        if !self.parameters.is_null() {
            self.request_tags(context, request);
            self.type_keys(context, request);
        }
    }

    pub(super) fn service_keys(&self, context: &mut Context, request: &Request) {
        let Some((service, name)) = request.action.split_once(':') else { return };
        match service {
            "kms" => self.kms_keys(context, request, name),
            "s3" => self.s3_keys(context),
            "sts" => self.sts_keys(context),
            "iam" if name == "CreateServiceLinkedRole" => {
                put(context, "iam:AWSServiceName", text_at(&self.parameters, "aWSServiceName"));
            }
            _ => {}
        }
    }

    fn kms_keys(&self, context: &mut Context, request: &Request, name: &str) {
        match self.caller_account() {
            Some(account) => context.insert("kms:CallerAccount", account),
            None => context.mark_absent("kms:CallerAccount"),
        };
        if ["CreateGrant", "ListGrants", "RevokeGrant"].contains(&name) {
            // True "when an AWS service that is integrated with AWS KMS creates the grant"; a user
            // cannot set it (KMS "kms:GrantIsForAWSResource").
            context.insert("kms:GrantIsForAWSResource", self.is_made_by_service());
        } else {
            context.mark_absent("kms:GrantIsForAWSResource");
        }
        self.encryption_context(context, name);
        if name == "CreateGrant" {
            self.grant_keys(context);
        }
        let key = request.resource.arn.as_deref();
        if let Some(metadata) = key.and_then(|key| self.inventory.key_metadata(key)) {
            for (member, condition) in KEY_PROPERTIES {
                match at(metadata, member) {
                    Some(Json::String(text)) => context.insert(condition, text.as_str()),
                    Some(Json::Bool(flag)) => context.insert(condition, *flag),
                    _ => context,
                };
            }
        }
        match text_at(&self.parameters, "keyId") {
            Some(alias) if alias.starts_with("alias/") => {
                context.insert("kms:RequestAlias", alias);
            }
            Some(_) => {
                context.mark_absent("kms:RequestAlias");
            }
            None => {}
        }
    }

    /// The pairs of the call, of a `CreateGrant` those of its constraint (KMS
    /// "kms:EncryptionContext:context-key"). A denied call does not show them.
    fn encryption_context(&self, context: &mut Context, name: &str) {
        const FAMILY: &str = "kms:EncryptionContext:";
        let takes_context = WITH_CONTEXT.contains(&name) || name == "CreateGrant";
        if self.parameters.is_null() && takes_context {
            for (key, value) in self.pairs_of_root() {
                context.insert(&format!("{FAMILY}{key}"), value);
            }
            return;
        }
        let of = |path: &str| grant_context(&self.parameters, path);
        let pairs = match name {
            "CreateGrant" => of("constraints.encryptionContextEquals")
                .or_else(|| of("constraints.encryptionContextSubset")),
            "ReEncryptFrom" => of("sourceEncryptionContext"),
            "ReEncryptTo" => of("destinationEncryptionContext"),
            _ => of("encryptionContext"),
        };
        let pairs = pairs.filter(|_| takes_context).unwrap_or_default();
        let names: Vec<String> = pairs.keys().cloned().collect();
        for (key, value) in pairs {
            context.insert(&format!("{FAMILY}{key}"), value);
        }
        context.mark_family_complete(FAMILY);
        match names.is_empty() {
            true => context.mark_absent("kms:EncryptionContextKeys"),
            false => context.insert("kms:EncryptionContextKeys", names),
        };
    }

    /// The pairs that the service of the root call is known to send, with the values the root shows:
    /// for `CreateVolume` the volume. There may be more.
    fn pairs_of_root(&self) -> Vec<(String, String)> {
        let Some(root) = self.around.root else { return Vec::new() };
        let mut pairs: Vec<(String, String)> = Table::builtin()
            .by_event_source(root.source())
            .filter(|service| service.is_root(root))
            .flat_map(|service| &service.context)
            .filter_map(|known| {
                let mut values: Vec<String> =
                    known.at.iter().flat_map(|place| place.values(root)).collect();
                values.sort_unstable();
                values.dedup();
                match values.as_slice() {
                    [one] => Some((known.key.clone(), one.clone())),
                    _ => None,
                }
            })
            .collect();
        pairs.sort();
        pairs.dedup_by(|one, other| one.0 == other.0);
        pairs
    }

    fn grant_keys(&self, context: &mut Context) {
        if self.parameters.is_null() {
            return;
        }
        context.insert("kms:GrantOperations", grant_operations(&self.parameters));
        let constraint = ["EncryptionContextEquals", "EncryptionContextSubset"]
            .into_iter()
            .find(|name| at(&self.parameters, &format!("constraints.{name}")).is_some());
        for (key, value) in [
            ("kms:GranteePrincipal", text_at(&self.parameters, "granteePrincipal")),
            ("kms:RetiringPrincipal", text_at(&self.parameters, "retiringPrincipal")),
            ("kms:GrantConstraintType", constraint),
        ] {
            match value {
                Some(value) => context.insert(key, value),
                None => context.mark_absent(key),
            };
        }
    }

    /// Headers and query parameters, which CloudTrail shows by their own names (S3 "Condition
    /// keys"): one that is not shown was not sent.
    fn s3_keys(&self, context: &mut Context) {
        let Some(members) = self.parameters.as_object() else { return };
        for (name, value) in members {
            let is_key = name.starts_with("x-amz-") || S3_QUERY.contains(&name.as_str());
            if let Some(text) = value.as_str().filter(|_| is_key) {
                context.insert(&format!("s3:{name}"), text);
            }
        }
        for name in S3_HEADERS {
            if !members.contains_key(name) {
                context.mark_absent(&format!("s3:{name}"));
            }
        }
    }

    fn sts_keys(&self, context: &mut Context) {
        self.web_identity_keys(context);
        if self.parameters.is_null() {
            return;
        }
        for (key, member) in [
            ("sts:RoleSessionName", "roleSessionName"),
            ("sts:ExternalId", "externalId"),
            ("sts:SourceIdentity", "sourceIdentity"),
        ] {
            match text_at(&self.parameters, member) {
                Some(value) => context.insert(key, value),
                None => context.mark_absent(key),
            };
        }
        if self.kind.is_own() {
            context.mark_absent("aws:SourceArn");
        }
    }
}

const S3_QUERY: [&str; 4] = ["prefix", "delimiter", "max-keys", "versionId"];

const S3_HEADERS: [&str; 9] = [
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-metadata-directive",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
];
