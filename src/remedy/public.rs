//! What lets a caller of another account in again where S3 Block Public Access keeps it out: the
//! bucket's policy names the account instead of everybody, or the setting is lifted.

use serde_json::{Value, json};

use super::candidate::Candidate;
use super::proof::Edit;
use super::situation::Situation;
use crate::diagnose::evaluated::policies;
use crate::event::Layer;
use crate::iam::BlockPublicAccess;
use crate::wording::Sentence;
use crate::wording::shell::quote;

/// Lifting the setting opens the bucket to everybody its policy names.
const LIFTED: u8 = 60;

/// Both ways, the narrow one first.
pub(super) fn candidates(situation: &Situation<'_>) -> Vec<Candidate> {
    name_account(situation).into_iter().chain(lift(situation)).collect()
}

/// `RestrictPublicBuckets` leaves alone whatever policy is not public; one that names accounts is
/// not (S3 User Guide, "The meaning of public").
fn name_account(situation: &Situation<'_>) -> Option<Candidate> {
    let account = situation.caller_account().filter(|account| *account != "anonymous")?;
    let case = situation.first()?;
    let here = policies(&case.layers, Layer::ResourcePolicy);
    let policy = here.first()?;
    let named = json!({"AWS": situation.whole(account)});
    let after = policy
        .policy
        .with_statements(|all| {
            for statement in all.iter_mut().filter(|s| allows_everybody(s)) {
                if let Some(members) = statement.as_object_mut() {
                    members.insert("Principal".into(), named.clone());
                }
            }
        })
        .ok()?;
    let title = Sentence::new("remedy-name-account").arg("account", account);
    Candidate::replace(title, Layer::ResourcePolicy, policy, after, 5)
}

fn allows_everybody(statement: &Value) -> bool {
    let allows = statement.get("Effect").is_some_and(|effect| *effect == json!("Allow"));
    let principal = statement.get("Principal");
    let is_everybody = match principal {
        Some(Value::String(text)) => text == "*",
        Some(Value::Object(kinds)) => kinds.get("AWS").is_some_and(|names| *names == json!("*")),
        _ => false,
    };
    allows && is_everybody
}

/// The setting of the bucket, or of its whole account where it stands there.
fn lift(situation: &Situation<'_>) -> Option<Candidate> {
    let bucket = situation.resource()?.split_once(":::")?.1.split('/').next()?;
    let inventory = situation.history.at(situation.event.time);
    let restricts = |of: &str| {
        inventory
            .public_access_block(of)
            .document
            .and_then(|document| serde_json::from_str::<Value>(&document.text).ok())
            .and_then(|settings| settings.get("RestrictPublicBuckets").cloned())
            .is_some_and(|flag| flag == json!(true) || flag == json!("true"))
    };
    let account = situation.owner().filter(|account| restricts(account));
    let settings = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=false";
    let mut candidate =
        Candidate::text(Sentence::new("remedy-lift-block"), Layer::BlockPublicAccess, LIFTED);
    let partition = situation.partition();
    candidate.attach_to =
        account.map(str::to_owned).or_else(|| Some(format!("arn:{partition}:s3:::{bucket}")));
    candidate.commands = vec![match account {
        Some(account) => format!(
            "aws s3control put-public-access-block --account-id {} --public-access-block-configuration {settings}",
            quote(account)
        ),
        None => format!(
            "aws s3api put-public-access-block --bucket {} --public-access-block-configuration {settings}",
            quote(bucket)
        ),
    }];
    candidate.edits =
        vec![Edit::PublicAccess(BlockPublicAccess { restrict_public_buckets: false })];
    Some(candidate.note(Sentence::new("remedy-note-public")))
}
