//! How long it takes to evaluate 100,000 distinct calls with the policies as they are and as they would be:
//! 500 roles on 200 keys, each with policies of its own, and a change of one key policy and one SCP.
//!
//! `REHEARSE_CALLS=10000` takes another number.

use std::io::Write;
use std::time::Instant;

use serde_json::{Value, json};
use trailwhy::chain::service::Table;
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::event::Time;
use trailwhy::history::History;
use trailwhy::history::amend::Amendment;
use trailwhy::history::change::Value as State;
use trailwhy::history::dump::{Dump, Fact};
use trailwhy::history::replay::Source;
use trailwhy::history::subject::{Entity, EntityKind, PolicyType, Subject};
use trailwhy::ingest::{self, Input, Options};
use trailwhy::rehearse::fate::Policies;
use trailwhy::rehearse::key::Mentioned;
use trailwhy::rehearse::{self, Trail};

const ACCOUNT: &str = "111122223333";
const ROLES: usize = 500;

fn key(at: usize) -> String {
    format!("0a1b2c3d-0000-4000-8000-{at:012}")
}

/// One call of a role on a key; of as many as there are no two are alike.
fn record(at: usize, keys: usize) -> Value {
    let (role, key) = (at % ROLES, key(at / ROLES % keys));
    let arn = format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/{key}");
    json!({
        "eventVersion": "1.11",
        "eventID": format!("{at:08x}-0000-4000-8000-000000000000"),
        "eventTime": Time(1_780_000_000_000 + at as i64 * 100).to_string(),
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "eventType": "AwsApiCall",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.7",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {
            "type": "AssumedRole",
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/role-{role}/run"),
            "accountId": ACCOUNT,
            "principalId": format!("AROAEXAMPLE{role:09}:run"),
            "accessKeyId": format!("ASIAEXAMPLE{role:09}"),
            "sessionContext": {"sessionIssuer": {
                "type": "Role",
                "arn": format!("arn:aws:iam::{ACCOUNT}:role/role-{role}"),
                "principalId": format!("AROAEXAMPLE{role:09}"),
                "accountId": ACCOUNT,
                "userName": format!("role-{role}"),
            }},
        },
        "requestParameters": {"keyId": arn},
        "resources": [{"ARN": arn, "accountId": ACCOUNT, "type": "AWS::KMS::Key"}],
    })
}

fn fact(subject: Subject, document: &Value) -> Fact {
    let value = State::text(document.to_string());
    Fact { subject, value, time: Time(1_790_000_000_000), source: Source::File("dump".into()) }
}

fn dump(keys: usize) -> Dump {
    let mut dump = Dump::default();
    for role in 0..ROLES {
        let of = Entity::new(ACCOUNT, EntityKind::Role, &format!("role-{role}"));
        let statements: Vec<Value> = (0..10)
            .map(|at| {
                json!({"Effect": "Allow", "Action": [format!("s3:Get{at}*"), "kms:Decrypt"],
                    "Resource": [format!("arn:aws:s3:::bucket-{at}/*"), "arn:aws:kms:*:*:key/*"]})
            })
            .collect();
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        dump.facts.push(fact(Subject::InlinePolicy { of, name: "work".into() }, &document));
    }
    let default = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}, "Action": "kms:*", "Resource": "*"}]});
    for at in 0..keys {
        dump.facts.push(fact(Subject::ResourcePolicy(key(at)), &default));
    }
    dump
}

fn main() -> anyhow::Result<()> {
    let many: usize = match std::env::var("REHEARSE_CALLS") {
        Ok(many) => many.parse()?,
        Err(_) => 100_000,
    };
    let keys = many.div_ceil(ROLES);
    let folder = tempfile::tempdir()?;
    for (n, start) in (0..many).step_by(10_000).enumerate() {
        let records: Vec<Value> =
            (start..many.min(start + 10_000)).map(|at| record(at, keys)).collect();
        let mut file = std::fs::File::create(folder.path().join(format!("{n}.json")))?;
        file.write_all(json!({ "Records": records }).to_string().as_bytes())?;
    }
    let input = Input::Path(folder.path().to_owned());
    let events = ingest::read(&[input], &Options::default(), &())?.events;
    let knowledge = Knowledge::new(Table::builtin().clone());
    let chains = Chains::build(&events, &knowledge);
    let history = History::new(&events, dump(keys));
    let trail = Trail::new(&events, &chains, &knowledge);
    let present = Time(1_790_000_000_000);

    let deny = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:*",
        "Resource": format!("arn:aws:kms:*:*:key/{}", key(1))}]});
    let attached =
        Subject::OrganizationAttachment { policy: "p-new".into(), target: ACCOUNT.into() };
    let set =
        |subject, value| Amendment::set(subject, value, "change").of_kind(Some(PolicyType::Scp));
    let amendments = [
        set(Subject::OrganizationPolicy("p-new".into()), State::text(deny.to_string())),
        set(attached, State::Present),
    ];
    let after = history.amended(&amendments, present);
    let begun = Instant::now();
    let mentioned = Mentioned::by([&history, &after]);
    let calls = rehearse::calls(&trail, &mentioned, &history.at(present), 0..events.len());
    let gathered = begun.elapsed();
    let policies = Policies::new(&history, &after, &amendments, present);
    let begun = Instant::now();
    let fates = rehearse::fates(&trail, &policies, &calls);
    let evaluated = begun.elapsed();
    println!(
        "{} distinct calls of {} records: gathered in {:.2} s, evaluated twice in {:.2} s ({} fates)",
        calls.found().len(),
        events.len(),
        gathered.as_secs_f64(),
        evaluated.as_secs_f64(),
        fates.len()
    );
    Ok(())
}
