//! `trailwhy collect`: its script is run in bash against a stand-in for the AWS CLI, and what it wrote is
//! read back with `--policies`.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails is a panic"
)]

#[path = "verdict_support/dump.rs"]
mod dump;
#[path = "verdict_support/story.rs"]
mod story;
#[path = "collect_support/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};

use story::{ACCOUNT, OTHER, Trail, expanded};
use world::World;

fn trailwhy(arguments: &[&str]) -> std::process::Output {
    Command::cargo_bin("trailwhy").unwrap().env("LC_ALL", "C").args(arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = trailwhy(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every story of the verdicts that has policies.
fn stories() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/verdicts");
    let all = world::files(&folder).into_iter().flat_map(|file| {
        let text = expanded(&fs::read_to_string(file).unwrap());
        serde_json::from_str::<Vec<Value>>(&text).unwrap()
    });
    all.filter(|story| story["policies"].is_object()).collect()
}

/// What is concluded: for each incident the layer, how it denied, how sure that is, and the statement.
fn concluded(logs: &Path, policies: &Path) -> (Vec<String>, Value) {
    let arguments = [
        "analyze",
        logs.to_str().unwrap(),
        "--policies",
        policies.to_str().unwrap(),
        "--policies-as-of",
        "2026-05-05T00:00:00Z",
        "--format",
        "json",
        "--exit-zero",
        "--quiet",
    ];
    let report: Value = serde_json::from_str(&stdout(&arguments)).unwrap();
    let told = report["incidents"].as_array().unwrap().iter().map(|incident| {
        let verdict = &incident["verdict"];
        let sid = &verdict["policy"]["statement_sid"];
        let fix = &incident["fixes"][0]["verified"]["denied_request"];
        format!("{} {} {} {sid} {fix}", verdict["layer"], verdict["effect"], verdict["certainty"])
    });
    (told.collect(), report)
}

/// One story in so many is tried, so that the test ends in time.
const EVERY: usize = 9;

#[test]
fn what_is_collected_settles_what_a_dump_of_everything_settles() {
    if !world::is_there() {
        return println!("no bash to run a script with");
    }
    let all: bool = std::env::var_os("EVERY_STORY").is_some();
    let stories = stories();
    let chosen = stories.iter().enumerate().filter(|(at, _)| all || at % EVERY == 0);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (_, story) in chosen {
        let world = World::of(&story["policies"]);
        let logs = world.path("trail.json");
        fs::write(&logs, json!({"Records": Trail::of(story).records}).to_string()).unwrap();
        let script = stdout(&["collect", logs.to_str().unwrap(), "--role-name", "audit", "-q"]);
        if script.is_empty() {
            continue;
        }
        let done = world.run(&script, ACCOUNT);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let (whole, _) = concluded(&logs, &world.path("dumps"));
        let (part, report) = concluded(&logs, &world.path("policies"));
        // That there is no policy of a resource is told by a collection, and by a dump taken for likely.
        let surer: Vec<String> = whole.iter().map(|told| told.replace("stated", "proven")).collect();
        let same = |(told, surer): (&String, &String)| {
            let start = |text: &str| text.split(" null").next().unwrap().to_owned();
            start(told) == start(surer)
        };
        let is_surer = part.len() == surer.len() && part.iter().zip(&surer).all(same);
        if whole != part && !is_surer {
            let given = &report["coverage"]["policies"];
            wrong.push(format!("{}\n  {whole:?}\n  {part:?}\n{said}{given:#}", story["name"]));
        }
        count += 1;
        let permissions = ["collect", logs.to_str().unwrap(), "--permissions", "-q"];
        assert_permitted(&world, &serde_json::from_str(&stdout(&permissions)).unwrap());
    }
    assert!(count > 10, "{count}");
    assert!(wrong.is_empty(), "{} of {count} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every call that the script made is one that the printed permissions name.
fn assert_permitted(world: &World, permissions: &Value) {
    let allowed: BTreeSet<&str> = permissions["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|statement| statement["Action"].as_array().unwrap())
        .map(|action| action.as_str().unwrap())
        .collect();
    for call in world.calls() {
        let mut words = call.split(' ').skip(1);
        let (Some(service), Some(operation)) = (words.next(), words.next()) else { continue };
        if service == "sts" || call.starts_with("sleep") {
            continue;
        }
        let reads = ["get-", "list-", "describe-"];
        assert!(reads.iter().any(|start| operation.starts_with(start)), "{call}");
        let verb: String = operation
            .split('-')
            .map(|word| word[..1].to_uppercase() + &word[1..])
            .collect::<String>();
        let action = match (service, verb.as_str()) {
            ("s3api", "GetPublicAccessBlock") => "s3:GetBucketPublicAccessBlock".to_owned(),
            ("s3control", "GetPublicAccessBlock") => "s3:GetAccountPublicAccessBlock".to_owned(),
            ("s3api" | "s3control", verb) => format!("s3:{verb}"),
            ("sso-admin", verb) => format!("sso:{verb}"),
            ("efs", verb) => format!("elasticfilesystem:{verb}"),
            ("opensearch", verb) => format!("es:{verb}"),
            (service, verb) => format!("{service}:{verb}"),
        };
        assert!(allowed.contains(action.as_str()), "{call}: {allowed:?}");
    }
}

/// A role that may not decrypt with a key of the account that owns it.
fn refused(role: &str, key: &str) -> Value {
    let story = json!({
        "policies": {
            "roles": {role: {"allow": ["s3:*"], "boundary": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}},
            "keys": {key: {"grants": [{"GrantId": "g1", "GranteePrincipal": "arn:aws:iam::111122223333:role/other", "Operations": ["Decrypt"]}]}},
        },
        "before": [],
        "after": [{"do": "kms:Decrypt", "by": role, "on": key, "resources": [{"ARN": key, "accountId": "$A"}],
            "denied": "because no identity-based policy allows the kms:Decrypt action"}],
    });
    serde_json::from_str(&expanded(&story.to_string())).unwrap()
}

/// Writes the story's trail beside its world.
fn logs(world: &World, story: &Value) -> String {
    let logs = world.path("trail.json");
    fs::write(&logs, json!({"Records": Trail::of(story).records}).to_string()).unwrap();
    logs.to_string_lossy().into_owned()
}

/// What could not be read, as `call: why`.
fn missing(world: &World) -> Vec<String> {
    let files = world::files(&world.path("policies")).into_iter();
    let files = files.filter(|file| file.ends_with("missing.json"));
    let lines = files.flat_map(|file| {
        let text = fs::read_to_string(file).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    });
    let mut told: Vec<String> = lines
        .map(|line| {
            let why = line["missing"].as_str().unwrap();
            format!("{}: {why}", line["collected"]["call"].as_str().unwrap())
        })
        .collect();
    told.sort();
    told
}

/// Every file that was written is JSON, in a folder that only its owner can open.
fn assert_well_written(world: &World) {
    let root = world.path("policies");
    let mut folders = vec![root.clone()];
    for file in world::files(&root) {
        let text = fs::read_to_string(&file).unwrap();
        for one in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
            one.unwrap_or_else(|error| panic!("{}: {error}: {text}", file.display()));
        }
        folders.push(file.parent().unwrap().to_owned());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
    }
    for folder in folders {
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o077, 0);
    }
}

#[test]
fn a_call_that_fails_is_noted_as_missing_and_the_rest_is_read() {
    if !world::is_there() {
        return println!("no bash to run a script with");
    }
    let story = refused("app", "$KEY");
    let world = World::of(&story["policies"]);
    let logs = logs(&world, &story);
    let key = expanded("--key-id=$KEY");
    world.put(ACCOUNT, &format!("kms list-grants {key}.error"), "AccessDeniedException");
    world.put(ACCOUNT, "iam list-attached-role-policies --role-name=app --query AttachedPolicies[].PolicyArn.error", "AccessDenied");
    world.put(ACCOUNT, "iam get-role --role-name=app.again", "3");
    world.put(ACCOUNT, &format!("kms list-aliases {key}.again"), "99");
    let script = stdout(&["collect", &logs, "--role-name", "audit", "-q"]);
    let done = world.run(&script, ACCOUNT);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(
        missing(&world),
        [
            "iam list-attached-role-policies: AccessDenied",
            "kms list-aliases: ThrottlingException",
            "kms list-grants: AccessDeniedException",
        ]
    );
    let waits = world.calls().iter().filter(|call| call.starts_with("sleep")).count();
    assert_eq!(waits, 3 + 4);
    assert_well_written(&world);
    let (_, report) = concluded(Path::new(&logs), &world.path("policies"));
    let given = report["coverage"]["policies"].to_string();
    for told in ["kms list-grants", "AccessDeniedException", "iam list-attached-role-policies"] {
        assert!(given.contains(told), "{told}: {given}");
    }
    // What is not known to be all is not taken for all.
    assert_ne!(report["incidents"][0]["verdict"]["certainty"], "proven", "{given}");
}

#[test]
fn another_account_is_noted_as_missing_until_it_is_read() {
    if !world::is_there() {
        return println!("no bash to run a script with");
    }
    let story = refused("app", "$KEYB");
    let world = World::of(&story["policies"]);
    let logs = logs(&world, &story);
    let script = stdout(&["collect", &logs, "-q"]);
    let said = String::from_utf8(world.run(&script, ACCOUNT).stderr).unwrap();
    assert!(said.contains(&format!("{OTHER}: the credentials are of {ACCOUNT}")), "{said}");
    let gap = |world: &World| {
        let (_, report) = concluded(Path::new(&logs), &world.path("policies"));
        report["coverage"]["policies"].to_string().contains("sts get-caller-identity")
    };
    assert!(missing(&world).iter().any(|told| told.starts_with("sts get-caller-identity")));
    assert!(gap(&world));
    world.run(&script, OTHER);
    assert!(!gap(&world));
    let (told, _) = concluded(Path::new(&logs), &world.path("policies"));
    let (whole, _) = concluded(Path::new(&logs), &world.path("dumps"));
    assert_eq!(told.len(), whole.len());
    // A role of another account's name would be asked for as well.
    assert!(!world.calls().iter().any(|call| call.contains("assume-role")));
}

/// Names that a shell, a file system, the AWS CLI or JSON would read as something else.
const HOSTILE: [&str; 10] = [
    "$(touch pwned)",
    "`touch pwned`",
    "';touch pwned;'",
    "../../../../pwned",
    "--debug",
    "file:///etc/passwd",
    "https://example.com/pwned",
    "a\nb\ttouch pwned",
    "\"},{\"x\":\"",
    "* ? [a-z] \u{202e}",
];

#[test]
fn hostile_names_stay_names() {
    if !world::is_there() {
        return println!("no bash to run a script with");
    }
    for name in HOSTILE {
        let story = refused("app", "$KEY");
        let world = World::of(&story["policies"]);
        let before = world::files(world.folder.path()).len();
        // In the log, as the name of a role, a bucket, an alias, an endpoint, and of a Region …
        let mut records = Trail::of(&story).records;
        let hostile = |call: Value| {
            let mut story = refused("app", "$KEY");
            story["after"] = json!([call]);
            Trail::of(&story).records
        };
        let because = "because no resource-based policy allows the action";
        for arn in [
            format!("arn:aws:s3:::{name}"),
            format!("arn:aws:kms:eu-west-1:{ACCOUNT}:alias/{name}"),
            format!("arn:aws:sqs:{name}:{ACCOUNT}:{name}"),
            format!("arn:{name}:sns:eu-west-1:{ACCOUNT}:{name}"),
            format!("arn:aws:codeartifact:eu-west-1:{ACCOUNT}:repository/{name}/{name}"),
        ] {
            let service = arn.split(':').nth(2).unwrap();
            records.extend(hostile(json!({"do": format!("{service}:GetThing"), "by": "app", "on": arn, "denied": because,
                "resources": [{"ARN": arn, "accountId": ACCOUNT}], "vpce": format!("vpce-{name}")})));
        }
        records.extend(hostile(json!({"do": "kms:Decrypt", "by": name, "denied": because, "on": expanded("$KEY")})));
        for (number, record) in records.iter_mut().enumerate() {
            record["eventID"] = json!(format!("{number:08x}-5a5a-4b4b-8c8c-000000000000"));
        }
        let logs = world.path("trail.json");
        fs::write(&logs, json!({"Records": records}).to_string()).unwrap();
        // … and in what AWS answers.
        let printed = name.replace(['\n', '\t'], " ");
        world.put(ACCOUNT, "iam list-role-policies --role-name=app --query PolicyNames[]", format!("work\t{printed}\n"));
        let script = stdout(&["collect", logs.to_str().unwrap(), "--role-name", "audit", "-q"]);
        assert!(!script.chars().any(|c| c.is_control() && c != '\n'), "{name:?}");
        let done = world.run(&script, ACCOUNT);
        assert!(done.status.success(), "{name:?}: {done:?}");
        assert_well_written(&world);
        // Beside the folder there are the log, the script and the list of calls.
        let inside = world::files(&world.path("policies")).len();
        assert_eq!(world::files(world.folder.path()).len(), before + inside + 3, "{name:?}");
        assert!(!world.path("pwned").exists(), "{name:?}");
        for call in world.calls() {
            let words = call.split(' ').skip(3);
            let mut values = words.filter(|word| !word.starts_with("--"));
            assert!(!values.any(|value| value.contains("://")), "{call}");
            let options = call.split(' ').filter_map(|word| word.split_once('='));
            let is_file = |value: &str| value.starts_with("file:") || value.starts_with("http");
            let from_log = !call.contains("--policy-name=");
            assert!(!(from_log && options.into_iter().any(|(_, value)| is_file(value))), "{call}");
        }
        stdout(&["analyze", logs.to_str().unwrap(), "--policies", world.path("policies").to_str().unwrap(), "--exit-zero", "-q"]);
    }
}

#[test]
fn everything_of_an_account_is_listed_page_by_page() {
    if !world::is_there() {
        return println!("no bash to run a script with");
    }
    let story = refused("app", "$KEY");
    let world = World::of(&story["policies"]);
    let region = "eu-west-1";
    let bus = |name: &str| format!("arn:aws:events:{region}:{ACCOUNT}:event-bus/{name}");
    let pages = [("", "first\tsecond", "t1"), (" --next-token=t1", "third", "t2"), (" --next-token=t2", "", "None")];
    for (token, buses, next) in pages {
        let arns: Vec<String> = buses.split('\t').filter(|name| !name.is_empty()).map(bus).collect();
        let call = format!("events list-event-buses{token} --query");
        world.put(ACCOUNT, &format!("{call} EventBuses[].Arn"), arns.join("\t") + "\n");
        world.put(ACCOUNT, &format!("{call} NextToken"), format!("{next}\n"));
    }
    world.put(ACCOUNT, "kms list-keys --query Keys[].KeyArn", expanded("$KEY\n"));
    world.put(ACCOUNT, "s3api list-buckets --query Buckets[].Name", "shop-exports\n");
    world.put(ACCOUNT, "sqs list-queues --page-size=1000 --query QueueUrls[]", "https://queues.example/111122223333/jobs\n");
    let script = stdout(&["collect", "--all", "--account", ACCOUNT, "--region", region, "-q"]);
    let done = world.run(&script, ACCOUNT);
    assert!(done.status.success(), "{done:?}");
    let calls = world.calls();
    for call in [
        "events describe-event-bus --name=first",
        "events describe-event-bus --name=second",
        "events describe-event-bus --name=third",
        "s3api get-bucket-policy --bucket=shop-exports --expected-bucket-owner=111122223333",
        "sqs get-queue-url --queue-name=jobs --query QueueUrl",
        &expanded("kms list-grants --key-id=$KEY"),
        "ec2 describe-vpc-endpoints",
        "iam get-account-authorization-details",
    ] {
        assert!(calls.contains(&format!("{ACCOUNT} {call}")), "{call}: {calls:#?}");
    }
    let permissions = ["collect", "--all", "--account", ACCOUNT, "--region", region, "--permissions", "-q"];
    let permissions: Value = serde_json::from_str(&stdout(&permissions)).unwrap();
    let text = permissions.to_string();
    for action in ["events:ListEventBuses", "s3:ListAllMyBuckets", "iam:GetAccountAuthorizationDetails"] {
        assert!(text.contains(action), "{action}: {text}");
    }
    assert_well_written(&world);
}

#[test]
fn what_was_typed_is_looked_at() {
    let said = |arguments: &[&str]| {
        let output = trailwhy(arguments);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = said(&["collect", "--all"]);
    assert!(code == Some(2) && told.contains("--account") && told.contains("--region"), "{told}");
    let (code, told) = said(&["collect", "--all", "--role-name", "a b"]);
    assert!(code == Some(2) && told.contains("the name of a role"), "{told}");
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("trail.json");
    let mut story = refused("app", "$KEY");
    story["after"][0].as_object_mut().unwrap().remove("denied");
    fs::write(&logs, json!({"Records": Trail::of(&story).records}).to_string()).unwrap();
    let (code, told) = said(&["collect", logs.to_str().unwrap()]);
    assert!(code == Some(0) && told.contains("nothing failed"), "{told}");
    let role = ["collect", "--all", "--account", ACCOUNT, "--region", "cn-north-1", "--role-name", "audit/Read", "--permissions"];
    assert!(stdout(&role).contains("arn:aws-cn:iam::111122223333:role/audit/Read"));
}
