//! Pairs of exports in which exactly one thing differs between calls that failed and calls that worked, among
//! noise that varies freely, and how the program tells of them.

mod noise;
mod operations;

use std::fs;
use std::path::Path;
use std::process::Command;

use noise::Noise;
use operations::{OPERATIONS, Operation, SERVICE_STEPS, StepsOf};
use serde_json::{Map, Value, json};

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A member of the request has another value.
    Parameter,
    /// A member of the request is there, or is not.
    Presence,
    /// A tag is missing.
    Tag,
    /// The Region.
    Region,
    /// The VPC endpoint.
    Endpoint,
    /// The caller's account.
    Account,
    /// How old the session is.
    SessionAge,
    /// The second factor.
    Mfa,
    /// When it was.
    Time,
    /// A step of the chain.
    Step,
}

impl Thing {
    /// All of them.
    pub const ALL: [Thing; 10] = [
        Thing::Parameter,
        Thing::Presence,
        Thing::Tag,
        Thing::Region,
        Thing::Endpoint,
        Thing::Account,
        Thing::SessionAge,
        Thing::Mfa,
        Thing::Time,
        Thing::Step,
    ];
}

/// Calls that failed and calls that worked.
#[derive(Debug)]
pub struct Pair {
    /// Records of both.
    pub records: Vec<Value>,
    /// Ids of the refused calls.
    pub refused: Vec<String>,
    /// What an attribute in the report must contain to be the thing; empty where nothing differs.
    pub truth: Vec<String>,
    /// What it is, for whoever reads a miss.
    pub what: String,
}

/// Begin of the time in which calls are made: 2026-09-14T00:00:00Z.
const BEGIN: i64 = 1_789_344_000;
/// Its length: five days.
const LENGTH: i64 = 5 * 86_400;

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
const REGIONS: [&str; 5] =
    ["eu-west-1", "us-east-1", "ap-northeast-1", "eu-central-1", "us-west-2"];
const ENDPOINTS: [&str; 3] = ["vpce-0a1b2c3d4e5f60718", "vpce-01122334455667788", ""];
const TAGS: [&str; 5] = ["Team", "CostCenter", "Environment", "Owner", "Project"];

/// The pair of a number; `None` for one in which nothing differs.
pub fn pair(number: u64, thing: Option<Thing>) -> Pair {
    let mut noise = Noise::new(number.wrapping_mul(2_654_435_761) + thing.map_or(99, |t| t as u64));
    let failures = 4 + noise.below(9);
    let successes = 12 + noise.below(40);
    let mut maker = Maker::new(&mut noise, number, thing);
    for at in 0..failures + successes {
        maker.call(at < failures);
    }
    Pair { records: maker.records, refused: maker.refused, truth: maker.truth, what: maker.what }
}

struct Maker<'n> {
    noise: &'n mut Noise,
    operation: &'static Operation,
    steps: Option<&'static StepsOf>,
    thing: Option<Thing>,
    /// The member or tag that differs, and the value on the side of the failures.
    member: &'static str,
    choice: &'static str,
    /// The failures are those that have it.
    fails_with: bool,
    region: &'static str,
    cut: i64,
    records: Vec<Value>,
    refused: Vec<String>,
    truth: Vec<String>,
    what: String,
}

impl<'n> Maker<'n> {
    fn new(noise: &'n mut Noise, number: u64, thing: Option<Thing>) -> Maker<'n> {
        let with_steps = thing == Some(Thing::Step) || (thing.is_none() && number % 5 == 4);
        let steps = with_steps.then(|| &SERVICE_STEPS[number as usize % SERVICE_STEPS.len()]);
        let at = (number as usize * 7 + number as usize / OPERATIONS.len()) % OPERATIONS.len();
        let operation = steps.map_or(&OPERATIONS[at], |steps| &steps.root);
        let (member, choice) = match thing {
            Some(Thing::Parameter) => {
                let (member, choices) = noise.pick(operation.choices);
                (member, noise.pick(choices))
            }
            Some(Thing::Presence) => (noise.pick(operation.optional), ""),
            Some(Thing::Tag) => (noise.pick(&TAGS[..]), ""),
            _ => ("", ""),
        };
        let truth: Vec<String> = match thing {
            None => Vec::new(),
            // What the request names may be what the call is on.
            Some(Thing::Parameter) => vec![member.to_owned(), format!("/{choice}")],
            Some(Thing::Presence | Thing::Tag) => vec![member.to_owned()],
            Some(Thing::Region) => vec!["region".to_owned()],
            Some(Thing::Endpoint) => vec!["vpc_endpoint".to_owned()],
            Some(Thing::Account) => vec!["caller_account".to_owned()],
            Some(Thing::SessionAge) => vec!["session_age".to_owned()],
            Some(Thing::Mfa) => vec!["mfa".to_owned()],
            Some(Thing::Time) => vec!["time".to_owned()],
            Some(Thing::Step) => steps.map(|steps| steps.before.1.to_owned()).into_iter().collect(),
        };
        let region = noise.pick(&REGIONS[..]);
        let cut = BEGIN + LENGTH / 4 + noise.below(LENGTH as usize / 2) as i64;
        let fails_with = noise.flip();
        let what = format!("{number} {thing:?} {} {member} {choice} {fails_with}", operation.name);
        Maker {
            noise,
            operation,
            steps,
            thing,
            member,
            choice,
            fails_with,
            region,
            cut,
            records: Vec::new(),
            refused: Vec::new(),
            truth,
            what,
        }
    }

    /// Whether a call of this outcome is on the side that has the thing.
    fn has(&self, fails: bool, thing: Thing) -> Option<bool> {
        (self.thing == Some(thing)).then_some(fails == self.fails_with)
    }

    fn call(&mut self, fails: bool) {
        let time = self.time(fails);
        let region = self.region(fails);
        let identity = self.identity(fails, time);
        let request = self.request(fails);
        let endpoint = self.endpoint(fails);
        let operation = self.operation;
        let mut record = json!({
            "eventVersion": "1.11",
            "userIdentity": identity,
            "eventTime": noise::time(time),
            "eventSource": operation.source,
            "eventName": operation.name,
            "awsRegion": region,
            "sourceIPAddress": format!("203.0.113.{}", 1 + self.noise.below(250)),
            "userAgent": self.noise.pick(&noise::AGENTS[..]),
            "requestParameters": request,
            "responseElements": null,
            "requestID": self.noise.uuid(),
            "eventID": self.noise.uuid(),
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        });
        if !endpoint.is_empty() {
            record["vpcEndpointId"] = json!(endpoint);
        }
        match self.steps {
            None if fails => self.refuse(&mut record, operation.action),
            None => {}
            Some(steps) => {
                self.below(&record, steps, fails, time);
                if let Some((code, text)) = steps.fails_with.filter(|_| fails) {
                    record["errorCode"] = json!(code);
                    record["errorMessage"] = json!(text);
                }
            }
        }
        self.records.push(record);
    }

    fn refuse(&mut self, record: &mut Value, action: &str) {
        let who = record["userIdentity"]["arn"].as_str().unwrap_or_default().to_owned();
        record["errorCode"] = json!("AccessDenied");
        record["errorMessage"] = json!(format!(
            "User: {who} is not authorized to perform: {action} with an explicit deny in an identity-based policy"
        ));
        self.refused.push(record["eventID"].as_str().unwrap_or_default().to_owned());
    }

    /// What the service does for the call: one step that may be there before the one that decides.
    fn below(&mut self, root: &Value, steps: &StepsOf, fails: bool, time: i64) {
        let is_there = match self.has(fails, Thing::Step) {
            Some(has) => has,
            None => self.noise.flip(),
        };
        let mut after = time + 1;
        let all = [(steps.before, is_there, false), (steps.deciding, true, fails)];
        for ((source, name), is_there, fails) in all {
            if !is_there {
                continue;
            }
            let mut step = root.clone();
            step["eventSource"] = json!(source);
            step["eventName"] = json!(name);
            step["eventTime"] = json!(noise::time(after));
            step["eventID"] = json!(self.noise.uuid());
            step["requestID"] = json!(self.noise.uuid());
            step["userIdentity"]["invokedBy"] = json!(steps.invoked_by);
            step["sourceIPAddress"] = json!(steps.invoked_by);
            step["userAgent"] = json!(steps.invoked_by);
            step["requestParameters"] = match fails {
                true => Value::Null,
                false => json!({ "keyId": steps.key }),
            };
            step["resources"] =
                json!([{ "ARN": steps.key, "accountId": ACCOUNT, "type": "AWS::KMS::Key" }]);
            if let Some(step) = step.as_object_mut() {
                step.remove("vpcEndpointId");
            }
            if fails {
                self.refuse(&mut step, &format!("kms:{name}"));
            }
            self.records.push(step);
            after += 1;
        }
    }

    fn time(&mut self, fails: bool) -> i64 {
        // Few calls are made in one and the same minute.
        let anywhere = self.noise.below(LENGTH as usize) as i64;
        match self.thing {
            Some(Thing::Time) if fails => self.cut + anywhere % (BEGIN + LENGTH - self.cut),
            Some(Thing::Time) => BEGIN + anywhere % (self.cut - BEGIN),
            _ => BEGIN + anywhere,
        }
    }

    fn region(&mut self, fails: bool) -> &'static str {
        match self.thing {
            Some(Thing::Region) if fails => self.region,
            Some(Thing::Region) => loop {
                let other = self.noise.pick(&REGIONS[..]);
                if other != self.region {
                    break other;
                }
            },
            _ => self.noise.pick(&REGIONS[..]),
        }
    }

    fn endpoint(&mut self, fails: bool) -> &'static str {
        match self.has(fails, Thing::Endpoint) {
            Some(true) => ENDPOINTS[0],
            Some(false) => self.noise.pick(&ENDPOINTS[1..]),
            None => self.noise.pick(&ENDPOINTS[..]),
        }
    }

    fn identity(&mut self, fails: bool, time: i64) -> Value {
        let account = match self.has(fails, Thing::Account) {
            Some(true) => OTHER,
            _ => ACCOUNT,
        };
        let age = match self.has(fails, Thing::SessionAge) {
            Some(true) => 6 * 3600 + self.noise.below(5 * 3600) as i64,
            Some(false) => 60 + self.noise.below(3000) as i64,
            None => 60 + self.noise.below(11 * 3600) as i64,
        };
        let mfa = self.has(fails, Thing::Mfa).unwrap_or_else(|| self.noise.flip());
        let session = format!("{}-{}", self.noise.pick(&noise::PEOPLE[..]), self.noise.below(30));
        json!({
            "type": "AssumedRole",
            "principalId": format!("AROAEXAMPLE{account}:{session}"),
            "arn": format!("arn:aws:sts::{account}:assumed-role/builder/{session}"),
            "accountId": account,
            "accessKeyId": format!("ASIA{:016X}", self.noise.next()),
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": format!("AROAEXAMPLE{account}"),
                    "arn": format!("arn:aws:iam::{account}:role/builder"),
                    "accountId": account,
                    "userName": "builder",
                },
                "attributes": {
                    "creationDate": noise::time(time - age),
                    "mfaAuthenticated": mfa.to_string(),
                },
            },
        })
    }

    fn request(&mut self, fails: bool) -> Value {
        let mut request = Map::new();
        for (member, value) in self.operation.fixed {
            request.insert((*member).to_owned(), json!(value));
        }
        for (member, prefix) in self.operation.named {
            let name = format!("{prefix}{:08x}", self.noise.next() as u32);
            request.insert((*member).to_owned(), json!(name));
        }
        for (member, most) in self.operation.numbers {
            request.insert((*member).to_owned(), json!(1 + self.noise.below(*most)));
        }
        for (member, choices) in self.operation.choices {
            let is_it = self.thing == Some(Thing::Parameter) && *member == self.member;
            let value = loop {
                let value = self.noise.pick(choices);
                if !is_it || (value == self.choice) == fails {
                    break value;
                }
            };
            request.insert((*member).to_owned(), json!(value));
        }
        for member in self.operation.optional {
            let is_there = match self.has(fails, Thing::Presence) {
                Some(has) if *member == self.member => has,
                _ => self.noise.flip(),
            };
            if is_there {
                let value = format!("{member}-{}", self.noise.below(4));
                request.insert((*member).to_owned(), json!(value));
            }
        }
        if let Some(token) = self.operation.token {
            request.insert(token.to_owned(), json!(self.noise.uuid()));
        }
        let tags = self.tags(fails);
        self.operation.tags.put(&mut request, &tags);
        Value::Object(request)
    }

    fn tags(&mut self, fails: bool) -> Vec<(&'static str, String)> {
        let mut tags = Vec::new();
        for key in TAGS {
            let is_there = match self.has(fails, Thing::Tag) {
                Some(has) if key == self.member => has,
                _ => self.noise.flip(),
            };
            if is_there {
                tags.push((key, self.noise.pick(&noise::PEOPLE[..]).to_owned()));
            }
        }
        tags
    }
}

/// How the report tells of a pair.
#[derive(Debug, Default)]
pub struct Told {
    /// The place of the thing among the rows, from 1 on.
    pub place: Option<usize>,
    /// The rows.
    pub rows: Vec<String>,
}

/// Lets the program at `binary` analyse a pair in a folder of its own.
pub fn tell(binary: &Path, folder: &Path, pair: &Pair) -> Result<Told, Box<dyn std::error::Error>> {
    let logs = folder.join("logs");
    let _ = fs::remove_dir_all(&logs);
    fs::create_dir_all(&logs)?;
    let document = json!({ "Records": pair.records });
    fs::write(logs.join("log.json"), serde_json::to_vec(&document)?)?;
    let run = Command::new(binary)
        .args(["analyze", "--quiet", "--format", "json", "--exit-zero"])
        .arg(&logs)
        .output()?;
    if let Some(keep) = std::env::var_os("COMPARED_KEEP") {
        let name = pair.what.replace([' ', '/'], "-");
        fs::copy(logs.join("log.json"), Path::new(&keep).join(format!("{name}.json")))?;
    }
    let report: Value = serde_json::from_slice(&run.stdout)?;
    let none = Vec::new();
    let incidents = report["incidents"].as_array().unwrap_or(&none);
    let holds = |incident: &&Value| {
        let all = incident["occurrences"].as_array().unwrap_or(&none);
        let is_refused = |one: &&Value| {
            one["denied_event_id"].as_str().is_some_and(|id| pair.refused.iter().any(|r| r == id))
        };
        all.iter().filter(is_refused).count()
    };
    let incident = incidents.iter().max_by_key(holds).unwrap_or(&Value::Null);
    let mut told = Told::default();
    for row in incident["comparison"]["factors"].as_array().unwrap_or(&none) {
        let own = row["attribute"].as_str().unwrap_or_default();
        let and = &row["together_with"];
        let value = row["value"].as_str().unwrap_or_default();
        told.rows.push(format!("{own} = {value} {and}"));
        let is_it =
            |truth: &String| own.contains(truth.as_str()) || value.ends_with(truth.as_str());
        if told.place.is_none() && pair.truth.iter().any(is_it) {
            told.place = Some(told.rows.len());
        }
        // What splits alike stands behind it on its line.
        for (at, same) in row["same_split"].as_array().unwrap_or(&none).iter().enumerate() {
            let same = same.as_str().unwrap_or_default();
            if told.place.is_none() && pair.truth.iter().any(|truth| same.contains(truth.as_str()))
            {
                told.place = Some(told.rows.len() + at + 1);
            }
        }
    }
    Ok(told)
}

/// What came of many pairs.
#[derive(Debug, Default)]
pub struct Figures {
    /// Pairs in which one thing differs.
    pub pairs: usize,
    /// Of these, those in which it stands first.
    pub first: usize,
    /// Among the first three.
    pub among_three: usize,
    /// Pairs in which nothing differs.
    pub alike: usize,
    /// Of these, those in which nothing is claimed.
    pub silent: usize,
    /// What was told otherwise.
    pub misses: Vec<String>,
}

/// Measures `pairs` pairs in which one thing differs and `alike` in which nothing does.
pub fn measure(
    binary: &Path,
    folder: &Path,
    pairs: u64,
    alike: u64,
) -> Result<Figures, Box<dyn std::error::Error>> {
    let mut figures = Figures::default();
    for number in 0..pairs {
        let thing = Thing::ALL[number as usize % Thing::ALL.len()];
        let pair = pair(number, Some(thing));
        let told = tell(binary, folder, &pair)?;
        figures.pairs += 1;
        figures.first += usize::from(told.place == Some(1));
        figures.among_three += usize::from(told.place.is_some_and(|place| place <= 3));
        if told.place != Some(1) {
            figures.misses.push(format!("{}: {:?} {:?}", pair.what, told.place, told.rows));
        }
    }
    for number in 0..alike {
        let pair = pair(number, None);
        let told = tell(binary, folder, &pair)?;
        figures.alike += 1;
        figures.silent += usize::from(told.rows.is_empty());
        if !told.rows.is_empty() {
            figures.misses.push(format!("{}: {:?}", pair.what, told.rows));
        }
    }
    Ok(figures)
}
