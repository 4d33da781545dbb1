//! The rules: one for each layer that may deny, with what code scanning shows beside an alert.

use serde_json::{Value, json};

use super::text;
use crate::report::Layer;
use crate::wording::{Sentence, Wording};

const IAM: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/";
const ORGANIZATIONS: &str = "https://docs.aws.amazon.com/organizations/latest/userguide/";
const KMS: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/";
const VPC: &str = "https://docs.aws.amazon.com/vpc/latest/privatelink/";
const S3: &str = "https://aws.amazon.com/s3/features/";

/// What each layer is called as a rule, and the page on which AWS tells how it decides.
const PAGES: [(Layer, &str, &str, &str); 12] = [
    (Layer::IdentityPolicy, "IdentityPolicy", IAM, "access_policies_identity-vs-resource.html"),
    (Layer::PermissionsBoundary, "PermissionsBoundary", IAM, "access_policies_boundaries.html"),
    (Layer::SessionPolicy, "SessionPolicy", IAM, "access_policies.html#policies_session"),
    (Layer::ResourcePolicy, "ResourcePolicy", IAM, "access_policies_identity-vs-resource.html"),
    (Layer::RoleTrustPolicy, "RoleTrustPolicy", IAM, "id_roles.html"),
    (Layer::Scp, "ServiceControlPolicy", ORGANIZATIONS, "orgs_manage_policies_scps.html"),
    (Layer::Rcp, "ResourceControlPolicy", ORGANIZATIONS, "orgs_manage_policies_rcps.html"),
    (Layer::VpcEndpointPolicy, "VpcEndpointPolicy", VPC, "vpc-endpoints-access.html"),
    (Layer::KmsGrant, "KmsGrant", KMS, "grants.html"),
    (Layer::KmsKeyState, "KmsKeyState", KMS, "key-state.html"),
    (Layer::BlockPublicAccess, "BlockPublicAccess", S3, "block-public-access/"),
    (Layer::Unknown, "UnknownLayer", IAM, "reference_policies_evaluation-logic.html"),
];

/// What the alerts are about. Code scanning shows ten.
const TAGS: [&str; 3] = ["security", "aws", "cloudtrail"];

/// Every layer, in the order of the rules.
pub(super) fn layers() -> impl Iterator<Item = Layer> {
    Layer::ALL.into_iter().chain([Layer::Unknown])
}

pub(super) fn rule(layer: Layer, wording: &Wording) -> Value {
    let said = wording.say(&Sentence::new("sarif-rule").arg("layer", layer));
    let help = wording.say(&Sentence::new("sarif-help").arg("layer", layer));
    let mut rule = json!({
        "id": layer.as_str(),
        "shortDescription": { "text": text(&wording.say(&layer.into())) },
        "fullDescription": { "text": text(&said) },
        "help": { "text": text(&help), "markdown": help },
        "defaultConfiguration": { "level": "error" },
        "properties": { "tags": TAGS, "precision": "high" },
    });
    let page = PAGES.iter().find(|(of, ..)| *of == layer);
    if let (Some(fields), Some((_, name, book, page))) = (rule.as_object_mut(), page) {
        let address = format!("{book}{page}");
        let more = wording.say(&Sentence::new("sarif-read-more").arg("address", &address));
        let help = wording.paragraph(&[help, more]);
        fields.insert("name".into(), json!(name));
        fields.insert("help".into(), json!({ "text": text(&help), "markdown": help }));
        fields.insert("helpUri".into(), json!(address));
    }
    rule
}
