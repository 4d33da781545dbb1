//! `trailwhy collect`: its script is run in bash against a stand-in for the AWS CLI, and what it wrote is
//! read back with `--policies`.

#![cfg(unix)]

use crate::support::{story, world};

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
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
        for file in world::files(&world.path("policies")) {
            assert!(!fs::read_to_string(file).unwrap().contains("secret\ttoken"));
        }
        // That there is no policy of a resource is told by a collection, and by a dump taken for likely.
        let surer: Vec<String> =
            whole.iter().map(|told| told.replace("stated", "proven")).collect();
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
        report["coverage"]["policies"].to_string().contains("not read with its own credentials")
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

#[test]
fn an_account_in_no_organization_is_under_no_policies_of_one() {
    if !world::is_there() {
        return println!("no bash to run a script with");
    }
    let mut story = refused("app", "$KEY");
    story["after"][0]["denied"] = json!("old");
    let world = World::of(&story["policies"]);
    let logs = logs(&world, &story);
    let call = "organizations describe-organization";
    world.put(ACCOUNT, &format!("{call}.error"), "AWSOrganizationsNotInUseException");
    world.run(&stdout(&["collect", &logs, "-q"]), ACCOUNT);
    assert_eq!(missing(&world), Vec::<String>::new());
    let (_, report) = concluded(Path::new(&logs), &world.path("policies"));
    let verdict = &report["incidents"][0]["verdict"];
    assert_eq!(verdict["certainty"], "proven", "{verdict:#}");
    assert_eq!(verdict["layer"], "identity_policy", "{verdict:#}");
    assert!(!verdict["evidence"].to_string().contains("service control"), "{verdict:#}");
}

#[test]
fn what_given_policies_show_is_not_asked_again() {
    let story = refused("app", "$KEY");
    let world = World::of(&story["policies"]);
    let logs = logs(&world, &story);
    let dumps = world.path("dumps");
    let arguments = ["collect", &logs, "--policies", dumps.to_str().unwrap()];
    let output = trailwhy(&arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty() && told.contains("the given policies"), "{told}");
    for file in world::files(&dumps) {
        if file.to_string_lossy().contains("list-grants") {
            fs::remove_file(file).unwrap();
        }
    }
    let script = stdout(&arguments);
    let rest = script.rsplit("role=").next().unwrap();
    assert!(rest.contains("key arn:aws:kms:") && !rest.contains("entity"), "{rest}");
    assert!(!rest.contains("above"), "{rest}");
}

/// Names that a shell, a file system, the AWS CLI or JSON would read as something else.
const HOSTILE: [&str; 10] = [
    "$(id>pwned)",
    "`id>pwned`",
    "';id>pwned;'",
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
        records.extend(hostile(
            json!({"do": "kms:Decrypt", "by": name, "denied": because, "on": expanded("$KEY")}),
        ));
        for (number, record) in records.iter_mut().enumerate() {
            record["eventID"] = json!(format!("{number:08x}-5a5a-4b4b-8c8c-000000000000"));
        }
        let logs = world.path("trail.json");
        fs::write(&logs, json!({"Records": records}).to_string()).unwrap();
        // … and in what AWS answers.
        let printed = name.replace(['\n', '\t'], " ");
        world.put(
            ACCOUNT,
            "iam list-role-policies --role-name=app --query PolicyNames[]",
            format!("work\t{printed}\n"),
        );
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
            assert!(!options.into_iter().any(|(_, value)| is_file(value)), "{call}");
        }
        stdout(&[
            "analyze",
            logs.to_str().unwrap(),
            "--policies",
            world.path("policies").to_str().unwrap(),
            "--exit-zero",
            "-q",
        ]);
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
    let pages = [
        ("", "first\tsecond", "t1"),
        (" --next-token=t1", "third", "t2"),
        (" --next-token=t2", "", "None"),
    ];
    for (token, buses, next) in pages {
        let arns: Vec<String> =
            buses.split('\t').filter(|name| !name.is_empty()).map(bus).collect();
        let call = format!("events list-event-buses{token} --query");
        world.put(ACCOUNT, &format!("{call} EventBuses[].Arn"), arns.join("\t") + "\n");
        world.put(ACCOUNT, &format!("{call} NextToken"), format!("{next}\n"));
    }
    world.put(ACCOUNT, "kms list-keys --query Keys[].KeyArn", expanded("$KEY\n"));
    world.put(ACCOUNT, "s3api list-buckets --query Buckets[].Name", "shop-exports\n");
    world.put(
        ACCOUNT,
        "sqs list-queues --page-size=1000 --query QueueUrls[]",
        "https://queues.example/111122223333/jobs\n",
    );
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
    let permissions =
        ["collect", "--all", "--account", ACCOUNT, "--region", region, "--permissions", "-q"];
    let permissions: Value = serde_json::from_str(&stdout(&permissions)).unwrap();
    let text = permissions.to_string();
    for action in
        ["events:ListEventBuses", "s3:ListAllMyBuckets", "iam:GetAccountAuthorizationDetails"]
    {
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
    let role = [
        "collect",
        "--all",
        "--account",
        ACCOUNT,
        "--region",
        "cn-north-1",
        "--role-name",
        "audit/Read",
        "--permissions",
    ];
    assert!(stdout(&role).contains("arn:aws-cn:iam::111122223333:role/audit/Read"));
}

/// Runs a script with the AWS CLI itself, against what answers at this address.
fn with_the_cli(world: &World, script: &str, endpoint: &str) -> std::process::Output {
    fs::write(world.path("collect.sh"), script).unwrap();
    std::process::Command::new("bash")
        .arg(world.path("collect.sh"))
        .arg(world.path("policies"))
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .current_dir(world.folder.path())
        .output()
        .unwrap()
}

/// Calls of the AWS CLI that make something in the mock; what the last one prints.
fn made(folder: &Path, script: &str) -> String {
    let output = std::process::Command::new("bash")
        .args(["-euc", script])
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_DEFAULT_REGION", story::REGION)
        .env("AWS_PAGER", "")
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
#[ignore = "needs the AWS CLI and a mock of AWS at AWS_ENDPOINT_URL; .ci/run starts one"]
fn what_a_mock_of_aws_answers_gives_a_verdict() {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap();
    let mut stream = TcpStream::connect(endpoint.trim_start_matches("http://")).unwrap();
    stream.write_all(b"POST /moto-api/reset HTTP/1.0\r\nContent-Length: 0\r\n\r\n").unwrap();
    stream.read_to_string(&mut String::new()).unwrap();
    let world = World::empty();
    let key = made(
        world.folder.path(),
        r#"aws kms create-key --query KeyMetadata.Arn --output text > key
        aws iam create-user --user-name deploy > made
        aws iam put-user-policy --user-name deploy --policy-name office --policy-document '{
            "Version": "2012-10-17", "Statement": [{"Sid": "DenyOutsideOffice", "Effect": "Deny", "Action": "kms:*",
                "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}'
        policy=$(aws iam create-policy --policy-name work --policy-document '{
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}' \
            --query Policy.Arn --output text)
        aws iam attach-user-policy --user-name deploy --policy-arn "$policy"
        aws iam create-group --group-name team > made
        aws iam add-user-to-group --user-name deploy --group-name team
        aws organizations create-organization --feature-set ALL > made
        cat key"#,
    );
    let mut story = refused("app", &key);
    story["after"][0]["by"] = json!("user:deploy");
    story["after"][0]["denied"] = json!("old");
    let logs = logs(&world, &story);
    let done = with_the_cli(&world, &stdout(&["collect", &logs, "-q"]), &endpoint);
    println!("{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success());
    assert_well_written(&world);
    assert_eq!(missing(&world), Vec::<String>::new());
    let (_, report) = concluded(Path::new(&logs), &world.path("policies"));
    let verdict = &report["incidents"][0]["verdict"];
    let told = format!("{verdict:#}");
    assert_eq!(verdict["layer"], "identity_policy", "{told}");
    assert_eq!(verdict["certainty"], "proven", "{told}");
    assert_eq!(verdict["policy"]["statement_sid"], "DenyOutsideOffice", "{told}");
}

/// A server that answers as AWS does, one connection after the other, until the test ends.
fn serve(answer: impl Fn(&str, &str) -> (u16, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut target, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                    break;
                }
                let (name, value) = line.split_once(':').unwrap_or(("", ""));
                match name.to_ascii_lowercase().as_str() {
                    "x-amz-target" => target = value.trim().to_owned(),
                    "content-length" => length = value.trim().parse().unwrap(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let (status, text) = answer(&target, &String::from_utf8(body).unwrap());
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                text.len()
            );
            let _ = stream.write_all((head + &text).as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
#[ignore = "needs the AWS CLI; .ci/run has it"]
fn the_cli_reads_all_pages_comes_again_when_told_and_goes_on_after_errors() {
    let key = expanded("$KEY");
    let throttled = std::sync::Mutex::new(0);
    let error = |code: &str| (400, json!({"__type": code, "message": "as it is"}).to_string());
    let of_key = key.clone();
    let endpoint = serve(move |target, body| {
        let operation = target.rsplit('.').next().unwrap();
        if body.contains("Action=GetCallerIdentity") {
            let told = format!(
                "<Account>{ACCOUNT}</Account><Arn>arn:aws:iam::{ACCOUNT}:user/x</Arn><UserId>X</UserId>"
            );
            return (
                200,
                format!(
                    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>{told}</GetCallerIdentityResult></GetCallerIdentityResponse>"
                ),
            );
        }
        match operation {
            "DescribeOrganization" => error("AWSOrganizationsNotInUseException"),
            "DescribeKey" => (200, json!({"KeyMetadata": {"KeyId": &of_key[of_key.len() - 36..], "Arn": of_key, "KeyState": "Enabled", "Enabled": true}}).to_string()),
            "GetKeyPolicy" => (200, json!({"PolicyName": "default", "Policy": "{\"Statement\":[]}"}).to_string()),
            "ListGrants" => {
                let page: usize = body.split("\"Marker\": \"").nth(1).map_or(0, |rest| rest[..1].parse().unwrap());
                let mut again = throttled.lock().unwrap();
                if page == 1 && *again < 2 {
                    *again += 1;
                    return error("ThrottlingException");
                }
                let grants: Vec<Value> = (0..2).map(|n| json!({"GrantId": format!("g{page}{n}"), "KeyId": of_key,
                    "GranteePrincipal": "arn:aws:iam::111122223333:role/other", "Operations": ["Decrypt"]})).collect();
                let more = page < 2;
                let mut answer = json!({"Grants": grants, "Truncated": more});
                if more {
                    answer["NextMarker"] = json!((page + 1).to_string());
                }
                (200, answer.to_string())
            }
            "ListAliases" => error("AccessDeniedException"),
            _ => (501, "<html>not here</html>".to_owned()),
        }
    });
    let mut story = refused("app", &key);
    story["after"][0]["by"] = json!("service:backup.amazonaws.com");
    let world = World::empty();
    let logs = logs(&world, &story);
    let done = with_the_cli(&world, &stdout(&["collect", &logs, "-q"]), &endpoint);
    println!("{}", String::from_utf8_lossy(&done.stderr));
    assert_well_written(&world);
    let text = world::files(&world.path("policies"))
        .into_iter()
        .find(|file| file.to_string_lossy().contains("list-grants"))
        .map(|file| fs::read_to_string(file).unwrap())
        .unwrap_or_default();
    for grant in ["g00", "g01", "g10", "g11", "g20", "g21"] {
        assert!(text.contains(grant), "{grant}: {text}");
    }
    let told = missing(&world);
    assert!(told.contains(&"kms list-aliases: AccessDeniedException".to_owned()), "{told:?}");
    assert!(told.iter().any(|told| told.starts_with("kms list-resource-tags: ")), "{told:?}");
    assert_eq!(told.len(), 2, "{told:?}");
}
